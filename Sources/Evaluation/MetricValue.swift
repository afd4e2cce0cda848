import Records

/// A number that a metric gives, with the name it may be compared under.
public struct MetricValue: Sendable, Equatable, Codable {
  /// The name with the features that it is of: `FD-classifier`. Only numbers by the papers' own features bear the
  /// papers' names.
  public let name: String
  /// The row of `Metric.all` that it is of.
  public let metric: String
  public let value: Double
  /// Of the value, where the metric averages over subsets.
  public let standardDeviation: Double?
  /// Which way is better.
  public let better: Better
  /// How many of either kind it was computed from; reals are 0 where it needs none.
  public let real, generated: Int
  /// What must be known of it: a singular covariance.
  public let note: String?

  public init(
    name: String, metric: String, value: Double, standardDeviation: Double? = nil, better: Better, real: Int = 0,
    generated: Int, note: String? = nil
  ) {
    (self.name, self.metric, self.value, self.standardDeviation) = (name, metric, value, standardDeviation)
    (self.better, self.real, self.generated, self.note) = (better, real, generated, note)
  }

  public enum Better: String, Sendable, Codable {
    case smaller, larger
    /// As near as can be to what real images give.
    case alike
  }
}

/// All that a number depends on beside the generator. Numbers of different protocols are not comparable.
public struct EvaluationProtocol: Sendable, Equatable, Codable {
  public struct Entry: Sendable, Equatable, Codable {
    public let name, value: String
  }

  public private(set) var entries: [Entry] = []

  public init(_ entries: [(name: String, value: String)] = []) {
    for entry in entries { append(entry.name, entry.value) }
  }

  public mutating func append(_ name: String, _ value: String) { entries.append(Entry(name: name, value: value)) }

  public subscript(name: String) -> String? { entries.first { $0.name == name }?.value }

  /// Twelve digits that tell protocols apart.
  public var hash: String {
    String(SHA256.digest(of: entries.map { "\($0.name): \($0.value)\n" }.joined().utf8).description.prefix(12))
  }

  /// An entry a line, names in one column.
  public var text: String {
    let width = entries.map(\.name.count).max() ?? 0
    return entries.map { "  \($0.name.padded(to: width))  \($0.value)" }.joined(separator: "\n")
  }
}

extension String {
  /// With spaces behind it.
  package func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  /// With spaces before it.
  package func aligned(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
