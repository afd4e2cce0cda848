import Foundation
import Testing

@testable import Networks

private let random = RandomStream(seed: 2, stream: 7)

/// A layer, the shape of its inputs and of its outputs, and of its parameters by name.
struct LayerRow: Sendable, CustomTestStringConvertible {
  let layer: any Layer
  let input, output: Shape
  var parameters: [String: Shape] = [:]
  var testDescription: String { "\(type(of: layer)) of \(input)" }

  static let all: [LayerRow] = [
    LayerRow(layer: Dense(7, initializer: .he), input: [5], output: [7], parameters: ["weight": [5, 7], "bias": [7]]),
    LayerRow(layer: Dense(7, bias: false, initializer: .he), input: [5], output: [7], parameters: ["weight": [5, 7]]),
    LayerRow(
      layer: Convolution(6, kernel: 4, .init(stride: 2, padding: 1), initializer: .he), input: [8, 10, 3],
      output: [4, 5, 6],
      parameters: ["weight": [4, 4, 3, 6], "bias": [6]]),
    LayerRow(
      layer: Convolution(6, kernel: 3, .init(dilation: 2), bias: false, initializer: .he), input: [5, 7, 2],
      output: [1, 3, 6],
      parameters: ["weight": [3, 3, 2, 6]]),
    LayerRow(
      layer: TransposedConvolution(6, kernel: 4, .init(stride: 2, padding: 1), initializer: .he), input: [4, 5, 3],
      output: [8, 10, 6], parameters: ["weight": [4, 4, 6, 3], "bias": [6]]),
    LayerRow(
      layer: TransposedConvolution(6, kernel: 4, bias: false, initializer: .he), input: [1, 1, 3], output: [4, 4, 6],
      parameters: ["weight": [4, 4, 6, 3]]),
    LayerRow(
      layer: GroupedConvolution(6, kernel: 3, groups: 2, .init(stride: 2, padding: 1), initializer: .he),
      input: [5, 4, 8], output: [3, 2, 6], parameters: ["weight": [3, 3, 4, 6], "bias": [6]]),
    LayerRow(
      layer: DepthwiseConvolution(kernel: 3, .init(stride: 2, padding: .init(before: 0, after: 1)), initializer: .he),
      input: [6, 4, 5],
      output: [3, 2, 5], parameters: ["weight": [3, 3, 5], "bias": [5]]),
    LayerRow(layer: BilinearResampling.doubling, input: [3, 1, 2], output: [6, 2, 2]),
    LayerRow(layer: BilinearResampling.halving, input: [6, 2, 2], output: [3, 1, 2]),
    LayerRow(layer: MaxPooling(kernel: 3, stride: 2), input: [8, 7, 2], output: [3, 3, 2]),
    LayerRow(layer: AveragePooling(kernel: 3, stride: 1, padding: 1), input: [5, 4, 2], output: [5, 4, 2]),
    LayerRow(layer: Padding(top: 1, left: 2, bottom: 3, right: 4), input: [5, 4, 2], output: [9, 10, 2]),
    LayerRow(layer: Activation.relu6, input: [2, 3], output: [2, 3]),
    LayerRow(layer: MinibatchStandardDeviation(), input: [4, 4, 5], output: [4, 4, 6]),
    LayerRow(
      layer: MinibatchDiscrimination(kernels: 4, dimensions: 2), input: [5], output: [9],
      parameters: ["weight": [5, 8], "log_length": [8], "bias": [4]]),
    LayerRow(
      layer: Referenced([ReferenceNormalization.batch()]), input: [2, 3], output: [2, 3],
      parameters: ["layers.0.weight": [3], "layers.0.bias": [3]]),
    LayerRow(layer: Reshape([4, 3]), input: [2, 6], output: [4, 3]),
    LayerRow(layer: Reshape.flat, input: [2, 3, 4], output: [24]),
    LayerRow(layer: Activation.tanh, input: [2, 3], output: [2, 3]),
    LayerRow(layer: Dropout(0.5), input: [2, 3], output: [2, 3]),
    LayerRow(layer: Embedding(rows: 5, features: 3), input: [], output: [3], parameters: ["weight": [5, 3]]),
    LayerRow(layer: BatchNormalization(), input: [4, 3], output: [4, 3], parameters: ["weight": [3], "bias": [3]]),
    LayerRow(layer: SampleNormalization.layer(), input: [5], output: [5], parameters: ["weight": [5], "bias": [5]]),
    LayerRow(
      layer: SampleNormalization.instance(), input: [4, 4, 3], output: [4, 4, 3],
      parameters: ["weight": [3], "bias": [3]]),
    LayerRow(
      layer: Sequential([
        Reshape.flat, Dense(4, bias: false, initializer: .he), Sequential([Dense(2, initializer: .he)]),
      ]),
      input: [2, 3], output: [2], parameters: ["1.weight": [6, 4], "2.0.weight": [4, 2], "2.0.bias": [2]]),
  ]
}

@Test(arguments: LayerRow.all)
func layersDeclareWhatTheyDo(row: LayerRow) throws {
  let device = try Device.cpu(threads: 1)
  let network = try Network(row.layer, input: row.input, random: random, on: device)
  #expect(network.output == row.output)
  #expect(Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.shape) }) == row.parameters)
  let x = Tensor(1, shape: Shape([3] + row.input.sizes), on: device)
  for mode in [Mode.training, .inference] { #expect(network(x, mode: mode).shape == Shape([3] + row.output.sizes)) }
}

/// A single pixel under a transposed convolution goes through a matrix product: the same numbers as by loops.
@Test func transposedConvolutionsOfOnePixel() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layer = TransposedConvolution(3, kernel: 4, bias: false, initializer: .he)
  let network = try Network(layer, input: [1, 1, 5], random: random, on: device)
  let x = random.normal([2, 1, 1, 5], step: 9, on: device)
  let (w, z): ([Double], [Double]) = (try network.weights.scalars(), try x.scalars())
  let y: [Double] = try network(x, mode: .training).scalars()
  for n in 0..<2 {
    for tap in 0..<(16 * 3) {
      let sum = (0..<5).reduce(0) { $0 + z[n * 5 + $1] * w[tap * 5 + $1] }
      #expect(abs(y[n * 48 + tap] - sum) < 1e-12)
    }
  }
}

/// Layers that do not fit, and words of the message.
struct LayerError: Sendable, CustomTestStringConvertible {
  let layer: any Layer
  let input: Shape
  let words: [String]
  var testDescription: String { "\(words)" }

  static let all: [LayerError] = [
    LayerError(
      layer: Dense(7, initializer: .he), input: [2, 3], words: ["the network", "Dense", "[2, 3]", "flat inputs"]),
    LayerError(
      layer: Sequential([Reshape.flat, Sequential([Reshape([2, 2])])]), input: [2, 3],
      words: ["layer 1.0", "[6]", "[2, 2]"]),
    LayerError(
      layer: Convolution(1, kernel: 3, initializer: .he), input: [9], words: ["Convolution takes images", "[9]"]),
    LayerError(
      layer: Convolution(1, kernel: 4, initializer: .he), input: [2, 8, 1], words: ["larger than", "[2, 8, 1]"]),
    // One pixel short, where rounding the quotient towards 0 would find room for one output.
    LayerError(
      layer: Convolution(1, kernel: 4, .init(stride: 2), initializer: .he), input: [3, 8, 1],
      words: ["larger than", "[3, 8, 1]"]),
    LayerError(
      layer: TransposedConvolution(1, kernel: 3, initializer: .he), input: [9],
      words: ["TransposedConvolution takes images", "[9]"]),
    LayerError(
      layer: GroupedConvolution(6, kernel: 3, groups: 4, initializer: .he), input: [5, 5, 8],
      words: ["GroupedConvolution", "6 outputs", "4 groups", "[5, 5, 8]"]),
    LayerError(
      layer: GroupedConvolution(6, kernel: 4, groups: 2, initializer: .he), input: [3, 5, 8],
      words: ["GroupedConvolution", "larger than"]),
    LayerError(
      layer: MaxPooling(kernel: 3, stride: 2), input: [2, 5, 1], words: ["MaxPooling", "3 x 3", "[2, 5, 1]"]),
    LayerError(layer: AveragePooling(kernel: 2, stride: 1, padding: 2), input: [5, 5, 1], words: ["padded by 2"]),
    LayerError(layer: Padding(left: -1), input: [5, 5, 1], words: ["Padding", "[0, -1, 0, 0]"]),
    LayerError(layer: Padding(left: 1), input: [5], words: ["Padding", "[5]"]),
    LayerError(
      layer: DepthwiseConvolution(kernel: 4, initializer: .he), input: [3, 5, 8],
      words: ["DepthwiseConvolution", "4 x 4", "[3, 5, 8]"]),
    LayerError(layer: BilinearResampling.halving, input: [3, 4, 1], words: ["of even height", "[3, 4, 1]"]),
    LayerError(layer: BilinearResampling.doubling, input: [3], words: ["BilinearResampling", "[3]"]),
    LayerError(layer: MinibatchStandardDeviation(), input: [], words: ["MinibatchStandardDeviation", "[]"]),
    LayerError(layer: MinibatchDiscrimination(), input: [2, 2, 3], words: ["[2, 2, 3]", "Reshape.flat"]),
    LayerError(layer: ReferenceNormalization.virtualBatch(), input: [3], words: ["put the layers into Referenced"]),
    LayerError(
      layer: Referenced([Sequential([BatchNormalization()])]), input: [3],
      words: ["batch normalization", "layers.0.0.running_moments", "ReferenceNormalization"]),
    LayerError(layer: Referenced([], count: 1), input: [3], words: ["two samples", "not 1"]),
    LayerError(layer: Dropout(1), input: [9], words: ["dropout rate", "[0, 1)", "1.0"]),
    LayerError(layer: Dropout(-0.5), input: [9], words: ["dropout rate", "-0.5"]),
    LayerError(layer: Embedding(rows: 2, features: 2), input: [3], words: ["Embedding", "[3]"]),
    LayerError(layer: SampleNormalization.instance(), input: [3], words: ["instance normalization", "[3]"]),
  ]
}

@Test(arguments: LayerError.all + LayerError.branches)
func layersThatDoNotFitSaySo(row: LayerError) throws {
  let device = try Device.cpu(threads: 1)
  let error = #expect(throws: NetworkError.self) {
    try Network(row.layer, input: row.input, random: random, on: device)
  }
  for word in row.words {
    #expect(error?.description.contains(word) == true, "'\(error?.description ?? "")' lacks \(word)")
  }
}

@Test func dropoutDropsItsShareAndScalesTheRest() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layer = Sequential([Dropout(0.25), Dropout(0.25)])
  let network = try Network(layer, input: [1000], random: random, on: device)
  let x = Tensor(3, shape: [100, 1000], on: device)
  func outputs(_ mode: Mode) throws -> [Double] { try network(x, mode: mode).scalars() }
  func mode(_ step: Int) -> Mode { Mode(statistics: .batch(updating: false), dropout: (random, step)) }

  #expect(try outputs(.inference).allSatisfy { $0 == 3 })
  let first = try outputs(mode(1))
  #expect(first == (try outputs(mode(1))))
  #expect(first != (try outputs(mode(2))))
  #expect(first.allSatisfy { $0 == 0 || abs($0 - 3 / (0.75 * 0.75)) < 1e-12 })
  // Both layers drop independently: 0.75^2 are left, within four standard errors.
  let (p, n) = (0.75 * 0.75, 100_000.0)
  #expect(abs(Double(first.count { $0 != 0 }) / n - p) < 4 * (p * (1 - p) / n).squareRoot())
}

/// r = 0.7 (0.7 r0 + 0.3 b1) + 0.3 b2 for the mean and the unbiased variance of two batches.
@Test func runningAveragesFollowTheBatches() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layer = BatchNormalization(epsilon: 1e-3, momentum: 0.3)
  let network = try Network(layer, input: [2], random: random, on: device)
  let batches: [[Double]] = [[1, 10, 3, 20, 5, 60], [-2, 0, 0, 1, 8, 2]]
  var expected: [Double] = [0, 0, 1, 1]
  for batch in batches {
    _ = network(Tensor(batch, shape: [3, 2], on: device), mode: .training)
    _ = network(Tensor(batch, shape: [3, 2], on: device), mode: Mode(statistics: .batch(updating: false)))
    for c in 0..<2 {
      let values = [batch[c], batch[2 + c], batch[4 + c]]
      let mean = values.reduce(0, +) / 3
      let unbiased = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2
      expected[c] = 0.7 * expected[c] + 0.3 * mean
      expected[2 + c] = 0.7 * expected[2 + c] + 0.3 * unbiased
    }
  }
  let running: [Double] = try network.runningStatistics.scalars()
  for (ours, theirs) in zip(running, expected) { #expect(abs(ours - theirs) < 1e-12 * abs(theirs)) }

  // Inference normalizes by them, and leaves them alone.
  network.views(of: network.weights)[0].write([2.0, -1])
  network.views(of: network.weights)[1].write([0.5, 3])
  let y: [Double] = try network(Tensor([4.0, 5], shape: [1, 2], on: device), mode: .inference).scalars()
  #expect(abs(y[0] - ((4 - expected[0]) / (expected[2] + 1e-3).squareRoot() * 2 + 0.5)) < 1e-12)
  #expect(abs(y[1] - ((5 - expected[1]) / (expected[3] + 1e-3).squareRoot() * -1 + 3)) < 1e-12)
  #expect(try network.runningStatistics.scalars(as: Double.self) == running)
}

/// One pass over a batch of two parts is two passes: outputs, gradients, and the running averages after both.
@Test func partsOfABatchAreNormalizedApart() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layers: [any Layer] = [
    Convolution(5, kernel: 3, bias: false, initializer: .he), BatchNormalization(), Activation.leakyReLU(),
    Reshape.flat,
    Dense(1, initializer: .he), BatchNormalization(),
  ]
  let inputs = [4, 5].map { random.normal([3, 4, 4, 2], step: $0, on: device) }
  func run(_ passes: [(x: Tensor, groups: Int)]) throws -> (y: [Double], gradient: [Double], running: [Double]) {
    let network = try Network(Sequential(layers), input: [4, 4, 2], random: random, on: device)
    let weights = network.watched(on: Tape())
    let y = passes.map {
      network($0.x, weights: weights, mode: Mode(statistics: .batch(updating: true), groups: $0.groups))
    }
    let loss = y.map { ($0 * $0 * $0).summed() }.reduce(Tensor(0, on: device)) { $0 + $1 }
    let gradient = try gradient(of: loss, wrt: weights).flatMap { try $0.scalars(as: Double.self) }
    return (try y.flatMap { try $0.scalars() }, gradient, try network.runningStatistics.scalars())
  }
  let together = try run([(inputs[0].concatenated(with: inputs[1], axis: 0), 2)])
  let apart = try run(inputs.map { ($0, 1) })
  for (ours, theirs) in [
    (together.y, apart.y), (together.gradient, apart.gradient), (together.running, apart.running),
  ] {
    let largest = theirs.map(\.magnitude).max() ?? 0
    #expect(ours.count == theirs.count && zip(ours, theirs).allSatisfy { abs($0 - $1) <= 1e-12 * largest })
  }
  #expect(try run([(inputs[0].concatenated(with: inputs[1], axis: 0), 1)]).y != together.y)
}

/// Layer normalization pools all of a sample, instance normalization each of its channels.
@Test(arguments: [false, true])
func samplesAreNormalizedByThemselves(byChannel: Bool) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layer = byChannel ? SampleNormalization.instance(epsilon: 1e-2) : .layer(epsilon: 1e-2)
  let (n, pixels, c) = (2, 6, 3)
  let network = try Network(layer, input: [2, 3, c], random: random, on: device)
  let (gamma, beta) = ([2.0, -1, 0.5], [0.25, 3, -2])
  network.weights.write(gamma + beta)
  let input = random.normal([n, 2, 3, c], step: 3, on: device)
  let x: [Double] = try input.scalars()
  let y: [Double] = try network(input, mode: .training).scalars()
  for i in 0..<n {
    for channel in 0..<c {
      let pool = (0..<(pixels * c)).filter { !byChannel || $0 % c == channel }.map { x[i * pixels * c + $0] }
      let mean = pool.reduce(0, +) / Double(pool.count)
      let variance = pool.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pool.count)
      for pixel in 0..<pixels {
        let at = (i * pixels + pixel) * c + channel
        let expected = (x[at] - mean) / (variance + 1e-2).squareRoot() * gamma[channel] + beta[channel]
        #expect(abs(y[at] - expected) < 1e-12)
      }
    }
  }
}

/// Numbers outside the table are clamped to it.
@Test func embeddingsAreRowsOfTheTable() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let network = try Network(Embedding(rows: 3, features: 2), input: [], random: random, on: device)
  network.weights.write([1.0, 2, 3, 4, 5, 6])
  let y = network(Tensor([2.0, 0, 1, 2, 7, -1], shape: [6], on: device), mode: .training)
  #expect(try y.scalars(as: Double.self) == [5, 6, 1, 2, 3, 4, 5, 6, 5, 6, 1, 2])
}
