import Testing

@testable import Networks

private let random = RandomStream(seed: 3, stream: 5)

/// Layers of images, features and labels, and their outputs for inputs that count from 0, by hand.
struct ValueRow: Sendable, CustomTestStringConvertible {
  let layer: any Layer
  let input: Shape
  let output: Shape
  let values: [Double]
  var labels: [Double] = [1, 0]
  var testDescription: String { "\(type(of: layer)) of \(input)" }

  static let all: [ValueRow] = [
    ValueRow(layer: Upsample(), input: [1, 2, 1], output: [2, 4, 1], values: [0, 0, 1, 1, 0, 0, 1, 1]),
    ValueRow(layer: Downsample(), input: [2, 2, 2], output: [1, 1, 2], values: [3, 4]),
    ValueRow(layer: GlobalPooling.sum, input: [2, 2, 2], output: [2], values: [12, 16]),
    ValueRow(layer: GlobalPooling.mean, input: [2, 2, 2], output: [2], values: [3, 4]),
    ValueRow(layer: Slice(1..<3), input: [4], output: [2], values: [1, 2]),
    ValueRow(layer: FeatureMark(), input: [2], output: [2], values: [0, 1]),
    ValueRow(layer: LabelConcatenation(classes: 3), input: [2], output: [5], values: [0, 1, 0, 1, 0]),
    ValueRow(
      layer: LabelConcatenation(classes: 2), input: [1, 2, 1], output: [1, 2, 3], values: [0, 0, 1, 1, 0, 1]),
    ValueRow(layer: Residual(main: []), input: [3], output: [3], values: [0, 2, 4]),
    // 2 (0 + 1 + 2) + (0 + 1), twice: the parts have weights 2 and 1.
    ValueRow(
      layer: Residual(
        main: [Dense(2, bias: false, initializer: .constant(2))],
        shortcut: [Slice(0..<2), Dense(2, bias: false, initializer: .constant(1))]), input: [3], output: [2],
      values: [7, 7]),
    // psi = 0.5 (0 + 1 + 2), <V, phi> = 0.5 (0 + 1 + 2); the second output is psi alone.
    ValueRow(
      layer: ProjectionHead(classes: 2, outputs: 2, initializer: .constant(0.5)), input: [3], output: [2],
      values: [3, 1.5]),
  ]
}

@Test(arguments: ValueRow.all)
func layersGiveWhatWasWorkedOutByHand(row: ValueRow) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let network = try Network(row.layer, input: row.input, random: random, on: device)
  #expect(network.output == row.output)
  // The second sample is there for the batch axis: the first's values come first.
  let x = Tensor((0..<(2 * row.input.count)).map(Double.init), shape: Shape([2] + row.input.sizes), on: device)
  var mode = Mode.training
  mode.labels = Tensor(row.labels, shape: [2], on: device)
  let y = network(x, mode: mode)
  #expect(y.shape == Shape([2] + row.output.sizes))
  #expect(try Array(y.scalars(as: Double.self).prefix(row.values.count)) == row.values)
}

/// Branches declare under their names; a spectral wrapper leaves names alone and adds its vectors.
@Test func branchesNestTheirDeclarations() throws {
  let device = try Device.cpu(threads: 1)
  let convolution = Convolution(3, kernel: 1, initializer: .he)
  let block = Residual(main: [BatchNormalization(), Activation.relu, convolution], shortcut: [convolution])
  let network = try Network(SpectralNormalization(block), input: [4, 4, 2], random: random, on: device)
  #expect(
    network.parameters.map(\.name) == [
      "main.0.weight", "main.0.bias", "main.2.weight", "main.2.bias", "shortcut.0.weight", "shortcut.0.bias",
    ])
  #expect(
    network.statistics.map(\.name) == ["main.0.running_moments", "main.2.weight_u", "shortcut.0.weight_u"])
}

/// Features are what the last marker saw; without a marker there are none.
@Test func featuresAreThoseOfTheLastMarker() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let half = Dense(2, bias: false, initializer: .constant(0.5))
  let x = Tensor([1.0, 3], shape: [1, 2], on: device)
  func features(_ layers: [any Layer]) throws -> [Double]? {
    let network = try Network(Sequential(layers), input: [2], random: random, on: device)
    return try network.evaluate(x, mode: .training).features?.scalars()
  }
  #expect(try features([half]) == nil)
  #expect(try features([FeatureMark(), half, Residual(main: [half, FeatureMark()]), half]) == [2, 2])
}

/// Each class has a scale and shift of its own, added to by the latents of the network's input.
@Test func classesAndLatentsConditionTogether() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let layer = ConditionalBatchNormalization(classes: 2, latent: 1..<2, epsilon: 0, initializer: .constant(0))
  let network = try Network(layer, input: [2], random: random, on: device)
  #expect(network.parameters.map(\.shape) == [[2, 2], [2, 2], [1, 2], [1, 2]])
  let views = network.views(of: network.weights)
  for (view, values) in zip(views, [[2.0, 3, 4, 5], [10, 20, 30, 40], [100, 200], [1000, 2000]]) { view.write(values) }
  // Normalized, the features are -1 and 1, and -1 and 1; the latents are 4 and 6.
  let x = Tensor([1.0, 4, 3, 6], shape: [2, 2], on: device)
  var mode = Mode.training
  mode.labels = Tensor([1.0, 0], shape: [2], on: device)
  let y: [Double] = try network(x, mode: mode).scalars()
  let expected: [Double] = [
    -(4 + 400) + 30 + 4000, -(5 + 800) + 40 + 8000, (2 + 600) + 10 + 6000, (3 + 1200) + 20 + 12000,
  ]
  for (ours, theirs) in zip(y, expected) { #expect(abs(ours - theirs) < 1e-9) }
}

/// A network says whether it needs labels, and stops where they are missing or not one for each input.
@Test func labelsAreAskedFor() async throws {
  let device = try Device.cpu(threads: 1)
  let head = ProjectionHead(classes: 4, initializer: .he)
  #expect(try Network(head, input: [2], random: random, on: device).classes == 4)
  #expect(try Network(FeatureMark(), input: [2], random: random, on: device).classes == nil)
  await #expect(processExitsWith: .failure) { try runHead(labels: nil) }
  await #expect(processExitsWith: .failure) { try runHead(labels: 2) }
  await #expect(processExitsWith: .success) { try runHead(labels: 3) }
}

/// Three samples with so many labels.
private func runHead(labels: Int?) throws {
  let device = try Device.cpu(threads: 1)
  let network = try Network(ProjectionHead(classes: 4, initializer: .he), input: [2], random: random, on: device)
  var mode = Mode.training
  mode.labels = labels.map { Tensor(1, shape: [$0], on: device) }
  _ = network(Tensor(1, shape: [3, 2], on: device), mode: mode)
}

extension LayerError {
  static let branches: [LayerError] = [
    LayerError(
      layer: Sequential([Residual(main: [Dense(2, initializer: .he)])]), input: [3],
      words: ["layer 0", "branches", "[2] and [3]"]),
    LayerError(
      layer: Residual(main: [], shortcut: [Dense(2, initializer: .he), Upsample()]), input: [3],
      words: ["layer shortcut.1", "Upsample", "[2]"]),
    LayerError(layer: Downsample(), input: [3, 4, 1], words: ["Downsample by 2", "multiples", "[3, 4, 1]"]),
    LayerError(layer: GlobalPooling.sum, input: [3], words: ["GlobalPooling", "[3]"]),
    LayerError(layer: Slice(1..<4), input: [3], words: ["Slice", "1..<4", "[3]"]),
    LayerError(layer: LabelConcatenation(classes: 0), input: [3], words: ["at least one class", "0"]),
    LayerError(
      layer: Sequential([LabelConcatenation(classes: 3), ProjectionHead(classes: 2, initializer: .he)]), input: [3],
      words: ["layer 1", "2 classes", "earlier layer 3"]),
    LayerError(layer: LabelConcatenation(classes: 2), input: [], words: ["LabelConcatenation", "[]"]),
    LayerError(
      layer: ProjectionHead(classes: 2, initializer: .he), input: [2, 2, 1], words: ["ProjectionHead", "[2, 2, 1]"]),
    LayerError(
      layer: ConditionalBatchNormalization(latent: 2..<9), input: [4],
      words: ["ConditionalBatchNormalization", "2..<9", "[4]"]),
    LayerError(layer: ConditionalBatchNormalization(classes: -1), input: [4], words: ["at least one class", "-1"]),
  ]
}
