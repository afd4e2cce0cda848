/// The uses of one seed, told apart.
public enum RandomUse: UInt32, Sendable {
  case generatorWeights = 1, discriminatorWeights, latents, samples, points, pointNoise, freshLatents
  /// Dropout takes this stream and those after it.
  case dropout = 1024
  /// So do random numbers of input transforms and regularizers.
  case draws = 0x10000
}

/// Two networks and the game between them.
///
/// The trainer knows no objective, regularizer or input transform by name. All its random numbers are functions of (seed, step).
public final class Trainer {
  /// What one step did, each a scalar on the device: reading them later blocks nothing.
  public struct Step {
    public let number: Int
    /// What the discriminator and the generator minimised: their objectives with the regularizers that were due.
    public let losses: [Tensor]
    public let columns: [(name: String, value: Tensor)]
  }

  public internal(set) var generator: TrainableNetwork
  public internal(set) var discriminator: TrainableNetwork
  public let game: Game
  public let seed: UInt64
  /// Generator steps done.
  public internal(set) var step = 0
  /// Batches drawn.
  public internal(set) var drawn = 0
  /// What the rows keep, scalars by the variables' names.
  private(set) var state: [String: Tensor] = [:]
  /// The discriminator's optimizer as it was given, before it makes up for lazy penalties.
  private let discriminatorSettings: OptimizerSettings

  public init(generator: TrainableNetwork, discriminator: TrainableNetwork, game: Game, seed: UInt64) {
    (self.generator, self.discriminator, self.game, self.seed) = (generator, discriminator, game, seed)
    discriminatorSettings = discriminator.optimizer.settings
    for variable in variables { state[variable.name] = Tensor(variable.initial, on: device) }
  }

  /// The rows' state in the order in which it is saved.
  var variables: [StateVariable] {
    game.objective.state + game.regularizers.flatMap(\.regularizer.state) + game.inputTransforms.flatMap(\.state)
  }

  /// Takes what the rows keep a step on: the one place where that changes.
  func commitState(_ context: LossContext) {
    let next = variables.map { ($0.name, $0.next(context)) }
    for (name, value) in next { state[name] = value }
  }

  var device: Device { generator.network.weights.device }

  /// Tells who looks for a fault what is being computed.
  func note(_ place: String) { device.anomalyDetector?.place = ["step \(step)", place] }

  /// One generator step, with the discriminator's steps before it or at the same time.
  ///
  /// - Parameters:
  ///   - measuring: Whether the step's columns are computed; a step does the same without them.
  ///   - batch: Called for each batch that is needed; gives real samples [N, ...] in [-1, 1].
  /// - Throws: What `batch` throws.
  public func advance(measuring: Bool = true, _ batch: () throws -> Batch) rethrows -> Step {
    step += 1
    setPace()
    let columns =
      try game.settings.movesTogether ? moveTogether(measuring, nextMicroBatches(batch)) : moveInTurn(measuring, batch)
    return Step(number: step, losses: columns.losses, columns: columns.all)
  }

  private func setPace() {
    let (optimizer, options) = (game.settings.optimizer, OptimizerSection.rows)
    var numbers = discriminatorSettings
    if game.settings.isGiven(options.generatorLearningRate) {
      generator.optimizer.settings.rate = optimizer.generatorLearningRate.value(at: step)
    }
    if game.settings.isGiven(options.discriminatorLearningRate) {
      numbers.rate = optimizer.discriminatorLearningRate.value(at: step)
    }
    if game.settings.isGiven(options.beta2) {
      let beta2 = optimizer.beta2.value(at: step)
      (generator.optimizer.settings.beta2, numbers.beta2) = (beta2, beta2)
    }
    let interval = game.settings.regularizers.interval
    discriminator.optimizer.settings =
      game.isLazy ? discriminator.optimizer.rule.settings(numbers, withPenaltyEvery: interval) : numbers
    if game.settings.isGiven(EMASection.rows.decay) {
      generator.emaDecay = game.settings.ema.decay.value(at: step)
    }
  }

  /// Keeps the discriminator's weights within their limit, where one is set.
  func clip() {
    let limit = game.settings.objective.clip
    if limit > 0 { discriminator.network.clipWeights(limit) }
  }

  // MARK: One after the other

  /// The last discriminator step's samples are the generator's, unless it wants fresh ones: nothing is generated twice.
  /// While it learns from them, the discriminator's weights are constants, so that no gradient of theirs is computed.
  private func moveInTurn(_ measuring: Bool, _ batch: () throws -> Batch) rethrows -> Columns {
    let steps = game.discriminatorSteps(at: step)
    var columns = Columns(isMeasuring: measuring)
    var plateau = PlateauDetector(tolerance: game.training.discriminatorTolerance)
    var turn = 0, isLast = false
    while !isLast {
      turn += 1
      let microBatches = try nextMicroBatches(batch)
      let isShared =
        game.training.sharedSamples && microBatches.count == 1
        && (turn == steps || game.training.discriminatorTolerance > 0)
      let generated = isShared ? generate(microBatches[0]) : nil
      columns.removeAll()
      let loss = discriminatorStep(microBatches, generated?.fake.detached(), &columns)
      isLast = turn == steps || plateau.isReached(loss)
      if isLast {
        generatorStep(game.training.sharedSamples ? microBatches : microBatches.map(refreshed), generated, &columns)
      }
    }
    return columns
  }

  /// Generated samples on a tape of the generator's weights.
  struct GeneratedBatch {
    let tape: Tape
    let weights: [Tensor]
    let fake: Tensor
  }

  func nextMicroBatches(_ batch: () throws -> Batch) rethrows -> [MicroBatch] {
    try (0..<game.training.accumulation).map { _ in
      let batch = try batch()
      drawn += 1
      return MicroBatch(batch, latents: latents(.latents, batch.samples.shape[0], at: drawn), draw: drawn)
    }
  }

  /// The same reals with latents that the discriminator did not see.
  private func refreshed(_ microBatch: MicroBatch) -> MicroBatch {
    var fresh = microBatch
    fresh.latents = latents(.freshLatents, microBatch.batch.samples.shape[0], at: microBatch.draw)
    return fresh
  }

  func generate(_ microBatch: MicroBatch) -> GeneratedBatch {
    note("the generator")
    let tape = Tape()
    let weights = generator.network.watched(on: tape)
    return GeneratedBatch(
      tape: tape, weights: weights,
      fake: generator.network(latents(of: microBatch), weights: weights, mode: mode(microBatch)))
  }

  /// - Returns: The discriminator's loss, a scalar.
  func discriminatorStep(_ microBatches: [MicroBatch], _ fake: Tensor?, _ columns: inout Columns) -> Tensor {
    var sum: Tensor?
    var losses: [Tensor] = []
    var fakes: [Tensor] = []
    for microBatch in microBatches {
      let tape = Tape()
      let weights = discriminator.network.watched(on: tape)
      let fake = fake ?? generator.network(latents(of: microBatch), mode: mode(microBatch))
      let context = lossContext(
        microBatch, fake: fake, isJoint: true, .discriminator, moving(discriminator, tape, weights),
        discriminatorWeights: weights)
      let due = due(.discriminator) { [game] in !game.isLazy || !$0.isLazy }
      note("the discriminator's loss")
      context.run(game.objective.discriminatorPasses + due.flatMap(\.passes))
      let whole = plus(due, game.objective.discriminatorLoss(context), context)
      note("the discriminator's gradient")
      let flat = discriminator.network.flattened(gradient(of: whole, wrt: weights, retainGraph: false))
      sum = sum.map { $0 + flat } ?? flat
      losses.append(whole.detached())
      if game.isLazy { fakes.append(fake) }
      commitState(context)
      if columns.isMeasuring && losses.count == microBatches.count { measure(context, &columns) }
    }
    let loss = mean(losses)
    note("the discriminator's update")
    let norm = discriminator.move(along: scaled(sum, 1 / Double(microBatches.count)), measuring: columns.isMeasuring)
    // Draws count the discriminator's steps: a resumed run goes on at the same one.
    if game.isLazy, (microBatches[0].draw - 1) / microBatches.count % game.settings.regularizers.interval == 0 {
      penalize(microBatches, fakes)
    }
    clip()
    columns.losses = [loss]
    columns.add("discriminator_loss", at: 0) { loss }
    columns.add("discriminator_gradient_norm") { norm?.squareRoot() }
    return loss
  }

  /// The discriminator's lazy penalties, all of an interval at once and in an update of their own (Karras et al. 2020,
  /// "Analyzing and improving the image quality of StyleGAN", appendix B).
  private func penalize(_ microBatches: [MicroBatch], _ fakes: [Tensor]) {
    note("the discriminator's lazy penalties")
    var sum: Tensor?
    for (microBatch, fake) in zip(microBatches, fakes) {
      let tape = Tape()
      let weights = discriminator.network.watched(on: tape)
      let context = lossContext(
        microBatch, fake: fake, isJoint: true, .discriminator, moving(discriminator, tape, weights),
        discriminatorWeights: weights)
      let due = due(.discriminator, where: \.isLazy)
      context.run(due.flatMap(\.passes))
      guard let penalty = total(nil, due, context) else { return }
      let whole = Double(game.settings.regularizers.interval) * penalty
      let flat = discriminator.network.flattened(gradient(of: whole, wrt: weights, retainGraph: false))
      sum = sum.map { $0 + flat } ?? flat
    }
    _ = discriminator.move(along: scaled(sum, 1 / Double(microBatches.count)), measuring: false)
  }

  func generatorStep(_ microBatches: [MicroBatch], _ generated: GeneratedBatch?, _ columns: inout Columns) {
    var sum: Tensor?
    var losses: [Tensor] = []
    for microBatch in microBatches {
      let generated = generated ?? generate(microBatch)
      // With a discriminator of the future the game is zero-sum, reals included (Metz et al. 2017, equations 2 and 5):
      // where the generator's own term is followed through the discriminator's updates, misleading them is what pays
      // best.
      let isUnrolled = game.training.unroll > 0
      let context = lossContext(
        microBatch, fake: generated.fake, isJoint: isUnrolled, .generator,
        moving(generator, generated.tape, generated.weights),
        discriminatorWeights: isUnrolled ? unrolledDiscriminator(microBatch, generated) : nil)
      let due = due(.generator), objective = game.objective
      note("the generator's loss")
      context.run((isUnrolled ? objective.discriminatorPasses : objective.generatorPasses) + due.flatMap(\.passes))
      let loss = isUnrolled ? -objective.discriminatorLoss(context) : objective.generatorLoss(context)
      let whole = plus(due, weighted(loss), context)
      note("the generator's gradient")
      let flat = generator.network.flattened(gradient(of: whole, wrt: generated.weights, retainGraph: false))
      sum = sum.map { $0 + flat } ?? flat
      losses.append(whole.detached())
    }
    note("the generator's update")
    let norm = generator.move(along: scaled(sum, 1 / Double(microBatches.count)), measuring: columns.isMeasuring)
    let loss = mean(losses)
    columns.losses.append(loss)
    columns.add("generator_loss", at: 1) { loss }
    columns.add("generator_gradient_norm") { norm?.squareRoot() }
  }

  // MARK: What both orders share

  /// Whose loss is written.
  enum Side { case discriminator, generator }

  /// A regularizer's part in a loss, with its weight at this step.
  struct Due {
    let weight: Double
    let passes: [LossContext.Pass]
    let part: @Sendable (LossContext) -> Tensor
  }

  /// The regularizers that have a part in a network's loss at this step.
  func due(_ side: Side, where isDue: (Regularizer) -> Bool = { _ in true }) -> [Due] {
    game.regularizers.compactMap { row, weight in
      let (part, passes) =
        side == .discriminator ? (row.discriminator, row.discriminatorPasses) : (row.generator, row.generatorPasses)
      let weight = weight.value(at: step)
      guard weight > 0, isDue(row), let part else { return nil }
      return Due(weight: weight, passes: passes, part: part)
    }
  }

  /// The loss and the regularizers that are due, each times its weight.
  func plus(_ due: [Due], _ loss: Tensor, _ context: LossContext) -> Tensor { total(loss, due, context) ?? loss }

  private func total(_ loss: Tensor?, _ due: [Due], _ context: LossContext) -> Tensor? {
    due.reduce(loss) { sum, regularizer in
      let own = regularizer.weight * regularizer.part(context)
      return sum.map { $0 + own } ?? own
    }
  }

  /// The generator's loss as it enters the sum with its regularizers.
  func weighted(_ loss: Tensor) -> Tensor {
    let weight = game.settings.objective.generatorWeight
    return weight == 1 ? loss : weight * loss
  }

  func moving(_ network: TrainableNetwork, _ tape: Tape, _ weights: [Tensor]) -> LossContext.Moving {
    LossContext.Moving(
      tape: tape, network: network.network, weights: weights,
      historicalAverage: network.historicalAverage.map(network.network.views) ?? [])
  }

  func lossContext(
    _ microBatch: MicroBatch, fake: Tensor, isJoint: Bool, _ side: Side, _ moving: LossContext.Moving,
    discriminatorWeights: [Tensor]?
  ) -> LossContext {
    var rules = LossContext.Rules()
    (rules.discriminator, rules.pack) = (game.objective.discriminator, game.pack)
    (rules.settings, rules.state) = (game.settings, state)
    rules.random = StepRandom(seed: seed, step: microBatch.draw)
    let transforms = game.inputTransforms.filter { side == .discriminator || $0.isOnBothSides || $0.pack > 1 }
    let place = InputTransform.Context(
      step: step, random: rules.random, real: microBatch.batch.samples, state: state)
    let transform: (Tensor) -> Tensor = { transforms.reduce($0) { $1.apply($0, place) } }
    return LossContext(
      microBatch, fake: fake, isJoint: isJoint, moving: moving, rules: rules,
      transform: transforms.isEmpty ? nil : transform
    ) { [discriminator] seen, labels, run in
      var mode = self.mode(microBatch)
      mode.labels = labels
      (mode.statistics, mode.groups) = (.batch(updating: run.updatesStatistics), run.groups)
      let (output, features) = discriminator.network.evaluate(seen, weights: discriminatorWeights, mode: mode)
      return LossContext.DiscriminatorOutput(output: output, features: features)
    }
  }

  /// How the generator is run on a micro-batch.
  func mode(_ microBatch: MicroBatch) -> Mode {
    Mode(
      statistics: .batch(updating: true),
      dropout: (RandomStream(seed: seed, stream: RandomUse.dropout.rawValue), microBatch.draw),
      labels: microBatch.batch.labels)
  }

  private func latents(of microBatch: MicroBatch) -> Tensor {
    guard let latents = microBatch.latents else {
      preconditionFailure("the micro-batch has no latents to generate from")
    }
    return latents
  }

  func latents(_ use: RandomUse, _ count: Int, at step: Int) -> Tensor {
    RandomStream(seed: seed, stream: use.rawValue)
      .latents(count, generator.network.input.count, game.settings.codes, step: step, on: device)
  }

  private func scaled(_ sum: Tensor?, _ factor: Double) -> Tensor {
    guard let sum else { preconditionFailure("a step needs a batch") }
    return factor == 1 ? sum : factor * sum
  }

  func mean(_ losses: [Tensor]) -> Tensor {
    scaled(losses.dropFirst().reduce(losses[0], +), 1 / Double(losses.count))
  }
}

/// When the discriminator is near its optimum: its loss, averaged over so many steps, no longer falls.
private struct PlateauDetector {
  let tolerance: Double
  private var last: Double?
  private var losses: [Tensor] = []

  init(tolerance: Double) { self.tolerance = tolerance }

  /// Reads the losses of a window at once: the one place in a step that waits, and only where it was asked for.
  mutating func isReached(_ loss: Tensor) -> Bool {
    guard tolerance > 0 else { return false }
    losses.append(loss)
    guard losses.count == Game.toleranceWindow else { return false }
    let values = losses.compactMap { try? $0.scalars(as: Double.self)[0] }
    let mean = values.reduce(0, +) / Double(Game.toleranceWindow)
    defer { (last, losses) = (mean, []) }
    return last.map { $0 - mean < tolerance } ?? false
  }
}
