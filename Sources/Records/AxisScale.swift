import Glibc

/// Values to places along an axis of length 1, and the values worth naming on it.
struct AxisScale {
  let low: Double
  let high: Double
  let isLogarithmic: Bool

  /// A scale that shows all the values; with a margin and whole where no range is given.
  init(_ axis: Plot.Axis, showing values: some Sequence<Double>) {
    isLogarithmic = axis.isLogarithmic
    // Beyond 1e300 the distance of two values may be infinite, and below 1e-300 it may be none.
    let shown = values.filter { [isLogarithmic] in abs($0) <= 1e300 && (!isLogarithmic || $0 >= 1e-300) }
    if let range = axis.range, range.lowerBound < range.upperBound, !axis.isLogarithmic || range.lowerBound > 0 {
      (low, high) = (range.lowerBound, range.upperBound)
    } else if let low = shown.min(), let high = shown.max() {
      if isLogarithmic {
        let (bottom, top) = (log10(low), log10(high))
        let margin = max(0.04 * (top - bottom), 0.02)
        (self.low, self.high) = (pow(10, max(bottom - margin, -307)), pow(10, min(top + margin, 307)))
      } else {
        let margin = high > low ? 0.04 * (high - low) : max(abs(low) * 0.5, 0.5)
        (self.low, self.high) = (low - margin, high + margin)
      }
    } else {
      (low, high) = isLogarithmic ? (1, 10) : (0, 1)
    }
  }

  init(_ low: Double, _ high: Double, isLogarithmic: Bool = false) {
    (self.low, self.high, self.isLogarithmic) = (low, high, isLogarithmic)
  }

  /// The same with its ends moved apart until it is `factor` times as long.
  func widened(by factor: Double) -> AxisScale {
    let (middle, half) = ((low + high) / 2, (high - low) / 2 * factor)
    return AxisScale(middle - half, middle + half)
  }

  /// 0 at the low end, 1 at the high one; nil for what cannot be shown at all.
  func place(_ value: Double) -> Double? {
    guard value.isFinite else { return nil }
    if !isLogarithmic { return high > low ? (value - low) / (high - low) : nil }
    return value > 0 ? (log(value) - log(low)) / (log(high) - log(low)) : nil
  }

  /// Round values inside the scale, about as many as asked for, with their texts.
  func ticks(about count: Int) -> [(value: Double, text: String)] {
    isLogarithmic ? logarithmicTicks(count) : linearTicks(count)
  }

  /// Multiples of 1, 2 or 5 times a power of ten, whichever is nearest to the wanted distance (Heckbert 1990).
  private func linearTicks(_ count: Int) -> [(value: Double, text: String)] {
    let rough = (high - low) / Double(max(count, 1))
    guard rough.isNormal, rough > 0 else { return [] }
    let exponent = Int(nearest: floor(log10(rough)))
    let power = pow(10, Double(exponent))
    let share = rough / power
    let factor = share < 2.squareRoot() ? 1.0 : share < 10.squareRoot() ? 2 : share < 50.squareRoot() ? 5 : 10
    let step = factor * power
    let first = Int(nearest: (low / step - 1e-9).rounded(.up))
    let last = Int(nearest: (high / step + 1e-9).rounded(.down))
    guard first <= last else { return [] }
    let isHuge = max(abs(low), abs(high)) >= 1e6 || step < 1e-4
    let places = max(0, -(factor == 10 ? exponent + 1 : exponent))
    return (first...last).map { multiple in
      // 3 times 0.1 is not 0.3; a quotient of whole numbers is.
      let value = step < 1 ? Double(multiple) / (1 / step).rounded() : Double(multiple) * step
      let short = isHuge ? Self.scientific(step * Double(multiple)) : ProgressLine.fixed(value, places: places)
      return (isHuge ? Double(multiple) * step : value, Self.minus(short))
    }
  }

  /// Powers of ten, every second or more where there are many; 2 and 5 times them too where there are few.
  private func logarithmicTicks(_ count: Int) -> [(value: Double, text: String)] {
    let (first, last) = (Int(nearest: floor(log10(low))), Int(nearest: ceil(log10(high))))
    let stride = max(1, (last - first + count - 1) / max(count, 1))
    let factors: [Double] = log10(high / low) < 2.3 ? [1, 2, 5] : [1]
    var ticks: [(value: Double, text: String)] = []
    for exponent in first...last where exponent % stride == 0 {
      for factor in factors {
        let value = factor * pow(10, Double(exponent))
        guard value >= low * (1 - 1e-9), value <= high * (1 + 1e-9) else { continue }
        ticks.append((value, Self.powerOfTen(factor, exponent)))
      }
    }
    return ticks
  }

  private static func powerOfTen(_ factor: Double, _ exponent: Int) -> String {
    if (-2...3).contains(exponent) {
      return ProgressLine.fixed(factor * pow(10, Double(exponent)), places: max(0, -exponent))
    }
    return (factor == 1 ? "" : "\(Int(nearest: factor))·") + "10" + superscript(exponent)
  }

  private static func scientific(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    var exponent = Int(nearest: floor(log10(abs(value)) + 1e-12))
    var digits = Int(nearest: abs(value) / pow(10, Double(exponent)) * 10)
    if digits >= 100 { (digits, exponent) = (digits / 10, exponent + 1) }
    let mantissa =
      digits == 10 ? "" : digits % 10 == 0 ? "\(digits / 10)·" : "\(digits / 10).\(digits % 10)·"
    return (value < 0 ? "-" : "") + mantissa + "10" + superscript(exponent)
  }

  private static func superscript(_ number: Int) -> String {
    let digits: [Character: Character] = [
      "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
    ]
    return String("\(number)".compactMap { digits[$0] })
  }

  /// With the minus sign that is as wide as a digit.
  private static func minus(_ text: String) -> String {
    text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }
}
