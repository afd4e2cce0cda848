import Glibc

// How runs begin, and begin again where nothing was saved.

extension RunLock {
  /// Makes the folder of a new run, takes its lock and writes its configuration. A folder is taken over where a run
  /// began and saved nothing: it was killed before its first checkpoint, or could not be made.
  ///
  /// - Throws: `RecordError.runExists` where anything else is there, `runInUse` where another process is faster.
  public convenience init(creating path: String, configuration: String) throws(RecordError) {
    let directory = RunDirectory(at: path)
    try directory.checkIsFree()
    try Directory.create(directory.path)
    try self.init(directory)
    // What was free before the lock was taken need not be now.
    try directory.checkIsFree()
    try start(configuration: configuration)
  }

  /// Begins the run that is locked from its first step, with nothing of what was there before.
  public func start(configuration: String) throws(RecordError) {
    // Before there is a configuration: a folder with one always says how far its run came.
    try begin()
    try directory.forget(after: -1)
    for path in [directory.metrics, directory.warnings, directory.facts, directory.report] {
      try Directory.remove(path)
    }
    try Directory.create(directory.samples)
    try Directory.create(directory.checkpoints)
    try directory.write(configuration: configuration)
  }
}

extension RunDirectory {
  /// Whether a new run may begin in a folder: there is none, it is empty, or it is of a run that saved nothing.
  ///
  /// - Throws: `RecordError.runExists` where it may not.
  public static func checkIsFree(_ path: String) throws(RecordError) { try RunDirectory(at: path).checkIsFree() }

  func checkIsFree() throws(RecordError) {
    let names = try Directory.names(in: path) ?? []
    let isRun = names.contains("config.yaml")
    let areOwn = names.allSatisfy { ["state.json", "samples", "checkpoints"].contains($0) || DraftFile.isDraft($0) }
    let isHalfMade = try names.contains("state.json") && areOwn ? !hasCheckpoints() : false
    let isFree = isRun ? try savedNothing() : names.isEmpty || isHalfMade
    guard isFree else { throw .runExists(path: path, isRun: isRun) }
  }

  /// Whether a run began here that came to no checkpoint: it may begin again, since nothing is lost. One that ended
  /// with its work saved did not, even if its checkpoints were taken away since.
  public func savedNothing() throws(RecordError) -> Bool {
    guard let phase = RunLock.writtenPhase(at: state), [.running, .failed].contains(phase) else { return false }
    return try !hasCheckpoints()
  }

  private func hasCheckpoints() throws(RecordError) -> Bool {
    try (Directory.names(in: checkpoints) ?? []).contains { !DraftFile.isDraft($0) }
  }

  /// Puts other settings in the place of those that the run was trained with up to a step, which are kept beside them.
  /// Settings that no step was done with are not.
  public func write(configuration text: String, after step: Int? = nil) throws(RecordError) {
    if let step, step > 0, access(formerConfiguration(step: step), F_OK) != 0 {
      try AtomicFile.write(try OpenFile.bytes(of: configuration), to: formerConfiguration(step: step))
    }
    try AtomicFile.write(Array(text.utf8), to: configuration)
  }

  /// Removes what a run that goes on from a step would meet as its former future, and what killed processes left
  /// behind. Metrics and event files are cut by those who go on with them.
  public func forget(after step: Int) throws(RecordError) {
    try removeEvaluations(after: step)
    for folder in [samples, pictures, path] {
      for name in try Directory.names(in: folder) ?? [] {
        if let other = Self.step(in: name), other > step { try Directory.remove("\(folder)/\(name)") }
      }
    }
    for folder in [path, samples, pictures, checkpoints, evaluationFolder] {
      try DraftFile.removeAbandoned(in: folder)
    }
  }

  /// The step of a picture or of former settings: `step-00000500.png`, `classes-step-00000500.png`,
  /// `config-step-00000500.yaml`.
  private static func step(in name: String) -> Int? {
    let endings = [".png", ".yaml"]
    guard let ending = endings.first(where: name.hasSuffix) else { return nil }
    let words = name.dropLast(ending.count).split(separator: "-")
    guard words.count >= 2, words[words.count - 2] == "step" else { return nil }
    return CheckpointStore.step(of: words[words.count - 1])
  }
}
