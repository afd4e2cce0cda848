import Comparison
import Datasets
import Foundation
import Records
import Tensors
import Testing

@testable import Features

/// PyTorch's answers to two made-up pictures (tools/reference/lite0.py).
private struct Reference: Decodable {
  let largestFeature, largestLogit: Double
  let features, logits: [Double]
  let classes: [Int]

  static func load(_ name: String) throws -> Reference {
    let url = try #require(Bundle.module.url(forResource: "lite0", withExtension: "json", subdirectory: "Reference"))
    return try #require(JSONDecoder().decode([String: Reference].self, from: Data(contentsOf: url))[name])
  }
}

/// The same network with weights that both sides compute, so that no file is needed: numbered in the order in which
/// they are asked for.
private func formulaNetwork(on device: Device) throws -> EfficientNetLite0 {
  var count = 0
  return try EfficientNetLite0(weights: "formula", resizer: .cleanBicubic, on: device) { name, shape in
    let isCentredAtOne =
      name.hasSuffix("running_var") || ["bn0", "bn1", "bn2"].contains { name.hasSuffix("\($0).weight") }
    // Of deviation sqrt(2 / inputs) for filters, which keeps what comes out as large as what went in.
    let inputs = shape.rank == 2 ? shape[0] : shape.rank == 3 ? shape[0] * shape[1] : shape.count / shape[-1]
    let (offset, scale) = (isCentredAtOne ? 1.0 : 0, shape.rank > 1 ? (24 / Double(inputs)).squareRoot() : 0.5)
    defer { count += 1 }
    let values = formulaValues(index: count, count: shape.count, offset: offset, scale: scale)
    return Tensor(values, shape: shape, on: device)
  }
}

private func pictures(_ count: Int) -> ImageBytes {
  var bytes: [UInt8] = []
  for n in 0..<count {
    for h in 0..<224 {
      for w in 0..<224 {
        for c in 0..<3 { bytes.append(UInt8((h * (c + 2) + w * (5 - c) + h * w / (7 + c + n)) % 256)) }
      }
    }
  }
  return ImageBytes(bytes, count: count, height: 224, width: 224, channels: 3)
}

private func expect(_ seen: Features, agreesWith reference: Reference) {
  func worst(_ values: [Float], _ width: Int, _ step: Int, _ expected: [Double]) -> Double {
    let ours = stride(from: 0, to: width * seen.count, by: width).flatMap { row in
      stride(from: 0, to: width, by: step).map { Double(values[row + $0]) }
    }
    return gap(ours, expected)
  }
  let feature = worst(seen.values, seen.width, 20, reference.features) / reference.largestFeature
  let logit = worst(seen.logits, seen.classes, 25, reference.logits) / reference.largestLogit
  #expect(feature < 1e-5, "features are off by \(feature) of the largest")
  #expect(logit < 1e-5, "logits are off by \(logit) of the largest")
  #expect(seen.topClasses == reference.classes)
}

extension Features {
  /// The likeliest class of each image.
  fileprivate var topClasses: [Int] {
    (0..<count).map { row in (0..<classes).max { logits[row * classes + $0] < logits[row * classes + $1] } ?? -1 }
  }
}

/// Where tools/fetch-features has put the real weights, if it has.
private let weights: String? = (try? EfficientNetLite0.defaultPath()).flatMap {
  FileManager.default.fileExists(atPath: $0) ? $0 : nil
}

@Test func lite0AgreesWithPyTorch() throws {
  let network = try formulaNetwork(on: .cpu())
  expect(try network.features(of: pictures(2)), agreesWith: try .load("formula"))
}

@Test(.enabled(if: weights != nil, "tools/fetch-features installs the weights")) func lite0WithItsWeights() throws {
  let network = try EfficientNetLite0(on: .cpu())
  expect(try network.features(of: pictures(2)), agreesWith: try .load("real"))
  let hash = network.identity.first { $0.name == "weights' sha256" }?.value
  #expect(hash == "21e11a590548d6664b78a9da16a7cc456fc570e06019605e3090c9828a622b7b")
}

/// Photographs whose class is beyond doubt, of Debian's mate-backgrounds and tuxpaint-stamps-default.
struct Photograph: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let file: String
  /// Its number among ImageNet's classes.
  let number: Int

  private static let all = [
    Photograph(testDescription: "ladybird", file: "backgrounds/mate/nature/LadyBird.jpg", number: 301),
    Photograph(testDescription: "daisy", file: "backgrounds/mate/nature/YellowFlower.jpg", number: 985),
    Photograph(testDescription: "zebra", file: "tuxpaint/stamps/animals/mammals/equines/zebra.png", number: 340),
    Photograph(testDescription: "tiger", file: "tuxpaint/stamps/animals/mammals/cats/tiger.png", number: 292),
    Photograph(testDescription: "gorilla", file: "tuxpaint/stamps/animals/mammals/apes/gorilla.png", number: 366),
    Photograph(testDescription: "hippopotamus", file: "tuxpaint/stamps/animals/mammals/hippopotamus.png", number: 344),
  ]
  var url: URL { URL(fileURLWithPath: "/usr/share/" + file) }

  static var here: [Photograph] {
    weights == nil ? [] : all.filter { FileManager.default.fileExists(atPath: $0.url.path) }
  }
}

@Test(arguments: Photograph.here) func photographsAreRecognised(photograph: Photograph) throws {
  let picture = try ImageCodec.decode(Data(contentsOf: photograph.url), path: photograph.url.path)
  // In the middle of a white square: animals are cut out, and none is to be squeezed.
  let side = max(picture.width, picture.height)
  let (top, left) = ((side - picture.height) / 2, (side - picture.width) / 2)
  var pixels = [UInt8](repeating: 255, count: side * side * 3)
  for place in 0..<picture.width * picture.height {
    let start = place * picture.channels
    let target = ((place / picture.width + top) * side + place % picture.width + left) * 3
    let alpha = picture.channels == 4 ? Int(picture.pixels[start + 3]) : 255
    for c in 0..<3 {
      let level = Int(picture.pixels[start + (picture.channels < 3 ? 0 : c)])
      pixels[target + c] = UInt8((level * alpha + 255 * (255 - alpha)) / 255)
    }
  }
  let images = ImageBytes(pixels, count: 1, height: side, width: side, channels: 3)
  #expect(try EfficientNetLite0(on: .cpu()).features(of: images).topClasses == [photograph.number])
}

private let contenders: [String: @Sendable () throws -> Device] = [
  "baseline": { try .cpu(isa: "baseline") }, "block": { try Device.open("opencl", form: .block).device },
  "tile": { try Device.open("opencl", form: .tile).device },
]

/// The processor's builds and OpenCL's two forms give the same bits, of grey images of another size too.
@Test(arguments: contenders.keys.sorted()) func lite0GivesTheSameBitsOnEveryDevice(name: String) throws {
  let open = try #require(contenders[name])
  let device: Device
  do { device = try open() } catch DeviceError.unsupported(let isa, let processor) {
    try Test.cancel("this processor (\(processor)) has no \(isa)")
  }
  let grey = ImageBytes((0..<30).map { UInt8($0 * 8) }, count: 1, height: 6, width: 5, channels: 1)
  let expected = try formulaNetwork(on: .cpu()).features(of: grey)
  let seen = try formulaNetwork(on: device).features(of: grey)
  #expect(seen.values.map(\.bitPattern) == expected.values.map(\.bitPattern))
  #expect(seen.logits.map(\.bitPattern) == expected.logits.map(\.bitPattern))
}

/// Calls that must fail, and what the message must show.
struct Lite0Error: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let words: [String]
  let call: @Sendable (_ folder: String) throws -> Void

  static let all = [
    Lite0Error(testDescription: "no file", words: ["nowhere.safetensors", "tools/fetch-features"]) { folder in
      _ = try EfficientNetLite0(weights: folder + "/nowhere.safetensors", on: .cpu())
    },
    Lite0Error(
      testDescription: "another network", words: ["other.safetensors", "'_bn0.weight'", "tools/fetch-features"]
    ) {
      folder in
      let stem = SafetensorsFile.Tensor(
        "_conv_stem.weight", shape: [3, 3, 3, 32], .float32([Float](repeating: 0, count: 864)))
      let scale = SafetensorsFile.Tensor("_bn0.weight", shape: [16], .float32([Float](repeating: 0, count: 16)))
      try SafetensorsFile(tensors: [stem, scale]).write(to: folder + "/other.safetensors")
      _ = try EfficientNetLite0(weights: folder + "/other.safetensors", on: .cpu())
    },
    Lite0Error(testDescription: "two channels", words: ["2 channels", "1 or 3"]) { _ in
      try formulaNetwork(on: .cpu()).check(height: 32, width: 32, channels: 2)
    },
  ]
}

@Test(arguments: Lite0Error.all) func lite0SaysWhatIsWrong(row: Lite0Error) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lite0-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let error = #expect(throws: FeatureError.self) { try row.call(folder) }
  for word in row.words {
    #expect(error?.description.contains(word) == true, "'\(error?.description ?? "")' lacks \(word)")
  }
}
