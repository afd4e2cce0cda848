import Datasets
import Evaluation
import Foundation
import Records
import Tensors
import Testing

@testable import Features

/// What PyTorch's ports see (tools/reference/inception.py).
private struct InceptionReference: Decodable {
  struct Values: Decodable {
    let count: Int
    let largest, mean: Double
    let places: [Int]
    let values: [Double]
  }
  /// torch-fidelity's metrics of held-out images of Fashion-MNIST beside training images, the first of each.
  struct Clothes: Decodable {
    let count: Int
    let frechet, kernel, score, precision, recall: Double
  }
  let clothes: Clothes
  /// Height and width of the two images.
  let size: [Int]
  /// By the port's name, then "features", "logits" or "unbiased" ones.
  let ports: [String: [String: Values]]

  static func load() throws -> InceptionReference {
    let url = Bundle.module.url(forResource: "inception", withExtension: "json", subdirectory: "Reference")
    return try JSONDecoder().decode(InceptionReference.self, from: Data(contentsOf: #require(url)))
  }
}

/// The state dict that tools/reference/inception.py makes: tensor number i in the order of names.
private func stateDict(_ network: InceptionNetwork) -> SafetensorsFile {
  let scales = [
    "bn.weight": (1.0, 0.4), "bn.bias": (0.1, 0.4), "bn.running_mean": (0.0, 0.4), "bn.running_var": (1.0, 0.8),
    "fc.weight": (0.0, 0.1), "fc.bias": (0.0, 1.0),
  ]
  let tensors = network.tensors.sorted { $0.name < $1.name }.enumerated().map { index, tensor in
    let count = tensor.shape.reduce(1, *)
    let role = tensor.name.split(separator: ".").suffix(2).joined(separator: ".")
    let fan = Double(count / tensor.shape[0])
    let (offset, scale) = scales[role] ?? (0, (24 / fan).squareRoot())
    return SafetensorsFile.Tensor(
      tensor.name, shape: tensor.shape,
      .float32(formulaValues(index: index, count: count, offset: offset, scale: scale)))
  }
  return SafetensorsFile(tensors: tensors)
}

/// Made once: 24 million numbers each.
private let stateDicts = [InceptionNetwork.fid: stateDict(.fid), .torchvision: stateDict(.torchvision)]

private struct Port: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let network: InceptionNetwork
  let resizer: Resizer?
  /// What is compared with the extractor's logits; nil where the port has none.
  let logits: String?
  let isBiased: Bool?

  static let all = [
    Port(testDescription: "pytorch-fid", network: .fid, resizer: .pytorchBilinear, logits: nil, isBiased: nil),
    Port(testDescription: "torch-fidelity", network: .fid, resizer: nil, logits: "unbiased", isBiased: nil),
    Port(testDescription: "torch-fidelity", network: .fid, resizer: nil, logits: "logits", isBiased: true),
    Port(testDescription: "torchvision", network: .torchvision, resizer: nil, logits: "logits", isBiased: nil),
  ]
}

@Suite(.serialized)  // Each row holds 100 MB of weights.
struct InceptionTests {
  @Test(arguments: Port.all)
  fileprivate func seesWhatThePortsSee(port: Port) throws {
    let reference = try InceptionReference.load()
    let expected = try #require(reference.ports[port.testDescription])
    let extractor = try Inception(
      #require(stateDicts[port.network]), named: "formula", resizer: port.resizer, isBiased: port.isBiased, on: .cpu())
    let (height, width) = (reference.size[0], reference.size[1])
    let images = ImageBytes(
      formulaBytes(count: 2 * height * width * 3), count: 2, height: height, width: width, channels: 3)
    try extractor.check(height: height, width: width, channels: 3)
    let seen = try extractor.features(of: images)
    #expect(seen.count == 2 && seen.width == 2048 && seen.classes == port.network.classes)
    try expect(seen.values, try #require(expected["features"]))
    if let logits = port.logits { try expect(seen.logits, try #require(expected[logits])) }
  }

  /// To 1e-4 of the largest: a feature is the sum of 100,000 products that cancel.
  private func expect(_ values: [Float], _ reference: InceptionReference.Values) throws {
    try #require(values.count == reference.count)
    let tolerance = 1e-4 * reference.largest
    #expect(abs(values.map(Double.init).reduce(0, +) / Double(values.count) - reference.mean) <= tolerance)
    for (place, expected) in zip(reference.places, reference.values) {
      #expect(abs(Double(values[place]) - expected) <= tolerance, "\(place): \(values[place]), not \(expected)")
    }
  }

  /// From real pictures to numbers, as torch-fidelity works them out with the same weights.
  @Test func metricsOfRealImagesAreTorchFidelitys() throws {
    let expected = try InceptionReference.load().clothes
    let extractor = try Inception(#require(stateDicts[.fid]), named: "formula", on: .cpu())
    func features(_ split: Split) throws -> Features {
      let folder = URL(fileURLWithPath: "/usr/share/datasets/fashion-mnist")
      let images = try openDataset(at: folder, split: split, size: 32)
      return try extractor.features(of: images.bytes(0..<expected.count))
    }
    let (samples, real) = (try features(.heldOut), try features(.train))
    func expect(_ value: Double, _ reference: Double) {
      #expect(abs(value - reference) <= 1e-3 * abs(reference), "\(value), not \(reference)")
    }
    expect(try frechetDistance(samples, real).value, expected.frechet)
    expect(try kernelDistance(samples, real, subsets: 1, size: expected.count, seed: 1).mean, expected.kernel)
    expect(try inceptionScore(samples, splits: 1).mean, expected.score)
    let found = try precisionRecall(real: real, generated: samples)
    expect(found.precision, expected.precision)
    expect(found.recall, expected.recall)
  }

  /// Which numbers may bear the papers' names; hashes; what a grey image is.
  @Test func onlyTheKnownCheckpointIsCalledFID() throws {
    let device = try Device.cpu()
    let unknown = try #require(stateDicts[.fid])
    var known = unknown
    known.metadata["sha256"] = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
    let official = try Inception(known, named: "", on: device)
    #expect(official.suffix == "")
    #expect(official.identity.contains { $0 == ("resizer", "tf-bilinear") })
    let other = try Inception(unknown, named: "", on: device)
    let hash = try #require(other.identity.first { $0.name == "weights' sha256" }?.value)
    #expect(hash.count == 64 && other.suffix == "inception-" + hash.prefix(8))
    let grey = formulaBytes(count: 5 * 6)
    let coloured = grey.flatMap { [$0, $0, $0] }
    let features = try [(grey, 1), (coloured, 3)].map { bytes, channels in
      try other.features(of: ImageBytes(bytes, count: 1, height: 5, width: 6, channels: channels)).values
    }
    #expect(features[0] == features[1])
    let untrained = Inception(untrained: 3, on: device)
    #expect(untrained.suffix == "inception-untrained")
    // The scaling and the resizer go together.
    let pytorch = Inception(untrained: 3, resizer: .pytorchBilinear, on: device)
    #expect(pytorch.identity.contains { $0 == ("scaling", "2 x / 255 - 1") })
    let message = #expect(throws: FeatureError.self) { try untrained.check(height: 32, width: 32, channels: 4) }
    #expect(message?.description.contains("4 channels") == true)
  }

  @Test func badFilesAreNamed() throws {
    let device = try Device.cpu(threads: 1)
    let missing = #expect(throws: FeatureError.self) { try Inception(contentsOf: "/nowhere.safetensors", on: device) }
    for word in ["/nowhere.safetensors", "tools/convert-inception"] {
      #expect(missing?.description.contains(word) == true, "\(String(describing: missing))")
    }
    let first = InceptionNetwork.fid.tensors[0]
    var other = try #require(stateDicts[.fid])
    other.tensors.removeAll { $0.name == first.name }
    var wrong = other
    wrong.tensors.append(.init(first.name, shape: [32, 3, 1, 1], .float32([Float](repeating: 0, count: 96))))
    for (file, word) in [(other, "no tensor '\(first.name)'"), (wrong, "[32, 3, 1, 1]"), (.init(), first.name)] {
      let error = #expect(throws: FeatureError.self) { try Inception(file, named: "FILE", on: device) }
      #expect(error?.description.contains(word) == true, "\(String(describing: error))")
      #expect(error?.description.contains("FILE") == true)
    }
  }
}

@Test func randomFeaturesDependOnTheirSeed() throws {
  let device = try Device.cpu()
  let images = ImageBytes(formulaBytes(count: 3 * 9 * 7 * 3), count: 3, height: 9, width: 7, channels: 3)
  let seen = try [1, 1, 2].map { try RandomFeatures(channels: 3, seed: $0, on: device).features(of: images) }
  #expect(seen[0].values == seen[1].values)
  #expect(seen[0].values != seen[2].values)
  #expect(seen[0].count == 3 && seen[0].width == 64)
  // Different images are told apart, and an image's features do not depend on the others'.
  #expect(seen[0].values[..<64] != seen[0].values[64..<128])
  let second = try RandomFeatures(channels: 3, seed: 1, on: device).features(of: images.part(1..<2))
  #expect(Array(seen[0].values[64..<128]) == second.values)
  #expect(throws: FeatureError.self) { try RandomFeatures(channels: 2, on: device) }
  #expect(throws: FeatureError.self) {
    try RandomFeatures(channels: 1, on: device).check(height: 9, width: 7, channels: 3)
  }
}
