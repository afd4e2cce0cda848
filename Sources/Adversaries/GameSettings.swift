// The settings of a game that belong to no row of a table.

/// What the networks are trained for.
public struct ObjectiveSection: SettingSection {
  public let name = Setting(
    "objective.name", Objective.standardName, "what both networks are trained for (saddle options explains each)")
  public let clip = Setting(
    "objective.clip", 0.0, .nonNegative, "largest weight of the critic (0.01 in WGAN); 0: free")
  public let generatorWeight = Setting(
    "objective.generator-weight", 1.0, .nonNegative,
    "weight of the objective in the generator's loss; 0 leaves it to the regularizers")

  public static let rows = ObjectiveSection()
}

/// Regularizers beside their weights, which the rows declare themselves.
public struct RegularizerSection: SettingSection {
  public let interval = Setting(
    "regularizers.interval", 1, in: 1...1000,
    "lazy regularization: applies gradient penalties every N discriminator steps, scaled by N, in an update of their "
      + "own; Adam's learning rate and betas are adjusted (StyleGAN2)"
  ).formerly("terms.interval").read(by: TrainingSection.turns, if: { !$0.movesTogether })

  public static let rows = RegularizerSection()
}

/// Who moves when, and for how long.
public struct TrainingSection: SettingSection {
  public let batch = Setting("training.batch", 64, in: 1...65_536, "images a step")
  public let steps = Setting("training.steps", 10_000, in: 0...1_000_000_000, "steps of the generator, in all")
  public let discriminatorSteps = Setting(
    "training.discriminator-steps", Schedule(1), .counts, "steps of the discriminator for each of them"
  ).formerly("training.critic-steps")
  public let discriminatorTolerance = Setting(
    "training.discriminator-tolerance", 0.0, .nonNegative,
    "ends the discriminator's steps early: when its loss, averaged over \(Game.toleranceWindow) of them, falls by less "
      + "than this; 0: never"
  ).formerly("training.critic-tolerance")
  public let order = Setting(
    "training.order", Game.Order.alternating, "whether the networks are updated in turn or at once")
  public let sharedSamples = Setting(
    "training.shared-samples", true,
    "whether the generator learns from the samples of the discriminator's last step (training.order alternating)"
  ).read(by: Self.turns, if: { !$0.movesTogether })
  public let accumulation = Setting(
    "training.accumulation", 1, in: 1...4096, "batches whose gradients make one step")
  public let unroll = Setting(
    "training.unroll", 0, in: 0...100,
    "discriminator updates that the generator looks ahead, to raise the discriminator's loss after them")
  public let consensus = Setting(
    "training.consensus", 0.0, .nonNegative, "weight of consensus optimization; 10 in its paper")
  public let seed = Setting("training.seed", 0, in: 0...Int.max, "of every random number: weights, z, order of data")

  /// Who reads what only networks that take turns read.
  static let turns = "training.order alternating (and training.consensus 0)"
  public static let rows = TrainingSection()
}

extension Settings {
  public var objective: SectionValues<ObjectiveSection> {
    get { SectionValues(self) }
    set { self = newValue.settings }
  }
  public var regularizers: SectionValues<RegularizerSection> {
    get { SectionValues(self) }
    set { self = newValue.settings }
  }
  public var training: SectionValues<TrainingSection> {
    get { SectionValues(self) }
    set { self = newValue.settings }
  }

  /// Whether both networks move at once, from the same weights.
  public var movesTogether: Bool { training.order == .simultaneous || training.consensus > 0 }

  /// The last part of the latents, which the discriminator is to read off the samples (InfoGAN).
  public var codes: LatentCodes {
    get { LatentCodes(categories: model.categories, continuous: model.continuousCodes) }
    set { (model.categories, model.continuousCodes) = (newValue.categories, newValue.continuous) }
  }
}

extension SectionValues where Section == RegularizerSection {
  /// A row's weight; 0 where none was given.
  public subscript(name: String) -> Schedule {
    get { settings[Regularizer.weight(name)] }
    set { settings[Regularizer.weight(name)] = newValue }
  }
}

extension Game.Order: SettingValue {}
