import Foundation

extension Finding {
  /// A number to six digits, without zeros that say nothing.
  static func number(_ value: Double) -> String {
    // + 0 takes the sign of -0 away.
    value.isFinite ? String(format: "%.6g", value + 0) : value.isNaN ? "NaN" : value > 0 ? "∞" : "-∞"
  }
}
