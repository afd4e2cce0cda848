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
      (settings.momentum, settings.decay, settings.weightDecay) = (numbers.momentum, numbers.decay, numbers.weightDecay)
      return settings
    }
    let rule = try row(OptimizerRule.all, numbers.name, \.name)
    let game = try Adversaries.Game(configuration)
    let generator = try network(architecture.generator(options), [options.latent], .generatorWeights)
    var seen = architecture.sample(options).sizes
    seen[seen.count - 1] *= game.pack
    let critic = try network(architecture.critic(options), Shape(seen), .criticWeights)
    let keepsHistory = game.terms.contains { $0.term.needs.contains(.history) }
    self.init(
      generator: Player(
        generator, rule, settings(numbers.generatorRate), averageDecay: configuration.average.decay.largest,
        keepsHistory: keepsHistory),
      critic: Player(critic, rule, settings(numbers.criticRate), keepsHistory: keepsHistory), game: game, seed: seed)
  }
}

extension Adversaries.Game {
  /// The game that a configuration describes.
  ///
  /// - Throws: `NetworkError` where it names a row that is not there.
  public init(_ configuration: Configuration) throws {
    let (numbers, training, views) = (configuration.objective, configuration.training, configuration.views)
    guard let objective = Adversaries.Objective.named(numbers.name) else {
      throw NetworkError("there is no objective called '\(numbers.name)'; saddle games lists them")
    }
    self.init(objective)
    (options.realTarget, options.generatorTarget) = (numbers.realTarget, numbers.generatorTarget)
    options.codes = LatentCodes(
      categories: configuration.model.categories, continuous: configuration.model.continuousCodes)
    (generatorWeight, classes) = (numbers.generatorWeight, configuration.model.classes)
    (options.margin, options.diversity, options.balanceRate) = (numbers.margin, numbers.diversity, numbers.balanceRate)
    terms = Term.all.map { ($0, configuration.terms[$0.name]) }.filter { !$0.1.isZero }
    termInterval = configuration.terms.interval
    if !views.noiseDeviation.isZero {
      self.views.append(.noise(views.noise, deviation: views.noiseDeviation, isOnBothSides: views.noiseOnBothSides))
    }
    let policy = try AugmentationPolicy(views.augment, sample: configuration.sampleShape)
    if !policy.augmentations.isEmpty {
      self.views.append(.augmentation(policy, probability: views.augmentProbability))
    }
    if views.pack > 1 { self.views.append(.packed(views.pack)) }
    (order, criticSteps, criticTolerance) = (training.order, training.criticSteps, training.criticTolerance)
    (sharesSamples, accumulation) = (training.sharedSamples, training.accumulation)
    (unroll, consensus) = (training.unroll, training.consensus)
    clip = numbers.clip > 0 ? numbers.clip : nil
    let optimizer = configuration.optimizer
    (generatorRate, criticRate) = (optimizer.generatorRate, optimizer.criticRate)
    (beta2, averageDecay) = (optimizer.beta2, configuration.average.decay)
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
    (options.width, options.criticNormalization, options.activation) = (model.width, model.norm, model.activation)
    options.depth = model.depth
    (options.minibatch, options.generatorNormalization) = (model.minibatch, model.generatorNorm)
    if let initializer = Initializer.all[model.initializer] { options.initializer = initializer }
    (options.classes, options.conditioning, options.splitsLatent) = (
      model.classes, model.conditioning, model.splitLatent
    )
    let codes = model.categories + model.continuousCodes
    options.latent += codes
    // A classifier's logits are the critic's outputs, its first one included.
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
    Trainer.Sampling(usesAverage: sampling.weights == .average, usesRunningStatistics: sampling.statistics == .running)
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
  public func rehearse(on device: Device? = nil) throws -> Rehearsal {
    // Each further micro-batch launches the same, in the memory of those before it.
    if training.accumulation > 3 {
      var (two, three) = (self, self)
      (two.training.accumulation, three.training.accumulation) = (2, 3)
      var rehearsal = try three.rehearse(on: device)
      let more = rehearsal.launchesPerStep - (try two.rehearse(on: device).launchesPerStep)
      rehearsal.launchesPerStep += (training.accumulation - 3) * more
      return rehearsal
    }
    let device = Device.rehearsal(like: device)
    let trainer = try Trainer(self, on: device)
    let lesson = min(training.batch, data.labelled * model.classes)
    func samples(_ count: Int) -> Tensor {
      Tensor(uninitialized: Shape([count] + sampleShape.sizes), on: device)
    }
    func labels(_ count: Int) -> Tensor { Tensor(uninitialized: [count], on: device) }
    func step() {
      _ = trainer.advance(measuring: false) {
        Batch(
          samples(training.batch), labels: model.classes > 0 && lesson == 0 ? labels(training.batch) : nil,
          truths: model.classes > 0 ? labels(training.batch) : nil,
          lesson: lesson > 0 ? Batch.Lesson(samples(lesson), labels: labels(lesson)) : nil)
      }
    }
    step()
    let launches = device.launchCount
    step()  // the first one filled the pool
    return Rehearsal(
      generatorParameters: trainer.generator.network.weights.shape.count,
      criticParameters: trainer.critic.network.weights.shape.count, peakBytes: device.peakBytesHeld,
      launchesPerStep: device.launchCount - launches,
      checkpointBytes: trainer.state.reduce(0) { $0 + 4 * $1.tensor.shape.count })
  }

  /// What a configuration will take.
  public struct Rehearsal: Sendable {
    public let generatorParameters: Int
    public let criticParameters: Int
    /// The most device memory held at once, in bytes.
    public let peakBytes: Int
    public fileprivate(set) var launchesPerStep: Int
    /// Of the tensors in a checkpoint.
    public let checkpointBytes: Int
  }
}
