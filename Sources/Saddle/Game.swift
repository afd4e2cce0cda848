import Adversaries

extension Trainer {
  /// The game that a configuration describes, its first weights drawn.
  ///
  /// - Throws: `NetworkError` where the architecture does not fit the configuration, `DeviceError`.
  public convenience init(_ configuration: Configuration, on device: Device) throws {
    let (registry, optimizer) = (configuration.registry, configuration.optimizer)
    let architecture = try row(registry.architectures, configuration.model.architecture, \.name)
    let options = configuration.architectureOptions
    let seed = UInt64(configuration.training.seed)
    func network(_ layers: Sequential, _ input: Shape, _ use: RandomUse) throws -> Network {
      try Network(layers, input: input, random: RandomStream(seed: seed, stream: use.rawValue), on: device)
    }
    let rule = try row(registry.optimizers, optimizer.name, \.name)
    let game = try Adversaries.Game(configuration)
    let generator = try network(architecture.generator(options), [options.latent], .generatorWeights)
    var seen = architecture.sample(options).sizes
    seen[seen.count - 1] *= game.pack
    let discriminator = try network(architecture.discriminator(options), Shape(seen), .discriminatorWeights)
    let keepsHistoricalAverage = game.regularizers.contains { $0.regularizer.needs.contains(.historicalAverage) }
    self.init(
      generator: TrainableNetwork(
        generator, rule, OptimizerSettings(optimizer, rate: optimizer.generatorLearningRate),
        emaDecay: configuration.ema.decay.largest, keepsHistoricalAverage: keepsHistoricalAverage),
      discriminator: TrainableNetwork(
        discriminator, rule, OptimizerSettings(optimizer, rate: optimizer.discriminatorLearningRate),
        keepsHistoricalAverage: keepsHistoricalAverage), game: game, seed: seed)
  }
}

extension Adversaries.Game {
  /// The game that a configuration describes.
  ///
  /// - Throws: `NetworkError` where it names a row that is not there.
  public init(_ configuration: Configuration) throws {
    let registry = configuration.registry
    guard let objective = configuration.objectiveRow else {
      throw NetworkError("there is no objective called '\(configuration.objective.name)'; saddle options lists them")
    }
    self.init(objective, configuration.values)
    regularizers = registry.regularizers.map { ($0, settings[$0.weight]) }.filter { !$0.1.isZero }
    let sample = configuration.sampleShape
    inputTransforms = try registry.inputTransforms.compactMap { try $0.make(settings, sample) }
  }
}

/// The row of a table that a configuration names; its settings allow no other names.
private func row<Row>(_ table: [Row], _ name: String, _ key: KeyPath<Row, String>) throws -> Row {
  guard let row = table.first(where: { $0[keyPath: key] == name }) else {
    throw NetworkError(
      "nothing is called '\(name)'; there are \(table.map { $0[keyPath: key] }.joined(separator: ", "))")
  }
  return row
}

extension Configuration {
  /// What the architectures read of the model.
  var architectureOptions: Architecture.Options {
    var options = Architecture.Options(values)
    let codes = values.codes.count
    options.latent += codes
    // A classifier's logits are the discriminator's outputs, its first one included.
    options.outputs = codes + (objectiveRow?.discriminator == .classes ? model.classes - 1 : 0)
    return options
  }

  /// The shape of one sample.
  public var sampleShape: Shape {
    architecture?.sample(architectureOptions) ?? []
  }

  /// How samples are made.
  public var samplingMode: Trainer.Sampling {
    Trainer.Sampling(usesEMA: sampling.weights == .ema, usesRunningStatistics: sampling.statistics == .running)
  }

  /// Images in a row of a picture: one for each class where the generator knows them and they fit, so that each has its
  /// column.
  public var gridColumns: Int? {
    model.conditioning != .none && (2...32).contains(model.classes) ? model.classes : nil
  }

  /// What a training step will take, learned by a dry run: nothing is computed.
  ///
  /// - Parameter device: Where it will run; else on the processor.
  /// - Throws: `NetworkError` where the architecture does not fit.
  public func dryRun(on device: Device? = nil) throws -> DryRun {
    // Each further micro-batch launches the same, in the memory of those before it.
    if training.accumulation > 3 {
      var (two, three) = (self, self)
      (two.training.accumulation, three.training.accumulation) = (2, 3)
      var dryRun = try three.dryRun(on: device)
      let more = dryRun.launchesPerStep - (try two.dryRun(on: device).launchesPerStep)
      dryRun.launchesPerStep += (training.accumulation - 3) * more
      return dryRun
    }
    let device = Device.dryRun(like: device)
    let trainer = try Trainer(self, on: device)
    let labeledBatch = min(training.batch, data.labelled * model.classes)
    func samples(_ count: Int) -> Tensor {
      Tensor(uninitialized: Shape([count] + sampleShape.sizes), on: device)
    }
    func labels(_ count: Int) -> Tensor { Tensor(uninitialized: [count], on: device) }
    func step() {
      _ = trainer.advance(measuring: false) {
        Batch(
          samples(training.batch), labels: model.classes > 0 && labeledBatch == 0 ? labels(training.batch) : nil,
          trueLabels: model.classes > 0 ? labels(training.batch) : nil,
          labeledBatch: labeledBatch > 0 ? Batch.Labeled(samples(labeledBatch), labels: labels(labeledBatch)) : nil)
      }
    }
    step()
    let launches = device.launchCount
    step()  // the first one filled the pool
    return DryRun(
      generatorParameters: trainer.generator.network.weights.shape.count,
      discriminatorParameters: trainer.discriminator.network.weights.shape.count, peakBytes: device.peakBytesHeld,
      launchesPerStep: device.launchCount - launches,
      checkpointBytes: trainer.saved.reduce(0) { $0 + 4 * $1.tensor.shape.count })
  }

  /// What a configuration will take.
  public struct DryRun: Sendable {
    public let generatorParameters: Int
    public let discriminatorParameters: Int
    /// The most device memory held at once, in bytes.
    public let peakBytes: Int
    public fileprivate(set) var launchesPerStep: Int
    /// Of the tensors in a checkpoint.
    public let checkpointBytes: Int
  }
}
