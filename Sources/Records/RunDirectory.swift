import Glibc

/// The folder of a run: `config.yaml` (resolved, complete), `metrics.jsonl`, `warnings.txt` if there are any,
/// `state.json` (who trains here, or how it ended), `samples/` and `checkpoints/`; for people, `report.html` with what
/// it shows in `facts.json` and `pictures/`. Where a run went on with other settings, those up to a step are in
/// `config-step-00000500.yaml`.
public struct RunDirectory: Sendable, Equatable {
  public let path: String

  public var configuration: String { "\(path)/config.yaml" }
  public var metrics: String { "\(path)/metrics.jsonl" }
  public var warnings: String { "\(path)/warnings.txt" }
  public var state: String { "\(path)/state.json" }
  public var samples: String { "\(path)/samples" }
  public var checkpoints: String { "\(path)/checkpoints" }
  /// What the last training here was done with, as JSON.
  public var facts: String { "\(path)/facts.json" }
  /// What was made with the generator beside the samples: `interpolation-step-00000500.png`.
  public var pictures: String { "\(path)/pictures" }
  public var report: String { "\(path)/report.html" }

  /// The picture of the samples after `step` steps.
  public func sample(step: Int) -> String { "\(samples)/\(CheckpointStore.name(step: step)).png" }

  /// The settings that a run was trained with up to a step.
  public func formerConfiguration(step: Int) -> String { "\(path)/config-\(CheckpointStore.name(step: step)).yaml" }

  /// Makes the folder of a new run, with its configuration.
  ///
  /// - Throws: `RecordError.runExists` where the folder is there and not empty: a run is never written over.
  public init(creating path: String, configuration: String) throws(RecordError) {
    self = try RunLock(creating: path, configuration: configuration).directory
  }

  /// Opens the folder of a run that is there.
  ///
  /// - Throws: `RecordError.noRun` where it has no `config.yaml`.
  public init(opening path: String) throws(RecordError) {
    self.init(at: path)
    var status = stat()
    guard access(configuration, R_OK) == 0, stat(configuration, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .noRun(path: self.path, missing: configuration)
    }
  }

  /// A folder that need not be there. Without slashes at the end, so that messages show one path.
  init(at path: String) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
  }

  /// Adds a line to `warnings.txt`.
  public func append(warning: String) throws(RecordError) {
    let file = try OpenFile(warnings, O_WRONLY | O_CREAT | O_APPEND)
    try file.write(warning + "\n")
  }
}
