/// The uses of one seed, told apart.
public enum RandomUse: UInt32, Sendable {
  case generatorWeights = 1, discriminatorWeights, latents, samples, points, pointNoise, freshLatents
  /// Dropout takes this stream and those after it.
  case dropout = 1024
  /// So do random numbers of input transforms and regularizers.
  case draws = 0x10000
}

/// Two players and the game between them.
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
  /// The objective's state, scalars in its order.
  var objectiveState: [Tensor]
  /// The discriminator's optimizer as it was given, before it makes up for lazy penalties.
  private let discriminatorSettings: OptimizerSettings

  public init(generator: TrainableNetwork, discriminator: TrainableNetwork, game: Game, seed: UInt64) {
    (self.generator, self.discriminator, self.game, self.seed) = (generator, discriminator, game, seed)
    discriminatorSettings = discriminator.optimizer.settings
    objectiveState = game.objective.state.map { Tensor($0.initial, on: generator.network.weights.device) }
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
      try game.movesTogether ? moveTogether(measuring, nextMicroBatches(batch)) : moveInTurn(measuring, batch)
    return Step(number: step, losses: columns.losses, columns: columns.all)
  }

  private func setPace() {
    if let rate = game.generatorLearningRate { generator.optimizer.settings.rate = rate.value(at: step) }
    var numbers = discriminatorSettings
    if let rate = game.discriminatorLearningRate { numbers.rate = rate.value(at: step) }
    if let beta2 = game.beta2?.value(at: step) {
      generator.optimizer.settings.beta2 = beta2
      numbers.beta2 = beta2
    }
    discriminator.optimizer.settings =
      game.isLazy ? discriminator.optimizer.rule.settings(numbers, withPenaltyEvery: game.regularizerInterval) : numbers
    if let decay = game.emaDecay { generator.emaDecay = decay.value(at: step) }
  }

  // MARK: One after the other

  /// The last discriminator step's samples are the generator's, unless it wants fresh ones: nothing is generated twice.
  /// While it learns from them, the discriminator's weights are constants, so that no gradient of theirs is computed.
  private func moveInTurn(_ measuring: Bool, _ batch: () throws -> Batch) rethrows -> Columns {
    let steps = game.discriminatorSteps(at: step)
    var columns = Columns(isMeasuring: measuring)
    var plateau = PlateauDetector(tolerance: game.discriminatorTolerance)
    var turn = 0, isLast = false
    while !isLast {
      turn += 1
      let microBatches = try nextMicroBatches(batch)
      let isShared = game.sharesSamples && microBatches.count == 1 && (turn == steps || game.discriminatorTolerance > 0)
      let generated = isShared ? generate(microBatches[0].latents, microBatches[0]) : nil
      columns.removeAll()
      let loss = discriminatorStep(microBatches, generated?.fake.detached(), &columns)
      isLast = turn == steps || plateau.isReached(loss)
      if isLast {
        generatorStep(game.sharesSamples ? microBatches : microBatches.map(refreshed), generated, &columns)
      }
    }
    return columns
  }

  /// Samples drawn for a step, real and latent.
  struct MicroBatch {
    let real: Tensor
    let labels: Tensor?
    var trueLabels: Tensor?
    var labeledBatch: Batch.Labeled?
    var latents: Tensor
    let draw: Int
  }

  /// Generated samples on a tape of the generator's weights.
  struct GeneratedBatch {
    let tape: Tape
    let weights: [Tensor]
    let fake: Tensor
  }

  func nextMicroBatches(_ batch: () throws -> Batch) rethrows -> [MicroBatch] {
    try (0..<game.accumulation).map { _ in
      let batch = try batch()
      drawn += 1
      let latents = draw(.latents, batch.samples.shape[0], at: drawn)
      return MicroBatch(
        real: batch.samples, labels: batch.labels, trueLabels: batch.trueLabels, labeledBatch: batch.labeledBatch,
        latents: latents,
        draw: drawn)
    }
  }

  /// The same reals with latents that the discriminator did not see.
  private func refreshed(_ microBatch: MicroBatch) -> MicroBatch {
    var fresh = microBatch
    fresh.latents = draw(.freshLatents, microBatch.real.shape[0], at: microBatch.draw)
    return fresh
  }

  func generate(_ latents: Tensor, _ microBatch: MicroBatch) -> GeneratedBatch {
    note("the generator")
    let tape = Tape()
    let weights = generator.network.watched(on: tape)
    return GeneratedBatch(
      tape: tape, weights: weights,
      fake: generator.network(latents, weights: weights, mode: mode(microBatch.draw, microBatch.labels)))
  }

  /// - Returns: The discriminator's loss, a scalar.
  func discriminatorStep(_ microBatches: [MicroBatch], _ fake: Tensor?, _ columns: inout Columns) -> Tensor {
    var sum: Tensor?
    var losses: [Tensor] = []
    var fakes: [Tensor] = []
    for microBatch in microBatches {
      let tape = Tape()
      let weights = discriminator.network.watched(on: tape)
      let fake = fake ?? generator.network(microBatch.latents, mode: mode(microBatch.draw, microBatch.labels))
      let context = lossContext(
        microBatch, fake: fake, isJoint: true, tape: tape, moving: \.discriminator, weights,
        discriminatorWeights: weights)
      note("the discriminator's loss")
      let loss = game.objective.discriminatorLoss(context)
      note("the discriminator's regularizers")
      let whole = plus(\.discriminator, loss, context) { [game] in !game.isLazy || !$0.isLazy }
      note("the discriminator's gradient")
      let flat = discriminator.network.flattened(gradient(of: whole, wrt: weights, retainGraph: false))
      sum = sum.map { $0 + flat } ?? flat
      losses.append(whole.detached())
      if game.isLazy { fakes.append(fake) }
      objectiveState = game.objective.nextState(context)
      if columns.isMeasuring && losses.count == microBatches.count { measure(context, &columns) }
    }
    let loss = mean(losses)
    note("the discriminator's update")
    let norm = discriminator.move(along: scaled(sum, 1 / Double(microBatches.count)), measuring: columns.isMeasuring)
    // Draws count the discriminator's steps: a resumed run goes on at the same one.
    if game.isLazy, (microBatches[0].draw - 1) / microBatches.count % game.regularizerInterval == 0 {
      penalize(microBatches, fakes)
    }
    if let clip = game.clip { discriminator.network.clipWeights(clip) }
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
        microBatch, fake: fake, isJoint: true, tape: tape, moving: \.discriminator, weights,
        discriminatorWeights: weights)
      guard let penalty = total(nil, \.discriminator, context, where: \.isLazy) else { return }
      let whole = Double(game.regularizerInterval) * penalty
      let flat = discriminator.network.flattened(gradient(of: whole, wrt: weights, retainGraph: false))
      sum = sum.map { $0 + flat } ?? flat
    }
    _ = discriminator.move(along: scaled(sum, 1 / Double(microBatches.count)), measuring: false)
  }

  func generatorStep(_ microBatches: [MicroBatch], _ generated: GeneratedBatch?, _ columns: inout Columns) {
    var sum: Tensor?
    var losses: [Tensor] = []
    for microBatch in microBatches {
      let generated = generated ?? generate(microBatch.latents, microBatch)
      note("the generator's loss")
      // With a discriminator of the future the game is zero-sum, reals included (Metz et al. 2017, equations 2 and 5):
      // where the generator's own term is followed through the discriminator's updates, misleading them is what pays
      // best.
      let isUnrolled = game.unroll > 0
      let context = lossContext(
        microBatch, fake: generated.fake, isJoint: isUnrolled, tape: generated.tape, moving: \.generator,
        generated.weights, discriminatorWeights: isUnrolled ? unrolledDiscriminator(microBatch, generated) : nil)
      let loss = isUnrolled ? -game.objective.discriminatorLoss(context) : game.objective.generatorLoss(context)
      let whole = plus(\.generator, weighted(loss), context)
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

  typealias Side = KeyPath<Regularizer, (@Sendable (LossContext) -> Tensor)?>

  /// The loss and the regularizers that are due, each times its weight.
  func plus(
    _ side: Side, _ loss: Tensor, _ context: LossContext, where isDue: (Regularizer) -> Bool = { _ in true }
  ) -> Tensor {
    total(loss, side, context, where: isDue) ?? loss
  }

  private func total(_ loss: Tensor?, _ side: Side, _ context: LossContext, where isDue: (Regularizer) -> Bool)
    -> Tensor?
  {
    game.regularizers.reduce(loss) { sum, entry in
      let weight = entry.weight.value(at: step)
      guard weight > 0, isDue(entry.regularizer), let regularizer = entry.regularizer[keyPath: side] else { return sum }
      let own = weight * regularizer(context)
      return sum.map { $0 + own } ?? own
    }
  }

  /// The generator's loss as it enters the sum with its terms.
  func weighted(_ loss: Tensor) -> Tensor { game.generatorWeight == 1 ? loss : game.generatorWeight * loss }

  func lossContext(
    _ microBatch: MicroBatch, fake: Tensor, isJoint: Bool, tape: Tape, moving: KeyPath<Trainer, TrainableNetwork>,
    _ weights: [Tensor],
    discriminatorWeights: [Tensor]?
  ) -> LossContext {
    let player = self[keyPath: moving]
    var background = LossContext.Background()
    (background.tape, background.network, background.weights) = (tape, player.network, weights)
    (background.labels, background.trueLabels, background.labeledBatch) = (
      microBatch.labels, microBatch.trueLabels, microBatch.labeledBatch
    )
    (background.discriminator, background.pack) = (game.objective.discriminator, game.pack)
    (background.latents, background.options, background.state) = (microBatch.latents, game.options, objectiveState)
    background.historicalAverage = player.historicalAverage.map(player.network.views) ?? []
    background.draws = StepRandom(seed: seed, step: microBatch.draw)
    let inputTransforms =
      moving == \.discriminator ? game.inputTransforms : game.inputTransforms.filter { $0.isOnBothSides || $0.pack > 1 }
    let context = InputTransform.Context(step: step, draws: background.draws, real: microBatch.real)
    let look: (Tensor) -> Tensor = { inputTransforms.reduce($0) { $1.apply($0, context) } }
    return LossContext(
      real: microBatch.real, fake: fake, isJoint: isJoint, background,
      inputTransforms: inputTransforms.isEmpty ? nil : look
    ) { [discriminator] seen, labels, run in
      var mode = self.mode(microBatch.draw, labels)
      (mode.statistics, mode.groups) = (.batch(updating: !run.isExtra), run.groups)
      let (output, features) = discriminator.network.evaluate(seen, weights: discriminatorWeights, mode: mode)
      return LossContext.DiscriminatorOutput(output: output, features: features)
    }
  }

  func mode(_ draw: Int, _ labels: Tensor?) -> Mode {
    var mode = Mode(
      statistics: .batch(updating: true),
      dropout: (RandomStream(seed: seed, stream: RandomUse.dropout.rawValue), draw))
    mode.labels = labels
    return mode
  }

  func draw(_ use: RandomUse, _ count: Int, at step: Int) -> Tensor {
    RandomStream(seed: seed, stream: use.rawValue)
      .latents(count, generator.network.input.count, game.options.codes, step: step, on: device)
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
