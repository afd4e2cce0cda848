import Tensors

/// One step of a network on its way into an ONNX graph.
struct ONNXStep {
  let attributes: [String: [Double]]
  let operands: [ONNXGraph.Operand]
  /// Of the operands, in full.
  let inputSizes: [[ONNXGraph.Size]]
  let sizes: [ONNXGraph.Size]

  func integers(_ name: String) -> [Int] { (attributes[name] ?? []).map { Int($0) } }
  func integer(_ name: String) -> Int { integers(name).first ?? 0 }
  func real(_ name: String) -> Double { attributes[name]?.first ?? 0 }
}

/// How Saddle's ops are said in ONNX: a row for each, by the op's name.
enum ONNXOperators {
  typealias Row = @Sendable (inout ONNXGraph, ONNXStep) throws -> ONNXGraph.Wire

  static let rows: [String: Row] = [elementwise, functions, layouts, products, images].reduce(into: [:]) { all, rows in
    all.merge(rows) { first, _ in first }
  }

  /// An operator that does the same.
  private static func same(_ type: String) -> Row { { graph, step in try graph.elementwise(type, step) } }

  private static let elementwise: [String: Row] = [
    "identity": same("Identity"), "negate": same("Neg"), "reciprocal": same("Reciprocal"), "square_root": same("Sqrt"),
    "exponential": same("Exp"), "logarithm": same("Log"), "sine": same("Sin"), "cosine": same("Cos"),
    "absolute": same("Abs"), "sign": same("Sign"), "floor": same("Floor"), "relu": same("Relu"), "tanh": same("Tanh"),
    "sigmoid": same("Sigmoid"), "softplus": same("Softplus"), "add": same("Add"), "subtract": same("Sub"),
    "multiply": same("Mul"), "divide": same("Div"), "maximum": same("Max"),
  ]

  private static let functions: [String: Row] = [
    "affine": { graph, step in
      guard case .wire(let x) = step.operands[0], let scalars = step.attributes["scalars"] else { throw noWire }
      return graph.affine(x, factor: scalars[0], term: scalars[1])
    },
    "power": { graph, step in
      let exponent = ONNXGraph.Constant(values: [Float(step.real("scalars"))], sizes: [])
      return try graph.elementwise("Pow", step.operands + [.constant(exponent)], step.sizes)
    },
    "leaky_relu": { graph, step in try graph.elementwise("LeakyRelu", step, ["alpha": .real(step.real("scalars"))]) },
    "elu": { graph, step in try graph.elementwise("Elu", step, ["alpha": .real(step.real("scalars"))]) },
    "step": { graph, step in
      let zero = ONNXGraph.Constant(values: [0], sizes: [])
      let isPositive = try graph.elementwise("Greater", step.operands + [.constant(zero)], step.sizes)
      return graph.then("Cast", isPositive, ["to": .integer(1)])
    },
    "greater": { graph, step in
      graph.then("Cast", try graph.elementwise("Greater", step), ["to": .integer(1)])
    },
    "swish": { graph, step in
      let sigmoid = try graph.elementwise("Sigmoid", step)
      return try graph.elementwise("Mul", step.operands + [.wire(sigmoid)], step.sizes)
    },
    "normal_cdf": { graph, step in try normalCDF(&graph, step) },
    "gelu": { graph, step in
      let share = try normalCDF(&graph, step)
      return try graph.elementwise("Mul", step.operands + [.wire(share)], step.sizes)
    },
  ]

  /// 0.5 (1 + erf(x / sqrt(2))).
  private static func normalCDF(_ graph: inout ONNXGraph, _ step: ONNXStep) throws -> ONNXGraph.Wire {
    guard case .wire(let x) = step.operands[0] else { throw noWire }
    let erf = graph.then("Erf", graph.affine(x, factor: 0.5.squareRoot(), term: 0))
    return graph.affine(erf, factor: 0.5, term: 0.5)
  }

  // MARK: Layouts and sums

  private static let layouts: [String: Row] = [
    "reshape": { graph, step in
      guard case .wire(let wire) = step.operands[0] else { throw noWire }
      if let larger = try graph.upsampled(wire, step) { return larger }
      guard step.sizes.count(where: { $0.fixed == nil }) <= 1 else {
        throw InteropError("it spreads the samples over more than one axis")
      }
      return graph.reshaped(try graph.repeated(wire, step.inputSizes[0]), step.sizes)
    },
    // Whoever reads it repeats it as far as needed.
    "broadcast": { _, step in
      guard case .wire(let wire) = step.operands[0] else { throw noWire }
      return wire
    },
    "transpose": { graph, step in
      let name = try graph.name(of: step.operands[0], step.inputSizes[0], permuted: step.integers("permutation"))
      return .init(name: name, sizes: step.sizes)
    },
    "slice": { graph, step in
      let (start, whole) = (step.integers("start"), step.inputSizes[0])
      let axes = whole.indices.filter { whole[$0] != step.sizes[$0] || start[$0] != 0 }
      let ends = try axes.map { axis in
        if let size = step.sizes[axis].fixed { return start[axis] + size }
        let (two, three) = (whole[axis].two - step.sizes[axis].two, whole[axis].three - step.sizes[axis].three)
        guard two == start[axis], three == start[axis] else { throw InteropError("it takes a part of the samples") }
        return Int.max
      }
      let x = try graph.name(of: step.operands[0], whole)
      let limits = [axes.map { start[$0] }, ends, axes].map { graph.constant($0) }
      return .init(name: graph.node("Slice", [x] + limits), sizes: step.sizes)
    },
    "pad": { graph, step in
      let (start, part) = (step.integers("start"), step.inputSizes[0])
      let ends = try part.indices.map { axis in
        let (two, three) = (step.sizes[axis].two - part[axis].two, step.sizes[axis].three - part[axis].three)
        guard two == three else { throw InteropError("it adds to the samples as many as there are") }
        return two - start[axis]
      }
      let x = try graph.name(of: step.operands[0], part)
      return .init(name: graph.node("Pad", [x, graph.constant(start + ends)]), sizes: step.sizes)
    },
    "concatenate": { graph, step in
      let parts = try zip(step.operands, step.inputSizes).map { try graph.name(of: $0, $1) }
      return .init(name: graph.node("Concat", parts, ["axis": .integer(step.integer("axis"))]), sizes: step.sizes)
    },
    "gather": { graph, step in
      let table = try graph.name(of: step.operands[0], step.inputSizes[0])
      guard case .wire(let rows) = step.operands[1] else { throw noWire }
      let index = rows.isInteger ? rows.name : graph.node("Cast", [rows.name], ["to": .integer(7)])
      return .init(name: graph.node("Gather", [table, index], ["axis": .integer(0)]), sizes: step.sizes)
    },
    "sum": { graph, step in
      let axes = step.integers("axes")
      guard axes.allSatisfy({ step.inputSizes[0][$0].fixed != nil }) else {
        throw InteropError(
          "it adds up over the samples of a batch, so that what it makes of one depends on the others")
      }
      let x = try graph.name(of: step.operands[0], step.inputSizes[0])
      let sum = graph.node("ReduceSum", [x, graph.constant(axes)], ["keepdims": .integer(0)])
      return graph.affine(.init(name: sum, sizes: step.sizes), factor: step.real("factor"), term: 0)
    },
    "add_bias": { graph, step in
      if case .wire(let x) = step.operands[0], case .constant(let bias) = step.operands[1] {
        let name = graph.constant(.reals(bias.values), bias.sizes.map(\.two))
        if graph.extend(x, ofTypes: ["Conv", "ConvTranspose"], by: name) { return x }
      }
      return try graph.elementwise("Add", step)
    },
  ]

  // MARK: Products

  private static let products: [String: Row] = [
    "matmul": { graph, step in
      let transposed = step.integers("transposed")
      let names = try zip(step.operands, step.inputSizes).enumerated().map { i, input in
        let (operand, sizes) = input
        guard transposed[i] == 1 else { return try graph.name(of: operand, sizes) }
        return try graph.name(of: operand, sizes, permuted: sizes.count == 2 ? [1, 0] : [0, 2, 1])
      }
      return .init(name: graph.node("MatMul", names), sizes: step.sizes)
    },
    "affine_product": { graph, step in
      let names = try zip(step.operands, step.inputSizes).map { try graph.name(of: $0, $1) }
      if step.sizes.count == 2 { return .init(name: graph.node("Gemm", names), sizes: step.sizes) }
      let product = graph.node("MatMul", Array(names[..<2]))
      return .init(name: graph.node("Add", [product, names[2]]), sizes: step.sizes)
    },
  ]

  // MARK: Images

  private static let images: [String: Row] = [
    "conv2d": convolution, "conv2d_input_gradient": transposedConvolution,
    "bilinear_down": { graph, step in try graph.bilinear("Conv", step) },
    "bilinear_up": { graph, step in try graph.bilinear("ConvTranspose", step) },
    "normalize": { graph, step in
      guard case .constant(let moments) = step.operands[1], moments.sizes[0] == .init(1),
        case .constant = step.operands[2], case .constant = step.operands[3]
      else { throw InteropError("its moments depend on the samples") }
      let rank = step.sizes.count
      guard rank == 2 || rank == 4 else { throw InteropError("it normalizes neither features nor images") }
      let layout = rank == 4 ? ONNXGraph.Layout.channelsFirst : .rows
      let x = try graph.name(of: step.operands[0], step.inputSizes[0], layout)
      let scales = try [2, 3].map { try graph.name(of: step.operands[$0], step.inputSizes[$0]) }
      let channels = moments.values.count / 2
      let statistics = [moments.values.prefix(channels), moments.values.suffix(channels)].map {
        graph.constant(.reals(Array($0)), [channels])
      }
      let y = graph.node("BatchNormalization", [x] + scales + statistics, ["epsilon": .real(step.real("epsilon"))])
      let wire = ONNXGraph.Wire(name: y, sizes: step.sizes, layout: layout)
      switch step.real("negative_slope") {
      case 1: return wire
      case 0: return graph.then("Relu", wire)
      case let slope: return graph.then("LeakyRelu", wire, ["alpha": .real(slope)])
      }
    },
  ]

  /// What both kinds of convolution are told.
  private static func geometry(_ step: ONNXStep) -> [String: ONNXModel.Attribute.Value] {
    func both(_ name: String) -> [Int] { [step.integer(name), step.integer(name)] }
    return [
      "kernel_shape": .integers(step.inputSizes[1].prefix(2).map(\.two)), "strides": .integers(both("stride")),
      "pads": .integers(step.integers("padding")), "dilations": .integers(both("dilation")),
      "group": .integer(step.integer("groups")),
    ]
  }

  private static let convolution: Row = { graph, step in
    let x = try graph.name(of: step.operands[0], step.inputSizes[0], .channelsFirst)
    let filter = try graph.name(of: step.operands[1], step.inputSizes[1], permuted: filterAxes)
    let y = graph.node("Conv", [x, filter], geometry(step))
    return .init(name: y, sizes: step.sizes, layout: .channelsFirst)
  }

  /// The filter is that of the convolution whose input gradient this is: to ONNX, its outputs are the inputs here.
  private static let transposedConvolution: Row = { graph, step in
    let (x, filter) = (step.inputSizes[0], step.inputSizes[1])
    let (stride, padding, dilation) = (step.integer("stride"), step.integers("padding"), step.integer("dilation"))
    // Pixels at the far edges that no tap reaches.
    let rest = [1, 2].map { axis in
      step.sizes[axis].two + padding[axis - 1] + padding[axis + 1]
        - ((x[axis].two - 1) * stride + dilation * (filter[axis - 1].two - 1) + 1)
    }
    let names = [
      try graph.name(of: step.operands[0], x, .channelsFirst),
      try graph.name(of: step.operands[1], filter, permuted: filterAxes),
    ]
    let attributes = geometry(step).merging(["output_padding": .integers(rest)]) { $1 }
    return .init(
      name: graph.node("ConvTranspose", names, attributes), sizes: step.sizes, layout: .channelsFirst)
  }

  /// From [rows][columns][in][out].
  private static let filterAxes = [3, 2, 0, 1]

  /// An op of an exported network has a wire among its operands; one of constants only was computed.
  static let noWire = InteropError("its input does not depend on the network's")
}

extension ONNXGraph {
  mutating func elementwise(
    _ type: String, _ step: ONNXStep, _ attributes: [String: ONNXModel.Attribute.Value] = [:]
  ) throws -> Wire {
    try elementwise(type, step.operands, step.sizes, attributes)
  }

  /// Nearest-neighbour upsampling, which is a reshape of images whose pixels stand in axes of their own to be repeated;
  /// nil where the step is another reshape.
  fileprivate mutating func upsampled(_ wire: Wire, _ step: ONNXStep) throws -> Wire? {
    let repeated = step.inputSizes[0]
    guard let source = origins[wire.name], source.sizes.count == 4, repeated.count == 6, wire.sizes != repeated,
      wire.sizes == [source.sizes[0], source.sizes[1], Size(1), source.sizes[2], Size(1), source.sizes[3]],
      step.sizes.count == 4, step.sizes[0] == source.sizes[0], step.sizes[3] == source.sizes[3]
    else { return nil }
    let image = turned(source, .channelsFirst)
    let scales = constant(.reals([1, 1, Float(repeated[2].two), Float(repeated[4].two)]), [4])
    return Wire(name: node("Resize", [image.name, "", scales]), sizes: step.sizes, layout: .channelsFirst)
  }

  /// Halving or doubling by the filter (1 3 3 1) along both axes, each channel by itself; what lies outside is 0.
  fileprivate mutating func bilinear(_ type: String, _ step: ONNXStep) throws -> Wire {
    let x = try name(of: step.operands[0], step.inputSizes[0], .channelsFirst)
    let channels = step.sizes[3].two
    let weights: [Double] = [1, 3, 3, 1]
    let plane = weights.flatMap { row in weights.map { Float(row * $0 * step.real("factor")) } }
    let filter = constant(.reals((0..<channels).flatMap { _ in plane }), [channels, 1, 4, 4])
    var attributes: [String: ONNXModel.Attribute.Value] = [
      "kernel_shape": .integers([4, 4]), "strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1]),
      "group": .integer(channels),
    ]
    if type == "ConvTranspose" {
      // One more row or column where the size is odd.
      attributes["output_padding"] = .integers([1, 2].map { step.sizes[$0].two - 2 * step.inputSizes[0][$0].two })
    }
    return Wire(name: node(type, [x, filter], attributes), sizes: step.sizes, layout: .channelsFirst)
  }
}
