import Testing

@testable import Networks

private let random = RandomStream(seed: 3, stream: 9)

private func numbers(_ shape: Shape, _ step: Int, on device: Device) -> Tensor {
  random.normal(shape, step: step, on: device)
}

/// A layer under which samples see each other, of inputs of two channels or features.
struct MinibatchRow: Sendable, CustomTestStringConvertible {
  let layer: any Layer
  let input: Shape
  var testDescription: String { "\(type(of: layer)) of \(input)" }

  static let all = [
    MinibatchRow(layer: MinibatchStandardDeviation(), input: [3, 2, 2]),
    MinibatchRow(layer: MinibatchStandardDeviation(group: 2), input: [5]),
    MinibatchRow(layer: MinibatchDiscrimination(kernels: 3, dimensions: 2), input: [5]),
    MinibatchRow(
      layer: Referenced([MinibatchStandardDeviation(), ReferenceNormalization.virtualBatch()], count: 3), input: [5]),
  ]
}

/// One pass over two parts is two passes, and not one over a batch twice as large.
@Test(arguments: MinibatchRow.all)
func partsDoNotSeeEachOther(row: MinibatchRow) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let network = try Network(row.layer, input: row.input, random: random, on: device)
  let inputs = [1, 2].map { numbers(Shape([4] + row.input.sizes), $0, on: device) }
  func run(_ x: Tensor, groups: Int) throws -> [Double] {
    try network(x, mode: Mode(statistics: .batch(updating: false), groups: groups)).scalars()
  }
  let both = inputs[0].concatenated(with: inputs[1], axis: 0)
  let apart = try inputs.flatMap { try run($0, groups: 1) }
  let together = try run(both, groups: 2)
  #expect(together.count == apart.count && zip(together, apart).allSatisfy { abs($0 - $1) < 1e-14 })
  #expect(try run(both, groups: 1) != apart)
}

/// Of five samples none can share a group with another: their deviation is sqrt(1e-8). Of six, groups have three:
/// every other sample.
@Test(arguments: [(5, 1), (6, 3), (8, 4), (1, 1)])
func groupsAreTheLargestThatDivideTheBatch(count: Int, size: Int) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let network = try Network(MinibatchStandardDeviation(), input: [2], random: random, on: device)
  let x = numbers([count, 2], 1, on: device)
  let (values, y): ([Double], [Double]) = (try x.scalars(), try network(x, mode: .training).scalars())
  for i in 0..<count {
    let stride = count / size
    let group = (0..<size).map { i % stride + $0 * stride }
    let standardDeviation = (0..<2).reduce(0.0) { sum, c in
      let mean = group.reduce(0) { $0 + values[2 * $1 + c] } / Double(size)
      let variance = group.reduce(0) { $0 + (values[2 * $1 + c] - mean) * (values[2 * $1 + c] - mean) } / Double(size)
      return sum + (variance + 1e-8).squareRoot() / 2
    }
    #expect(Array(y[(3 * i)..<(3 * i + 2)]) == Array(values[(2 * i)..<(2 * i + 2)]))
    #expect(abs(y[3 * i + 2] - standardDeviation) < 1e-12)
  }
}

/// What a sample becomes depends on it, the weights and the reference batch alone; the reference batch is a batch of
/// latents unless another one is written.
@Test(arguments: [ReferenceNormalization.batch(), .virtualBatch()])
func referenceNormalizationDoesNotSeeTheBatch(normalization: ReferenceNormalization) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layers: [any Layer] = [Dense(4, initializer: .he), normalization, Activation.relu, FeatureMark()]
  let network = try Network(Referenced(layers, count: 7), input: [3], random: random, on: device)
  let x = numbers([5, 3], 1, on: device)
  let (output, features) = network.evaluate(x, mode: .training)
  #expect(try features?.scalars(as: Double.self) == output.scalars())
  for i in 0..<5 {
    let one: [Double] = try network(x.rows(from: i, count: 1), mode: .inference).scalars()
    #expect(zip(one, try output.rows(from: i, count: 1).scalars(as: Double.self)).allSatisfy { abs($0 - $1) < 1e-14 })
  }
  let reference = try #require(network.referenceBatch)
  let mean = try reference.mean().scalars(as: Double.self)[0]
  #expect(reference.shape == [7, 3] && mean != 0 && abs(mean) < 4 / 21.0.squareRoot())
  reference.assign(numbers([7, 3], 2, on: device))
  #expect(try network(x, mode: .training).scalars() != output.scalars(as: Double.self))
  #expect(try Network(Dense(4, initializer: .he), input: [3], random: random, on: device).referenceBatch == nil)
}

/// Neighbours lie side by side: pack p's channel k C + c is channel c of sample p m + k.
@Test(arguments: [[6, 2], [6, 2, 3, 2], [4, 5, 1]] as [[Int]], [1, 2])
func packsHoldNeighboursSideBySide(sizes: [Int], count: Int) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let shape = Shape(sizes)
  let x = Tensor((0..<shape.count).map(Double.init), shape: shape, on: device)
  let y = x.packed(by: count)
  let channels = shape[-1]
  let places = shape.count / sizes[0] / channels
  #expect(y.shape == Shape([sizes[0] / count] + Shape(Array(sizes.dropFirst())).packed(by: count).sizes))
  for (i, value) in try y.scalars(as: Double.self).enumerated() {
    let (pack, place, k, c) = (
      i / (places * count * channels), i / (count * channels) % places, i / channels % count, i % channels
    )
    #expect(value == Double(((pack * count + k) * places + place) * channels + c))
  }
}
