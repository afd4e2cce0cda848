// Moves beyond taking turns: both networks at once, and a generator that looks ahead.

extension Trainer {
  /// Both networks move from the same weights and samples; with consensus, along the gradient of half their squared
  /// gradients too (Mescheder et al. 2017, equation 8).
  func moveTogether(_ measuring: Bool, _ microBatches: [MicroBatch]) -> Columns {
    var columns = Columns(isMeasuring: measuring)
    var sums: (discriminator: Tensor, generator: Tensor)?
    var losses: (discriminator: [Tensor], generator: [Tensor]) = ([], [])
    for microBatch in microBatches {
      let generated = generate(microBatch)
      let discriminatorWeights = discriminator.network.watched(on: generated.tape)
      let context = lossContext(
        microBatch, fake: generated.fake, isJoint: true, .discriminator,
        moving(discriminator, generated.tape, discriminatorWeights), discriminatorWeights: discriminatorWeights)
      let due = (discriminator: due(.discriminator), generator: due(.generator)), objective = game.objective
      note("both networks' losses")
      context.run(objective.discriminatorPasses + due.discriminator.flatMap(\.passes))
      context.run(objective.generatorPasses + due.generator.flatMap(\.passes))
      let wholeDiscriminator = plus(due.discriminator, objective.discriminatorLoss(context), context)
      if measuring && microBatch.draw == microBatches.last?.draw { measure(context, &columns) }
      commitState(context)
      context.moving = moving(generator, generated.tape, generated.weights)
      let wholeGenerator = plus(due.generator, weighted(objective.generatorLoss(context)), context)
      losses.discriminator.append(wholeDiscriminator.detached())
      losses.generator.append(wholeGenerator.detached())

      note("both networks' gradients")
      let isSecondOrder = game.training.consensus > 0
      var ours = gradient(of: wholeDiscriminator, wrt: discriminatorWeights, createGraph: isSecondOrder)
      var theirs = gradient(of: wholeGenerator, wrt: generated.weights, createGraph: isSecondOrder)
      if isSecondOrder {
        let squares = (ours + theirs).map { $0.squared().summed() }
        let energy = 0.5 * squares.dropFirst().reduce(squares[0], +)
        let pull = gradient(of: energy, wrt: discriminatorWeights + generated.weights, retainGraph: false)
        ours = zip(ours, pull).map { $0.detached() + game.training.consensus * $1 }
        theirs = zip(theirs, pull.dropFirst(ours.count)).map { $0.detached() + game.training.consensus * $1 }
      }
      let flat = (discriminator.network.flattened(ours), generator.network.flattened(theirs))
      sums = sums.map { ($0.discriminator + flat.0, $0.generator + flat.1) } ?? flat
    }
    guard let sums else { return columns }
    let (discriminatorLoss, generatorLoss) = (mean(losses.discriminator), mean(losses.generator))
    columns.losses = [discriminatorLoss, generatorLoss]
    columns.add("discriminator_loss", at: 0) { discriminatorLoss }
    columns.add("generator_loss", at: 1) { generatorLoss }
    let share = 1 / Double(microBatches.count)
    let norms = (
      discriminator.move(
        along: microBatches.count == 1 ? sums.discriminator : share * sums.discriminator, measuring: measuring),
      generator.move(along: microBatches.count == 1 ? sums.generator : share * sums.generator, measuring: measuring)
    )
    clip()
    columns.add("discriminator_gradient_norm") { norms.0?.squareRoot() }
    columns.add("generator_gradient_norm") { norms.1?.squareRoot() }
    return columns
  }

  /// The discriminator's weights after some updates on these samples, as functions of the generator's weights (Metz et
  /// al. 2017, equation 7). The moments start as they are and are forgotten again.
  func unrolledDiscriminator(_ microBatch: MicroBatch, _ generated: GeneratedBatch) -> [Tensor] {
    let optimizer = discriminator.optimizer
    var weights = discriminator.network.watched(on: generated.tape)
    var moments = optimizer.moments.map(discriminator.network.views)
    for ahead in 1...game.training.unroll {
      let context = lossContext(
        microBatch, fake: generated.fake, isJoint: true, .discriminator,
        moving(discriminator, generated.tape, weights), discriminatorWeights: weights)
      let due = due(.discriminator)
      context.run(game.objective.discriminatorPasses + due.flatMap(\.passes))
      let loss = plus(due, game.objective.discriminatorLoss(context), context)
      let slopes = gradient(of: loss, wrt: weights, createGraph: true)
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
