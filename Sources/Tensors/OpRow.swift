/// A row of the table of ops: what it is called, on what it is tested, and how often it can be differentiated.
public struct OpRow: Sendable, CustomStringConvertible {
  /// Where the inputs of a test are drawn from.
  public enum Domain: Sendable {
    case between(Double, Double)
    /// Between -2 and 2, but a tenth away from 0, where the op has a kink.
    case offZero
    /// Whole numbers from 0 on, below a bound; no gradient is asked for.
    case indices(Int)
  }

  /// One application of the op.
  public struct Sample: Sendable {
    public let apply: @Sendable ([Tensor]) -> Tensor
    public let shapes: [Shape]
    public let domains: [Domain]
    /// The op where its inputs are drawn; nil where some are functions of others.
    let op: Op?

    init(_ op: Op, _ shapes: [Shape], _ domains: [Domain]? = nil) {
      self.init(shapes, domains, op: op) { op($0) }
    }

    /// An op some of whose inputs are functions of others.
    init(
      _ shapes: [Shape], _ domains: [Domain]? = nil, op: Op? = nil, apply: @escaping @Sendable ([Tensor]) -> Tensor
    ) {
      (self.apply, self.shapes, self.op) = (apply, shapes, op)
      self.domains = domains ?? shapes.map { _ in .between(-2, 2) }
    }
  }

  public let name: String
  /// To which order the gradient is checked; less than 2 only with a reason.
  public let order: Int
  public let reason: String?
  public let samples: [Sample]
  public var description: String { name }

  init(_ name: String, order: Int = 2, because reason: String? = nil, _ samples: [Sample]) {
    precondition(order >= 2 || reason != nil, "\(name) must say why it has no second gradient")
    (self.name, self.order, self.reason, self.samples) = (name, order, reason, samples)
  }
}

extension Op {
  private static let elementwise = pointwiseRows + activationRows + lossRows + divergenceRows

  /// Every op, each with the samples on which every device and every gradient is checked.
  public static let all: [OpRow] =
    elementwise + layoutRows + reductionRows + productRows + convolutionRows + normalizationRows + gatherRows
    + resamplingRows + axisFilterRows + poolingRows

  /// The elementwise functions of one variable, for special values.
  package static let unary: [Op] = elementwise.compactMap { row in
    row.samples.first.flatMap { $0.shapes.count == 1 ? $0.op : nil }
  }
}

extension OpRow.Sample {
  /// Inputs drawn from the domains, a function of the seed (SplitMix64, Steele et al. 2014).
  package func inputs(on device: Device, seed: UInt64) -> [Tensor] {
    var state = seed
    func uniform() -> Double {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }
    return zip(shapes, domains).map { shape, domain in
      let values = (0..<shape.count).map { _ in domain.value(uniform()) }
      return Tensor(values, shape: shape, on: device)
    }
  }
}

extension OpRow.Domain {
  /// Whether a gradient is asked for.
  package var isSmooth: Bool { if case .indices = self { false } else { true } }

  /// The point of the domain for a uniform number on [0, 1).
  fileprivate func value(_ u: Double) -> Double {
    switch self {
    case .between(let low, let high): low + (high - low) * u
    case .offZero: u < 0.5 ? -2 + 3.8 * u : 0.1 + 3.8 * (u - 0.5)
    case .indices(let bound): (Double(bound) * u).rounded(.down)
    }
  }
}
