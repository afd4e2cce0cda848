/// A number that may change while training: a rate, a penalty's weight, the deviation of noise, the discriminator's
/// steps.
///
/// Only + - * / in double, so that it is the same on every machine (rule 9 of the numerical contract).
public struct Schedule: Sendable, Equatable {
  public enum Curve: String, CaseIterable, Sendable { case linear, cosine, step }

  /// The value up to step `first`.
  public let start: Double
  /// The value from step `last` on.
  public let end: Double
  public let curve: Curve
  public let first: Int
  public let last: Int

  /// A number that stays.
  public init(_ value: Double) { self.init(value, to: value, .step, first: 0, last: 0) }

  /// A number that goes from `start` to `end` between two steps; `step` jumps at the last of them.
  public init(_ start: Double, to end: Double, _ curve: Curve, first: Int = 0, last: Int) {
    (self.start, self.end, self.curve, self.first, self.last) = (start, end, curve, first, last)
  }

  public var isConstant: Bool { start == end }
  /// Whether it is 0 for good.
  public var isZero: Bool { start == 0 && end == 0 }
  /// The larger of its ends.
  public var largest: Double { max(start, end) }

  /// The value at step 1, 2, ...
  public func value(at step: Int) -> Double {
    if step >= last { return end }
    if step <= first { return start }
    let t = Double(step - first) / Double(last - first)
    switch curve {
    case .step: return start
    case .linear: return start + (end - start) * t
    case .cosine: return start + (end - start) * (0.5 - 0.5 * Self.cosineOfPi(t))
    }
  }

  /// cos(pi t) for t in [0, 1], by its series about 1/2: the host's libraries may differ in the last bit.
  private static func cosineOfPi(_ t: Double) -> Double {
    let x = Double.pi * (0.5 - t)
    var (term, sum, n) = (x, x, 1.0)
    while n < 25 {
      term *= -x * x / ((n + 1) * (n + 2))
      sum += term
      n += 2
    }
    return sum
  }
}

extension Schedule: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  public init(floatLiteral value: Double) { self.init(value) }
  public init(integerLiteral value: Int) { self.init(Double(value)) }
}

// As people write it: `2e-4`, `linear 2e-4 to 0 by 15000`, `cosine 2e-4 to 5e-5 from 1000 by 20000`.
extension Schedule: LosslessStringConvertible {
  public init?(_ text: String) {
    if let value = Double(text) {
      self.init(value)
      return
    }
    var words = text.split(separator: " ").map(String.init)[...]
    guard let curve = words.popFirst().flatMap(Curve.init), let start = words.popFirst().flatMap({ Double($0) }),
      words.popFirst() == "to", let end = words.popFirst().flatMap({ Double($0) })
    else { return nil }
    var first = 0
    if words.first == "from" {
      words = words.dropFirst()
      guard let step = words.popFirst().flatMap({ Int($0) }) else { return nil }
      first = step
    }
    guard words.popFirst() == "by", let last = words.popFirst().flatMap({ Int($0) }), words.isEmpty, first >= 0,
      last > first
    else { return nil }
    self.init(start, to: end, curve, first: first, last: last)
  }

  public var description: String {
    func text(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
    if isConstant { return text(start) }
    return "\(curve.rawValue) \(text(start)) to \(text(end))" + (first > 0 ? " from \(first)" : "") + " by \(last)"
  }
}
