import Features

/// Why a metric has no value: what is wrong with its sets, and what to do.
public struct MetricError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// A mean, and the deviation of what it is the mean of (as `numpy.std`: over n, not n - 1).
public struct Spread: Sendable, Equatable {
  public let mean: Double
  public let standardDeviation: Double

  public init(mean: Double, standardDeviation: Double) {
    (self.mean, self.standardDeviation) = (mean, standardDeviation)
  }

  /// Of these values.
  init(_ values: [Double]) {
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    standardDeviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }
}

extension Features {
  /// Checks sets that a metric compares, before its long part begins.
  ///
  /// - Throws: `MetricError` where a set has too few samples, features that are not finite, or other features than the
  ///   first.
  static func check(_ metric: String, atLeast count: Int, _ sets: KeyValuePairs<String, Features>) throws(MetricError) {
    for (name, set) in sets {
      guard set.count >= count else {
        throw MetricError("\(metric) needs \(count) \(name) samples or more, and there are \(set.count): give more")
      }
      guard set.width > 0, set.width == sets[0].value.width else {
        throw MetricError(
          "\(metric) compares features of the same extractor: \(name) samples have \(set.width) features, "
            + "\(sets[0].key) ones \(sets[0].value.width)")
      }
      guard let place = set.values.firstIndex(where: { !$0.isFinite }) else { continue }
      throw MetricError(
        "\(metric): \(name) sample \(place / set.width) has the feature \(set.values[place]): its images, or the "
          + "network that made them, are broken")
    }
  }

  /// Some rows as double numbers, [rows][width].
  func doubles(_ rows: some Sequence<Int>) -> [Double] {
    var doubles: [Double] = []
    doubles.reserveCapacity(rows.underestimatedCount * width)
    for row in rows { for k in row * width..<(row + 1) * width { doubles.append(Double(values[k])) } }
    return doubles
  }
}
