import Features

/// A row of the table of metrics.
public struct Metric: Sendable {
  /// As the user writes it: `fid`.
  public let name: String
  public let summary: String
  public let paper: String
  /// The values that it gives, in their order.
  public let columns: [Column]
  public let needs: Set<Need>
  /// The fewest samples that it can be computed from.
  public let least: Int
  let measure: @Sendable (Evidence) throws -> [Measured]

  /// - Parameters:
  ///   - name: As the user writes it: `fid`.
  ///   - summary: One line for people.
  ///   - paper: Where it is from.
  ///   - columns: The values that it gives, in their order.
  ///   - needs: What it looks at; what the data at hand do not serve is refused before anything is computed.
  ///   - least: The fewest samples that it can be computed from.
  ///   - measure: Gives a value for each column.
  public init(
    name: String, summary: String, paper: String, columns: [Column], needs: Set<Need>, least: Int,
    measure: @escaping @Sendable (Evidence) throws -> [Measured]
  ) {
    (self.name, self.summary, self.paper, self.columns) = (name, summary, paper, columns)
    (self.needs, self.least, self.measure) = (needs, least, measure)
  }

  /// What a value is called.
  public struct Column: Sendable {
    /// Before the features' suffix: `FD`.
    let stem: String
    /// With the papers' own features: `FID`.
    let original: String
    public let better: MetricValue.Better

    public init(_ stem: String, original: String? = nil, _ better: MetricValue.Better) {
      (self.stem, self.original, self.better) = (stem, original ?? stem, better)
    }

    /// The figure's name by an extractor; nil where it looks at the images themselves.
    public func name(_ suffix: String?) -> String {
      guard let suffix else { return stem }
      return suffix.isEmpty ? original : "\(stem)-\(suffix)"
    }

    /// Whether a value bears this column's name, by any extractor.
    public func isNamed(_ name: String) -> Bool { name == original || name == stem || name.hasPrefix(stem + "-") }
  }

  public enum Need: Sendable {
    /// Features of the samples.
    case features
    /// Logits of the samples: a classifier.
    case logits
    /// Mean and covariance of real features: what statistics from a file have.
    case moments
    /// Real features themselves.
    case realFeatures
    /// Images that training did not see, beside those that it saw.
    case heldOut
    /// The samples themselves, and real images.
    case images
  }

  /// What a metric gives for one of its columns.
  public struct Measured {
    public var value: Double
    public var standardDeviation: Double?
    public var real: Int
    public var generated: Int
    public var note: String?

    public init(_ value: Double, standardDeviation: Double? = nil, real: Int = 0, generated: Int, note: String? = nil) {
      (self.value, self.standardDeviation, self.real, self.generated, self.note) = (
        value, standardDeviation, real, generated, note
      )
    }
  }

  /// The metric's figures.
  ///
  /// - Parameter suffix: The extractor's.
  /// - Throws: What the metric throws.
  func figures(_ evidence: Evidence, suffix: String) throws -> [MetricValue] {
    zip(columns, try measure(evidence)).map { column, measured in
      MetricValue(
        name: column.name(needs.contains(.features) ? suffix : nil), metric: name, value: measured.value,
        standardDeviation: measured.standardDeviation, better: column.better, real: measured.real,
        generated: measured.generated,
        note: measured.note)
    }
  }

  /// The rows of these names, in the table's order.
  ///
  /// - Parameters:
  ///   - names: Separated by commas; `all` for every one.
  ///   - all: The table.
  /// - Throws: `EvaluationError` for a name that is none.
  public static func named(_ names: String, of all: [Metric] = all) throws(EvaluationError) -> [Metric] {
    let wanted = names.split(separator: ",").map { String($0.filter { $0 != " " }) }
    if wanted == ["all"] { return all }
    if let wrong = wanted.first(where: { name in !all.contains { $0.name == name } }) {
      throw EvaluationError("no metric is called '\(wrong)'; there are \(all.map(\.name).joined(separator: ", "))")
    }
    guard !wanted.isEmpty else { throw EvaluationError("no metric is named: give some of all, or 'all'") }
    return all.filter { wanted.contains($0.name) }
  }
}

/// Why an evaluation cannot be had: what is wrong, and what to do.
public struct EvaluationError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// What metrics look at: samples beside real images.
public struct Evidence {
  /// Features of all samples.
  public let generated: Features
  /// Some of the samples, spread evenly over them.
  public let samples: ImageBytes
  public let reference: Reference
  public let seed: UInt64
}

/// What samples are compared with.
public struct Reference: Sendable {
  /// Of training images.
  public let moments: FeatureMoments
  /// Of the same; nil where only their moments are known.
  public let features: Features?
  /// Of images that training did not see, where there are any.
  public let heldOut: Features?
  /// Small pictures of training images, of images that training did not see, and the share of all training images that
  /// the former are.
  public let thumbnails: (train: Features, heldOut: Features, share: Double)?
  /// Some training images.
  public let images: ImageBytes?

  public init(
    moments: FeatureMoments, features: Features? = nil, heldOut: Features? = nil, images: ImageBytes? = nil,
    thumbnails: (train: Features, heldOut: Features, share: Double)? = nil
  ) {
    (self.moments, self.features, self.heldOut) = (moments, features, heldOut)
    (self.images, self.thumbnails) = (images, thumbnails)
  }

  /// The kinds of needs that it serves.
  public var serves: Set<Metric.Need> {
    var kinds: Set<Metric.Need> = [.features, .logits, .moments]
    if features != nil { kinds.insert(.realFeatures) }
    if thumbnails != nil { kinds.insert(.heldOut) }
    if images != nil { kinds.insert(.images) }
    return kinds
  }
}
