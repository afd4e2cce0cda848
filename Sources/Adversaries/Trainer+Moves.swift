// Moves beyond taking turns: both players at once, and a generator that looks ahead.

extension Trainer {
  /// Both players move from the same weights and samples; with consensus, along the gradient of half their squared
  /// gradients too (Mescheder et al. 2017, equation 8).
  func moveTogether(_ measuring: Bool, _ hands: [Hand]) -> Columns {
    var columns = Columns(isMeasuring: measuring)
    var sums: (critic: Tensor, generator: Tensor)?
    var losses: (critic: [Tensor], generator: [Tensor]) = ([], [])
    for hand in hands {
      let generation = generate(hand.latents, hand)
      let criticWeights = critic.network.watched(on: generation.tape)
      let scene = scene(
        hand, fake: generation.fake, isJoint: true, tape: generation.tape, moving: \.critic, criticWeights,
        criticWeights: criticWeights)
      note("both players' losses")
      let criticLoss = game.objective.criticLoss(scene)
      let wholeCritic = plus(\.critic, criticLoss, scene)
      if measuring && hand.draw == hands.last?.draw { measure(scene, &columns) }
      objectiveState = game.objective.nextState(scene)
      (scene.background.network, scene.background.weights) = (generator.network, generation.weights)
      scene.background.history = generator.history.map(generator.network.views) ?? []
      let generatorLoss = game.objective.generatorLoss(scene)
      let wholeGenerator = plus(\.generator, weighted(generatorLoss), scene)
      losses.critic.append(wholeCritic.detached())
      losses.generator.append(wholeGenerator.detached())

      note("both players' gradients")
      let isSecondOrder = game.consensus > 0
      var ours = gradient(of: wholeCritic, wrt: criticWeights, recording: isSecondOrder)
      var theirs = gradient(of: wholeGenerator, wrt: generation.weights, recording: isSecondOrder)
      if isSecondOrder {
        let squares = (ours + theirs).map { $0.squared().summed() }
        let energy = 0.5 * squares.dropFirst().reduce(squares[0], +)
        let pull = gradient(of: energy, wrt: criticWeights + generation.weights, releasing: true)
        ours = zip(ours, pull).map { $0.detached() + game.consensus * $1 }
        theirs = zip(theirs, pull.dropFirst(ours.count)).map { $0.detached() + game.consensus * $1 }
      }
      let flat = (critic.network.flattened(ours), generator.network.flattened(theirs))
      sums = sums.map { ($0.critic + flat.0, $0.generator + flat.1) } ?? flat
    }
    guard let sums else { return columns }
    let (criticLoss, generatorLoss) = (mean(losses.critic), mean(losses.generator))
    columns.losses = [criticLoss, generatorLoss]
    columns.add("critic_loss", at: 0) { criticLoss }
    columns.add("generator_loss", at: 1) { generatorLoss }
    let share = 1 / Double(hands.count)
    let norms = (
      critic.move(along: hands.count == 1 ? sums.critic : share * sums.critic, measuring: measuring),
      generator.move(along: hands.count == 1 ? sums.generator : share * sums.generator, measuring: measuring)
    )
    if let clip = game.clip { critic.network.clipWeights(clip) }
    columns.add("critic_gradient_norm") { norms.0?.squareRoot() }
    columns.add("generator_gradient_norm") { norms.1?.squareRoot() }
    return columns
  }

  /// The critic's weights after some updates on these samples, as functions of the generator's weights (Metz et al.
  /// 2017, equation 7). The moments start as they are and are forgotten again.
  func unrolledCritic(_ hand: Hand, _ generation: Generation) -> [Tensor] {
    let optimizer = critic.optimizer
    var weights = critic.network.watched(on: generation.tape)
    var moments = optimizer.moments.map(critic.network.views)
    for ahead in 1...game.unroll {
      let scene = scene(
        hand, fake: generation.fake, isJoint: true, tape: generation.tape, moving: \.critic, weights,
        criticWeights: weights)
      let loss = plus(\.critic, game.objective.criticLoss(scene), scene)
      let slopes = gradient(of: loss, wrt: weights, recording: true)
      for i in weights.indices {
        let (weight, after) = optimizer.rule.unrolled(
          optimizer.settings, optimizer.step + ahead, weights[i], slopes[i], moments.map { $0[i] })
        weights[i] = weight
        for m in moments.indices { moments[m][i] = after[m] }
      }
    }
    return weights
  }
}
