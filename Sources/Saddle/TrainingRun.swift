import Datasets

/// A run: a folder with its configuration, metrics, pictures and checkpoints, and the game that fills it.
public final class TrainingRun {
  public let configuration: Configuration
  public let directory: RunDirectory
  public let trainer: Trainer
  let store: CheckpointStore
  private let lock: RunLock
  private let source: any SampleSource
  /// What measures the samples now and then; nil where nothing does.
  private let evaluator: RunEvaluator?
  let device: Device
  /// What the data are known by; nil where they are drawn.
  var fingerprint: String? { source.fingerprint }
  /// Why the run does not go on to the bit, if so.
  public let cautions: [String]

  /// What is trained on, in a line.
  public var dataSummary: String { source.summary }

  /// Begins a run in a new folder, or goes on with one.
  ///
  /// The data are opened before the folder is made, so that a mistake in their path leaves nothing behind. A run that
  /// goes on with other settings has them in its `config.yaml` from then on.
  ///
  /// - Parameters:
  ///   - configuration: What is trained, and how.
  ///   - path: The run's folder.
  ///   - checkpoint: The step to go on from and its file, as `CheckpointStore` loads them; nil begins anew.
  ///   - lock: The folder's, where the caller has taken it before reading the checkpoint, as is right where others
  ///     might train there; nil takes it here.
  ///   - device: What computes.
  ///   - reporter: Told while what evaluates the run is made ready.
  ///   - progress: Told while data are read: files done and files in all.
  /// - Throws: `DatasetError`, `RecordError` (`runInUse` where another process trains in the folder), `NetworkError`,
  ///   `DeviceError`; `CheckpointMisfit` where the settings are not the checkpoint's; `EvaluationError` and
  ///   `FeatureError` where it could not be evaluated as configured.
  public init(
    _ configuration: Configuration, in path: String, from checkpoint: (step: Int, file: SafetensorsFile)? = nil,
    holding lock: RunLock? = nil, on device: Device, reporter: RunEvaluator.ProgressReporter = .silent,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws {
    (self.configuration, self.device) = (configuration, device)
    let held = try lock ?? checkpoint.map { _ in try RunLock(RunDirectory(opening: path)) }
    let first =
      try checkpoint.map { try Trainer.Counts($0.file, step: $0.step, configuration.training.discriminatorSteps).drawn }
      ?? 0
    source = try Self.open(configuration, first: first, on: device, progress)
    trainer = try Trainer(configuration, on: device)
    // Weights or labels that are missing stop a run before its first step, not at its first evaluation.
    evaluator =
      configuration.evaluation.every > 0
      ? try RunEvaluator(configuration, configuration.evaluationOptions, on: device, reporter) : nil
    // Nothing of the run is changed before all of this could be made.
    if let checkpoint, let held {
      try trainer.restore(checkpoint.file, step: checkpoint.step, in: held.directory, configuration)
    }
    let lock = try held ?? RunLock(creating: path, configuration: configuration.yaml())
    let directory = lock.directory
    (self.lock, self.directory) = (lock, directory)
    let keep = configuration.output.keep
    store = try CheckpointStore(directory: directory.checkpoints, keeping: keep == 0 ? nil : keep)
    let fingerprint = source.fingerprint
    cautions = checkpoint.map { Self.cautions($0.file, configuration, directory, fingerprint, device.contract) } ?? []
    if let checkpoint {
      try lock.begin()
      try store.remove(after: checkpoint.step)
      try directory.forget(after: checkpoint.step)
      if (try? Configuration(from: directory.configuration, registry: configuration.registry)) != configuration {
        try directory.write(configuration: configuration.yaml(), after: checkpoint.step)
      }
      for caution in cautions { try directory.append(warning: caution) }
    } else if held != nil {
      try lock.start(configuration: configuration.yaml())
    }
  }

  /// What keeps a run from going on to the bit.
  private static func cautions(
    _ checkpoint: SafetensorsFile, _ configuration: Configuration, _ directory: RunDirectory, _ fingerprint: String?,
    _ ours: NumericalContract
  ) -> [String] {
    let rest = "the run goes on, but not to the bit"
    var cautions: [String] = []
    if let contract = checkpoint.metadata["contract"], contract != ours.description {
      cautions.append("the checkpoint was made under numerical contract \(contract), this is \(ours): \(rest)")
    }
    if let seed = checkpoint.metadata["seed"], seed != "\(configuration.training.seed)" {
      cautions.append(
        "training.seed is \(configuration.training.seed), and the run was begun with \(seed): \(rest), and is neither "
          + "seed's run")
    }
    if let before = RunFacts(of: directory)?.fingerprint, let fingerprint, before != fingerprint {
      cautions.append(
        "the data in \(configuration.data.path) are not those that the run was trained on before (or are read in another "
          + "way): \(rest)")
    }
    return cautions
  }

  static func open(
    _ configuration: Configuration, first: Int, on device: Device, _ progress: (@Sendable (Int, Int) -> Void)?
  ) throws -> any SampleSource {
    if configuration.sampleShape == [2] {
      let mixture = try configuration.pointMixture()
      let (training, classes, modes) = (configuration.training, configuration.model.classes, mixture.centres.count)
      guard classes == 0 || classes >= modes else {
        throw ConfigurationError.contradiction(
          "model.classes is \(classes), but a point's class is its mode, of which \(configuration.data.path) has \(modes): "
            + "set model.classes=\(modes)")
      }
      return PointSource(
        mixture, batch: training.batch, seed: UInt64(training.seed), first: first, isLabelled: classes > 0, on: device)
    }
    return try ImageSource(
      try configuration.openData(progress: progress), configuration, first: first, on: device)
  }

  // MARK: Training

  /// How a run ended.
  public enum Ending: Sendable { case finished, interrupted }

  /// Trains to the configured step, with metrics, pictures and checkpoints on the way.
  ///
  /// - Parameters:
  ///   - progress: Where the progress line goes.
  ///   - isInterrupted: Asked before every step; where it says true, that step is the last, and the run saves and
  ///     stops.
  /// - Throws: `TrainingFault` where a loss or a weight is not finite; what the data, the device and the files throw.
  public func train(
    progress: ProgressOutput = .standardError, isInterrupted: () -> Bool = { false }
  ) throws -> Ending {
    defer { source.stop() }
    let logger = TrainingLogger(self, progress)
    do {
      let ending = try train(telling: logger, isInterrupted)
      logger.finish(ending == .finished ? .finished : .interrupted)
      try lock.end(ending == .finished ? .finished : .interrupted)
      return ending
    } catch {
      logger.finish(.broken, because: "\(error)")
      // What went wrong matters more than that it could not be written down.
      try? lock.end(.failed, reason: "\(error)")
      throw error
    }
  }

  private func train(telling logger: TrainingLogger, _ isInterrupted: () -> Bool) throws -> Ending {
    let (output, training) = (configuration.output, configuration.training)
    // Losses that nobody has read yet: they are read together, so that no step waits for the device.
    var unread: [(step: Int, losses: [Tensor])] = []
    if trainer.step == 0 && output.sampleEvery > 0 { try writeSamples(logger.page) }
    if trainer.step > 0 { try makeUp(telling: logger) }
    var timer = StepTimer(from: trainer.step)
    /// The next batch; nil where somebody asks to stop waiting for it.
    func nextBatch() throws -> Batch? {
      guard trainer.drawn < UInt32.max else {
        throw ConfigurationError.contradiction(
          "\(trainer.drawn) batches were drawn, and random numbers repeat after as many: train anew from another "
            + "training.seed")
      }
      return try source.next(unless: isInterrupted)
    }

    while trainer.step < training.steps {
      let number = trainer.step + 1
      let isStopped = isInterrupted()
      let isLast = number == training.steps || isStopped
      let isRead = number % output.logEvery == 0 || isLast
      let isSaved = isLast || (output.checkpointEvery > 0 && number % output.checkpointEvery == 0)
      // No batch may ever come, from a disk that does not answer: whoever waits for one can be stopped.
      guard let first = try nextBatch() else {
        try save(trainer.checkpoint(), logger.page)
        return .interrupted
      }
      var waiting: Batch? = first
      let step = try trainer.advance(measuring: isRead) {
        defer { waiting = nil }
        if let batch = try waiting ?? nextBatch() { return batch }
        throw DatasetError(
          path: configuration.data.path, problem: "training was stopped while step \(number) waited for a batch",
          remedy: "--resume goes on from the last checkpoint")
      }
      unread.append((number, step.losses))
      if try timer.isMeasured(at: number, on: device), let rest = timer.estimate(from: number, to: training.steps) {
        logger.tell(rest)
      }
      let file = isSaved ? try trainer.checkpoint() : nil
      if isRead || isSaved || unread.count == 100 {
        if let bad = try firstFault(in: unread, saving: file) { throw try fault(at: bad) }
        unread = []
      }
      if isRead { try logger.report(step) }
      if output.sampleEvery > 0, number % output.sampleEvery == 0 || isLast { try writeSamples(logger.page) }
      if let file { try save(file, logger.page) }
      if !isStopped { try evaluate(telling: logger) }
      if isStopped && number < training.steps { return .interrupted }
    }
    if trainer.step == 0 { try save(trainer.checkpoint(), logger.page) }
    return .finished
  }

  var epoch: Double { Double(trainer.drawn * configuration.training.batch) / Double(source.count) }

  /// Does what follows a checkpoint, where the process was killed between both.
  private func makeUp(telling logger: TrainingLogger) throws {
    if SampleFigure.isMissing(at: trainer.step, configuration, in: directory) { logger.page.addCheckpoint() }
    let isEvaluated = evaluator == nil ? true : try directory.records().contains { $0.step == trainer.step }
    if !isEvaluated { try evaluate(telling: logger) }
  }

  /// Measures the samples of this step, where that is due.
  private func evaluate(telling logger: TrainingLogger) throws {
    let step = trainer.step
    guard let evaluator, step == configuration.training.steps || step % configuration.evaluation.every == 0 else {
      return
    }
    let record = try evaluator.evaluate(trainer, configuration, run: directory.path)
    try directory.append(record)
    logger.say(record)
  }

  /// The picture of the fixed latents at this step.
  private func writeSamples(_ page: ReportWriter) throws {
    let count = configuration.sampleShape == [2] ? SamplePicture.points : configuration.output.grid
    let samples = trainer.samples(trainer.latents(count), configuration.samplingMode)
    try SamplePicture(samples, columns: configuration.gridColumns)
      .write(to: directory.sample(step: trainer.step), scale: configuration.output.scale)
    page.addSamples(step: trainer.step)
  }

  private func save(_ file: SafetensorsFile, _ page: ReportWriter) throws {
    try store.save(file, step: trainer.step)
    page.addCheckpoint()
  }
}

extension Trainer {
  /// Everything that a run needs to go on to the bit.
  ///
  /// - Throws: The device's first failure.
  public func checkpoint() throws -> SafetensorsFile {
    SafetensorsFile(
      tensors: try saved.map { name, tensor in
        SafetensorsFile.Tensor(name, shape: tensor.shape.sizes, .float32(try tensor.scalars()))
      },
      metadata: Dictionary(uniqueKeysWithValues: counts.all.map { ($0.name, "\($0.value)") })
        .merging(["contract": generator.network.weights.device.contract.description, "seed": "\(seed)"]) { $1 })
  }

  /// Goes on from a checkpoint.
  ///
  /// - Throws: `SafetensorsFault` where it does not hold this game's tensors.
  public func restore(_ file: SafetensorsFile, step: Int) throws {
    let counts = try Counts(file, step: step, game.training.discriminatorSteps)
    for (name, tensor) in saved { tensor.write(try file.float32(name, shape: tensor.shape.sizes)) }
    resume(at: counts)
  }
}

extension Trainer.Counts {
  /// The counts of a checkpoint; those of a file from before they were saved follow from its step.
  ///
  /// - Throws: `SafetensorsFault.badCount` where one is none that a run can come to.
  init(_ file: SafetensorsFile, step: Int, _ discriminatorSteps: Schedule) throws(SafetensorsFault) {
    try CheckpointStore.checkCounts(of: file, step: step)
    let before = step * Int(discriminatorSteps.start)
    func count(_ name: String) -> Int { file.metadata[name].flatMap { Int($0) } ?? before }
    self.init(step: step, drawn: count("drawn"), discriminatorStep: count("discriminator-step"))
  }
}
