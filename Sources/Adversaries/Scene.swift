@_exported import Networks

/// What the rows of the tables (objectives, terms, views) may look at when they write a loss.
///
/// It is as wide as the family of games needs: the samples with their labels and latents, the critic itself (to score
/// pairs, mixtures of samples, or reals in the generator's step), its features, gradients by its inputs, the moving
/// player's weights, and the objective's state. Everything is computed when it is first asked for: asking for nothing
/// costs nothing.
public final class Scene {
  /// What the critic says of a batch.
  public struct Verdict {
    /// [N, ...]: a logit, or a logit and further outputs, or an autoencoder's reconstruction.
    public let output: Tensor
    /// What the critic's `FeatureMark` saw, [N, ...].
    public let features: Tensor?
    public init(output: Tensor, features: Tensor? = nil) { (self.output, self.features) = (output, features) }

    /// The outputs behind the first, [N, outputs - 1].
    public var rest: Tensor {
      output.sliced(from: [0, 1], shape: [output.shape[0], output.shape[1] - 1])
    }
  }

  /// What a scene knows beside samples and critic.
  public struct Background {
    /// The tape of the moving player.
    public var tape: Tape?
    /// The moving player's network.
    public var network: Network?
    /// The moving player's weights on the tape, and their mean over all steps, if it is kept.
    public var weights: [Tensor] = []
    public var history: [Tensor] = []
    /// Class numbers of the samples, real and generated, [N].
    public var labels: Tensor?
    /// Class numbers of the real samples, [N], those that the game does not learn from included: to be measured by alone.
    public var truths: Tensor?
    /// What the critic learns classes from where `labels` has none.
    public var lesson: Batch.Lesson?
    /// What the critic's outputs mean.
    public var critic = Objective.Critic.logit
    /// What the generated samples were made from, [N, latent].
    public var latents: Tensor?
    /// How many samples the critic takes for one.
    public var pack = 1
    public var options = Objective.Options()
    /// The objective's state, scalars in its order.
    public var state: [Tensor] = []
    public var draws = Draws(seed: 0, step: 0)
    public init() {}
  }

  /// How the critic is run on a batch.
  public struct Run {
    /// The batch is this many equal parts, each with batch statistics of its own.
    public var parts = 1
    /// Whether the pass is one more than the game's own: running statistics stay as they are.
    public var isExtra = false
  }

  /// Real samples [N, ...].
  public let real: Tensor
  /// Generated samples [N, ...]: constants in the critic's step, on the generator's tape in the generator's.
  public let fake: Tensor
  /// Who moves may change while the samples stay: where both players move at once.
  public internal(set) var background: Background
  private let views: ((_ samples: Tensor) -> Tensor)?
  private let judge: (_ seen: Tensor, _ labels: Tensor?, _ run: Run) -> Verdict
  private let isJoint: Bool

  /// - Parameters:
  ///   - isJoint: Whether real and generated samples are judged together, as two parts of one batch.
  ///   - views: What is done to samples before the critic sees them; nil where it sees them as they are.
  ///   - judge: Runs the critic on what it sees.
  public init(
    real: Tensor, fake: Tensor, isJoint: Bool = false, _ background: Background = .init(),
    views: ((_ samples: Tensor) -> Tensor)? = nil,
    judge: @escaping (_ seen: Tensor, _ labels: Tensor?, _ run: Run) -> Verdict
  ) {
    (self.real, self.fake, self.background, self.views, self.judge) = (real, fake, background, views, judge)
    self.isJoint = isJoint && real.shape == fake.shape
  }

  /// A scene of a critic that is a function of the samples alone, such as one in closed form.
  ///
  /// - Parameter critic: From samples [N, ...] to logits [N, 1].
  public convenience init(real: Tensor, fake: Tensor, critic: @escaping (_ samples: Tensor) -> Tensor) {
    self.init(real: real, fake: fake) { samples, _, _ in Verdict(output: critic(samples)) }
  }

  public var options: Objective.Options { background.options }
  /// Class numbers [N]; games that need them are refused where the data have none.
  public var labels: Tensor {
    guard let labels = background.labels else { preconditionFailure("this game needs samples with labels") }
    return labels
  }

  /// Scores samples [N, ...] with logits [N, 1] in a pass of its own, through the views.
  public func critic(_ samples: Tensor) -> Tensor { score(views?(samples) ?? samples) }

  /// All outputs of the critic, [N, ...], on samples [N, ...] in a pass of its own, through the views.
  public func outputs(_ samples: Tensor) -> Tensor {
    judge(views?(samples) ?? samples, nil, Run(isExtra: true)).output
  }

  /// Scores what the critic sees in a pass of its own.
  private func score(_ seen: Tensor) -> Tensor {
    background.critic.logits(judge(seen, background.labels, Run(isExtra: true)).output)
  }

  // MARK: The game's own pass

  /// The real samples as the critic sees them, changed by the views.
  public private(set) lazy var seenReal =
    views.map { isJoint ? half(of: jointlySeen, 0) : $0(watchedReal) } ?? real
  /// The generated samples as the critic sees them, changed by the views.
  public private(set) lazy var seenFake =
    views.map { isJoint ? half(of: jointlySeen, 1) : $0(watchedFake) } ?? fake

  public private(set) lazy var realVerdict =
    isJoint
    ? part(of: jointVerdict, 0) : judge(views == nil ? watchedReal : seenReal, background.labels, Run())
  public private(set) lazy var fakeVerdict =
    isJoint
    ? part(of: jointVerdict, 1) : judge(views == nil ? watchedFake : seenFake, background.labels, Run())

  /// The critic's logits on the real samples, [N, 1].
  public private(set) lazy var realLogits = background.critic.logits(realVerdict.output)
  /// The critic's logits on the generated samples, [N, 1].
  public private(set) lazy var fakeLogits = background.critic.logits(fakeVerdict.output)

  /// The gradient of each real sample's logit by the sample, [N, ...], on the tape.
  public private(set) lazy var realSlopes =
    isJoint
    ? jointSlopes.rows(from: 0, count: real.shape[0])
    : gradient(of: realLogits, wrt: [watchedReal], recording: true)[0]
  /// The gradient of each generated sample's logit by the sample, [N, ...], on the tape.
  public private(set) lazy var fakeSlopes =
    isJoint
    ? jointSlopes.rows(from: real.shape[0], count: fake.shape[0])
    : gradient(of: fakeLogits, wrt: [watchedFake], recording: true)[0]

  private lazy var watchedReal = background.tape.map { $0.watch(real) } ?? real
  private lazy var watchedFake = fake.isRecorded ? fake : background.tape.map { $0.watch(fake) } ?? fake
  private lazy var joint: Tensor = {
    let both = real.followed(by: fake)
    return both.isRecorded ? both : background.tape.map { $0.watch(both) } ?? both
  }()
  private lazy var jointlySeen = views?(joint) ?? joint
  private lazy var jointVerdict = judge(
    jointlySeen, background.labels.map { $0.followed(by: $0) }, Run(parts: 2))
  private lazy var jointSlopes = gradient(
    of: background.critic.logits(jointVerdict.output), wrt: [joint], recording: true)[0]

  /// The critic's logits on pairs (x, G(z)) and (G(z), x), [N, 1] each, for critics that see two samples side by side.
  /// Views change the samples, not the pairs: both orders show the same two.
  public private(set) lazy var pairLogits = (
    realFirst: score(seenReal.beside(seenFake)), fakeFirst: score(seenFake.beside(seenReal))
  )

  private func part(of verdict: Verdict, _ part: Int) -> Verdict {
    Verdict(output: half(of: verdict.output, part), features: verdict.features.map { half(of: $0, part) })
  }
  private func half(of x: Tensor, _ part: Int) -> Tensor {
    x.rows(from: part * (x.shape[0] / 2), count: x.shape[0] / 2)
  }
}

/// The random numbers of one step beside the latents: a function of seed, step and how many were drawn before.
public final class Draws {
  private let seed: UInt64
  let step: Int
  private var count: UInt32 = 0

  public init(seed: UInt64, step: Int) { (self.seed, self.step) = (seed, step) }

  /// A stream that nobody else has.
  func next() -> RandomStream {
    count += 1
    return RandomStream(seed: seed, stream: RandomUse.draws.rawValue + count)
  }
  /// Numbers uniform on (0, 1).
  public func uniform(_ shape: Shape, on device: Device) -> Tensor { next().uniform(shape, step: step, on: device) }
  /// Standard normal numbers.
  public func normal(_ shape: Shape, on device: Device) -> Tensor { next().normal(shape, step: step, on: device) }
}
