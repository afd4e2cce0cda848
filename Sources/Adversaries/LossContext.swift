@_exported import Networks

/// What the rows of the tables (objectives, regularizers, input transforms) may look at when they write a loss.
///
/// It is as wide as the family of games needs: the samples with their labels and latents, the discriminator itself (to
/// score pairs, mixtures of samples, or reals in the generator's step), its features, gradients by its inputs, the
/// moving player's weights, and the objective's state. Everything is computed when it is first asked for: asking for
/// nothing costs nothing.
public final class LossContext {
  /// What the discriminator says of a batch.
  public struct DiscriminatorOutput {
    /// [N, ...]: a logit, or a logit and further outputs, or an autoencoder's reconstruction.
    public let output: Tensor
    /// What the discriminator's `FeatureMark` saw, [N, ...].
    public let features: Tensor?
    public init(output: Tensor, features: Tensor? = nil) { (self.output, self.features) = (output, features) }

    /// The outputs behind the first, [N, outputs - 1].
    public var rest: Tensor {
      output.sliced(from: [0, 1], shape: [output.shape[0], output.shape[1] - 1])
    }
  }

  /// What a scene knows beside samples and discriminator.
  public struct Background {
    /// The tape of the moving player.
    public var tape: Tape?
    /// The moving player's network.
    public var network: Network?
    /// The moving player's weights on the tape, and their mean over all steps, if it is kept.
    public var weights: [Tensor] = []
    public var historicalAverage: [Tensor] = []
    /// Class numbers of the samples, real and generated, [N].
    public var labels: Tensor?
    /// Class numbers of the real samples, [N], those that the game does not learn from included: to be measured by
    /// alone.
    public var trueLabels: Tensor?
    /// What the discriminator learns classes from where `labels` has none.
    public var labeledBatch: Batch.Labeled?
    /// What the discriminator's outputs mean.
    public var discriminator = Objective.Discriminator.logit
    /// What the generated samples were made from, [N, latent].
    public var latents: Tensor?
    /// How many samples the discriminator takes for one.
    public var pack = 1
    public var options = Objective.Options()
    /// The objective's state, scalars in its order.
    public var state: [Tensor] = []
    public var draws = StepRandom(seed: 0, step: 0)
    public init() {}
  }

  /// How the discriminator is run on a batch.
  public struct Run {
    /// The batch is this many equal parts, each with batch statistics of its own.
    public var groups = 1
    /// Whether the pass is one more than the game's own: running statistics stay as they are.
    public var isExtra = false
  }

  /// Real samples [N, ...].
  public let real: Tensor
  /// Generated samples [N, ...]: constants in the discriminator's step, on the generator's tape in the generator's.
  public let fake: Tensor
  /// Who moves may change while the samples stay: where both players move at once.
  public internal(set) var background: Background
  private let inputTransforms: ((_ samples: Tensor) -> Tensor)?
  private let discriminate: (_ seen: Tensor, _ labels: Tensor?, _ run: Run) -> DiscriminatorOutput
  private let isJoint: Bool

  /// - Parameters:
  ///   - isJoint: Whether real and generated samples are judged together, as two parts of one batch.
  ///   - inputTransforms: What is done to samples before the discriminator sees them; nil where it sees them as they are.
  ///   - discriminate: Runs the discriminator on what it sees.
  public init(
    real: Tensor, fake: Tensor, isJoint: Bool = false, _ background: Background = .init(),
    inputTransforms: ((_ samples: Tensor) -> Tensor)? = nil,
    discriminate: @escaping (_ seen: Tensor, _ labels: Tensor?, _ run: Run) -> DiscriminatorOutput
  ) {
    (self.real, self.fake, self.background, self.inputTransforms, self.discriminate) = (
      real, fake, background, inputTransforms, discriminate
    )
    self.isJoint = isJoint && real.shape == fake.shape
  }

  /// A scene of a discriminator that is a function of the samples alone, such as one in closed form.
  ///
  /// - Parameter discriminator: From samples [N, ...] to logits [N, 1].
  public convenience init(real: Tensor, fake: Tensor, discriminator: @escaping (_ samples: Tensor) -> Tensor) {
    self.init(real: real, fake: fake) { samples, _, _ in DiscriminatorOutput(output: discriminator(samples)) }
  }

  public var options: Objective.Options { background.options }
  /// Class numbers [N]; games that need them are refused where the data have none.
  public var labels: Tensor {
    guard let labels = background.labels else { preconditionFailure("this game needs samples with labels") }
    return labels
  }

  /// Scores samples [N, ...] with logits [N, 1] in a pass of its own, through the input transforms.
  public func discriminator(_ samples: Tensor) -> Tensor { score(inputTransforms?(samples) ?? samples) }

  /// All outputs of the discriminator, [N, ...], on samples [N, ...] in a pass of its own, through the input transforms.
  public func outputs(_ samples: Tensor) -> Tensor {
    discriminate(inputTransforms?(samples) ?? samples, nil, Run(isExtra: true)).output
  }

  /// Scores what the discriminator sees in a pass of its own.
  private func score(_ seen: Tensor) -> Tensor {
    background.discriminator.logits(discriminate(seen, background.labels, Run(isExtra: true)).output)
  }

  // MARK: The game's own pass

  /// The real samples as the discriminator sees them, changed by the input transforms.
  public private(set) lazy var seenReal =
    inputTransforms.map { isJoint ? half(of: jointlySeen, 0) : $0(watchedReal) } ?? real
  /// The generated samples as the discriminator sees them, changed by the input transforms.
  public private(set) lazy var seenFake =
    inputTransforms.map { isJoint ? half(of: jointlySeen, 1) : $0(watchedFake) } ?? fake

  public private(set) lazy var realOutput =
    isJoint
    ? part(of: jointOutput, 0) : discriminate(inputTransforms == nil ? watchedReal : seenReal, background.labels, Run())
  public private(set) lazy var fakeOutput =
    isJoint
    ? part(of: jointOutput, 1) : discriminate(inputTransforms == nil ? watchedFake : seenFake, background.labels, Run())

  /// The discriminator's logits on the real samples, [N, 1].
  public private(set) lazy var realLogits = background.discriminator.logits(realOutput.output)
  /// The discriminator's logits on the generated samples, [N, 1].
  public private(set) lazy var fakeLogits = background.discriminator.logits(fakeOutput.output)

  /// The gradient of each real sample's logit by the sample, [N, ...], on the tape.
  public private(set) lazy var realInputGradients =
    isJoint
    ? jointInputGradients.rows(from: 0, count: real.shape[0])
    : gradient(of: realLogits, wrt: [watchedReal], createGraph: true)[0]
  /// The gradient of each generated sample's logit by the sample, [N, ...], on the tape.
  public private(set) lazy var fakeInputGradients =
    isJoint
    ? jointInputGradients.rows(from: real.shape[0], count: fake.shape[0])
    : gradient(of: fakeLogits, wrt: [watchedFake], createGraph: true)[0]

  private lazy var watchedReal = background.tape.map { $0.watch(real) } ?? real
  private lazy var watchedFake = fake.isRecorded ? fake : background.tape.map { $0.watch(fake) } ?? fake
  private lazy var joint: Tensor = {
    let both = real.concatenated(with: fake, axis: 0)
    return both.isRecorded ? both : background.tape.map { $0.watch(both) } ?? both
  }()
  private lazy var jointlySeen = inputTransforms?(joint) ?? joint
  private lazy var jointOutput = discriminate(
    jointlySeen, background.labels.map { $0.concatenated(with: $0, axis: 0) }, Run(groups: 2))
  private lazy var jointInputGradients = gradient(
    of: background.discriminator.logits(jointOutput.output), wrt: [joint], createGraph: true)[0]

  /// The discriminator's logits on pairs (x, G(z)) and (G(z), x), [N, 1] each, for discriminators that see two samples
  /// side by side. Transforms change the samples, not the pairs: both orders show the same two.
  public private(set) lazy var pairLogits = (
    realFirst: score(seenReal.concatenated(with: seenFake, axis: -1)),
    fakeFirst: score(seenFake.concatenated(with: seenReal, axis: -1))
  )

  private func part(of verdict: DiscriminatorOutput, _ part: Int) -> DiscriminatorOutput {
    DiscriminatorOutput(output: half(of: verdict.output, part), features: verdict.features.map { half(of: $0, part) })
  }
  private func half(of x: Tensor, _ part: Int) -> Tensor {
    x.rows(from: part * (x.shape[0] / 2), count: x.shape[0] / 2)
  }
}

/// The random numbers of one step beside the latents: a function of seed, step and how many were drawn before.
public final class StepRandom {
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
