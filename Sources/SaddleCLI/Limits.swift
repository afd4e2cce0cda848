import ArgumentParser
import Saddle

/// What a number of the command line may be: checked where it is read, and said by --help.
struct Limits<Value: LosslessStringConvertible & Sendable>: Sendable {
  /// Such as "a whole number".
  let kind: String
  /// Such as "from 1 to 8".
  let range: String
  private let holds: @Sendable (Value) -> Bool

  init(_ kind: String, _ range: String, holds: @escaping @Sendable (Value) -> Bool) {
    (self.kind, self.range, self.holds) = (kind, range, holds)
  }

  /// - Throws: `ValidationError` where the text is no such number.
  @Sendable func read(_ text: String) throws -> Value {
    guard let value = Value(text), holds(value) else { throw ValidationError("it must be \(kind) \(range).") }
    return value
  }

  func help(_ text: String, _ valueName: String?, standard: Value? = nil) -> ArgumentHelp {
    let range = range.prefix(1).uppercased() + range.dropFirst()
    return ArgumentHelp(
      "\(text) \(range)." + (standard.map { " (default: \($0))" } ?? ""), valueName: valueName)
  }
}

extension Limits where Value: FixedWidthInteger {
  static func whole(_ range: ClosedRange<Value>) -> Limits {
    let most = range.upperBound == Int.max ? "2^63 - 1" : "\(range.upperBound)"
    return Limits("a whole number", "from \(range.lowerBound) to \(most)", holds: range.contains)
  }
}

// NaN is in no range.
extension Limits where Value == Double {
  static func number(_ range: ClosedRange<Double>) -> Limits {
    Limits("a number", "from \(short(range.lowerBound)) to \(short(range.upperBound))", holds: range.contains)
  }

  /// Above 0 and at most this.
  static func positive(upTo most: Double) -> Limits {
    Limits("a number", "above 0 and at most \(short(most))") { $0 > 0 && $0 <= most }
  }

  /// A part of something that leaves some of it.
  static let share = Limits("a number", "between 0 and 1") { $0 > 0 && $0 < 1 }

  private static func short(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(nearest: value))" : "\(value)"
  }
}

/// What a seed may be: as in a configuration.
extension Limits<UInt64> { static let seed = whole(0...UInt64(Int.max)) }
extension Limits<Int> {
  static let seed = whole(0...Int.max)
  static let channels = Limits("a number of channels:", "1 or 3") { [1, 3].contains($0) }
  /// Samples of one call.
  static let samples = whole(1...1_000_000)
}

extension Option where Value: LosslessStringConvertible & Sendable {
  /// An option with a number, and what it may be.
  init(wrappedValue: Value, _ help: String, _ limits: Limits<Value>, valueName: String? = nil) {
    self.init(
      wrappedValue: wrappedValue, help: limits.help(help, valueName, standard: wrappedValue), transform: limits.read)
  }
}

extension Option {
  /// The same for one that may be left out.
  init<Number: LosslessStringConvertible & Sendable>(
    _ help: String, _ limits: Limits<Number>, valueName: String? = nil
  ) where Value == Number? {
    self.init(help: limits.help(help, valueName), transform: limits.read)
  }
}
