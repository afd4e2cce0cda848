import Foundation

extension Expectation {
  /// A number to six digits, without zeros that say nothing.
  static func number(_ value: Double) -> String {
    value.isFinite ? String(format: "%.6g", value) : value.isNaN ? "NaN" : value > 0 ? "∞" : "-∞"
  }
}
