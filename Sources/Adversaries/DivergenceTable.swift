import Glibc

/// Table 6 of Nowozin, Cseke and Tomioka 2016 with the rising activations of its table 2. Conjugates are those of f on
/// u >= 0: -f(0) below f'(0), where the printed formulas of Pearson and alpha > 1 rise again.
extension Divergence {
  public static let all: [Divergence] = [
    totalVariation, kl, reverseKL, pearson, neyman, squaredHellinger, jeffrey, jensenShannon,
    weighted(0.3), gan, alphaBelowOne(0.5), alphaAboveOne(3),
  ]

  /// Those that take a number, of which `all` has examples.
  public static let families: [Family] = [
    Family(
      prefix: "jensen-shannon-", summary: weightedSummary("X"), range: "a number between 0 and 1",
      member: { number throws(DivergenceError) in try jensenShannon(weight: number) }),
    Family(
      prefix: "alpha-", summary: alphaSummary("X"), range: "a number other than 0 (reverse-kl) and 1 (kl)",
      member: { number throws(DivergenceError) in try alpha(number) }),
  ]

  /// The Jensen-Shannon divergence with a weight of one's own: `pi KL(P, M) + (1 - pi) KL(Q, M)`, M = pi P + (1 - pi)
  /// Q.
  ///
  /// - Throws: `DivergenceError` unless `0 < weight < 1`.
  public static func jensenShannon(weight: Double) throws(DivergenceError) -> Divergence {
    guard weight > 0, weight < 1 else {
      throw DivergenceError(description: "a Jensen-Shannon weight must lie between 0 and 1, but is \(weight)")
    }
    return weighted(weight)
  }

  /// The alpha-divergence, `f(u) = (u^alpha - 1 - alpha (u - 1)) / (alpha (alpha - 1))`.
  ///
  /// - Throws: `DivergenceError` for 0 and 1, where it is the reverse KL and the KL divergence, and for what is no
  ///   number.
  public static func alpha(_ alpha: Double) throws(DivergenceError) -> Divergence {
    guard alpha.isFinite, alpha != 0, alpha != 1 else {
      throw DivergenceError(
        description: "alpha must be a number other than 0 ('reverse-kl') and 1 ('kl'), but is \(alpha)")
    }
    return alpha < 1 ? alphaBelowOne(alpha) : alphaAboveOne(alpha)
  }

  public static let totalVariation = Divergence(
    row: "total-variation", "|u - 1| / 2", domain: -0.5...0.5,
    f: { 0.5 * ($0 - 1).absolute() },
    conjugate: { maximum($0, Tensor(-0.5, on: $0.device)) },
    activation: { 0.5 * $0.steepTanh() },
    composition: { 0.5 * $0.steepTanh() })

  public static let kl = Divergence(
    row: "kl", "u log u", threshold: 1,
    f: { $0 * $0.logarithm() },
    conjugate: { ($0 - 1).exponential() },
    activation: { $0 })

  public static let reverseKL = Divergence(
    row: "reverse-kl", "-log u", domain: -.infinity...0, threshold: -1,
    f: { -$0.logarithm() },
    conjugate: { -1 - (-$0).logarithm() },
    activation: { -(-$0).exponential() },
    composition: { $0 - 1 })

  public static let pearson = Divergence(
    row: "pearson", "(u - 1)^2",
    f: { ($0 - 1).squared() },
    conjugate: { $0.shiftedPower(slope: 0.5, exponent: 2) },
    activation: { $0 })

  public static let neyman = Divergence(
    row: "neyman", "(1 - u)^2 / u", domain: -.infinity...1,
    f: { (1 - $0).squared() / $0 },
    conjugate: { 2 - 2 * (1 - $0).squareRoot() },
    activation: oneLessDecay,
    composition: { -2 * (-0.5 * $0).exponentialMinusOne() })

  public static let squaredHellinger = Divergence(
    row: "squared-hellinger", "(sqrt u - 1)^2", domain: -.infinity...1,
    f: { ($0.squareRoot() - 1).squared() },
    conjugate: { $0 / (1 - $0) },
    activation: oneLessDecay,
    composition: { $0.exponentialMinusOne() })

  /// With y = log u at the u where `f'(u) = 1 + log u - 1/u = t`, the conjugate `u t - f(u)` is `u - 1 + log u`.
  public static let jeffrey = Divergence(
    row: "jeffrey", "(u - 1) log u",
    f: { ($0 - 1) * $0.logarithm() },
    conjugate: {
      let y = $0.jeffreyLogarithm()
      return y.exponentialMinusOne() + y
    },
    activation: { $0 })

  public static let jensenShannon = Divergence(
    row: "jensen-shannon", "u log u - (u + 1) log((u + 1) / 2)", domain: -.infinity...log(2),
    f: { $0 * $0.logarithm() - ($0 + 1) * (0.5 * $0 + 0.5).logarithm() },
    conjugate: { -(2 - $0.exponential()).logarithm() },
    activation: { -(-$0).centredSoftplus() },
    composition: { $0.centredSoftplus() })

  private static func weighted(_ weight: Double) -> Divergence {
    let (rest, top) = (1 - weight, -weight * log(weight))
    return Divergence(
      row: "jensen-shannon-\(weight)", weightedSummary("\(weight)"),
      domain: -.infinity...top,
      f: { weight * ($0 * $0.logarithm()) - (rest + weight * $0) * (rest + weight * $0).logarithm() },
      conjugate: { rest * log(rest) - rest * (1 - weight * ($0 / weight).exponential()).logarithm() },
      activation: { top - (-$0).softplus() },
      composition: { rest * log(rest) - rest * $0.logSigmoidComplement(power: 1 / weight) })
  }

  private static func weightedSummary(_ weight: String) -> String {
    "w u log u - (1 - w + w u) log(1 - w + w u) with w = \(weight)"
  }

  public static let gan = Divergence(
    row: "gan", "u log u - (u + 1) log(u + 1)", domain: -.infinity...0, minimum: -2 * log(2), threshold: -log(2),
    f: { $0 * $0.logarithm() - ($0 + 1) * ($0 + 1).logarithm() },
    conjugate: { -(1 - $0.exponential()).logarithm() },
    activation: { -(-$0).softplus() },
    composition: { $0.softplus() })

  private static func alphaBelowOne(_ alpha: Double) -> Divergence {
    let (gap, exponent) = (1 - alpha, alpha / (alpha - 1))
    return Divergence(
      row: "alpha-\(alpha)", alphaSummary("\(alpha)"), domain: -.infinity...(1 / gap),
      f: alphaFunction(alpha),
      conjugate: { (1 / alpha) * (1 - gap * $0).power(exponent) - 1 / alpha },
      activation: { 1 / gap - (-$0).softplus() },
      composition: { (pow(gap, exponent) / alpha) * (exponent * (-$0).logSoftplus()).exponential() - 1 / alpha })
  }

  private static func alphaAboveOne(_ alpha: Double) -> Divergence {
    Divergence(
      row: "alpha-\(alpha)", alphaSummary("\(alpha)"),
      f: alphaFunction(alpha),
      conjugate: { (1 / alpha) * $0.shiftedPower(slope: alpha - 1, exponent: alpha / (alpha - 1)) },
      activation: { $0 })
  }

  private static func alphaSummary(_ alpha: String) -> String {
    "(u^a - 1 - a (u - 1)) / (a (a - 1)) with a = \(alpha)"
  }

  private static func alphaFunction(_ alpha: Double) -> Function {
    { (1 / (alpha * (alpha - 1))) * ($0.power(alpha) - 1 - alpha * ($0 - 1)) }
  }

  /// `1 - e^-v`.
  private static let oneLessDecay: Function = { -(-$0).exponentialMinusOne() }
}
