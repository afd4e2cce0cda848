import Networks
import Testing

@testable import Interop

/// Which nodes layers become. What the nodes compute, onnxruntime tells: tools/interop/onnx.py.
struct ONNXModelTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let layers: [any Layer]
    let input: Shape
    let nodes: [String]
    var testDescription: String { name }
  }

  private static let normal = Initializer.normal(standardDeviation: 1)

  static let rows = [
    Row(
      name: "a dense layer and its bias are one node", layers: [Dense(3, initializer: normal), Activation.relu],
      input: [4], nodes: ["Gemm", "Relu"]),
    Row(
      name: "a convolution takes its bias, images are never turned",
      layers: [
        Convolution(3, kernel: 3, .init(padding: 1), initializer: normal), BatchNormalization(), Activation.leakyReLU(),
        TransposedConvolution(2, kernel: 4, .init(stride: 2, padding: 1), initializer: normal), Activation.tanh,
      ], input: [4, 4, 2], nodes: ["Conv", "BatchNormalization", "LeakyRelu", "ConvTranspose", "Tanh"]),
    Row(
      name: "two reshapes are one, one turn",
      layers: [
        Reshape([1, 1, 4]), Reshape([2, 2, 1]), Convolution(3, kernel: 1, bias: false, initializer: normal),
      ], input: [4], nodes: ["Reshape", "Transpose", "Conv"]),
    Row(
      name: "doubling by repetition is a node of its own",
      layers: [Upsample(), Activation.relu], input: [2, 2, 3], nodes: ["Resize", "Relu"]),
    Row(
      name: "bilinear doubling and halving, each channel by itself",
      layers: [BilinearResampling.doubling, BilinearResampling.halving], input: [2, 2, 3],
      nodes: ["ConvTranspose", "Conv"]),
    Row(
      name: "a residual block reads its input twice",
      layers: [Residual(main: [Activation.relu, Convolution(3, kernel: 1, initializer: normal)])], input: [2, 2, 3],
      nodes: ["Relu", "Conv", "Add"]),
    Row(
      name: "spectral norms are folded", layers: [SpectralNormalization(Dense(3, bias: false, initializer: normal))],
      input: [4], nodes: ["MatMul"]),
    Row(
      name: "labels are rows of a table", layers: [LabelConcatenation(classes: 3), Dense(2, initializer: normal)],
      input: [4], nodes: ["Gather", "Concat", "Gemm"]),
  ]

  @Test(arguments: rows) func nodes(row: Row) throws {
    let model = try model(row.layers, input: row.input)
    #expect(model.nodes.map(\.type) == row.nodes)
    #expect(model.outputs.map(\.name) == ["y"] && model.nodes.last?.output == "y")
    // Whatever is read is an input, a constant, or made before.
    var known = Set(model.inputs.map(\.name) + model.initializers.map(\.name) + [""])
    for node in model.nodes {
      #expect(known.isSuperset(of: node.inputs), "\(node)")
      #expect(known.insert(node.output).inserted, "\(node.output) is made twice")
    }
    #expect(Set(model.initializers.map(\.name)).isSubset(of: Set(model.nodes.flatMap(\.inputs))))
  }

  private func model(_ layers: [any Layer], input: Shape) throws -> ONNXModel {
    let network = try Network(
      Sequential(layers), input: input, random: RandomStream(seed: 1, stream: 0), on: try Device.cpu())
    return try ONNXModel(of: network, input: "x", output: "y")
  }

  @Test func portsAreInONNXOrder() throws {
    let model = try model(
      [LabelConcatenation(classes: 2), Convolution(5, kernel: 1, initializer: Self.normal)], input: [2, 3, 4])
    #expect(
      model.inputs == [
        .init(name: "x", type: 1, sizes: [nil, 4, 2, 3]), .init(name: "labels", type: 7, sizes: [nil]),
      ])
    #expect(model.outputs == [.init(name: "y", type: 1, sizes: [nil, 5, 2, 3])])
  }

  /// A layer that has no words in ONNX, and what its message must say.
  static let refused: [(layer: any Layer, words: [String])] = [
    (MinibatchStandardDeviation(), ["layer 1 (MinibatchStandardDeviation)", "--format pytorch"]),
    (MinibatchDiscrimination(kernels: 2, dimensions: 2), ["layer 1 (MinibatchDiscrimination)", "more than one axis"]),
    (Strange(), ["layer 1 (Strange)", "the op translate", "ONNX has no word for it"]),
  ]

  private struct Strange: Layer {
    func declare(_ input: Shape, _ declarations: inout Declarations) -> Shape { input }
    func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
      let images = x.reshaped(to: [x.shape[0], 1, 1, x.shape[1]])
      return images.translated(by: Tensor(0, shape: [x.shape[0], 2], on: x.device)).reshaped(to: x.shape)
    }
  }

  @Test(arguments: refused.indices) func whatCannotBeSaidIsRefusedByName(number: Int) throws {
    let error = #expect(throws: InteropError.self) {
      try model([Activation.relu, Self.refused[number].layer], input: [4])
    }
    let message = error?.description ?? "nothing was thrown"
    for word in Self.refused[number].words {
      #expect(message.contains(word), "\(message)")
    }
  }
}
