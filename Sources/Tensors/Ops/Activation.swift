// Activations (Kernels/cl/activation.cl).

extension Op {
  public static let relu: Op = pointwise("relu", saved: .output) { [reluGradient($0.dy, $0.y)] }
  public static let reluGradient: Op = pointwise("relu_gradient", saved: .inputs(1)) {
    [reluGradient($0.dy, $0.x(1)), nil]
  }
  public static let relu6: Op = pointwise("relu6", saved: .output) { [relu6Gradient($0.dy, $0.y)] }
  public static let relu6Gradient: Op = pointwise("relu6_gradient", saved: .inputs(1)) {
    [relu6Gradient($0.dy, $0.x(1)), nil]
  }
  public static func leakyReLU(slope: Double) -> Op {
    pointwise("leaky_relu", kernel: .leakyRelu, ["slope": slope], saved: .output) {
      [leakyReLUGradient(slope: slope)($0.dy, $0.y)]
    }
  }
  public static func leakyReLUGradient(slope: Double) -> Op {
    pointwise("leaky_relu_gradient", kernel: .leakyReluGradient, ["slope": slope], saved: .inputs(1)) {
      [leakyReLUGradient(slope: slope)($0.dy, $0.x(1)), nil]
    }
  }
  public static func elu(alpha: Double) -> Op {
    pointwise("elu", kernel: .elu, ["alpha": alpha], saved: .output) { [eluGradient(alpha: alpha)($0.dy, $0.y)] }
  }
  public static func eluGradient(alpha: Double) -> Op {
    pointwise("elu_gradient", kernel: .eluGradient, ["alpha": alpha], saved: .inputs) { p in
      let (dy, y) = (p.x(0), p.x(1))
      return [p.ifWanted(0) { eluGradient(alpha: alpha)(p.dy, y) }, p.ifWanted(1) { p.dy * dy * (1 - y.step()) }]
    }
  }
  public static let tanh: Op = pointwise("tanh", kernel: .named("tanh_forward"), saved: .output) {
    [tanhGradient($0.dy, $0.y)]
  }
  public static let tanhGradient: Op = pointwise("tanh_gradient", saved: .inputs) { p in
    let (dy, y) = (p.x(0), p.x(1))
    return [p.ifWanted(0) { tanhGradient(p.dy, y) }, p.ifWanted(1) { -2 * (p.dy * dy * y) }]
  }
  public static let sigmoid: Op = pointwise("sigmoid", saved: .output) { [sigmoidGradient($0.dy, $0.y)] }
  public static let sigmoidGradient: Op = pointwise("sigmoid_gradient", saved: .inputs) { p in
    let (dy, y) = (p.x(0), p.x(1))
    return [p.ifWanted(0) { sigmoidGradient(p.dy, y) }, p.ifWanted(1) { p.dy * dy * (1 - 2 * y) }]
  }
  public static let softplus: Op = pointwise("softplus", saved: .inputs) { [$0.dy * $0.x.sigmoid()] }
  public static let swish: Op = pointwise("swish", saved: .inputs) { p in
    let s = p.x.sigmoid()
    return [p.dy * (s + p.x * (s * (1 - s)))]
  }
  public static let gelu: Op = pointwise("gelu", saved: .inputs) { [$0.dy * (normalCDF($0.x) + $0.x * density($0.x))] }
  public static let normalCDF: Op = pointwise("normal_cdf", saved: .inputs) { [$0.dy * density($0.x)] }
  /// The standard normal's density.
  private static func density(_ x: Tensor) -> Tensor { 0.3989422804014327 * (-0.5 * (x * x)).exponential() }

  static let activationRows: [OpRow] = [
    OpRow("relu", [.init(relu, [[31]], [.offZero])]),
    OpRow("relu_gradient", [.init(reluGradient, [[31], [31]], [.between(-2, 2), .offZero])]),
    OpRow("relu6", [.init(relu6, [[31]], [.offZero]), .init(relu6, [[31]], [.between(6.1, 9)])]),
    OpRow(
      "relu6_gradient",
      [
        .init(relu6Gradient, [[31], [31]], [.between(-2, 2), .offZero]),
        .init(relu6Gradient, [[31], [31]], [.between(-2, 2), .between(6.1, 9)]),
      ]),
    OpRow("leaky_relu", [.init(leakyReLU(slope: 0.2), [[5, 7]], [.offZero])]),
    OpRow("leaky_relu_gradient", [.init(leakyReLUGradient(slope: 0.2), [[31], [31]], [.between(-2, 2), .offZero])]),
    OpRow("elu", [.init(elu(alpha: 0.7), [[31]], [.offZero])]),
    OpRow("elu_gradient", [.init(eluGradient(alpha: 2.5), [[31], [31]], [.between(-2, 2), .offZero])]),
    OpRow("tanh", [.init(tanh, [[31]])]),
    OpRow("tanh_gradient", [.init(tanhGradient, [[31], [31]])]),
    OpRow("sigmoid", [.init(sigmoid, [[31]], [.between(-5, 5)])]),
    OpRow("sigmoid_gradient", [.init(sigmoidGradient, [[31], [31]])]),
    OpRow("softplus", [.init(softplus, [[31]], [.between(-5, 5)])]),
    OpRow("swish", [.init(swish, [[31]], [.between(-5, 5)])]),
    OpRow("gelu", [.init(gelu, [[31]], [.between(-3, 3)])]),
    OpRow("normal_cdf", [.init(normalCDF, [[31]], [.between(-3, 3)])]),
  ]
}

extension Tensor {
  /// `max(x, 0)`.
  public func relu() -> Tensor { Op.relu(self) }
  /// `min(max(x, 0), 6)` (Howard et al. 2017).
  public func relu6() -> Tensor { Op.relu6(self) }
  /// x where positive, else `slope x`; the slope is positive.
  public func leakyReLU(slope: Double = 0.2) -> Tensor { Op.leakyReLU(slope: slope)(self) }
  /// x where positive, else `alpha (e^x - 1)` (Clevert et al. 2015).
  public func elu(alpha: Double = 1) -> Tensor { Op.elu(alpha: alpha)(self) }
  public func tanh() -> Tensor { Op.tanh(self) }
  /// `1 / (1 + e^-x)`.
  public func sigmoid() -> Tensor { Op.sigmoid(self) }
  /// `log(1 + e^x)`, free of overflow.
  public func softplus() -> Tensor { Op.softplus(self) }
  /// `x sigmoid(x)`, also called SiLU (Ramachandran et al. 2017).
  public func swish() -> Tensor { Op.swish(self) }
  /// `x Phi(x)` with the exact normal distribution function (Hendrycks and Gimpel 2016).
  public func gelu() -> Tensor { Op.gelu(self) }
}

extension Kernel {
  fileprivate static let leakyRelu = named("leaky_relu")
  fileprivate static let leakyReluGradient = named("leaky_relu_gradient")
  fileprivate static let elu = named("elu")
  fileprivate static let eluGradient = named("elu_gradient")
}
