@_exported import Networks

/// What the rows of the tables (objectives, regularizers, input transforms) may look at when they write a loss: the
/// samples with their labels and latents, what the discriminator says of them, its gradients by its inputs, the moving
/// network's weights, and the state that rows keep.
///
/// The discriminator runs in `run` alone: a row declares the passes that it needs, and they are made before its loss.
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

  /// A pass of the game's own through the discriminator.
  public enum Pass: Sendable {
    case real, fake
    /// Both orders of each pair of a real and a generated sample.
    case pairs
    /// The labeled batch, where there is one.
    case labeled
  }

  /// How the discriminator is run on a batch.
  public struct Run {
    /// The batch is this many equal groups, each with batch statistics of its own.
    public var groups = 1
    /// Whether running statistics follow: not in a pass that is one more than the game's own.
    public var updatesStatistics = true
  }

  /// The network that moves.
  public struct Moving {
    public var tape: Tape?
    public var network: Network?
    /// Its weights on the tape.
    public var weights: [Tensor]
    /// The mean of its weights over all steps, if it is kept.
    public var historicalAverage: [Tensor]

    public init(
      tape: Tape? = nil, network: Network? = nil, weights: [Tensor] = [], historicalAverage: [Tensor] = []
    ) {
      (self.tape, self.network, self.weights, self.historicalAverage) = (tape, network, weights, historicalAverage)
    }
  }

  /// What a game tells of itself.
  public struct Rules {
    /// What the discriminator's outputs mean.
    public var discriminator = Objective.Discriminator.logit
    /// How many samples the discriminator takes for one.
    public var pack = 1
    public var settings = Settings()
    /// The values of the rows' state, by the variables' names.
    public var state: [String: Tensor] = [:]
    public var random = StepRandom(seed: 0, step: 0)
    public init() {}
  }

  /// The real samples and what belongs to them.
  public let microBatch: MicroBatch
  /// Generated samples [N, ...]: constants in the discriminator's step, on the generator's tape in the generator's.
  public let fake: Tensor
  /// May change while the samples stay: where both networks move at once.
  public internal(set) var moving: Moving
  public let rules: Rules
  private let transform: ((_ samples: Tensor) -> Tensor)?
  private let discriminate: (_ seen: Tensor, _ labels: Tensor?, _ run: Run) -> DiscriminatorOutput
  private let isJoint: Bool

  /// - Parameters:
  ///   - isJoint: Whether real and generated samples pass the discriminator together, as two groups of one batch.
  ///   - transform: What is done to samples before the discriminator sees them; nil where it sees them as they are.
  ///   - discriminate: Runs the discriminator on what it sees.
  public init(
    _ microBatch: MicroBatch, fake: Tensor, isJoint: Bool = false, moving: Moving = Moving(), rules: Rules = Rules(),
    transform: ((_ samples: Tensor) -> Tensor)? = nil,
    discriminate: @escaping (_ seen: Tensor, _ labels: Tensor?, _ run: Run) -> DiscriminatorOutput
  ) {
    (self.microBatch, self.fake, self.moving, self.rules) = (microBatch, fake, moving, rules)
    (self.transform, self.discriminate) = (transform, discriminate)
    self.isJoint = isJoint && microBatch.batch.samples.shape == fake.shape
  }

  /// A context of a discriminator that is a function of the samples alone, such as one in closed form.
  ///
  /// - Parameter discriminator: From samples [N, ...] to logits [N, 1].
  public convenience init(real: Tensor, fake: Tensor, discriminator: @escaping (_ samples: Tensor) -> Tensor) {
    self.init(MicroBatch(Batch(real)), fake: fake) { samples, _, _ in
      DiscriminatorOutput(output: discriminator(samples))
    }
  }

  /// Real samples [N, ...].
  public var real: Tensor { microBatch.batch.samples }
  public var settings: Settings { rules.settings }
  /// Class numbers [N]; games that need them are refused where the data have none.
  public var labels: Tensor {
    guard let labels = microBatch.batch.labels else { preconditionFailure("this game needs samples with labels") }
    return labels
  }

  /// The value of a row's state.
  public subscript(variable: StateVariable) -> Tensor {
    guard let value = rules.state[variable.name] else {
      preconditionFailure("'\(variable.name)' is no state of this game: the row that reads it must declare it")
    }
    return value
  }

  // MARK: The game's own passes

  private var outputs: (real: DiscriminatorOutput?, fake: DiscriminatorOutput?)
  private var pairs: (realFirst: Tensor, fakeFirst: Tensor)?
  private var labeled: DiscriminatorOutput?

  /// Runs the discriminator: the passes in this order, each once; where the context is joint, real and generated samples
  /// together.
  public func run(_ passes: [Pass]) {
    for pass in passes {
      switch pass {
      case .real, .fake:
        if isJoint { runJointly() } else { runAlone(pass) }
      case .pairs:
        guard pairs == nil else { continue }
        let (real, fake) =
          isJoint ? seenJointly : (transform?(watchedReal) ?? self.real, transform?(watchedFake) ?? self.fake)
        pairs = (score(real.concatenated(with: fake, axis: -1)), score(fake.concatenated(with: real, axis: -1)))
      case .labeled:
        guard labeled == nil, let batch = microBatch.batch.labeledBatch else { continue }
        labeled = discriminate(transform?(batch.samples) ?? batch.samples, nil, Run(updatesStatistics: false))
      }
    }
  }

  /// A row's part behind its passes: whoever calls it alone need not know them.
  static func running<Value>(
    _ passes: [Pass], _ part: @escaping @Sendable (LossContext) -> Value
  ) -> @Sendable (LossContext) -> Value {
    { context in
      context.run(passes)
      return part(context)
    }
  }

  private func runJointly() {
    guard jointOutput == nil else { return }
    let labels = microBatch.batch.labels.map { $0.concatenated(with: $0, axis: 0) }
    let output = discriminate(jointlySeen, labels, Run(groups: 2))
    jointOutput = output
    outputs = (group(0, of: output), group(1, of: output))
  }

  private func runAlone(_ pass: Pass) {
    switch pass {
    case .real where outputs.real == nil: outputs.real = discriminated(watchedReal, &seenRealAlone)
    case .fake where outputs.fake == nil: outputs.fake = discriminated(watchedFake, &seenFakeAlone)
    default: break
    }
  }

  private var seenRealAlone: Tensor?
  private var seenFakeAlone: Tensor?
  private var jointOutput: DiscriminatorOutput?

  private func discriminated(_ samples: Tensor, _ seen: inout Tensor?) -> DiscriminatorOutput {
    seen = transform?(samples)
    return discriminate(seen ?? samples, microBatch.batch.labels, Run())
  }

  public var realOutput: DiscriminatorOutput { made(outputs.real, "real") }
  public var fakeOutput: DiscriminatorOutput { made(outputs.fake, "fake") }
  /// All outputs on the labeled batch; nil where there is none.
  public var labeledOutput: DiscriminatorOutput? { labeled }

  /// The real samples as the discriminator sees them, changed by the input transforms.
  public var seenReal: Tensor { isJoint && transform != nil ? seenJointly.real : seenRealAlone ?? real }
  /// The generated samples as the discriminator sees them, changed by the input transforms.
  public var seenFake: Tensor { isJoint && transform != nil ? seenJointly.fake : seenFakeAlone ?? fake }

  /// The discriminator's logits on the real samples, [N, 1].
  public private(set) lazy var realLogits = rules.discriminator.logits(realOutput.output)
  /// The discriminator's logits on the generated samples, [N, 1].
  public private(set) lazy var fakeLogits = rules.discriminator.logits(fakeOutput.output)

  /// The logits on pairs (x, G(z)) and (G(z), x), [N, 1] each, for discriminators that see two samples side by side.
  /// Transforms change the samples, not the pairs: both orders show the same two.
  public var pairLogits: (realFirst: Tensor, fakeFirst: Tensor) { made(pairs, "pairs") }

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
  private lazy var jointInputGradients = gradient(
    of: rules.discriminator.logits(made(jointOutput, "real").output), wrt: [joint], createGraph: true)[0]

  /// A message also where everything is optimized: the row may be a user's.
  private func made<Value>(_ value: Value?, _ pass: String) -> Value {
    guard let value else { fatalError("this loss reads a pass that its row does not declare: .\(pass)") }
    return value
  }

  // MARK: A row's own passes

  /// Scores samples [N, ...] with logits [N, 1] in a pass beside the game's own, through the input transforms.
  public func discriminator(_ samples: Tensor) -> Tensor { score(transform?(samples) ?? samples) }

  /// Scores what the discriminator sees in a pass beside the game's own.
  private func score(_ seen: Tensor) -> Tensor {
    rules.discriminator.logits(discriminate(seen, microBatch.batch.labels, Run(updatesStatistics: false)).output)
  }

  // MARK: What passes are made of

  private lazy var watchedReal = moving.tape.map { $0.watch(real) } ?? real
  private lazy var watchedFake = fake.isRecorded ? fake : moving.tape.map { $0.watch(fake) } ?? fake
  private lazy var joint: Tensor = {
    let both = real.concatenated(with: fake, axis: 0)
    return both.isRecorded ? both : moving.tape.map { $0.watch(both) } ?? both
  }()
  private lazy var jointlySeen = transform?(joint) ?? joint
  private var seenJointly: (real: Tensor, fake: Tensor) {
    transform == nil ? (real, fake) : (half(of: jointlySeen, 0), half(of: jointlySeen, 1))
  }

  private func group(_ number: Int, of output: DiscriminatorOutput) -> DiscriminatorOutput {
    DiscriminatorOutput(
      output: half(of: output.output, number), features: output.features.map { half(of: $0, number) })
  }
  private func half(of x: Tensor, _ number: Int) -> Tensor {
    x.rows(from: number * (x.shape[0] / 2), count: x.shape[0] / 2)
  }
}

/// A number that a row keeps through training, such as BEGAN's k: a facet of objectives, regularizers and input
/// transforms.
public struct StateVariable: Sendable {
  /// By which it is saved and reported: the row's table and what it is, such as `objective.balance`.
  public let name: String
  public let initial: Double
  /// The value after a step of the discriminator, a scalar.
  public let next: @Sendable (LossContext) -> Tensor

  public init(_ name: String, initial: Double, next: @escaping @Sendable (LossContext) -> Tensor) {
    (self.name, self.initial, self.next) = (name, initial, next)
  }

  /// The column of the metrics that shows it.
  public var column: String { String(name.drop { $0 != "." }.dropFirst()) }
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
