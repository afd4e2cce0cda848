import Adversaries

// What no setting can say alone: what contradicts and what makes little sense. Rows tell their own; here stand those that
// follow from what several rows declare.

extension Configuration {
  /// A combination of settings, and what to say of it.
  private struct Check: Sendable {
    let says: @Sendable (Configuration) -> String
    let isThere: @Sendable (Configuration) -> Bool
    init(
      _ says: @escaping @Sendable @autoclosure () -> String, when isThere: @escaping @Sendable (Configuration) -> Bool
    ) {
      (self.says, self.isThere) = ({ _ in says() }, isThere)
    }
    init(
      saying says: @escaping @Sendable (Configuration) -> String,
      when isThere: @escaping @Sendable (Configuration) -> Bool
    ) {
      (self.says, self.isThere) = (says, isThere)
    }
  }

  /// - Throws: The first contradiction.
  func checkTogether() throws(ConfigurationError) {
    if let narrowed = chosen.lazy.compactMap({ $0.refusal(values) }).first { throw .contradiction(narrowed) }
    if let own = chosen.flatMap(\.contradictions).first(where: { $0.isThere(values) }) {
      throw .contradiction(own.says)
    }
    if let check = Self.contradictions.first(where: { $0.isThere(self) }) { throw .contradiction(check.says(self)) }
  }

  /// What makes little sense, each with its remedy.
  public var cautions: [String] {
    Self.cautions.filter { $0.isThere(self) }.map { $0.says(self) }
      + chosen.flatMap(\.cautions).filter { $0.isThere(values) }.map(\.says) + unreadSettings
  }

  var architecture: Architecture? { registry.architectures.first { $0.name == model.architecture } }
  var objectiveRow: Adversaries.Objective? { registry.objective(objective.name) }
  /// The regularizers that have a weight.
  var weighted: [Regularizer] { registry.regularizers.filter { !values[$0.weight].isZero } }
  func has(_ need: Regularizer.Need) -> Bool { weighted.contains { $0.needs.contains(need) } }

  private var discriminator: Adversaries.Objective.Discriminator { objectiveRow?.discriminator ?? .logit }
  private var boundsSlope: Bool { objective.clip > 0 || model.norm == "spectral" || has(.perSampleGradients) }
  private var givesReconstructions: Bool { architecture?.gives == .reconstructions }

  /// Names of rows as a setting has them: "regularizers.r1, regularizers.r2".
  private func weights(of needs: Regularizer.Need...) -> String {
    listed(registry.regularizers.filter { !$0.needs.allSatisfy { !needs.contains($0) } }.map(\.weight.key))
  }
  private func objectives(where isMeant: (Adversaries.Objective) -> Bool) -> String {
    listed(registry.objectives.filter(isMeant).map(\.name))
  }

  /// What the picture of a run's samples takes.
  private var pictureBytes: Double {
    let shape = sampleShape
    guard shape.rank == 3 else { return 0 }
    let columns = gridColumns ?? Int(nearest: Double(output.grid).squareRoot().rounded(.up))
    return SampleGrid.bytes(
      count: output.grid, columns: min(columns, output.grid), height: shape[0], width: shape[1], channels: shape[2],
      scale: max(1, output.scale))
  }

  private static let contradictions: [Check] = [
    Check(
      "a picture of output.grid images, each enlarged output.scale times, takes more than 1 GiB: set output.grid=64, or "
        + "output.scale=0, which enlarges small images until they can be seen"
    ) { $0.pictureBytes > SampleGrid.mostBytes },
    Check("sampling.weights ema needs an ema.decay above 0, such as 0.999") {
      $0.sampling.weights == .ema && $0.ema.decay.isZero
    },
    Check(saying: {
      "objective.name \($0.objective.name) needs a critic with a bounded slope: set "
        + "\(Regularizer.gradientPenalty.weight.key)=10 (and model.norm=none), objective.clip=0.01 or model.norm=spectral"
    }) { $0.objectiveRow?.needsLipschitzBound == true && !$0.boundsSlope },
    Check(saying: { configuration in
      let names = configuration.registry.architectures.filter { $0.gives == .reconstructions }.map(\.name)
      return "objective.name \(configuration.objective.name) needs model.architecture \(listed(names))"
    }) { $0.discriminator == .autoencoder && !$0.givesReconstructions },
    Check(saying: {
      "model.architecture \($0.model.architecture) gives no logits: set objective.name to "
        + $0.objectives { $0.discriminator == .autoencoder }
    }) { $0.discriminator != .autoencoder && $0.givesReconstructions },
    Check(saying: {
      "penalties on the discriminator's slope are of single samples, objective.name \($0.objective.name) scores pairs: "
        + "leave them at 0"
    }) { $0.discriminator == .pairs && $0.has(.perSampleGradients) },
    Check(saying: {
      "\($0.weights(of: .features, .classes, .codes)) read what the discriminator says of single samples, objective.name "
        + "\($0.objective.name) scores pairs: set objective.name=relativistic, which compares samples too, or leave them at 0"
    }) { $0.discriminator == .pairs && ($0.has(.features) || $0.has(.classes) || $0.has(.codes)) },
    Check(saying: {
      "\($0.weights(of: .otherSamples)) compares the samples of a batch: set training.batch to 2 or more (of each "
        + "input.pack)"
    }) { $0.has(.otherSamples) && $0.training.batch < 2 * $0.input.pack },
    Check(saying: {
      "penalties on the discriminator's slope are of logits: an autoencoder has none; leave "
        + "\($0.weights(of: .perSampleGradients)) at 0"
    }) { $0.discriminator == .autoencoder && $0.has(.perSampleGradients) },
    Check(saying: { configuration in
      "input.pack makes one sample of many: it goes with no classes, codes, nor objective.name "
        + configuration.objectives { $0.discriminator != .logit }
    }) { $0.input.pack > 1 && ($0.discriminator != .logit || $0.model.classes > 0 || $0.values.codes.count > 0) },
    Check(saying: { configuration in
      "training.unroll assumes a zero-sum loss; those of "
        + configuration.objectives { [.autoencoder, .classes].contains($0.discriminator) }
        + " are not: take another objective.name, or leave training.unroll at 0"
    }) { $0.training.unroll > 0 && ($0.discriminator == .autoencoder || $0.discriminator == .classes) },
    Check("training.unroll looks ahead to a discriminator that is not clipped: leave it or objective.clip at 0") {
      $0.training.unroll > 0 && $0.objective.clip > 0
    },
    Check(
      "training.steps times training.discriminator-steps times training.accumulation is 2^32 or more, and random numbers "
        + "repeat after as many batches: set fewer"
    ) {
      Double($0.training.steps) * $0.training.discriminatorSteps.largest * Double($0.training.accumulation) >= 0x1p32
    },
    Check("training.batch must be a multiple of input.pack") { $0.training.batch % $0.input.pack != 0 },
    Check("model.conditioning needs to know how many classes the data have: set model.classes") {
      $0.model.conditioning != .none && $0.model.classes == 0
    },
    Check("model.classes is set, but no network uses labels: set model.conditioning to concat, projection or auxiliary")
    {
      $0.model.classes > 0 && $0.model.conditioning == .none && $0.discriminator != .classes
    },
    Check(saying: { "objective.name \($0.objective.name) needs model.classes above 1 and model.conditioning none" }) {
      $0.discriminator == .classes
        && ($0.model.classes < 2 || $0.model.conditioning != .none || $0.values.codes.count > 0)
    },
    Check(saying: { configuration in
      "data.labelled hides labels, which only objective.name "
        + configuration.objectives { $0.discriminator == .classes } + " can do without: leave data.labelled at 0"
    }) { $0.data.labelled > 0 && $0.discriminator != .classes },
    Check(saying: {
      "\($0.weights(of: .classes)) goes with model.conditioning auxiliary, and that with it"
    }) { $0.has(.classes) != ($0.model.conditioning == .auxiliary) },
    Check(saying: {
      "\($0.weights(of: .codes)) goes with model.categories or model.continuous-codes, and those with it"
    }) { $0.has(.codes) != ($0.values.codes.count > 0) },
    Check(saying: {
      "latent codes (\($0.weights(of: .codes))) and model.conditioning auxiliary would share the discriminator's outputs: "
        + "choose one"
    }) { $0.values.codes.count > 0 && $0.model.conditioning == .auxiliary },
    Check(
      "with training.order simultaneous both networks take one step: leave training.discriminator-steps at 1 and "
        + "training.discriminator-tolerance and training.unroll at 0"
    ) {
      $0.values.movesTogether
        && ($0.training.discriminatorSteps != 1 || $0.training.discriminatorTolerance > 0 || $0.training.unroll > 0)
    },
  ]

  private static let cautions: [Check] = [
    Check(
      "model.norm batch mixes the samples of a batch, so that a penalty on each one's slope means nothing: set "
        + "model.norm=none, or layer"
    ) {
      $0.model.norm == "batch" && $0.reads(ModelSection.rows.norm) && $0.has(.perSampleGradients)
    },
    // Each logit's slope then has a part in the other samples. Karras et al. 2020 take it with R1, whose aim of 0 is as
    // good for the sum of the logits; a slope of 1 is another thing for the sum than for each.
    Check(saying: {
      "with model.minibatch a logit sees the other samples, so that the slope which \($0.weights(of: .ownGradients)) hold "
        + "is of the batch's summed logits and bounds none alone: set model.minibatch=none, or take regularizers.r1 "
        + "instead, as StyleGAN2 does"
    }) { configuration in
      configuration.model.minibatch != ModelSection.rows.minibatch.standard
        && configuration.reads(ModelSection.rows.minibatch) && configuration.has(.ownGradients)
    },
    Check("model.norm batch lets a Wasserstein critic's slope depend on the batch: set model.norm=none, or layer") {
      $0.model.norm == "batch" && $0.objectiveRow?.needsLipschitzBound == true && $0.objective.clip == 0
        && $0.reads(ModelSection.rows.norm)
    },
    Check("momentum makes a clipped Wasserstein critic unstable (Arjovsky et al. 2017): set optimizer.name=rmsprop") {
      $0.objectiveRow?.needsLipschitzBound == true && $0.objective.clip > 0
        && $0.optimizerRule?.reads.contains { $0.key == OptimizerSection.rows.beta1.key } == true
    },
    Check(
      "training.discriminator-tolerance compares the mean loss of \(Adversaries.Game.toleranceWindow) discriminator steps "
        + "with that of as many before, and training.discriminator-steps ends them sooner: set "
        + "training.discriminator-steps=1000, the most that it may take"
    ) {
      $0.training.discriminatorTolerance > 0
        && $0.training.discriminatorSteps.largest <= Double(2 * Adversaries.Game.toleranceWindow)
    },
    Check(saying: {
      "objective.generator-weight 0 leaves the generator without an aim: set one of \($0.weights(of: .features))"
    }) { configuration in
      configuration.objective.generatorWeight == 0
        && !configuration.weighted.contains { $0.generator != nil && $0.needs.contains(.features) }
    },
  ]
}

/// "a, b or c".
func listed(_ names: [String]) -> String {
  names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
}
