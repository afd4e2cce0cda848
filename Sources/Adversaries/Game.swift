/// What is played: the objective, what is added to it, what the discriminator sees, and who moves when.
public struct Game: Sendable {
  /// Who moves when.
  public enum Order: String, CaseIterable, Sendable {
    /// The discriminator's steps, then one of the generator (Goodfellow et al. 2014, algorithm 1).
    case alternating
    /// Both from the same weights and samples (Nowozin et al. 2016, algorithm 1).
    case simultaneous
  }

  public var objective: Objective
  /// Whatever its rows read, and who moves when. Learning rates, Adam's second decay and the EMA's decay that are not
  /// given leave a network as it is.
  public var settings: Settings
  /// Regularizers added to the losses, with their weights.
  public var regularizers: [(regularizer: Regularizer, weight: Schedule)] = []
  /// What is done to samples before the discriminator sees them, in this order.
  public var inputTransforms: [InputTransform] = []

  /// The discriminator steps that `training.discriminator-tolerance` averages over: it can end them after two windows.
  public static let toleranceWindow = 25

  public init(_ objective: Objective, _ settings: Settings = Settings()) {
    (self.objective, self.settings) = (objective, settings)
  }

  /// Who moves when.
  public var training: SectionValues<TrainingSection> {
    get { settings.training }
    set { settings.training = newValue }
  }

  /// How many classes samples are made of; 0 where the generator knows none.
  public var classes: Int { settings.model.classes }

  /// Whether some steps of the discriminator have no gradient penalty, though others have.
  var isLazy: Bool {
    settings.regularizers.interval > 1 && !settings.movesTogether
      && regularizers.contains { $0.regularizer.isLazy && !$0.weight.isZero }
  }

  /// How many samples the discriminator sees as one.
  public var pack: Int { inputTransforms.map(\.pack).reduce(objective.discriminator == .pairs ? 2 : 1, *) }

  /// The discriminator steps of generator step 1, 2, ...
  func discriminatorSteps(at step: Int) -> Int {
    max(1, Int(training.discriminatorSteps.value(at: step).rounded()))
  }
}

/// A batch of samples, with their class numbers where there are any.
public struct Batch {
  /// [N, ...], in [-1, 1].
  public let samples: Tensor
  /// [N], whole numbers from 0 on; nil where the networks are not told.
  public let labels: Tensor?
  /// [N], also where the networks are not told: what the discriminator guesses is measured by them.
  public let trueLabels: Tensor?
  /// What the discriminator learns classes from where it is not told those of the samples.
  public let labeledBatch: Labeled?

  /// Samples [M, ...] with their class numbers [M], a batch of few that come again and again.
  public struct Labeled {
    public let samples, labels: Tensor
    public init(_ samples: Tensor, labels: Tensor) { (self.samples, self.labels) = (samples, labels) }
  }

  /// - Parameter truths: The labels, where nothing is given.
  public init(_ samples: Tensor, labels: Tensor? = nil, trueLabels: Tensor? = nil, labeledBatch: Labeled? = nil) {
    (self.samples, self.labels, self.trueLabels, self.labeledBatch) = (
      samples, labels, trueLabels ?? labels, labeledBatch
    )
  }
}

/// Samples drawn for one gradient, real and latent: the unit in which a step accumulates.
public struct MicroBatch {
  public let batch: Batch
  /// What the generated samples are made from, [N, latent]; nil where the game does not make them.
  public var latents: Tensor?
  /// The number of the draw, from 1 on: all random numbers of the micro-batch are functions of it.
  public let draw: Int

  public init(_ batch: Batch, latents: Tensor? = nil, draw: Int = 0) {
    (self.batch, self.latents, self.draw) = (batch, latents, draw)
  }
}
