/// What is played: the objective, what is added to it, what the critic sees, and who moves when.
public struct Game: Sendable {
  /// Who moves when.
  public enum Order: String, CaseIterable, Sendable {
    /// The critic's steps, then one of the generator (Goodfellow et al. 2014, algorithm 1).
    case alternating
    /// Both from the same weights and samples (Nowozin et al. 2016, algorithm 1).
    case simultaneous
  }

  public var objective: Objective
  public var options = Objective.Options()
  /// The weight of the objective in the generator's loss; 0 leaves it to the terms.
  public var generatorWeight = 1.0
  /// Terms added to the losses, with their weights.
  public var terms: [(term: Term, weight: Schedule)] = []
  /// The critic's penalties on slopes have an update of their own behind every so many of its steps, times that number
  /// (Karras et al. 2020); 1: they are part of every step.
  public var termInterval = 1
  /// What is done to samples before the critic sees them, in this order.
  public var views: [View] = []
  public var order = Order.alternating
  /// Critic steps to each generator step.
  public var criticSteps: Schedule = 1
  /// Where above 0, the critic's steps end as soon as its loss, averaged over a window of them, falls by less than this.
  public var criticTolerance = 0.0
  /// The critic steps that `criticTolerance` averages over: it can end them after two windows.
  public static let toleranceWindow = 25
  /// Whether the generator learns from the samples of the critic's last step, or from fresh ones.
  public var sharesSamples = true
  /// Batches whose gradients are averaged for one step.
  public var accumulation = 1
  /// The limit of the critic's weights; nil leaves them free.
  public var clip: Double?
  /// Updates of the critic that the generator's gradient goes through (unrolled GAN, Metz et al. 2017). Above 0 the
  /// generator minimises the negative of the critic's loss after them, whatever its own term is.
  public var unroll = 0
  /// The weight of half the squared norm of both gradients (consensus optimization, Mescheder et al. 2017); both
  /// players then move at once.
  public var consensus = 0.0
  /// Learning rates, Adam's second decay and the average's decay; nil leaves a player as it is.
  public var generatorRate: Schedule?
  public var criticRate: Schedule?
  public var beta2: Schedule?
  public var averageDecay: Schedule?

  /// How many classes samples are made of; 0 where the generator knows none.
  public var classes = 0

  public init(_ objective: Objective) { self.objective = objective }

  /// Whether some steps of the critic have no penalty on slopes, though others have.
  var isLazy: Bool {
    termInterval > 1 && !movesTogether && terms.contains { $0.term.isLazy && !$0.weight.isZero }
  }

  /// Whether both players move at once, from the same weights.
  var movesTogether: Bool { order == .simultaneous || consensus > 0 }

  /// How many samples the critic sees as one.
  public var pack: Int { views.map(\.pack).reduce(objective.critic == .pairs ? 2 : 1, *) }

  /// The critic steps of generator step 1, 2, ...
  func criticSteps(at step: Int) -> Int { max(1, Int(criticSteps.value(at: step).rounded())) }
}

/// A batch of samples, with their class numbers where there are any.
public struct Batch {
  /// [N, ...], in [-1, 1].
  public let samples: Tensor
  /// [N], whole numbers from 0 on; nil where the players are not told.
  public let labels: Tensor?
  /// [N], also where the players are not told: what the critic guesses is measured by them.
  public let truths: Tensor?
  /// What the critic learns classes from where it is not told those of the samples.
  public let lesson: Lesson?

  /// Samples [M, ...] with their class numbers [M], a batch of few that come again and again.
  public struct Lesson {
    public let samples, labels: Tensor
    public init(_ samples: Tensor, labels: Tensor) { (self.samples, self.labels) = (samples, labels) }
  }

  /// - Parameter truths: The labels, where nothing is given.
  public init(_ samples: Tensor, labels: Tensor? = nil, truths: Tensor? = nil, lesson: Lesson? = nil) {
    (self.samples, self.labels, self.truths, self.lesson) = (samples, labels, truths ?? labels, lesson)
  }
}
