import Foundation
import Testing

@testable import Networks

/// A layer that PyTorch's answers are compared with, by its name in Reference/layers.json (tools/reference/layers.py).
struct ReferenceRow: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let layer: any Layer

  static let all: [ReferenceRow] = [
    ReferenceRow(testDescription: "spectral dense", layer: SpectralNormalization(Dense(3, initializer: .he))),
    ReferenceRow(
      testDescription: "spectral convolution",
      layer: SpectralNormalization(Convolution(4, kernel: 3, .init(stride: 2, padding: 1), initializer: .he))),
    ReferenceRow(
      testDescription: "spectral transposed convolution",
      layer: SpectralNormalization(TransposedConvolution(4, kernel: 4, .init(stride: 2, padding: 1), initializer: .he))),
    ReferenceRow(testDescription: "conditional batch norm", layer: ConditionalBatchNormalization(classes: 3)),
    ReferenceRow(testDescription: "latent batch norm", layer: ConditionalBatchNormalization(latent: 3..<5)),
    ReferenceRow(testDescription: "projection head", layer: ProjectionHead(classes: 3, initializer: .he)),
    ReferenceRow(
      testDescription: "spectral projection head",
      layer: SpectralNormalization(ProjectionHead(classes: 3, initializer: .he))),
    ReferenceRow(
      testDescription: "grouped convolution",
      layer: GroupedConvolution(
        6, kernel: 3, groups: 2, .init(stride: 2, padding: 1, dilation: 2), initializer: .he)),
    ReferenceRow(
      testDescription: "depthwise convolution",
      layer: GroupedConvolution(6, kernel: 3, groups: 3, .init(padding: 1), initializer: .he)),
    ReferenceRow(
      testDescription: "bilinear resampling",
      layer: Sequential([
        Convolution(4, kernel: 1, initializer: .he), BilinearResampling.doubling,
        GroupedConvolution(6, kernel: 3, groups: 2, .init(padding: 1), initializer: .he), BilinearResampling.halving,
      ])),
    ReferenceRow(
      testDescription: "minibatch standard deviation",
      layer: Sequential([Convolution(4, kernel: 1, initializer: .he), MinibatchStandardDeviation(group: 2)])),
    ReferenceRow(
      testDescription: "minibatch discrimination", layer: MinibatchDiscrimination(kernels: 3, dimensions: 2)),
    ReferenceRow(
      testDescription: "virtual batch norm", layer: referenced(by: .virtualBatch(epsilon: 1e-2))),
    ReferenceRow(testDescription: "reference batch norm", layer: referenced(by: .batch(epsilon: 1e-2))),
  ]

  private static func referenced(by normalization: ReferenceNormalization) -> Referenced {
    Referenced(
      [
        Activation.leakyReLU(), Convolution(4, kernel: 3, .init(padding: 1), bias: false, initializer: .he),
        normalization, Activation.leakyReLU(), Convolution(2, kernel: 2, bias: false, initializer: .he), normalization,
      ], count: 5)
  }
}

private struct LayerReference: Decodable {
  struct Values: Decodable {
    let shape: [Int]
    let values: [Double]
    func tensor(on device: Device) -> Tensor { Tensor(values, shape: Shape(shape), on: device) }
  }
  struct Case: Decodable {
    let name: String
    let parameters, before, after, inputs, gradients, second: [Values]
    let labels: [Double]
    let output, slope, inference: Values
  }
  let cases: [Case]

  static func load() throws -> LayerReference {
    let url = try #require(Bundle.module.url(forResource: "layers", withExtension: "json", subdirectory: "Reference"))
    return try JSONDecoder().decode(LayerReference.self, from: Data(contentsOf: url))
  }
}

@Test func everyReferenceIsUsed() throws {
  #expect(try LayerReference.load().cases.map(\.name) == ReferenceRow.all.map(\.testDescription))
}

/// Outputs, gradients by the parameters, gradients of a gradient's norm, and what is kept: in double, from the same
/// numbers.
@Test(arguments: ReferenceRow.all)
func layersAgreeWithPyTorch(row: ReferenceRow) throws {
  let reference = try #require(try LayerReference.load().cases.first { $0.name == row.testDescription })
  let device = try Device.cpu(precision: .double, threads: 1)
  let inputs = reference.inputs.map { $0.tensor(on: device) }
  let network = try Network(
    row.layer, input: Shape(Array(inputs[0].shape.sizes.dropFirst())), random: RandomStream(seed: 4, stream: 1),
    on: device)
  try #require(network.parameters.map(\.shape) == reference.parameters.map { Shape($0.shape) })
  network.weights.write(reference.parameters.flatMap(\.values))
  network.runningStatistics.write(reference.before.flatMap(\.values))
  func expect(_ tensor: Tensor, _ expected: LayerReference.Values, _ what: String) throws {
    try #require(tensor.shape == Shape(expected.shape), "\(what)")
    let largest = expected.values.map(\.magnitude).max() ?? 0
    for (i, (ours, theirs)) in zip(try tensor.scalars(as: Double.self), expected.values).enumerated() {
      #expect(abs(ours - theirs) <= 1e-10 * largest, "\(what)[\(i)] is \(ours), not \(theirs)")
    }
  }
  var mode = Mode.training
  mode.labels = Tensor(reference.labels, shape: [reference.labels.count], on: device)
  _ = network(inputs[0], mode: mode)
  let tape = Tape()
  let (x, weights) = (tape.watch(inputs[1]), network.watched(on: tape))
  let y = network(x, weights: weights, mode: mode)
  try expect(y, reference.output, "output")
  var start = 0
  for kept in reference.after {
    try expect(network.runningStatistics.view(from: start, shape: Shape(kept.shape)), kept, "statistic")
    start += kept.values.count
  }
  #expect(start == network.runningStatistics.shape.count)
  let first = gradient(of: (y * y * y).summed(), wrt: weights)
  for (number, (dw, expected)) in zip(first, reference.gradients).enumerated() {
    try expect(dw, expected, "gradient \(number)")
  }
  let slope = gradient(of: y.squared().summed(), wrt: [x], createGraph: true)[0]
  try expect(slope, reference.slope, "slope")
  let second = gradient(of: slope.squared().summed(), wrt: weights)
  for (number, (dw, expected)) in zip(second, reference.second).enumerated() {
    try expect(dw, expected, "second gradient \(number)")
  }
  mode.statistics = .running
  try expect(network(inputs[0], mode: mode), reference.inference, "inference")
}
