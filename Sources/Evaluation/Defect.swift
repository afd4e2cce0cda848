/// A row of the table of defects: what a generator may do wrong, and which figures tell.
///
/// Each is judged by what held-out images give in the samples' place: a figure that real images miss too is no sign.
public struct Defect: Sendable {
  public let name: String
  /// What moves against what.
  public let sign: String
  /// What helps, as it completes a sentence.
  public let remedy: String
  /// Defects that explain this one: where one of them is found, this is not told.
  let explained: Set<String>
  /// What was seen, as it begins a sentence; nil where nothing was.
  let evidence: @Sendable (Comparison) -> String?

  /// A defect that was found.
  public struct Finding: Sendable, Equatable, Codable {
    public let name: String
    /// What was seen and what helps, in plain words.
    public let says: String
  }

  /// The figures that are judged.
  struct Comparison {
    let figures: [MetricValue]
    let baseline: [MetricValue]
    /// The share of each class among the samples and among held-out images, as the extractor sees them.
    let shares: [Double]
    let expected: [Double]
    let classNames: [String]
    let count: Int

    /// A figure by its metric and its place among the metric's figures.
    func value(_ metric: Metric, _ column: Int = 0) -> MetricValue? { Self.find(figures, metric, column) }

    /// How many times what held-out images give a figure is; nil where either is missing.
    func ratio(_ metric: Metric, _ column: Int = 0) -> (ratio: Double, value: Double, expected: Double)? {
      guard let value = value(metric, column)?.value, let expected = Self.find(baseline, metric, column)?.value,
        expected > 0
      else { return nil }
      return (value / expected, value, expected)
    }

    private static func find(_ figures: [MetricValue], _ metric: Metric, _ column: Int) -> MetricValue? {
      let own = figures.filter { $0.metric == metric.name }
      return column < own.count ? own[column] : nil
    }
  }

  /// What the figures show, in the table's order.
  static func findings(_ comparison: Comparison) -> [Finding] {
    let found = all.compactMap { defect in defect.evidence(comparison).map { (defect, $0) } }
    let names = Set(found.map(\.0.name))
    return found.filter { $0.0.explained.isDisjoint(with: names) }
      .map { Finding(name: $0.0.name, says: "\($0.1). \($0.0.remedy)") }
  }
}
