import Adversaries
import Foundation

extension Report.Run {
  /// What a run's folder tells, perhaps while it is being trained.
  ///
  /// - Parameters:
  ///   - directory: The run's.
  ///   - state: How it stands, where the caller knows; otherwise as its folder says, or its last step.
  ///   - configuration: What it is trained with now, where that is not what it was begun with.
  ///   - registry: The tables that the run was trained with.
  /// - Throws: `ConfigurationError`, `RecordError` where a file is not what a run writes.
  public init(
    reading directory: RunDirectory, state: Report.State? = nil, configuration: Configuration? = nil,
    registry: Registry = .standard
  ) throws {
    let configuration = try configuration ?? Configuration(from: directory.configuration, registry: registry)
    let path = URL(fileURLWithPath: directory.path).standardizedFileURL
    self.init(name: path.lastPathComponent, state: state ?? .interrupted)
    steps = configuration.training.steps
    batch = configuration.training.batch
    let exists = FileManager.default.fileExists(atPath: directory.metrics)
    rows = exists ? try MetricsStream.rows(of: directory.metrics) : []
    let saved = try CheckpointStore(readingFrom: directory.checkpoints).latest() ?? 0
    step = max(saved, rows.last.flatMap { $0["step"] ?? nil }.map { Int($0) } ?? 0)
    if state == nil {
      let last = directory.lastState?.state
      self.state = last.flatMap { Self.states[$0] } ?? (step >= steps ? .finished : .interrupted)
    }
    // A run may have gone on beyond the steps that it was begun with.
    steps = max(steps, step)
    warnings = try directory.warningLines()
    evaluations = try Report.Evaluation.all(in: directory)
    // Pictures of a future that the run went back from are not its own.
    let sampled = try directory.sampledSteps().filter { $0 <= step }
    pictures = try Report.spread(sampled, over: Report.mostPictures).map { try directory.samplePicture(step: $0) }
    figures = try SampleFigure.all.compactMap { figure in
      guard let picture = try directory.picture(of: figure.name), picture.step <= step else { return nil }
      return Report.SampleFigure(title: figure.title, caption: figure.caption, picture: picture)
    }
    (settings, preset) = Self.settings(of: configuration)
    facts = Self.facts(of: configuration, RunFacts(of: directory))
  }

  private static let states: [RunState.Phase: Report.State] = [
    .running: .running, .finished: .finished, .interrupted: .interrupted, .failed: .broken,
  ]

  private static func facts(of configuration: Configuration, _ facts: RunFacts?) -> [(name: String, value: String)] {
    let (model, shape) = (configuration.model, configuration.sampleShape)
    let terms = configuration.weighted.map(\.name)
    let sample = shape.rank == 3 ? "\(shape[0]) × \(shape[1]) \(shape[2] == 1 ? "grey" : "colour")" : "points"
    var result = [
      ("Objective", ([configuration.objective.name] + terms).joined(separator: " + ")),
      ("Networks", "\(model.architecture), \(sample)"),
    ]
    if let facts {
      let sizes = [facts.generatorParameters, facts.discriminatorParameters].map(millions)
      result.append(("Parameters", "\(sizes[0]) generator, \(sizes[1]) discriminator"))
    }
    result.append(("Data", facts?.data ?? configuration.data.path))
    result.append(("Batch, seed", "\(configuration.training.batch) images, seed \(configuration.training.seed)"))
    if let facts { result.append(("Device", facts.device)) }
    return result
  }

  private static func millions(_ count: Int) -> String {
    count < 100_000 ? "\(count)" : String(format: "%.2f M", Double(count) / 1e6)
  }

  // MARK: Settings

  /// Where and how long something is trained makes no other preset of it.
  private static func isOwn(_ setting: any SettingRow) -> Bool {
    let (data, training) = (DataSection.rows, TrainingSection.rows)
    return [data.path.key, training.seed.key, training.steps.key].contains(setting.key)
      || [OutputSection.rows.keep.section, EvaluationSection.rows.every.section].contains(setting.section)
  }

  /// All settings beside their defaults and, where few differ, beside those of the nearest preset.
  private static func settings(of configuration: Configuration) -> ([Report.Setting], preset: String?) {
    let registry = configuration.registry
    let nearest = registry.nearestPreset(to: configuration, by: registry.settings.filter { !isOwn($0) })
    let preset = nearest.flatMap { $0.changes <= 8 ? $0 : nil }
    let settings = registry.settings.map { setting in
      Report.Setting(
        key: setting.key, value: setting.text(in: configuration.values), standard: setting.standardText,
        preset: isOwn(setting) && setting.key != TrainingSection.rows.steps.key
          ? nil : preset.map { setting.text(in: $0.configuration.values) },
        meaning: setting.summary)
    }
    return (settings, preset?.name)
  }
}

extension Report.Evaluation {
  /// The evaluations that `saddle evaluate` left in a run's folder, by step: `evaluation/*.json`.
  static func all(in directory: RunDirectory) throws -> [Report.Evaluation] {
    try directory.evaluationReports { json in
      try JSONDecoder().decode(Kept.self, from: Data(json)).evaluation
    }
  }

  /// What is read of a file.
  private struct Kept: Decodable {
    struct Entry: Decodable { let name, value: String }
    struct Conditions: Decodable { let entries: [Entry] }
    struct Defect: Decodable { let name, says: String }
    struct KeptValue: Decodable {
      let name: String
      let value: Double?
      let standardDeviation: Double?
      let better: String?

      private enum Key: CodingKey { case name, value, standardDeviation, better }
      init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        name = try fields.decode(String.self, forKey: .name)
        // What is not finite is a word.
        value = try? fields.decode(Double.self, forKey: .value)
        standardDeviation = try? fields.decode(Double.self, forKey: .standardDeviation)
        better = try? fields.decode(String.self, forKey: .better)
      }

      var entry: Report.Evaluation.Value? {
        value.map { (name, $0, standardDeviation, better == "smaller" ? true : better == "larger" ? false : nil) }
      }
    }
    struct Contents: Decodable {
      let conditions: Conditions
      let figures: [KeptValue]
      let baseline: [KeptValue]?
      let defects: [Defect]?
    }
    let step: Int
    let report: Contents

    var evaluation: Report.Evaluation {
      var evaluation = Report.Evaluation(
        step: step, method: report.conditions.entries.map { ($0.name, $0.value) },
        values: report.figures.compactMap(\.entry))
      evaluation.baseline = (report.baseline ?? []).compactMap(\.entry)
      evaluation.defects = (report.defects ?? []).map { "\($0.name): \($0.says)" }
      return evaluation
    }
  }
}
