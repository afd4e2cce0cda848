import Adversaries

/// A run as it was saved: the one way to open one for what comes after training, and to go on with it.
public struct SavedRun: Sendable {
  public let directory: RunDirectory
  /// As the run was trained, or with what the user changes.
  public let configuration: Configuration
  public let step: Int
  public let checkpoint: SafetensorsFile

  /// Opens a run's folder.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - checkpoint: A checkpoint by its name; the latest where it is nil.
  ///   - registry: The tables that the run was trained with.
  /// - Throws: `RecordError` where there is no such run or checkpoint, or it is damaged; `ConfigurationError`.
  public init(opening path: String, from checkpoint: String? = nil, registry: Registry = .standard) throws {
    directory = try RunDirectory(opening: path)
    configuration = try Configuration(from: directory.configuration, registry: registry)
    (step, self.checkpoint) = try directory.checkpoint(named: checkpoint)
  }

  /// The run's players with their weights.
  ///
  /// - Throws: `CheckpointMisfit` where they are not those that the run's configuration describes; `NetworkError`,
  ///   `DeviceError`.
  public func trainer(on device: Device) throws -> Trainer {
    let trainer = try Trainer(configuration, on: device)
    try trainer.restore(checkpoint, step: step, in: directory, configuration)
    return trainer
  }
}

extension RunDirectory {
  /// A checkpoint by its name, the latest where there is none, with its step.
  public func checkpoint(named name: String? = nil) throws(RecordError) -> (step: Int, file: SafetensorsFile) {
    let store = CheckpointStore(readingFrom: checkpoints)
    if let name { return try store.load(named: name) }
    return try store.loadLatest()
  }
}

/// A checkpoint that does not hold what the settings ask for.
public struct CheckpointMisfit: Error, CustomStringConvertible {
  let path: String
  let fault: SafetensorsFault
  /// Settings that differ from those that the run was trained with: key, then and now.
  let changes: [(key: String, was: String, now: String)]

  public var description: String {
    let changed = changes.map { "\($0.key)=\($0.now) (it was trained with \($0.was))" }.joined(separator: ", ")
    return "\(path) does not fit "
      + (changes.isEmpty
        ? "the run's config.yaml: \(fault). Put back what was changed there, or go on from another checkpoint with --from."
        : "\(changed): \(fault). Leave that as it was, or train anew with another --out.")
  }
}

extension Trainer {
  /// Goes on from a checkpoint of a run.
  ///
  /// - Throws: `CheckpointMisfit`.
  func restore(
    _ file: SafetensorsFile, step: Int, in directory: RunDirectory, _ configuration: Configuration
  ) throws {
    do {
      try restore(file, step: step)
    } catch let fault as SafetensorsFault {
      let path = CheckpointStore(readingFrom: directory.checkpoints).path(step: step)
      let saved = try? Configuration(from: directory.configuration, registry: configuration.registry)
      throw CheckpointMisfit(
        path: path, fault: fault, changes: saved.map { configuration.shapingChanges(from: $0) } ?? [])
    }
  }
}

extension Configuration {
  /// Sections whose settings decide which tensors a game has.
  private static let shapingSections: Set<String> = ["model", "objective", "regularizers", "input", "optimizer", "ema"]

  fileprivate func shapingChanges(from other: Configuration) -> [(key: String, was: String, now: String)] {
    registry.settings.filter {
      Self.shapingSections.contains($0.section) && $0.text(in: values) != $0.text(in: other.values)
    }.map { ($0.key, $0.text(in: other.values), $0.text(in: values)) }
  }
}
