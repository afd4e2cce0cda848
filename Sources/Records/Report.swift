/// A page about one run, or about several side by side: what is on it. `html()` is the page.
public struct Report: Sendable {
  public var title: String
  public var runs: [Run]
  /// Seconds since 1970: a page of a run that goes on tells its age.
  public var written: Double

  public init(title: String, runs: [Run], written: Double = EventStream.now()) {
    (self.title, self.runs, self.written) = (title, runs, written)
  }

  /// How a run stands.
  public enum State: String, Sendable {
    case running = "in progress"
    case finished
    case interrupted = "interrupted"
    case broken = "broke down"
  }

  /// One run, as far as it has come.
  public struct Run: Sendable {
    /// The folder's name.
    public var name: String
    public var state: State
    /// The last step that was measured, and the last of the run.
    public var step = 0
    public var steps = 0
    /// Images a step.
    public var batch = 1
    /// What was trained where, in the order of the page.
    public var facts: [(name: String, value: String)] = []
    public var settings: [Setting] = []
    /// The preset that the settings were compared with, where one is near.
    public var preset: String?
    /// The lines of `metrics.jsonl`.
    public var rows: [[String: Double?]] = []
    public var evaluations: [Evaluation] = []
    public var warnings: [String] = []
    /// Samples of the same latents after ever more steps.
    public var pictures: [Picture] = []
    /// What else was made with the generator.
    public var figures: [SampleFigure] = []

    public init(name: String, state: State) { (self.name, self.state) = (name, state) }
  }

  /// A setting of a run, beside what it would have been.
  public struct Setting: Sendable {
    public let key, value, standard: String
    /// The value in the run's preset.
    public let preset: String?
    public let meaning: String
    public init(key: String, value: String, standard: String, preset: String?, meaning: String) {
      (self.key, self.value, self.standard, self.preset, self.meaning) = (key, value, standard, preset, meaning)
    }
  }

  /// Numbers of one step under one protocol. Numbers under different protocols never meet in a chart or a column.
  public struct Evaluation: Sendable {
    /// A metric's name and value, with a deviation where it is a mean, and whether less of it is better, where known.
    public typealias Value = (name: String, value: Double, standardDeviation: Double?, isBetterSmaller: Bool?)

    public let step: Int
    public let method: [(name: String, value: String)]
    public let values: [Value]
    /// What images give that training did not see; empty where nobody asked them.
    public var baseline: [Value] = []
    /// What is wrong with the samples, in plain words.
    public var defects: [String] = []

    public init(step: Int, method: [(name: String, value: String)], values: [Value]) {
      (self.step, self.method, self.values) = (step, method, values)
    }
  }

  /// A PNG, and the step after which it was made.
  public struct Picture: Sendable {
    public let step: Int
    public let png: [UInt8]
    public init(step: Int, png: [UInt8]) { (self.step, self.png) = (step, png) }
  }

  /// A picture with a title and a line that says what is seen.
  public struct SampleFigure: Sendable {
    public let title, caption: String
    public let picture: Picture
    public init(title: String, caption: String, picture: Picture) {
      (self.title, self.caption, self.picture) = (title, caption, picture)
    }
  }

  /// Writes the page, whole or not at all.
  public func write(to path: String) throws(RecordError) {
    let page = html()
    try AtomicFile.write(to: path) { (file) throws(RecordError) in try file.write(page) }
  }
}

extension Report.Run {
  /// Images a second, the median of all readings.
  var imagesPerSecond: Double? {
    let rates = rows.compactMap { $0["images_per_second"] ?? nil }.sorted()
    return rates.isEmpty ? nil : rates[rates.count / 2]
  }

  /// Seconds of training: each reading's rate tells how long the steps since the one before took.
  var seconds: Double {
    var (last, sum) = (0.0, 0.0)
    for row in rows {
      guard let step = row["step"] ?? nil else { continue }
      if let rate = row["images_per_second"] ?? nil, rate > 0 { sum += (step - last) * Double(batch) / rate }
      last = step
    }
    return sum
  }

  /// A column of the metrics over the steps.
  func points(_ column: String) -> [ReportCurve.Point] {
    rows.compactMap { row in
      guard let step = row["step"] ?? nil, let value = row[column] else { return nil }
      return ReportCurve.Point(step: step, value: value)
    }
  }

  var columns: Set<String> { rows.reduce(into: []) { $0.formUnion($1.keys) } }
}

/// Runs of one configuration, different only in their seed.
struct ReportGroup {
  let name: String
  let runs: [Report.Run]

  /// What a seed, a picture or a checkpoint more does not change.
  private static func decides(_ setting: Report.Setting) -> Bool {
    setting.key != "training.seed" && !setting.key.hasPrefix("output.")
  }

  /// Runs by configuration, in the order in which they come.
  static func groups(of runs: [Report.Run]) -> [ReportGroup] {
    var order: [[String]] = []
    var members: [[String]: [Report.Run]] = [:]
    for run in runs {
      let key = run.settings.filter(decides).map { $0.key + "=" + $0.value }
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(run)
    }
    return order.compactMap { members[$0] }.map { ReportGroup(name: name(of: $0), runs: $0) }
  }

  private static func name(of runs: [Report.Run]) -> String {
    guard runs.count > 1 else { return runs[0].name }
    // runs/fashion-seed-1, -2, -3 are seeds of fashion.
    let stems = Set(runs.map { $0.name.replacing(/-seed-\d+$/, with: "") })
    let stem = stems.count == 1 ? stems.first ?? runs[0].name : runs[0].name
    return "\(stem), \(runs.count) seeds"
  }

  /// The settings in which groups differ, each with its value in every group.
  static func differences(_ groups: [ReportGroup]) -> [(setting: Report.Setting, values: [String])] {
    (groups.first?.runs[0].settings ?? []).filter(decides).compactMap { setting in
      let values = groups.map { group in
        group.runs[0].settings.first { $0.key == setting.key }?.value ?? "–"
      }
      return Set(values).count > 1 ? (setting, values) : nil
    }
  }
}
