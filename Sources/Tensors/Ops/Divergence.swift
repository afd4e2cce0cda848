// What the conjugates of f-divergences need (Kernels/cl/divergence.cl).

extension Op {
  public static let exponentialMinusOne: Op = pointwise("exponential_minus_one", saved: .inputs) {
    [$0.dy * $0.x.exponential()]
  }
  /// tanh whose gradient 4 sigmoid(2 x) sigmoid(-2 x) keeps its digits where the output has rounded to 1.
  public static let steepTanh: Op = pointwise("steep_tanh", kernel: .named("tanh_forward"), saved: .inputs) {
    [4 * $0.dy * (2 * $0.x).sigmoid() * (-2 * $0.x).sigmoid()]
  }
  public static let centredSoftplus: Op = pointwise("centred_softplus", saved: .inputs) { [$0.dy * $0.x.sigmoid()] }

  public static let logSoftplus: Op = pointwise("log_softplus", saved: .inputs) { [$0.dy * logSoftplusSlope($0.x)] }
  public static let logSoftplusSlope: Op = pointwise("log_softplus_slope", saved: .inputs) { p in
    let slope = logSoftplusSlope(p.x)
    return [p.dy * slope * ((-p.x).sigmoid() - slope)]
  }

  public static func logSigmoidComplement(_ power: Double) -> Op {
    pointwise("log_sigmoid_complement", kernel: .logSigmoidComplement, ["exponent": power], saved: .inputs) {
      [$0.dy * logSigmoidComplementSlope(power)($0.x)]
    }
  }
  public static func logSigmoidComplementSlope(_ power: Double) -> Op {
    pointwise("log_sigmoid_complement_slope", kernel: .logSigmoidComplementSlope, ["exponent": power], saved: .inputs) {
      p in
      let slope = logSigmoidComplementSlope(power)(p.x)
      return [p.dy * slope * ((1 + power) * (-p.x).sigmoid() - 1 - slope)]
    }
  }

  public static let jeffreyLogarithm: Op = pointwise("jeffrey_logarithm", saved: .output) { [$0.dy * $0.y.sigmoid()] }

  public static func positivePower(_ exponent: Double) -> Op {
    pointwise("positive_power", kernel: .positivePower, ["exponent": exponent], saved: .inputs) {
      [$0.dy * (exponent * positivePower(exponent - 1)($0.x))]
    }
  }
  public static func shiftedPower(slope: Double, _ exponent: Double) -> Op {
    pointwise("shifted_power", kernel: .shiftedPower, ["slope": slope, "exponent": exponent], saved: .inputs) {
      [$0.dy * ((exponent * slope) * positivePower(exponent - 1)(affine(slope, 1)($0.x)))]
    }
  }

  static let divergenceRows: [OpRow] = [
    OpRow("exponential_minus_one", [.init(exponentialMinusOne, [[31]])]),
    OpRow("steep_tanh", [.init(steepTanh, [[31]])]),
    OpRow("centred_softplus", [.init(centredSoftplus, [[31]], [.between(-5, 5)])]),
    OpRow(
      "log_softplus",
      [.init(logSoftplus, [[31]], [.between(-5, 5)]), .init(logSoftplus, [[31]], [.between(-22, -12)])]),
    OpRow(
      "log_softplus_slope",
      [.init(logSoftplusSlope, [[31]], [.between(-5, 5)]), .init(logSoftplusSlope, [[31]], [.between(-22, -12)])]),
    OpRow("log_sigmoid_complement", [1 / 0.3, 0.6].map { .init(logSigmoidComplement($0), [[31]], [.between(-4, 9)]) }),
    OpRow(
      "log_sigmoid_complement_slope",
      [1 / 0.3, 0.6].map { .init(logSigmoidComplementSlope($0), [[31]], [.between(-4, 9)]) }),
    OpRow("jeffrey_logarithm", [.init(jeffreyLogarithm, [[31]], [.between(-9, 9)])]),
    OpRow(
      "positive_power",
      [.init(positivePower(1.5), [[31]], [.between(0.2, 2)]), .init(positivePower(-0.5), [[31]], [.between(-2, -0.2)])]),
    OpRow(
      "shifted_power",
      [
        .init(shiftedPower(slope: 0.5, 2), [[31]], [.between(-1.8, 3)]),
        .init(shiftedPower(slope: 2, 1.5), [[31]], [.between(-0.2, 3)]),
        .init(shiftedPower(slope: 0.5, 3), [[31]], [.between(-9, -2.1)]),
      ]),
  ]
}

extension Tensor {
  /// `e^x - 1`, without cancelling about 0.
  public func exponentialMinusOne() -> Tensor { Op.exponentialMinusOne(self) }
  /// `tanh x`; its gradient keeps its digits where tanh has rounded to 1.
  public func steepTanh() -> Tensor { Op.steepTanh(self) }
  /// `log((1 + e^x) / 2)`, without cancelling about 0.
  public func centredSoftplus() -> Tensor { Op.centredSoftplus(self) }
  /// `log(log(1 + e^x))`, which tends to x where softplus underflows.
  public func logSoftplus() -> Tensor { Op.logSoftplus(self) }
  /// `log(1 - sigmoid(x)^power)` for a positive power; tends to `log(power) - x`.
  public func logSigmoidComplement(power: Double) -> Tensor { Op.logSigmoidComplement(power)(self) }
  /// The y with `1 + y - e^-y = x`: `-log W(e^(1-x))` with Lambert's W, free of overflow.
  public func jeffreyLogarithm() -> Tensor { Op.jeffreyLogarithm(self) }
  /// `max(1 + slope x, 0)^exponent - 1`, without cancelling about 0.
  public func shiftedPower(slope: Double, exponent: Double) -> Tensor { Op.shiftedPower(slope: slope, exponent)(self) }
}

extension Kernel {
  fileprivate static let logSigmoidComplement = named("log_sigmoid_complement")
  fileprivate static let logSigmoidComplementSlope = named("log_sigmoid_complement_slope")
  fileprivate static let positivePower = named("positive_power")
  fileprivate static let shiftedPower = named("shifted_power")
}
