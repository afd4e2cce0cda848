@_exported import Networks

/// An f-divergence `D_f(P, Q) = E_Q f(p / q)` for a convex f with its variational bound (Nowozin, Cseke and Tomioka
/// 2016): for any critic v,
///
///     D_f(P, Q) >= E_P g(v) - E_Q f*(g(v)),
///
/// with f's convex conjugate `f*(t) = sup over u > 0 of u t - f(u)` and an activation g that maps any real to the
/// domain of f*. The bound is tight where `g(v) = f'(p / q)`.
///
/// All functions are elementwise and recorded, so that f' is f's gradient, and the same text runs in double, where
/// `check` compares them.
public struct Divergence: Sendable {
  /// An elementwise function.
  public typealias Function = @Sendable (Tensor) -> Tensor

  /// How it is named in a configuration, after "fgan-".
  public let name: String
  /// f in a line, for people.
  public let summary: String
  /// f(u) for u > 0.
  public let f: Function
  /// f*(t) for t in its domain.
  public let conjugate: Function
  /// g(v) for any real v: it rises, and its values lie in the conjugate's domain.
  public let activation: Function
  /// f*(g(v)), in a form that is never NaN where the printed formulas overflow.
  public let composition: Function
  /// Where the conjugate is finite; the ends may be excluded.
  public let domain: ClosedRange<Double>
  /// f(1): the divergence of equal distributions. 0, except for the GAN's -2 log 2.
  public let minimum: Double
  /// f'(1): the optimal critic takes a sample for real where g(v) is above.
  public let threshold: Double

  /// A divergence of one's own, checked.
  ///
  /// - Parameters:
  ///   - name: How it is named in a configuration, after "fgan-".
  ///   - summary: f in a line, for people.
  ///   - domain: Where the conjugate is finite; the ends may be excluded.
  ///   - minimum: f(1).
  ///   - f: f(u) for u > 0.
  ///   - conjugate: `f*(t)` for t in the domain.
  ///   - activation: g(v) for any real v, rising, with values in the domain.
  ///   - composition: `f*(g(v))`, where the two in turn overflow or lose digits.
  /// - Throws: `DivergenceError` as `check` does, or what the processor throws as a device.
  public init(
    _ name: String, summary: String, domain: ClosedRange<Double> = -.infinity ... .infinity, minimum: Double = 0,
    f: @escaping Function, conjugate: @escaping Function, activation: @escaping Function,
    composition: Function? = nil
  ) throws {
    self.init(
      row: name, summary, domain: domain, minimum: minimum,
      threshold: try Self.slopes(of: f, at: [1], called: "f of '\(name)'")[0], f: f, conjugate: conjugate,
      activation: activation, composition: composition)
    try check()
  }

  /// A row of the table, which the tests check.
  init(
    row name: String, _ summary: String, domain: ClosedRange<Double> = -.infinity ... .infinity, minimum: Double = 0,
    threshold: Double = 0, f: @escaping Function, conjugate: @escaping Function, activation: @escaping Function,
    composition: Function? = nil
  ) {
    (self.name, self.summary, self.domain) = (name, summary, domain)
    (self.minimum, self.threshold) = (minimum, threshold)
    (self.f, self.conjugate, self.activation) = (f, conjugate, activation)
    self.composition = composition ?? { conjugate(activation($0)) }
  }

  /// The row of this name, or the member of a family, such as "alpha-1.5"; nil where there is none.
  ///
  /// A member is not checked: `check` and `checkDigits` say whether its number is one that arithmetic can hold.
  public static func named(_ name: String) -> Divergence? {
    if let row = all.first(where: { $0.name == name }) { return row }
    guard let family = Family.of(name), let number = family.number(in: name) else { return nil }
    return try? family.member(number)
  }

  /// Divergences that differ in a number: a row of `families`.
  public struct Family: Sendable {
    /// What a member's name begins with, up to its number.
    public let prefix: String
    /// f in a line, for people, the number being X.
    public let summary: String
    /// What X may be, for people.
    public let range: String
    /// - Throws: `DivergenceError` where the number is not in the range.
    public let member: @Sendable (Double) throws(DivergenceError) -> Divergence

    /// The family that a name means, whatever stands behind its prefix.
    public static func of(_ name: String) -> Family? { Divergence.families.first { name.hasPrefix($0.prefix) } }

    /// The number in a member's name; nil where it is none.
    func number(in name: String) -> Double? { Double(name.dropFirst(prefix.count)) }
  }
}

/// Why a divergence is none: one sentence that says what, where and what to do.
public struct DivergenceError: Error, Sendable, CustomStringConvertible {
  public let description: String
}
