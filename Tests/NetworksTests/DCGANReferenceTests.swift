import Foundation
import Testing

@testable import Networks

/// PyTorch's answers for an architecture, made by tools/reference/run; see there for the formula by which both sides
/// fill their tensors.
struct Reference: Decodable {
  struct Entry: Decodable {
    let index: Int
    let name: String
    let kind: String
    let shape: [Int]
  }
  struct Formula: Decodable {
    struct Scale: Decodable { let offset, scale: Double }
    let scales: [String: Scale]
  }
  struct Tolerance: Decodable { let relative: Double }
  struct Quantity: Decodable {
    let count: Int
    let sum, l1, l2, max: Double
    let indices: [Int]
    let values: [Double]
  }
  let formula: Formula
  let tolerance: Tolerance
  let tensors: [Entry]
  let quantities: [String: Quantity]

  static func load(_ file: String = "dcgan64") throws -> Reference {
    let url = try #require(Bundle.module.url(forResource: file, withExtension: "json", subdirectory: "Reference"))
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
  }

  func tensor(_ name: String, on device: Device) throws -> Tensor {
    let entry = try #require(tensors.first { $0.name == name })
    let scale = try #require(formula.scales[entry.kind])
    let shape = Shape(entry.shape)
    let values = (0..<UInt64(shape.count)).map { element in
      var z = UInt64(entry.index) << 32 &+ element &+ 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      return Float(scale.offset + scale.scale * (Double(z >> 40) / 0x1p24 - 0.5))
    }
    return Tensor(values, shape: shape, on: device)
  }

  /// Values by the largest, the norm by itself, the sum by the sum of magnitudes.
  func expect(_ tensor: Tensor, is name: String) throws {
    let wanted = try #require(quantities[name], "no reference for \(name)")
    let values = try tensor.scalars(as: Double.self)
    try #require(values.count == wanted.count, "\(name)")
    let allowed = tolerance.relative
    for (index, value) in zip(wanted.indices, wanted.values) {
      #expect(abs(values[index] - value) <= allowed * wanted.max, "\(name)[\(index)] is \(values[index]), not \(value)")
    }
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(norm - wanted.l2) <= allowed * wanted.l2, "\(name): norm \(norm), not \(wanted.l2)")
    #expect(abs(values.reduce(0, +) - wanted.sum) <= allowed * wanted.l1, "\(name): sum, not \(wanted.sum)")
  }
}

/// Forward values, first gradients and R1's second gradients, in float, from the same weights.
@Test func dcganAgreesWithPyTorch() throws {
  let reference = try Reference.load()
  let device = try Device.cpu()
  let architecture = try #require(Architecture.all.first { $0.name == "dcgan" })
  let options = Architecture.Options()
  let random = RandomStream(seed: 0, stream: 1)
  func build(_ layers: Sequential, _ input: Shape, _ player: String) throws -> (Network, [String]) {
    let network = try Network(layers, input: input, random: random, on: device)
    let names = reference.tensors.map(\.name).filter { $0.hasPrefix(player) }
    #expect(names.count == network.parameters.count)
    for (name, view) in zip(names, network.views(of: network.weights)) {
      view.assign(try reference.tensor(name, on: device))
    }
    return (network, names)
  }
  let (generator, generatorNames) = try build(architecture.generator(options), [100], "generator")
  let (discriminator, criticNames) = try build(architecture.discriminator(options), [64, 64, 3], "discriminator")
  let latents = try reference.tensor("latents", on: device)
  let images = try reference.tensor("images", on: device)
  func expectStatistics(_ network: Network, _ names: [String]) throws {
    var start = 0
    let norms = names.filter { $0.hasSuffix("gamma") }.map { "running/" + $0.dropLast("gamma".count) }
    for (statistic, prefix) in zip(network.statistics, norms) {
      let channels = statistic.shape[1]
      for name in ["running_mean", "running_var"] {
        try reference.expect(network.runningStatistics.view(from: start, shape: [channels]), is: prefix + name)
        start += channels
      }
    }
    #expect(start == network.runningStatistics.shape.count)
  }

  let generatorTape = Tape()
  let generatorWeights = generator.watched(on: generatorTape)
  let fake = generator(latents, weights: generatorWeights, mode: .training)
  try reference.expect(fake, is: "generator/output")
  try expectStatistics(generator, generatorNames)

  let quiet = Mode(statistics: .batch(updating: false))
  let tape = Tape()
  let weights = discriminator.watched(on: tape)
  let realLogits = discriminator(images, weights: weights, mode: .training)
  try expectStatistics(discriminator, criticNames)
  let fakeLogits = discriminator(fake.detached(), weights: weights, mode: quiet)
  try reference.expect(realLogits, is: "discriminator/real_logits")
  try reference.expect(fakeLogits, is: "discriminator/fake_logits")
  let loss = (-realLogits).softplus().mean() + fakeLogits.softplus().mean()
  try reference.expect(loss, is: "loss/discriminator")
  for (name, dw) in zip(criticNames, gradient(of: loss, wrt: weights)) {
    try reference.expect(dw, is: "discriminator_loss/" + name)
  }

  let generatorLoss = (-discriminator(fake, mode: quiet)).softplus().mean()
  try reference.expect(generatorLoss, is: "loss/generator")
  for (name, dw) in zip(generatorNames, gradient(of: generatorLoss, wrt: generatorWeights)) {
    try reference.expect(dw, is: "generator_loss/" + name)
  }

  let penaltyTape = Tape()
  let (x, w) = (penaltyTape.watch(images), discriminator.watched(on: penaltyTape))
  let slopes = gradient(of: discriminator(x, weights: w, mode: quiet).summed(), wrt: [x], createGraph: true)[0]
  try reference.expect(slopes, is: "r1/image_gradient")
  let penalty = 0.5 * slopes.squared().summed(over: [1, 2, 3]).mean()
  try reference.expect(penalty, is: "r1/penalty")
  for (name, dw) in zip(criticNames, gradient(of: penalty, wrt: w)) { try reference.expect(dw, is: "r1/" + name) }

  try reference.expect(generator(latents, mode: .inference), is: "generator/inference_output")
}
