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
  public var options = Objective.Options()
  /// The weight of the objective in the generator's loss; 0 leaves it to the regularizers.
  public var generatorWeight = 1.0
  /// Regularizers added to the losses, with their weights.
  public var regularizers: [(regularizer: Regularizer, weight: Schedule)] = []
  /// The discriminator's penalties on slopes have an update of their own behind every so many of its steps, times that
  /// number (Karras et al. 2020); 1: they are part of every step.
  public var regularizerInterval = 1
  /// What is done to samples before the discriminator sees them, in this order.
  public var inputTransforms: [InputTransform] = []
  public var order = Order.alternating
  /// Discriminator steps to each generator step.
  public var discriminatorSteps: Schedule = 1
  /// Where above 0, the discriminator's steps end as soon as its loss, averaged over a window of them, falls by less
  /// than this.
  public var discriminatorTolerance = 0.0
  /// The discriminator steps that `discriminatorTolerance` averages over: it can end them after two windows.
  public static let toleranceWindow = 25
  /// Whether the generator learns from the samples of the discriminator's last step, or from fresh ones.
  public var sharesSamples = true
  /// Batches whose gradients are averaged for one step.
  public var accumulation = 1
  /// The limit of the discriminator's weights; nil leaves them free.
  public var clip: Double?
  /// Updates of the discriminator that the generator's gradient goes through (unrolled GAN, Metz et al. 2017). Above 0
  /// the generator minimises the negative of the discriminator's loss after them, whatever its own term is.
  public var unroll = 0
  /// The weight of half the squared norm of both gradients (consensus optimization, Mescheder et al. 2017); both
  /// players then move at once.
  public var consensus = 0.0
  /// Learning rates, Adam's second decay and the average's decay; nil leaves a player as it is.
  public var generatorLearningRate: Schedule?
  public var discriminatorLearningRate: Schedule?
  public var beta2: Schedule?
  public var emaDecay: Schedule?

  /// How many classes samples are made of; 0 where the generator knows none.
  public var classes = 0

  public init(_ objective: Objective) { self.objective = objective }

  /// Whether some steps of the discriminator have no penalty on slopes, though others have.
  var isLazy: Bool {
    regularizerInterval > 1 && !movesTogether && regularizers.contains { $0.regularizer.isLazy && !$0.weight.isZero }
  }

  /// Whether both players move at once, from the same weights.
  var movesTogether: Bool { order == .simultaneous || consensus > 0 }

  /// How many samples the discriminator sees as one.
  public var pack: Int { inputTransforms.map(\.pack).reduce(objective.discriminator == .pairs ? 2 : 1, *) }

  /// The discriminator steps of generator step 1, 2, ...
  func discriminatorSteps(at step: Int) -> Int { max(1, Int(discriminatorSteps.value(at: step).rounded())) }
}

/// A batch of samples, with their class numbers where there are any.
public struct Batch {
  /// [N, ...], in [-1, 1].
  public let samples: Tensor
  /// [N], whole numbers from 0 on; nil where the players are not told.
  public let labels: Tensor?
  /// [N], also where the players are not told: what the discriminator guesses is measured by them.
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
