import Foundation

/// What there is to say of a run in a line: what it trains, how far it is, how it goes.
public struct RunSummary: Sendable, Equatable, Encodable {
  /// The best value of one metric over a run's evaluations of one protocol.
  public struct Best: Sendable, Equatable, Encodable {
    public let metric: String
    public let value: Double
    public let step: Int
    /// As `evaluations.jsonl` has it; the keys of an object are sorted. Values are compared within one protocol only.
    public let `protocol`: String
  }

  public let path: String
  /// The nearest preset, and how many of its settings differ, those aside that say where, how long and how often.
  public let preset: String
  public let changedSettings: Int
  public let architecture: String
  public let objective: String
  public let data: String
  public let step: Int
  public let steps: Int
  public let state: RunState.Phase
  /// Who trains, or trained last; nil for runs from before this was written down.
  public let host: String?
  public let pid: Int32?
  /// Why it failed.
  public let reason: String?
  /// When its metrics, or its configuration where there are none, were last written.
  public let lastChange: Date
  /// The median of the last rows of its metrics.
  public let imagesPerSecond: Double?
  public let warnings: Int
  public let best: Best?

  /// The name of the run's folder.
  public var name: String { URL(fileURLWithPath: path).lastPathComponent }

  /// Reads a run's folder, perhaps while it is being trained.
  ///
  /// - Throws: `RecordError.noRun`, `ConfigurationError` where its configuration is not one.
  public init(of path: String, registry: Registry = .standard) throws {
    let directory = try RunDirectory(opening: path)
    let configuration = try Configuration(from: directory.configuration, registry: registry)
    self.path = directory.path
    (preset, changedSettings) = Self.nearestPreset(to: configuration)
    (architecture, objective) = (configuration.model.architecture, configuration.objective.name)
    data = configuration.data.path
    steps = configuration.training.steps
    let rows = Self.lastRows(of: directory.metrics)
    let saved = try CheckpointStore(readingFrom: directory.checkpoints).latest() ?? 0
    step = max(saved, rows.last.flatMap(Self.step) ?? 0)
    let written = directory.lastState
    // Without a word, whoever came to the last step finished.
    state = written?.state ?? (saved >= steps ? .finished : .interrupted)
    (host, pid, reason) = (written?.host, written?.pid, written?.reason)
    lastChange =
      [directory.metrics, directory.configuration].lazy.compactMap { path in
        (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
      }.first ?? .distantPast
    let rates = rows.compactMap { $0["images_per_second"] as? Double }.sorted()
    imagesPerSecond = rates.isEmpty ? nil : rates[rates.count / 2]
    warnings =
      (try? directory.warningLines())?.count ?? 0
    best = Self.best(of: Data((try? OpenFile.bytes(of: directory.evaluations)) ?? []), by: registry.metrics)
  }

  /// The runs in a folder, the last changed first: itself where it is one, else those of its folders that are. A folder
  /// whose configuration cannot be read is passed over, and its error returned.
  ///
  /// - Throws: `RecordError.noRuns` where there is none.
  public static func all(in folder: String, registry: Registry = .standard) throws -> (
    runs: [RunSummary], errors: [String]
  ) {
    func isRun(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path + "/config.yaml") }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let paths = isRun(folder) ? [folder] : names.sorted().map { "\(folder)/\($0)" }.filter(isRun)
    guard !paths.isEmpty else { throw RecordError.noRuns(path: folder) }
    var (runs, errors): ([RunSummary], [String]) = ([], [])
    for path in paths {
      do { runs.append(try RunSummary(of: path, registry: registry)) } catch { errors.append("\(error)") }
    }
    return (runs.sorted { ($1.lastChange, $0.path) < ($0.lastChange, $1.path) }, errors)
  }

  // MARK: Parts

  /// The preset that a configuration differs least from, but for where its data are, how long it trains and what it
  /// writes.
  static func nearestPreset(to configuration: Configuration) -> (name: String, changes: Int) {
    let training = TrainingSection.rows
    let telling = configuration.registry.settings.filter {
      ![DataSection.rows.path.section, OutputSection.rows.keep.section].contains($0.section)
        && ![training.steps.key, training.seed.key].contains($0.key)
    }
    let nearest = configuration.registry.nearestPreset(to: configuration, by: telling)
    return nearest.map { ($0.name, $0.changes) } ?? ("none", telling.count)
  }

  /// The last rows of a metrics stream: as many as are in its last 32 KiB, so that long runs are listed as fast as
  /// short ones.
  static func lastRows(of path: String) -> [[String: Any]] {
    objects(Data((try? OpenFile.end(of: path, most: 32 << 10)) ?? []))
  }

  /// The step of a line; nil where it is none that a run can come to.
  private static func step(_ row: [String: Any]) -> Int? {
    (row["step"] as? Int).flatMap { (0...CheckpointStore.lastStep).contains($0) ? $0 : nil }
  }

  /// The lines that are JSON objects; one that is being written, or was cut, is none.
  private static func objects(_ lines: Data) -> [[String: Any]] {
    lines.split(separator: UInt8(ascii: "\n")).compactMap {
      (try? JSONSerialization.jsonObject(with: Data($0))) as? [String: Any]
    }
  }

  /// The best value of the first of the metrics that has a better end, over the evaluations of the last one's protocol.
  static func best(of evaluations: Data, by metrics: [Metric] = Metric.all) -> Best? {
    let rows = objects(evaluations).compactMap { row -> (step: Int, values: [String: Double], rules: String)? in
      guard let step = step(row), let values = (row["metrics"] ?? row["figures"]) as? [String: Any] else {
        return nil
      }
      let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed, .withoutEscapingSlashes]
      let rules = row["protocol"].flatMap { try? JSONSerialization.data(withJSONObject: $0, options: options) }
      let text = row["protocol"] as? String ?? rules.map { String(decoding: $0, as: UTF8.self) } ?? ""
      return (step, values.compactMapValues { $0 as? Double }, text)
    }
    guard let last = rows.last else { return nil }
    for column in metrics.flatMap(\.columns) where column.better != .alike {
      guard let name = last.values.keys.sorted().first(where: column.isNamed) else { continue }
      let values = rows.filter { $0.rules == last.rules }.compactMap { row in
        row.values[name].map { (step: row.step, value: $0) }
      }
      return values.min { column.better == .smaller ? $0.value < $1.value : $0.value > $1.value }
        .map { Best(metric: name, value: $0.value, step: $0.step, protocol: last.rules) }
    }
    return nil
  }
}
