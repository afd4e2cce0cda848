/// A curve of a report: values over steps, or a mean with a band around it.
struct ReportCurve: Sendable, Equatable {
  struct Point: Sendable, Equatable {
    let step: Double
    /// Nil where the number was not finite: the curve is broken there.
    let value: Double?
    /// The lowest and highest of the runs behind a mean.
    var band: ClosedRange<Double>?
  }

  let name: String
  /// The curve's place among the page's colours.
  let colour: Int
  let points: [Point]

  /// As many points as a chart of a thousand pixels can show.
  static let limit = 1000

  /// Points in buckets of which the lowest, the highest and one without a value stay, so that no extreme is lost; the
  /// first and the last point stay too.
  static func thinned(_ points: [Point], to limit: Int = limit) -> [Point] {
    guard points.count > limit else { return points }
    let size = (2 * points.count + limit - 1) / limit
    var kept: [Int] = [0]
    for start in stride(from: 0, to: points.count, by: size) {
      let bucket = start..<min(start + size, points.count)
      let finite = bucket.filter { points[$0].value != nil }
      let low = finite.min { points[$0].lowest < points[$1].lowest }
      let high = finite.max { points[$0].highest < points[$1].highest }
      let broken = bucket.first { points[$0].value == nil }
      kept += Set([low, high, broken].compactMap { $0 }).sorted()
    }
    kept.append(points.count - 1)
    // The ends may be extremes themselves.
    return kept.enumerated().filter { $0 == 0 || kept[$0 - 1] < $1 }.map { points[$1] }
  }

  /// The mean of several runs at the steps that all of them have, with the band from the lowest to the highest.
  static func mean(of runs: [[Point]]) -> [Point] {
    guard let first = runs.first, runs.count > 1 else { return runs.first ?? [] }
    let others = runs.dropFirst().map { Dictionary($0.map { ($0.step, $0.value) }) { $1 } }
    return first.compactMap { point in
      var values = [point.value]
      for other in others {
        guard let value = other[point.step] else { return nil }
        values.append(value)
      }
      let finite = values.compactMap { $0 }
      guard finite.count == values.count, let low = finite.min(), let high = finite.max() else {
        return Point(step: point.step, value: nil)
      }
      return Point(step: point.step, value: finite.reduce(0, +) / Double(finite.count), band: low...high)
    }
  }
}

extension ReportCurve.Point {
  fileprivate var lowest: Double { band?.lowerBound ?? value ?? .infinity }
  fileprivate var highest: Double { band?.upperBound ?? value ?? -.infinity }
}
