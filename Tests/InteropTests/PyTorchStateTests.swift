import Networks
import Records
import Testing

@testable import Interop

/// A network whose weights are their own places, 0, 1, 2 ..., so that a layout shows where each came from.
private func network(_ layers: [any Layer], input: Shape) throws -> Network {
  let network = try Network(
    Sequential(layers), input: input, random: RandomStream(seed: 1, stream: 0), on: try Device.cpu())
  network.weights.write((0..<network.weights.shape.count).map { Double($0) })
  network.runningStatistics.write((0..<network.runningStatistics.shape.count).map { Double($0) + 0.5 })
  return network
}

private func floats(_ file: SafetensorsFile, _ name: String) throws -> (values: [Float], shape: [Int]) {
  let tensor = try #require(file[name], "\(name) is missing; there are \(file.tensors.map(\.name))")
  guard case .float32(let values) = tensor.values else { throw InteropError("\(name) holds no reals") }
  return (values, tensor.shape)
}

struct PyTorchStateTests {
  private static let zeros = Initializer.constant(0)

  /// Element [i, j, ...] of PyTorch's tensor, by its place in ours, worked out from what the axes mean.
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let layers: [any Layer]
    let input: Shape
    let tensor: String
    let shape: [Int]
    let place: @Sendable ([Int]) -> Int
    var testDescription: String { name }
  }

  static let rows = [
    Row(
      name: "filters [rows, columns, in, out] as OIHW", layers: [Convolution(3, kernel: 2, initializer: zeros)],
      input: [4, 4, 5], tensor: "main.0.weight", shape: [3, 5, 2, 2],
      place: { i in ((i[2] * 2 + i[3]) * 5 + i[1]) * 3 + i[0] }),
    Row(
      name: "transposed filters [rows, columns, out, in] as IOHW",
      layers: [TransposedConvolution(3, kernel: 2, initializer: zeros)], input: [4, 4, 5], tensor: "main.0.weight",
      shape: [5, 3, 2, 2], place: { i in ((i[2] * 2 + i[3]) * 3 + i[1]) * 5 + i[0] }),
    Row(
      name: "dense weights [in, out] as [out, in]", layers: [Dense(3, initializer: zeros)], input: [4],
      tensor: "main.0.weight", shape: [3, 4], place: { i in i[1] * 3 + i[0] }),
    Row(
      name: "outputs that become an image of 2 x 2 pixels and 3 channels",
      layers: [Dense(12, initializer: zeros), Activation.tanh, Reshape([2, 2, 3])], input: [4], tensor: "main.0.weight",
      shape: [12, 4], place: { i in i[1] * 12 + i[0] % 4 * 3 + i[0] / 4 }),
    Row(
      name: "their bias", layers: [Dense(12, initializer: zeros), Reshape([2, 2, 3])], input: [4],
      tensor: "main.0.bias", shape: [12], place: { i in 48 + i[0] % 4 * 3 + i[0] / 4 }),
    Row(
      name: "inputs that are an image of 2 x 2 pixels and 3 channels, beside two labels",
      layers: [Reshape.flat, LabelConcatenation(classes: 2), Dense(5, initializer: zeros)], input: [2, 2, 3],
      tensor: "main.0.weight", shape: [5, 14],
      place: { i in (i[1] < 12 ? i[1] % 4 * 3 + i[1] / 4 : i[1]) * 5 + i[0] }),
    Row(
      name: "reshaping has no number, activations have one",
      layers: [
        Reshape([1, 1, 4]), Convolution(2, kernel: 1, bias: false, initializer: zeros), Activation.relu, FeatureMark(),
        Convolution(1, kernel: 1, bias: false, initializer: zeros),
      ], input: [4], tensor: "main.2.weight", shape: [1, 2, 1, 1], place: { i in 8 + i[1] }),
  ]

  @Test(arguments: rows) func layout(row: Row) throws {
    let file = SafetensorsFile(tensors: try PyTorchState(of: network(row.layers, input: row.input)).tensors(batches: 0))
    let (values, shape) = try floats(file, row.tensor)
    #expect(shape == row.shape)
    for (number, value) in values.enumerated() {
      var (rest, index) = (number, [Int](repeating: 0, count: shape.count))
      for axis in shape.indices.reversed() { (rest, index[axis]) = rest.quotientAndRemainder(dividingBy: shape[axis]) }
      #expect(value == Float(row.place(index)), "element \(index)")
    }
  }

  /// Ours are [2, C]: means, then variances.
  @Test func runningMomentsAreTwoTensors() throws {
    let file = SafetensorsFile(
      tensors: try PyTorchState(of: network([BatchNormalization()], input: [3])).tensors(batches: 7))
    #expect(
      file.tensors.map(\.name)
        == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map { "main.0." + $0 })
    #expect(try floats(file, "main.0.running_mean").values == [0.5, 1.5, 2.5])
    #expect(try floats(file, "main.0.running_var").values == [3.5, 4.5, 5.5])
    #expect(file["main.0.num_batches_tracked"] == .init("main.0.num_batches_tracked", shape: [], .int64([7])))
  }

  /// W = [[0, 1], [2, 3]] in ours, [in, out], and u = (0.5, 1.5): v = W u / |W u|, u' = W^T v / |W^T v|.
  @Test func spectralNormsHaveBothVectors() throws {
    let layers = [SpectralNormalization(Dense(2, bias: false, initializer: Self.zeros))]
    let file = SafetensorsFile(tensors: try PyTorchState(of: network(layers, input: [2])).tensors(batches: 0))
    #expect(file.tensors.map(\.name) == ["main.0.weight_orig", "main.0.weight_v", "main.0.weight_u"])
    let v = [1.5, 5.5].map { $0 / (1.5 * 1.5 + 5.5 * 5.5 as Double).squareRoot() }
    let image = [2 * v[1], v[0] + 3 * v[1]]
    let norm = (image[0] * image[0] + image[1] * image[1]).squareRoot()
    for (found, expected) in zip(try floats(file, "main.0.weight_v").values, v) {
      #expect(abs(Double(found) - expected) < 1e-6)
    }
    for (found, expected) in zip(try floats(file, "main.0.weight_u").values, image) {
      #expect(abs(Double(found) - expected / norm) < 1e-6)
    }
  }

  private static let layers: [any Layer] = [
    Reshape([1, 1, 4]), TransposedConvolution(6, kernel: 2, bias: false, initializer: .normal(standardDeviation: 1)),
    BatchNormalization(), Activation.relu,
    SpectralNormalization(Convolution(3, kernel: 2, initializer: .normal(standardDeviation: 1))), Reshape.flat,
    Dense(5, initializer: .normal(standardDeviation: 1)),
  ]

  /// What a file says in front of its names, and the file that must be taken.
  @Test(arguments: ["", "module.", "netG.module."]) func readingIsTheInverse(prefix: String) throws {
    let (old, new) = (try network(Self.layers, input: [4]), try network(Self.layers, input: [4]))
    new.weights.fill(0)
    let tensors = try PyTorchState(of: old).tensors(batches: 0).map {
      SafetensorsFile.Tensor(prefix + $0.name, shape: $0.shape, $0.values)
    }
    try PyTorchState(of: new).read(SafetensorsFile(tensors: tensors), path: "file")
    #expect(try new.weights.scalars(as: Float.self) == old.weights.scalars())
    // All but u, which has moved a step.
    #expect(try new.runningStatistics.scalars(as: Float.self).prefix(12) == old.runningStatistics.scalars().prefix(12))
  }

  @Test func theNewerFormOfSpectralNormsIsRead() throws {
    let (old, new) = (try network(Self.layers, input: [4]), try network(Self.layers, input: [4]))
    new.weights.fill(0)
    let names = [
      "main.3.weight_orig": "3.parametrizations.weight.original", "main.3.weight_u": "3.parametrizations.weight.0._u",
      "main.3.weight_v": "3.parametrizations.weight.0._v",
    ]
    let tensors = try PyTorchState(of: old).tensors(batches: 0).map {
      SafetensorsFile.Tensor(names[$0.name] ?? String($0.name.dropFirst(5)), shape: $0.shape, $0.values)
    }
    try PyTorchState(of: new).read(SafetensorsFile(tensors: tensors), path: "file")
    #expect(try new.weights.scalars(as: Float.self) == old.weights.scalars())
  }

  /// What is done to a good file, and the words that the message must hold.
  static let damages: [(name: String, change: @Sendable (inout [SafetensorsFile.Tensor]) -> Void, words: [String])] = [
    (
      "a tensor is missing", { $0.removeAll { $0.name == "main.1.bias" } },
      ["no tensor 'main.1.bias' [6]", "it has main.1.weight, main.1.running_mean"]
    ),
    (
      "a tensor has another shape",
      { $0[0] = .init("main.0.weight", shape: [4, 6, 4, 1], $0[0].values) },
      ["'main.0.weight' is [4, 6, 4, 1], but [4, 6, 2, 2] is needed", "model.width"]
    ),
    (
      "a tensor is left over", { $0.append(.init("main.9.weight", shape: [1], .float32([0]))) },
      ["'main.9.weight' belongs to no layer", "--preset"]
    ),
    (
      "whole numbers", { $0[1] = .init("main.1.weight", shape: [6], .int64([1, 2, 3, 4, 5, 6])) },
      ["'main.1.weight' holds whole numbers"]
    ),
    (
      "another network altogether", { $0 = [.init("fc.weight", shape: [1], .float32([0]))] },
      ["no tensor 'main.0.weight' [4, 6, 2, 2]; it has fc.weight"]
    ),
  ]

  @Test(arguments: damages.indices) func aWrongFileIsRefused(number: Int) throws {
    let (damage, network) = (Self.damages[number], try network(Self.layers, input: [4]))
    var tensors = try PyTorchState(of: network).tensors(batches: 0)
    network.weights.fill(3)
    damage.change(&tensors)
    let error = #expect(throws: InteropError.self) {
      try PyTorchState(of: network).read(SafetensorsFile(tensors: tensors), path: "file")
    }
    let message = error?.description ?? "nothing was thrown"
    for word in ["file: "] + damage.words {
      #expect(message.contains(word), "\(message)")
    }
    #expect(try network.weights.scalars(as: Float.self).allSatisfy { $0 == 3 }, "the network is unchanged")
  }
}
