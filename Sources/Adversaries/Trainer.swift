/// The uses of one seed, told apart.
public enum RandomUse: UInt32, Sendable {
  case generatorWeights = 1, criticWeights, latents, samples, points, pointNoise, freshLatents
  /// Dropout takes this stream and those after it.
  case dropout = 1024
  /// So do draws of views and terms.
  case draws = 0x10000
}

/// Two players and the game between them.
///
/// The trainer knows no objective, term or view by name. All its random numbers are functions of (seed, step).
public final class Trainer {
  /// What one step did, each a scalar on the device: reading them later blocks nothing.
  public struct Step {
    public let number: Int
    /// What the critic and the generator minimised: their objectives with the terms that were due.
    public let losses: [Tensor]
    public let columns: [(name: String, value: Tensor)]
  }

  public internal(set) var generator: Player
  public internal(set) var critic: Player
  public let game: Game
  public let seed: UInt64
  /// Generator steps done.
  public internal(set) var step = 0
  /// Batches drawn.
  public internal(set) var drawn = 0
  /// The objective's state, scalars in its order.
  var objectiveState: [Tensor]
  /// The critic's optimizer as it was given, before it makes up for lazy penalties.
  private let criticSettings: OptimizerSettings

  public init(generator: Player, critic: Player, game: Game, seed: UInt64) {
    (self.generator, self.critic, self.game, self.seed) = (generator, critic, game, seed)
    criticSettings = critic.optimizer.settings
    objectiveState = game.objective.state.map { Tensor($0.initial, on: generator.network.weights.device) }
  }

  var device: Device { generator.network.weights.device }

  /// Tells who looks for a fault what is being computed.
  func note(_ place: String) { device.inspection?.place = ["step \(step)", place] }

  /// One generator step, with the critic's steps before it or at the same time.
  ///
  /// - Parameters:
  ///   - measuring: Whether the step's columns are computed; a step does the same without them.
  ///   - batch: Called for each batch that is needed; gives real samples [N, ...] in [-1, 1].
  /// - Throws: What `batch` throws.
  public func advance(measuring: Bool = true, _ batch: () throws -> Batch) rethrows -> Step {
    step += 1
    setPace()
    let columns = try game.movesTogether ? moveTogether(measuring, deal(batch)) : moveInTurn(measuring, batch)
    return Step(number: step, losses: columns.losses, columns: columns.all)
  }

  private func setPace() {
    if let rate = game.generatorRate { generator.optimizer.settings.rate = rate.value(at: step) }
    var numbers = criticSettings
    if let rate = game.criticRate { numbers.rate = rate.value(at: step) }
    if let beta2 = game.beta2?.value(at: step) {
      generator.optimizer.settings.beta2 = beta2
      numbers.beta2 = beta2
    }
    critic.optimizer.settings =
      game.isLazy ? critic.optimizer.rule.settings(numbers, withPenaltyEvery: game.termInterval) : numbers
    if let decay = game.averageDecay { generator.averageDecay = decay.value(at: step) }
  }

  // MARK: One after the other

  /// The last critic step's samples are the generator's, unless it wants fresh ones: nothing is generated twice. While
  /// it learns from them, the critic's weights are constants, so that no gradient of theirs is computed.
  private func moveInTurn(_ measuring: Bool, _ batch: () throws -> Batch) rethrows -> Columns {
    let steps = game.criticSteps(at: step)
    var columns = Columns(isMeasuring: measuring)
    var stall = Stall(tolerance: game.criticTolerance)
    var turn = 0, isLast = false
    while !isLast {
      turn += 1
      let hands = try deal(batch)
      let isShared = game.sharesSamples && hands.count == 1 && (turn == steps || game.criticTolerance > 0)
      let generation = isShared ? generate(hands[0].latents, hands[0]) : nil
      columns.removeAll()
      let loss = criticStep(hands, generation?.fake.detached(), &columns)
      isLast = turn == steps || stall.isReached(loss)
      if isLast {
        generatorStep(game.sharesSamples ? hands : hands.map(refreshed), generation, &columns)
      }
    }
    return columns
  }

  /// Samples drawn for a step, real and latent.
  struct Hand {
    let real: Tensor
    let labels: Tensor?
    var truths: Tensor?
    var lesson: Batch.Lesson?
    var latents: Tensor
    let draw: Int
  }

  /// Generated samples on a tape of the generator's weights.
  struct Generation {
    let tape: Tape
    let weights: [Tensor]
    let fake: Tensor
  }

  func deal(_ batch: () throws -> Batch) rethrows -> [Hand] {
    try (0..<game.accumulation).map { _ in
      let batch = try batch()
      drawn += 1
      let latents = draw(.latents, batch.samples.shape[0], at: drawn)
      return Hand(
        real: batch.samples, labels: batch.labels, truths: batch.truths, lesson: batch.lesson, latents: latents,
        draw: drawn)
    }
  }

  /// The same reals with latents that the critic did not see.
  private func refreshed(_ hand: Hand) -> Hand {
    var fresh = hand
    fresh.latents = draw(.freshLatents, hand.real.shape[0], at: hand.draw)
    return fresh
  }

  func generate(_ latents: Tensor, _ hand: Hand) -> Generation {
    note("the generator")
    let tape = Tape()
    let weights = generator.network.watched(on: tape)
    return Generation(
      tape: tape, weights: weights,
      fake: generator.network(latents, weights: weights, mode: mode(hand.draw, hand.labels)))
  }

  /// - Returns: The critic's loss, a scalar.
  func criticStep(_ hands: [Hand], _ fake: Tensor?, _ columns: inout Columns) -> Tensor {
    var sum: Tensor?
    var losses: [Tensor] = []
    var fakes: [Tensor] = []
    for hand in hands {
      let tape = Tape()
      let weights = critic.network.watched(on: tape)
      let fake = fake ?? generator.network(hand.latents, mode: mode(hand.draw, hand.labels))
      let scene = scene(hand, fake: fake, isJoint: true, tape: tape, moving: \.critic, weights, criticWeights: weights)
      note("the critic's loss")
      let loss = game.objective.criticLoss(scene)
      note("the critic's terms")
      let whole = plus(\.critic, loss, scene) { [game] in !game.isLazy || !$0.isLazy }
      note("the critic's gradient")
      let flat = critic.network.flattened(gradient(of: whole, wrt: weights, releasing: true))
      sum = sum.map { $0 + flat } ?? flat
      losses.append(whole.detached())
      if game.isLazy { fakes.append(fake) }
      objectiveState = game.objective.nextState(scene)
      if columns.isMeasuring && losses.count == hands.count { measure(scene, &columns) }
    }
    let loss = mean(losses)
    note("the critic's update")
    let norm = critic.move(along: scaled(sum, 1 / Double(hands.count)), measuring: columns.isMeasuring)
    // Draws count the critic's steps: a resumed run goes on at the same one.
    if game.isLazy, (hands[0].draw - 1) / hands.count % game.termInterval == 0 { penalize(hands, fakes) }
    if let clip = game.clip { critic.network.clipWeights(clip) }
    columns.losses = [loss]
    columns.add("critic_loss", at: 0) { loss }
    columns.add("critic_gradient_norm") { norm?.squareRoot() }
    return loss
  }

  /// The critic's lazy penalties, all of an interval at once and in an update of their own (Karras et al. 2020,
  /// "Analyzing and improving the image quality of StyleGAN", appendix B).
  private func penalize(_ hands: [Hand], _ fakes: [Tensor]) {
    note("the critic's lazy penalties")
    var sum: Tensor?
    for (hand, fake) in zip(hands, fakes) {
      let tape = Tape()
      let weights = critic.network.watched(on: tape)
      let scene = scene(hand, fake: fake, isJoint: true, tape: tape, moving: \.critic, weights, criticWeights: weights)
      guard let penalty = total(nil, \.critic, scene, where: \.isLazy) else { return }
      let whole = Double(game.termInterval) * penalty
      let flat = critic.network.flattened(gradient(of: whole, wrt: weights, releasing: true))
      sum = sum.map { $0 + flat } ?? flat
    }
    _ = critic.move(along: scaled(sum, 1 / Double(hands.count)), measuring: false)
  }

  func generatorStep(_ hands: [Hand], _ generation: Generation?, _ columns: inout Columns) {
    var sum: Tensor?
    var losses: [Tensor] = []
    for hand in hands {
      let generation = generation ?? generate(hand.latents, hand)
      note("the generator's loss")
      // With a critic of the future the game is zero-sum, reals included (Metz et al. 2017, equations 2 and 5): where
      // the generator's own term is followed through the critic's updates, misleading them is what pays best.
      let isUnrolled = game.unroll > 0
      let scene = scene(
        hand, fake: generation.fake, isJoint: isUnrolled, tape: generation.tape, moving: \.generator,
        generation.weights, criticWeights: isUnrolled ? unrolledCritic(hand, generation) : nil)
      let loss = isUnrolled ? -game.objective.criticLoss(scene) : game.objective.generatorLoss(scene)
      let whole = plus(\.generator, weighted(loss), scene)
      note("the generator's gradient")
      let flat = generator.network.flattened(gradient(of: whole, wrt: generation.weights, releasing: true))
      sum = sum.map { $0 + flat } ?? flat
      losses.append(whole.detached())
    }
    note("the generator's update")
    let norm = generator.move(along: scaled(sum, 1 / Double(hands.count)), measuring: columns.isMeasuring)
    let loss = mean(losses)
    columns.losses.append(loss)
    columns.add("generator_loss", at: 1) { loss }
    columns.add("generator_gradient_norm") { norm?.squareRoot() }
  }

  // MARK: What both orders share

  typealias Side = KeyPath<Term, (@Sendable (Scene) -> Tensor)?>

  /// The loss and the terms that are due, each times its weight.
  func plus(
    _ side: Side, _ loss: Tensor, _ scene: Scene, where isDue: (Term) -> Bool = { _ in true }
  ) -> Tensor {
    total(loss, side, scene, where: isDue) ?? loss
  }

  private func total(_ loss: Tensor?, _ side: Side, _ scene: Scene, where isDue: (Term) -> Bool) -> Tensor? {
    game.terms.reduce(loss) { sum, entry in
      let weight = entry.weight.value(at: step)
      guard weight > 0, isDue(entry.term), let term = entry.term[keyPath: side] else { return sum }
      let own = weight * term(scene)
      return sum.map { $0 + own } ?? own
    }
  }

  /// The generator's loss as it enters the sum with its terms.
  func weighted(_ loss: Tensor) -> Tensor { game.generatorWeight == 1 ? loss : game.generatorWeight * loss }

  func scene(
    _ hand: Hand, fake: Tensor, isJoint: Bool, tape: Tape, moving: KeyPath<Trainer, Player>, _ weights: [Tensor],
    criticWeights: [Tensor]?
  ) -> Scene {
    let player = self[keyPath: moving]
    var background = Scene.Background()
    (background.tape, background.network, background.weights) = (tape, player.network, weights)
    (background.labels, background.truths, background.lesson) = (hand.labels, hand.truths, hand.lesson)
    (background.critic, background.pack) = (game.objective.critic, game.pack)
    (background.latents, background.options, background.state) = (hand.latents, game.options, objectiveState)
    background.history = player.history.map(player.network.views) ?? []
    background.draws = Draws(seed: seed, step: hand.draw)
    let views = moving == \.critic ? game.views : game.views.filter { $0.isOnBothSides || $0.pack > 1 }
    let sight = View.Sight(step: step, draws: background.draws, real: hand.real)
    let look: (Tensor) -> Tensor = { views.reduce($0) { $1.apply($0, sight) } }
    return Scene(
      real: hand.real, fake: fake, isJoint: isJoint, background, views: views.isEmpty ? nil : look
    ) { [critic] seen, labels, run in
      var mode = self.mode(hand.draw, labels)
      (mode.statistics, mode.parts) = (.batch(updating: !run.isExtra), run.parts)
      let (output, features) = critic.network.evaluate(seen, weights: criticWeights, mode: mode)
      return Scene.Verdict(output: output, features: features)
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

/// When the critic is near its optimum: its loss, averaged over so many steps, no longer falls.
private struct Stall {
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
