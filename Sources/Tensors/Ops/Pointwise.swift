// Elementwise arithmetic (Kernels/cl/pointwise.cl).

extension Op {
  /// An elementwise op: its kernel takes the inputs, the output, and these scalars.
  ///
  /// - Parameter kernel: By default that of the op's name.
  static func pointwise(
    _ name: String, kernel: Kernel? = nil, _ scalars: NamedArguments<Double> = [:], saved: SavedForBackward,
    vjp: @escaping @Sendable (Pullback) -> [Tensor?]
  ) -> Op {
    let kernel = kernel ?? .named(name)
    return Op(
      name, scalars.count == 0 ? [:] : ["scalars": scalars.elements.map(\.1)], saved: saved,
      shape: { shapes throws(ShapeError) in try same(name, shapes) }
    ) { inputs, shape in
      let y = Tensor(uninitialized: shape, on: inputs[0].device)
      // Buffers have the kernel's own names: what is one op's x is another's dy.
      let arguments = kernel.arguments(inputs.count + 1, reals: scalars) { i in
        (kernel.bufferNames[i], (i < inputs.count ? inputs[i] : y).argument)
      }
      y.device.launch(kernel, arguments, over: Extent(shape.count))
      return y
    } vjp: {
      vjp($0)
    }
  }

  /// The shape rule of elementwise ops.
  static func same(_ name: String, _ shapes: [Shape]) throws(ShapeError) -> Shape {
    guard shapes.allSatisfy({ $0 == shapes[0] }) else { throw ShapeError(name, shapes, "the shapes must be equal") }
    return shapes[0]
  }

  /// The input itself, as a node of its own.
  public static let identity: Op = Op("identity", saved: .nothing, shape: { $0[0] }, run: { x, _ in x[0].detached() }) {
    [$0.dy]
  }

  public static let negate: Op = pointwise("negate", saved: .nothing) { [-$0.dy] }
  public static let reciprocal: Op = pointwise("reciprocal", saved: .output) { [-($0.dy * ($0.y * $0.y))] }
  public static let squareRoot: Op = pointwise("square_root", saved: .output) { [$0.dy / (2 * $0.y)] }
  public static let exponential: Op = pointwise("exponential", saved: .output) { [$0.dy * $0.y] }
  public static let logarithm: Op = pointwise("logarithm", saved: .inputs) { [$0.dy / $0.x] }
  public static let sine: Op = pointwise("sine", saved: .inputs) { [$0.dy * $0.x.cosine()] }
  public static let cosine: Op = pointwise("cosine", saved: .inputs) { [-($0.dy * $0.x.sine())] }
  public static let absolute: Op = pointwise("absolute", saved: .inputs) { [$0.dy * sign($0.x)] }
  public static let sign: Op = pointwise("sign", kernel: .named("signum"), saved: .nothing) { _ in [nil] }
  public static let step: Op = pointwise("step", kernel: .named("unit_step"), saved: .nothing) { _ in [nil] }
  public static let floor: Op = pointwise("floor", kernel: .named("round_down"), saved: .nothing) { _ in [nil] }
  /// `factor x + term`.
  public static func affine(_ factor: Double, _ term: Double) -> Op {
    pointwise("affine", kernel: .affine, ["factor": factor, "term": term], saved: .nothing) { [factor * $0.dy] }
  }
  /// x to a constant power.
  public static func power(_ exponent: Double) -> Op {
    pointwise("power", kernel: .power, ["exponent": exponent], saved: .inputs) {
      [$0.dy * (exponent * $0.x.power(exponent - 1))]
    }
  }

  public static let add: Op = pointwise("add", saved: .nothing) { [$0.dy, $0.dy] }
  public static let subtract: Op = pointwise("subtract", saved: .nothing) { p in [p.dy, p.ifWanted(1) { -p.dy }] }
  public static let multiply: Op = pointwise("multiply", saved: .inputs) { p in
    [p.ifWanted(0) { p.dy * p.x(1) }, p.ifWanted(1) { p.dy * p.x(0) }]
  }
  public static let divide: Op = pointwise("divide", saved: .inputs) { p in
    [p.ifWanted(0) { p.dy / p.x(1) }, p.ifWanted(1) { -(p.dy * p.x(0)) / (p.x(1) * p.x(1)) }]
  }
  public static let greater: Op = pointwise("greater", saved: .nothing) { _ in [nil, nil] }
  public static let maximum: Op = pointwise("maximum", saved: .inputs) { p in
    [p.ifWanted(0) { p.dy * greater(p.x(0), p.x(1)) }, p.ifWanted(1) { p.dy * (1 - greater(p.x(0), p.x(1))) }]
  }

  static let pointwiseRows: [OpRow] = [
    OpRow("identity", [.init(identity, [[3, 5]])]),
    OpRow(
      "negate", [.init(negate, [[3, 5]]), .init(negate, [[]]), .init(negate, [[0, 3]]), .init(negate, [[4099]])]),
    OpRow("reciprocal", [.init(reciprocal, [[7, 3]], [.between(0.4, 3)])]),
    OpRow("square_root", [.init(squareRoot, [[7, 3]], [.between(0.2, 3)])]),
    OpRow("exponential", [.init(exponential, [[31]])]),
    OpRow("logarithm", [.init(logarithm, [[31]], [.between(0.1, 3)])]),
    OpRow("sine", [.init(sine, [[31]], [.between(-9, 9)])]),
    OpRow("cosine", [.init(cosine, [[31]], [.between(-9, 9)])]),
    OpRow("absolute", [.init(absolute, [[31]], [.offZero])]),
    OpRow("sign", [.init(sign, [[31]], [.offZero])]),
    OpRow("step", [.init(step, [[31]], [.offZero])]),
    OpRow("floor", [.init(floor, [[31]], [.between(-1.9, -1.1)]), .init(floor, [[31]], [.between(2.1, 2.9)])]),
    OpRow("affine", [.init(affine(-1.5, 0.25), [[2, 3, 5]])]),
    OpRow("power", [.init(power(3), [[31]], [.between(0.2, 2)]), .init(power(-0.5), [[31]], [.between(0.2, 2)])]),
    OpRow("add", [.init(add, [[3, 5], [3, 5]]), .init(add, [[], []]), .init(add, [[0], [0]])]),
    OpRow("subtract", [.init(subtract, [[3, 5], [3, 5]])]),
    OpRow("multiply", [.init(multiply, [[3, 5], [3, 5]])]),
    OpRow("divide", [.init(divide, [[3, 5], [3, 5]], [.between(-2, 2), .between(0.4, 2)])]),
    OpRow("greater", [.init(greater, [[31], [31]], [.between(-2, 0), .between(0.1, 2)])]),
    OpRow("maximum", [.init(maximum, [[31], [31]], [.between(-2, 0), .between(0.1, 2)])]),
  ]
}

// MARK: - Operators

extension Op {
  /// Applies an elementwise op of two tensors that broadcast as NumPy does: axes aligned at the end, sizes equal or 1.
  ///
  /// - Throws: As `applied`.
  public func applied(broadcasting a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
    if a.shape == b.shape { return try applied(a, b) }
    guard let shape = Shape.broadcast(a.shape, b.shape) else {
      throw .shape(ShapeError(name, [a.shape, b.shape], "the shapes must broadcast to each other"))
    }
    return try applied(a.broadcast(to: shape), b.broadcast(to: shape))
  }
}

private func broadcasting(_ op: Op, _ a: Tensor, _ b: Tensor) -> Tensor {
  if a.shape == b.shape { return op(a, b) }
  guard let shape = Shape.broadcast(a.shape, b.shape) else {
    preconditionFailure(ShapeError(op.name, [a.shape, b.shape], "the shapes must broadcast to each other").description)
  }
  return op(a.broadcast(to: shape), b.broadcast(to: shape))
}

extension Tensor {
  public static prefix func - (x: Tensor) -> Tensor { Op.negate(x) }
  public static func + (a: Tensor, b: Tensor) -> Tensor { broadcasting(.add, a, b) }
  public static func - (a: Tensor, b: Tensor) -> Tensor { broadcasting(.subtract, a, b) }
  public static func * (a: Tensor, b: Tensor) -> Tensor { broadcasting(.multiply, a, b) }
  public static func / (a: Tensor, b: Tensor) -> Tensor { broadcasting(.divide, a, b) }
  public static func + (x: Tensor, term: Double) -> Tensor { Op.affine(1, term)(x) }
  public static func + (term: Double, x: Tensor) -> Tensor { Op.affine(1, term)(x) }
  public static func - (x: Tensor, term: Double) -> Tensor { Op.affine(1, -term)(x) }
  public static func - (term: Double, x: Tensor) -> Tensor { Op.affine(-1, term)(x) }
  public static func * (x: Tensor, factor: Double) -> Tensor { Op.affine(factor, 0)(x) }
  public static func * (factor: Double, x: Tensor) -> Tensor { Op.affine(factor, 0)(x) }
  /// x times `1 / divisor`, which is rounded to double and then to the device's precision: not always the quotient that
  /// is nearest, where the divisor is no power of two. A quotient that must be takes a tensor.
  public static func / (x: Tensor, divisor: Double) -> Tensor { Op.affine(1 / divisor, 0)(x) }
  public static func / (dividend: Double, x: Tensor) -> Tensor { dividend * Op.reciprocal(x) }

  /// `1 / x`.
  public func reciprocal() -> Tensor { Op.reciprocal(self) }
  public func squareRoot() -> Tensor { Op.squareRoot(self) }
  public func exponential() -> Tensor { Op.exponential(self) }
  /// The natural logarithm.
  public func logarithm() -> Tensor { Op.logarithm(self) }
  public func sine() -> Tensor { Op.sine(self) }
  public func cosine() -> Tensor { Op.cosine(self) }
  public func absolute() -> Tensor { Op.absolute(self) }
  /// 1 where positive, else 0; its gradient is 0.
  public func step() -> Tensor { Op.step(self) }
  /// The largest whole number that is not above x; its gradient is 0.
  public func floor() -> Tensor { Op.floor(self) }
  public func power(_ exponent: Double) -> Tensor { Op.power(exponent)(self) }
  public func squared() -> Tensor { self * self }
}

/// The larger of each pair, NaN where either is; where both are equal, the gradient goes to `b`.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { broadcasting(.maximum, a, b) }

extension Kernel {
  fileprivate static let affine = named("affine")
  fileprivate static let power = named("power")
}
