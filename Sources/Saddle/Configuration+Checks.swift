import Adversaries

// What no setting can say alone: tables of what contradicts and of what makes little sense.

extension Configuration {
  /// A combination of settings, and what to say of it.
  private struct Check: Sendable {
    let says: String
    let isThere: @Sendable (Configuration) -> Bool
    init(_ says: String, when isThere: @escaping @Sendable (Configuration) -> Bool) {
      (self.says, self.isThere) = (says, isThere)
    }
  }

  /// - Throws: The first contradiction.
  func checkTogether() throws(ConfigurationError) {
    if let check = Self.contradictions.first(where: { $0.isThere(self) }) { throw .contradiction(check.says) }
  }

  /// What makes little sense, each with its remedy.
  public var cautions: [String] { Self.cautions.filter { $0.isThere(self) }.map(\.says) + unreadSettings }

  private var discriminator: Adversaries.Objective.Discriminator {
    Adversaries.Objective.named(objective.name)?.discriminator ?? .logit
  }
  func has(_ need: Regularizer.Need) -> Bool {
    Regularizer.all.contains { $0.needs.contains(need) && !regularizers[$0.name].isZero }
  }
  private var codes: Int { model.categories + model.continuousCodes }
  private var boundsSlope: Bool { objective.clip > 0 || model.norm == "spectral" || has(.perSampleGradients) }

  /// What the picture of a run's samples takes.
  private var pictureBytes: Double {
    let shape = sampleShape
    guard shape.rank == 3 else { return 0 }
    let columns = gridColumns ?? Int(nearest: Double(output.grid).squareRoot().rounded(.up))
    return SampleGrid.bytes(
      count: output.grid, columns: min(columns, output.grid), height: shape[0], width: shape[1], channels: shape[2],
      scale: max(1, output.scale))
  }

  private static let slopePenalties = Regularizer.all.filter { $0.needs.contains(.perSampleGradients) }.map {
    "regularizers.\($0.name)"
  }
  .joined(separator: ", ")

  private static let contradictions: [Check] = [
    Check("model.size 28 is for model.architecture mlp; the others need 32 or 64, dcgan takes 128 too") {
      $0.model.size == 28 && !["mlp", "mlp-points"].contains($0.model.architecture)
    },
    Check(
      "a picture of output.grid images, each enlarged output.scale times, takes more than 1 GiB: set output.grid=64, or "
        + "output.scale=0, which enlarges small images until they can be seen"
    ) { $0.pictureBytes > SampleGrid.mostBytes },
    Check("sampling.weights ema needs an ema.decay above 0, such as 0.999") {
      $0.sampling.weights == .ema && $0.ema.decay.isZero
    },
    Check(
      "objective.name wasserstein needs a critic with a bounded slope: set regularizers.gradient-penalty=10 (and "
        + "model.norm=none), objective.clip=0.01 or model.norm=spectral"
    ) { $0.objective.name == "wasserstein" && !$0.boundsSlope },
    Check(
      "model.norm spectral divides filters by their norms, but some of model.architecture r3gan start at 0: set "
        + "model.norm=none and bound the slope with regularizers.r1 and regularizers.r2, or with regularizers.gradient-penalty=10"
    ) { $0.model.architecture == "r3gan" && $0.model.norm == "spectral" },
    Check("objective.name ebgan and began need model.architecture autoencoder") {
      $0.discriminator == .autoencoder && $0.model.architecture != "autoencoder"
    },
    Check("model.architecture autoencoder gives no logits: set objective.name to ebgan or began") {
      $0.discriminator != .autoencoder && $0.model.architecture == "autoencoder"
    },
    Check(
      "model.architecture autoencoder gives images, not logits of classes or codes: set model.conditioning to none or "
        + "concat, and model.categories and model.continuous-codes to 0"
    ) {
      $0.discriminator == .autoencoder && (![.none, .concat].contains($0.model.conditioning) || $0.codes > 0)
    },
    Check(
      "penalties on the discriminator's slope are of single samples, objective.name preference scores pairs: leave them at 0"
    ) {
      $0.discriminator == .pairs && $0.has(.perSampleGradients)
    },
    Check(
      "regularizers.feature-matching, pulling-away, information and auxiliary-classifier read what the discriminator says of single "
        + "samples, objective.name preference scores pairs: set objective.name=relativistic, which compares samples too, or "
        + "leave them at 0"
    ) {
      $0.discriminator == .pairs && ($0.has(.features) || $0.has(.classes) || $0.has(.codes))
    },
    Check(
      "regularizers.pulling-away compares the samples of a batch: set training.batch to 2 or more (of each input.pack)"
    ) {
      !$0.regularizers["pulling-away"].isZero && $0.training.batch < 2 * $0.input.pack
    },
    Check("penalties on the discriminator's slope are of logits: an autoencoder has none; leave \(slopePenalties) at 0")
    {
      $0.discriminator == .autoencoder && $0.has(.perSampleGradients)
    },
    Check(
      "input.pack makes one sample of many: it goes with none of objective.name preference, ebgan, began, classes, codes"
    ) {
      $0.input.pack > 1 && ($0.discriminator != .logit || $0.model.classes > 0 || $0.codes > 0)
    },
    Check(
      "training.unroll makes a game of sum 0, which an autoencoder or a classifier plays otherwise: take another "
        + "objective.name, or leave training.unroll at 0"
    ) {
      $0.training.unroll > 0 && ($0.discriminator == .autoencoder || $0.discriminator == .classes)
    },
    Check("training.unroll looks ahead to a discriminator that is not clipped: leave it or objective.clip at 0") {
      $0.training.unroll > 0 && $0.objective.clip > 0
    },
    Check(
      "training.steps times training.discriminator-steps times training.accumulation is 2^32 or more, and random numbers repeat "
        + "after as many batches: set fewer"
    ) {
      Double($0.training.steps) * $0.training.discriminatorSteps.largest * Double($0.training.accumulation) >= 0x1p32
    },
    Check("training.batch must be a multiple of input.pack") { $0.training.batch % $0.input.pack != 0 },
    Check("model.conditioning needs to know how many classes the data have: set model.classes") {
      $0.model.conditioning != .none && $0.model.classes == 0
    },
    Check("model.classes is told, but nothing knows them: set model.conditioning to concat, projection or auxiliary") {
      $0.model.classes > 0 && $0.model.conditioning == .none && $0.discriminator != .classes
    },
    Check("objective.name semi-supervised needs model.classes above 1 and model.conditioning none") {
      $0.discriminator == .classes && ($0.model.classes < 2 || $0.model.conditioning != .none || $0.codes > 0)
    },
    Check(
      "data.labelled hides labels, which only objective.name semi-supervised can do without: leave data.labelled at 0"
    ) {
      $0.data.labelled > 0 && $0.discriminator != .classes
    },
    Check("regularizers.auxiliary-classifier goes with model.conditioning auxiliary, and that with it") {
      $0.has(.classes) != ($0.model.conditioning == .auxiliary)
    },
    Check("regularizers.information goes with model.categories or model.continuous-codes, and those with it") {
      $0.has(.codes) != ($0.codes > 0)
    },
    Check(
      "latent codes (regularizers.information) and model.conditioning auxiliary would share the discriminator's outputs: choose one"
    ) {
      $0.codes > 0 && $0.model.conditioning == .auxiliary
    },
    Check(
      "with training.order simultaneous both players take one step: leave training.discriminator-steps at 1 and "
        + "training.discriminator-tolerance and training.unroll at 0"
    ) {
      $0.movesTogether
        && ($0.training.discriminatorSteps != 1 || $0.training.discriminatorTolerance > 0 || $0.training.unroll > 0)
    },
  ]

  private static let cautions: [Check] = [
    Check(
      "model.norm batch mixes the samples of a batch, so that a penalty on each one's slope means nothing: set "
        + "model.norm=none, or layer"
    ) {
      $0.model.norm == "batch" && $0.reads("model.norm") && $0.has(.perSampleGradients)
    },
    // Each logit's slope then has a part in the other samples. Karras et al. 2020 take it with R1, whose aim of 0 is as
    // good for the sum of the logits; a slope of 1 is another thing for the sum than for each.
    Check(
      "with model.minibatch a logit sees the other samples, so that the slope which regularizers.gradient-penalty, its one-sided "
        + "form and regularizers.dragan hold is of the batch's summed logits and bounds none alone: set model.minibatch=none, or "
        + "take regularizers.r1 instead, as StyleGAN2 does"
    ) { configuration in
      configuration.model.minibatch != "none" && configuration.reads("model.minibatch")
        && ["gradient-penalty", "one-sided-gradient-penalty", "dragan"].contains {
          !configuration.regularizers[$0].isZero
        }
    },
    Check("model.norm batch lets a Wasserstein critic's slope depend on the batch: set model.norm=none, or layer") {
      $0.model.norm == "batch" && $0.objective.name == "wasserstein" && $0.objective.clip == 0
        && $0.reads("model.norm")
    },
    Check("objective.clip and a gradient penalty both bound the slope: one of them is enough") {
      $0.objective.clip > 0 && !$0.regularizers["gradient-penalty"].isZero
    },
    Check("momentum makes a clipped Wasserstein critic unstable (Arjovsky et al. 2017): set optimizer.name=rmsprop") {
      $0.objective.name == "wasserstein" && $0.objective.clip > 0 && $0.optimizer.name.hasPrefix("adam")
    },
    Check(
      "objective.real-target and generator-target mean nothing to this objective, which has no target probabilities"
    ) {
      let row = Adversaries.Objective.named($0.objective.name)
      return ($0.objective.realTarget != 1 || $0.objective.generatorTarget != 1) && row?.readsTargets != true
    },
    Check(
      "training.discriminator-tolerance compares the mean loss of \(Adversaries.Game.toleranceWindow) discriminator steps with that of as "
        + "many before, and training.discriminator-steps ends them sooner: set training.discriminator-steps=1000, the most that it may take"
    ) {
      $0.training.discriminatorTolerance > 0
        && $0.training.discriminatorSteps.largest <= Double(2 * Adversaries.Game.toleranceWindow)
    },
    Check("regularizers.r2 without regularizers.r1 pulls on generated samples alone: set both (Huang et al. 2024)") {
      !$0.regularizers["r2"].isZero && $0.regularizers["r1"].isZero
    },
    Check(
      "objective.generator-weight 0 leaves the generator without an aim: set a regularizer such as regularizers.feature-matching"
    ) {
      $0.objective.generatorWeight == 0 && $0.regularizers["feature-matching"].isZero
    },
  ]
}
