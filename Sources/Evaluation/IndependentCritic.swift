@_exported import Adversaries

/// A critic that had no part in training: begun from scratch against a generator that no longer moves, it estimates the
/// divergence between its samples and others.
///
/// It sees samples only through closures, so that distributions in closed form can stand for either side. Sources:
/// Danihelka et al. 2017, "Comparison of Maximum Likelihood and GAN-based training of Real NVPs"; Gulrajani, Raffel and
/// Metz 2019, "Towards GAN Benchmarks Which Require Generalization".
public struct IndependentCritic: Sendable {
  /// Gives samples [count, ...]. Draws are numbered from 1 on, so that every one can be made again.
  public typealias Samples = (_ draw: Int, _ count: Int) throws -> Tensor

  /// From one sample to what the objective's critic gives.
  public var layers: Sequential
  public var objective: Objective
  /// What the objective reads.
  public var settings = Settings()
  /// Terms added to the critic's loss, with their weights.
  public var regularizers: [(regularizer: Regularizer, weight: Double)] = []
  /// Whether the value is all that the critic maximises, its terms included, and not the divergence alone.
  public var valueHasTerms = false
  /// The limit of the critic's weights; nil leaves them free.
  public var clip: Double?
  public var rule = OptimizerRule.adam
  public var optimizer = OptimizerSettings(rate: 1e-3)
  /// Whether the learning rate falls linearly to 0.
  public var rateFalls = true
  /// The decay of the average of the weights, which the value is read with; 0 reads it with the last ones.
  public var emaDecay = 0.99
  public var batch = 64
  public var steps = 1000
  /// Batches over which a value is averaged.
  public var readings = 32
  public var seed: UInt64 = 0

  public init(_ objective: Objective, layers: Sequential) { (self.objective, self.layers) = (objective, layers) }

  /// A value with its spread.
  public struct Reading: Sendable {
    /// The value on each batch.
    public let values: [Double]
    public init(_ values: [Double]) { self.values = values }

    public var mean: Double { values.reduce(0, +) / Double(values.count) }
    /// The deviation over batches, by the unbiased variance.
    public var standardDeviation: Double {
      let mean = mean
      return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count - 1, 1))).squareRoot()
    }
    /// The standard error of the mean.
    public var error: Double { standardDeviation / Double(values.count).squareRoot() }
  }

  // MARK: Training

  /// Trains a critic from its first weights.
  ///
  /// - Parameters:
  ///   - real: Samples that the critic is to know from the generator's.
  ///   - fake: The generator's samples.
  ///   - progress: Told now and then which step of how many is done.
  /// - Throws: `NetworkError` where the layers do not fit the samples or the objective, `DeviceError`, and what the
  ///   closures throw.
  public func trained(
    real: Samples, fake: Samples, progress: (_ step: Int, _ steps: Int) -> Void = { _, _ in }
  ) throws -> Trained {
    let first = try real(1, batch)
    let device = first.device
    let network = try network(sample: Shape(Array(first.shape.sizes.dropFirst())), on: device)
    var player = TrainableNetwork(network, rule, optimizer, emaDecay: emaDecay)
    var state = Dictionary(
      uniqueKeysWithValues: objective.state.map { ($0.name, Tensor($0.initial, on: device)) })
    var course: [(step: Int, value: Double)] = []
    for step in 1...max(steps, 1) {
      if rateFalls {
        player.optimizer.settings.rate = optimizer.rate * (1 - Double(step - 1) / Double(steps))
      }
      let tape = Tape()
      let weights = network.watched(on: tape)
      let context = context(network, weights, tape, try real(step, batch), try fake(step, batch), state, draw: step)
      player.minimize(loss(context), by: weights)
      if let clip { network.clipWeights(clip) }
      state = Dictionary(uniqueKeysWithValues: objective.state.map { ($0.name, $0.next(context)) })
      if step % max(steps / 50, 1) == 0 {
        course.append((step, try value(context).scalars(as: Double.self)[0]))
        progress(step, steps)
      }
    }
    return Trained(critic: self, player: player, state: state, course: course)
  }

  /// Whether the critic can be trained on samples of this shape, without computing anything.
  ///
  /// - Throws: `NetworkError` where it cannot.
  public func check(sample: Shape) throws { _ = try network(sample: sample, on: .dryRun()) }

  private func network(sample: Shape, on device: Device) throws -> Network {
    var input = sample.sizes
    if objective.discriminator == .pairs { input[input.count - 1] *= 2 }
    let network = try Network(
      layers, input: Shape(input), random: RandomStream(seed: seed, stream: RandomUse.discriminatorWeights.rawValue),
      on: device)
    let isFit =
      switch objective.discriminator {
      case .logit, .pairs: network.output == [1]
      case .autoencoder: network.output == network.input
      case .classes: network.output.rank == 1 && network.output[0] > 1
      }
    guard isFit else {
      let wanted =
        switch objective.discriminator {
        case .logit, .pairs: "[1], a logit"
        case .autoencoder: "\(network.input), an autoencoder"
        case .classes: "[2] or more, a logit for each class"
        }
      throw NetworkError(
        "the critic of \(objective.name) maps \(network.input) to \(network.output): give it layers to \(wanted)")
    }
    let known: Set<Regularizer.Need> = [.perSampleGradients, .ownGradients]
    if let regularizer = regularizers.first(where: {
      $0.regularizer.discriminator == nil || !known.isSuperset(of: $0.regularizer.needs)
    }) {
      throw NetworkError(
        "an independent critic cannot use the regularizer \(regularizer.regularizer.name): choose a gradient penalty")
    }
    return network
  }

  fileprivate func context(
    _ network: Network, _ weights: [Tensor]?, _ tape: Tape?, _ real: Tensor, _ fake: Tensor, _ state: [String: Tensor],
    draw: Int
  ) -> LossContext {
    var rules = LossContext.Rules()
    (rules.discriminator, rules.settings, rules.state) = (objective.discriminator, settings, state)
    rules.random = StepRandom(seed: seed, step: draw)
    // It is told no classes: those of a classifier serve to tell real from generated.
    return LossContext(
      MicroBatch(Batch(real)), fake: fake.detached(), isJoint: true,
      moving: LossContext.Moving(tape: tape, network: network, weights: weights ?? []), rules: rules
    ) { samples, _, run in
      let mode = Mode(statistics: .batch(updating: run.updatesStatistics), groups: run.groups)
      let (output, features) = network.evaluate(samples, weights: weights, mode: mode)
      return LossContext.DiscriminatorOutput(output: output, features: features)
    }
  }

  /// What the critic minimises.
  private func loss(_ context: LossContext) -> Tensor {
    regularizers.reduce(objective.discriminatorLoss(context)) { loss, entry in
      entry.regularizer.discriminator.map { loss + entry.weight * $0(context) } ?? loss
    }
  }

  /// What is reported: the divergence, or what the critic maximises where the objective knows no divergence.
  fileprivate func value(_ context: LossContext) -> Tensor {
    guard !valueHasTerms, let estimate = objective.estimate else { return -loss(context) }
    return estimate(context)
  }

  /// A critic at the end of its training.
  public struct Trained {
    public let critic: IndependentCritic
    public let player: TrainableNetwork
    let state: [String: Tensor]
    /// The value on the batches it learned from, at some fifty steps: whether it had settled.
    public let course: [(step: Int, value: Double)]

    /// The weights it is read with.
    private var weights: [Tensor] {
      player.network.views(of: player.ema ?? player.network.weights).map { $0.detached() }
    }

    /// The value between two kinds of samples, on batches that were not drawn in training.
    ///
    /// - Throws: `DeviceError`, and what the closures throw.
    public func value(real: Samples, fake: Samples) throws -> Reading {
      Reading(
        try (1...critic.readings).map { number in
          let draw = critic.steps + number
          let context = critic.context(
            player.network, weights, critic.valueHasTerms ? Tape() : nil, try real(draw, critic.batch),
            try fake(draw, critic.batch), state, draw: draw)
          return try critic.value(context).scalars(as: Double.self)[0]
        })
    }

    /// The critic's output for samples [N, ...].
    public func callAsFunction(_ samples: Tensor) -> Tensor {
      player.network(samples, weights: weights, mode: .inference)
    }
  }
}
