/// A measured number beside what it should be: a row of an experiment's result.
public struct Finding: Codable, Sendable {
  /// What was measured, in words.
  public let what: String
  public let measured: Double
  /// The number that was expected, and how far from it is still right.
  public private(set) var expected: Double?
  public private(set) var tolerance: Double?
  /// The smallest and the largest number that is right, where that is what is known.
  public private(set) var atLeast: Double?
  public private(set) var atMost: Double?
  /// Nil where nothing was expected, or not of a run that was shortened so much.
  public private(set) var passed: Bool?

  /// What a measured number is compared with.
  enum Bound: Sendable {
    case near(Double, within: Double)
    case range(atLeast: Double?, atMost: Double?)
    case none
  }

  /// - Parameter isJudged: Whether the run was long enough for the bound to hold.
  init(_ what: String, _ measured: Double, _ bound: Bound, isJudged: Bool) {
    (self.what, self.measured) = (what, measured)
    var holds: Bool?
    switch bound {
    case .near(let value, let tolerance):
      (expected, self.tolerance) = (value, tolerance)
      // An infinity is near itself; a NaN is near nothing.
      holds = measured == value || abs(measured - value) <= tolerance
    case .range(let low, let high):
      (atLeast, atMost) = (low, high)
      holds = low.map { measured >= $0 } ?? true && high.map { measured <= $0 } ?? true && !measured.isNaN
    case .none: break
    }
    passed = isJudged ? holds : nil
  }

  /// What was expected, as the table shows it.
  public var expectation: String {
    if let expected {
      return Self.number(expected) + (tolerance.map { $0 > 0 ? " ± " + Self.number($0) : " exactly" } ?? "")
    }
    return switch (atLeast, atMost) {
    case (let low?, let high?): "\(Self.number(low)) to \(Self.number(high))"
    case (let low?, nil): "≥ " + Self.number(low)
    case (nil, let high?): "≤ " + Self.number(high)
    case (nil, nil): ""
    }
  }

  /// What was measured, to six digits.
  public var measurement: String { Self.number(measured) }

  /// ✓ or ✗; · where nothing was judged.
  public var mark: String { passed.map { $0 ? "✓" : "✗" } ?? "·" }
}
