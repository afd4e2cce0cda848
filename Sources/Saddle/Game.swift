import Adversaries

extension Trainer {
  /// The game that a configuration describes, its first weights drawn.
  ///
  /// - Throws: `NetworkError` where the architecture does not fit the configuration, `DeviceError`.
  public convenience init(_ configuration: Configuration, on device: Device) throws {
    let (model, numbers) = (configuration.model, configuration.optimizer)
    let architecture = try row(Architecture.all, model.architecture, \.name)
    let options = configuration.architectureOptions
    let seed = UInt64(configuration.training.seed)
    func network(_ layers: Sequential, _ input: Shape, _ use: RandomUse) throws -> Network {
      try Network(layers, input: input, random: RandomStream(seed: seed, stream: use.rawValue), on: device)
    }
    func settings(_ rate: Schedule) -> OptimizerSettings {
      var settings = OptimizerSettings(rate: rate.start)
      (settings.beta1, settings.beta2, settings.epsilon) = (numbers.beta1, numbers.beta2.start, numbers.epsilon)
      (settings.momentum, settings.alpha, settings.weightDecay) = (numbers.momentum, numbers.alpha, numbers.weightDecay)
      return settings
    }
    let rule = try row(OptimizerRule.all, numbers.name, \.name)
    let game = try Adversaries.Game(configuration)
    let generator = try network(architecture.generator(options), [options.latent], .generatorWeights)
    var seen = architecture.sample(options).sizes
    seen[seen.count - 1] *= game.pack
    let discriminator = try network(architecture.discriminator(options), Shape(seen), .discriminatorWeights)
    let keepsHistoricalAverage = game.regularizers.contains { $0.regularizer.needs.contains(.historicalAverage) }
    self.init(
      generator: TrainableNetwork(
        generator, rule, settings(numbers.generatorLearningRate), emaDecay: configuration.ema.decay.largest,
        keepsHistoricalAverage: keepsHistoricalAverage),
      discriminator: TrainableNetwork(
        discriminator, rule, settings(numbers.discriminatorLearningRate), keepsHistoricalAverage: keepsHistoricalAverage
      ), game: game, seed: seed)
  }
}

extension Adversaries.Game {
  /// The game that a configuration describes.
  ///
  /// - Throws: `NetworkError` where it names a row that is not there.
  public init(_ configuration: Configuration) throws {
    let (numbers, training, input) = (configuration.objective, configuration.training, configuration.input)
    guard let objective = Adversaries.Objective.named(numbers.name) else {
      throw NetworkError("there is no objective called '\(numbers.name)'; saddle options lists them")
    }
    self.init(objective)
    (options.realTarget, options.generatorTarget) = (numbers.realTarget, numbers.generatorTarget)
    options.codes = LatentCodes(
      categories: configuration.model.categories, continuous: configuration.model.continuousCodes)
    (generatorWeight, classes) = (numbers.generatorWeight, configuration.model.classes)
    (options.margin, options.diversity, options.balanceRate) = (numbers.margin, numbers.diversity, numbers.balanceRate)
    regularizers = Regularizer.all.map { ($0, configuration.regularizers[$0.name]) }.filter { !$0.1.isZero }
    regularizerInterval = configuration.regularizers.interval
    if !input.noiseStd.isZero {
      inputTransforms.append(
        .noise(input.noise, standardDeviation: input.noiseStd, isOnBothSides: input.noiseOnBothSides))
    }
    let policy = try AugmentationPolicy(input.augment, sample: configuration.sampleShape)
    if !policy.augmentations.isEmpty {
      inputTransforms.append(.augmentation(policy, probability: input.augmentProbability))
    }
    if input.pack > 1 { inputTransforms.append(.packed(input.pack)) }
    (order, discriminatorSteps, discriminatorTolerance) = (
      training.order, training.discriminatorSteps, training.discriminatorTolerance
    )
    (sharesSamples, accumulation) = (training.sharedSamples, training.accumulation)
    (unroll, consensus) = (training.unroll, training.consensus)
    clip = numbers.clip > 0 ? numbers.clip : nil
    let optimizer = configuration.optimizer
    (generatorLearningRate, discriminatorLearningRate) = (
      optimizer.generatorLearningRate, optimizer.discriminatorLearningRate
    )
    (beta2, emaDecay) = (optimizer.beta2, configuration.ema.decay)
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
    var options = Architecture.Options()
    (options.size, options.channels, options.latent) = (model.size, model.channels, model.latent)
    (options.width, options.discriminatorNormalization, options.activation) = (
      model.width, model.norm, model.activation
    )
    options.depth = model.depth
    (options.minibatch, options.generatorNormalization) = (model.minibatch, model.generatorNorm)
    if let initializer = Initializer.all[model.initializer] { options.initializer = initializer }
    (options.classes, options.conditioning, options.splitsLatent) = (
      model.classes, model.conditioning, model.splitLatent
    )
    let codes = model.categories + model.continuousCodes
    options.latent += codes
    // A classifier's logits are the discriminator's outputs, its first one included.
    options.outputs = codes + (objective.name == "semi-supervised" ? model.classes - 1 : 0)
    return options
  }

  /// The shape of one sample.
  public var sampleShape: Shape {
    let architecture = Architecture.all.first { $0.name == model.architecture }
    return architecture?.sample(architectureOptions) ?? []
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

  /// What a training step will take, learned by rehearsing it: nothing is computed.
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
      checkpointBytes: trainer.state.reduce(0) { $0 + 4 * $1.tensor.shape.count })
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
