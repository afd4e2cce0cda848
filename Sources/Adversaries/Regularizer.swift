/// A regularizer or an auxiliary loss, added to a network's loss times a weight. A row of `Regularizer.all`.
public struct Regularizer: Sendable {
  /// What a regularizer needs beyond the samples.
  public enum Need: Sendable {
    /// The discriminator's features.
    case features
    /// Class labels, and a discriminator with an output for each class behind its logit.
    case classes
    /// A discriminator with outputs for the latent code behind its logit.
    case codes
    /// The mean of the network's weights over all steps.
    case historicalAverage
    /// Gradients of single samples, which batch statistics in the discriminator would mix.
    case perSampleGradients
    /// That each of these gradients is of one sample's logit alone, whose norm is held at a value.
    case ownGradients
    /// Two samples or more in a batch.
    case otherSamples
  }

  /// How it is named in a configuration.
  public let name: String
  public let summary: String
  public let needs: [Need]
  /// The settings that it reads beside its weight.
  public let reads: [any SettingRow]
  /// What makes little sense where it has a weight.
  public let cautions: [SettingCheck]
  /// Passes through the discriminator that its parts look at.
  public let discriminatorPasses, generatorPasses: [LossContext.Pass]
  /// A scalar added to the discriminator's loss; nil where it has none.
  public let discriminator: (@Sendable (LossContext) -> Tensor)?
  /// A scalar added to the generator's loss; nil where it has none.
  public let generator: (@Sendable (LossContext) -> Tensor)?
  /// What it keeps through training.
  public let state: [StateVariable]

  /// Whether the discriminator may do without it for some steps: a penalty on its slope, which changes slowly and costs
  /// much.
  var isLazy: Bool { needs.contains(.perSampleGradients) }

  public init(
    name: String, summary: String, needs: [Need] = [], reads: [any SettingRow] = [], cautions: [SettingCheck] = [],
    discriminatorPasses: [LossContext.Pass] = [], generatorPasses: [LossContext.Pass] = [],
    discriminator: (@Sendable (LossContext) -> Tensor)? = nil, generator: (@Sendable (LossContext) -> Tensor)? = nil,
    state: [StateVariable] = []
  ) {
    (self.name, self.summary, self.needs, self.reads) = (name, summary, needs, reads)
    (self.cautions, self.state) = (cautions, state)
    (self.discriminatorPasses, self.generatorPasses) = (discriminatorPasses, generatorPasses)
    self.discriminator = discriminator.map { LossContext.running(discriminatorPasses, $0) }
    self.generator = generator.map { LossContext.running(generatorPasses, $0) }
  }

  /// Its weight in the losses; 0 leaves it out.
  public var weight: Setting<Schedule> { Self.weight(name, "weight of: " + summary) }

  static func weight(_ name: String, _ summary: String = "") -> Setting<Schedule> {
    Setting("regularizers.\(name)", Schedule(0), .nonNegative, summary).formerly("terms.\(name)")
  }

  public static let all: [Regularizer] = penalties + regularizers + aims

  /// The row of this name, or nil.
  public static func named(_ name: String) -> Regularizer? { all.first { $0.name == name } }

  // MARK: Penalties on the discriminator's slope

  private static let penalties: [Regularizer] = [
    gradientPenalty,
    Regularizer(
      name: "one-sided-gradient-penalty",
      summary: "E max(0, |grad D| - 1)^2 between real and generated samples (Gulrajani et al. 2017, section 4)",
      needs: [.perSampleGradients, .ownGradients],
      discriminator: { (slope($0, at: between($0)) - 1).relu().squared().mean() }),
    Regularizer(
      name: "dragan",
      summary:
        "E (|grad D| - 1)^2 around real samples, at x + a s u / 2 with s the batch's standard deviation, a and u uniform on (0, 1); "
        + "10 (Kodali et al. 2017)",
      needs: [.perSampleGradients, .ownGradients],
      discriminator: { (slope($0, at: around($0)) - 1).squared().mean() }),
    r1,
    Regularizer(
      name: "r2", summary: "E |grad D|^2 / 2 at generated samples (Mescheder et al. 2018)",
      needs: [.perSampleGradients],
      cautions: [
        SettingCheck(
          "regularizers.r2 without regularizers.r1 pulls on generated samples alone: set both (Huang et al. 2024)"
        ) { $0[r1.weight].isZero }
      ], discriminatorPasses: [.fake], discriminator: { 0.5 * squaredNorms($0.fakeInputGradients, $0).mean() }),
  ]

  private static let r1 = Regularizer(
    name: "r1", summary: "E |grad D|^2 / 2 at real samples (Mescheder et al. 2018)", needs: [.perSampleGradients],
    discriminatorPasses: [.real], discriminator: { 0.5 * squaredNorms($0.realInputGradients, $0).mean() })

  /// The squared Euclidean norm over all axes of what the discriminator takes for one sample, [N / pack].
  private static func squaredNorms(_ x: Tensor, _ context: LossContext) -> Tensor {
    let n = x.shape[0] / context.rules.pack
    return x.squared().reshaped(to: [n, x.shape.count / n]).summed(over: [1])
  }

  public static let gradientPenalty = gradientPenalty(floor: 1e-12)

  /// The row "gradient-penalty" with another number added to the squared slope before the root is taken.
  public static func gradientPenalty(floor: Double) -> Regularizer {
    Regularizer(
      name: "gradient-penalty",
      summary: "E (|grad D| - 1)^2 between real and generated samples; 10 in WGAN-GP (Gulrajani et al. 2017)",
      needs: [.perSampleGradients, .ownGradients],
      cautions: [
        SettingCheck("objective.clip and a gradient penalty both bound the slope: one of them is enough") {
          $0.objective.clip > 0
        }
      ],
      discriminator: { (slope($0, at: between($0), floor: floor) - 1).squared().mean() })
  }

  /// The norm of the discriminator's gradient at each sample, [N]; its own gradient stays finite where it is 0.
  private static func slope(_ context: LossContext, at samples: Tensor, floor: Double = 1e-12) -> Tensor {
    guard let tape = context.moving.tape else { preconditionFailure("a penalty needs the discriminator's tape") }
    let samples = tape.watch(samples)
    let slopes = gradient(of: context.discriminator(samples), wrt: [samples], createGraph: true)[0]
    return (squaredNorms(slopes, context) + floor).squareRoot()
  }

  /// A point on the line between each real sample, or pack of samples, and the generated one at its place.
  private static func between(_ context: LossContext) -> Tensor {
    let n = context.real.shape[0] / context.rules.pack
    let flat: Shape = [n, context.real.shape.count / n]
    let (real, fake) = (context.real.reshaped(to: flat), context.fake.detached().reshaped(to: flat))
    let share = context.rules.random.uniform([n, 1], on: real.device)
    return (share * real + (1 - share) * fake).reshaped(to: context.real.shape)
  }

  /// Real samples x moved by a share of half the batch's deviation: x + a s u / 2, with s the deviation over the whole
  /// batch, a uniform on (0, 1) for each sample, or pack of samples, and u uniform on (0, 1) for each coordinate.
  static func around(_ context: LossContext) -> Tensor {
    let real = context.real
    let draws = context.rules.random
    let n = real.shape[0] / context.rules.pack
    let flat: Shape = [n, real.shape.count / n]
    let standardDeviation = (real - real.mean()).squared().mean().squareRoot()
    let share = draws.uniform([n, 1], on: real.device)
    let step = draws.uniform(flat, on: real.device)
    return real + (0.5 * (standardDeviation * (share * step))).reshaped(to: real.shape)
  }

  // MARK: Regularizers of weights

  private static let regularizers: [Regularizer] = [
    Regularizer(
      name: "orthogonal",
      summary: "sum over both players' matrices W of |W^T W (1 - I)|^2; 1e-4 in BigGAN (Brock et al. 2017, 2019)",
      discriminator: orthogonality, generator: orthogonality),
    Regularizer(
      name: "historical-averaging",
      summary: "|w - mean of w over all steps|^2 for both players' weights (Salimans et al. 2016, section 3.3)",
      needs: [.historicalAverage], discriminator: { drift($0) }, generator: { drift($0) }),
  ]

  private static let orthogonality: @Sendable (LossContext) -> Tensor = { context in
    guard let network = context.moving.network else { preconditionFailure("orthogonal needs the moving player") }
    return network.orthogonality(of: context.moving.weights)
  }

  private static func drift(_ context: LossContext) -> Tensor {
    let terms = zip(context.moving.weights, context.moving.historicalAverage).map {
      ($0 - $1).squared().summed()
    }
    return terms.dropFirst().reduce(terms[0], +)
  }

  // MARK: Other aims

  private static let aims: [Regularizer] = [
    Regularizer(
      name: "feature-matching",
      summary:
        "generator |E f(x) - E f(G(z))|, f the discriminator's features (Salimans et al. 2016; the mean absolute "
        + "difference of their code)",
      needs: [.features], generatorPasses: [.real, .fake],
      generator: { context in
        let (real, fake) = (features(context.realOutput).detached(), features(context.fakeOutput))
        return (real.mean(over: [0]) - fake.mean(over: [0])).absolute().mean()
      }),
    Regularizer(
      name: "pulling-away",
      summary: "generator: mean squared cosine between the codes of generated samples; 0.1 in EBGAN (Zhao et al. 2017)",
      needs: [.features, .otherSamples], generatorPasses: [.fake], generator: { pullingAway(features($0.fakeOutput)) }),
    Regularizer(
      name: "auxiliary-classifier",
      summary:
        "both players: cross entropy of the discriminator's class outputs, real and generated (ACGAN, Odena et al. 2017)",
      needs: [.classes], discriminatorPasses: [.real, .fake], generatorPasses: [.fake],
      discriminator: {
        crossEntropy($0.realOutput.rest, $0.labels).mean() + crossEntropy($0.fakeOutput.rest, $0.labels).mean()
      },
      generator: { crossEntropy($0.fakeOutput.rest, $0.labels).mean() }),
    Regularizer(
      name: "information",
      summary: "both players: -log Q(code | G(z)), the bound on the information in the latent code; 1 in InfoGAN (Chen "
        + "et al. 2016)",
      needs: [.codes], discriminatorPasses: [.fake], generatorPasses: [.fake], discriminator: surprise,
      generator: surprise),
  ]

  /// Cross entropy of the categorical code and half the squared error of the continuous ones (a Gaussian of deviation
  /// 1), as the discriminator reads them off generated samples.
  private static let surprise: @Sendable (LossContext) -> Tensor = { context in
    let (guess, codes) = (context.fakeOutput.rest, context.settings.codes)
    guard let latents = context.microBatch.latents else { preconditionFailure("information needs the latents") }
    let n = latents.shape[0]
    func columns(_ x: Tensor, _ from: Int, _ count: Int) -> Tensor { x.sliced(from: [0, from], shape: [n, count]) }
    let code = columns(latents, latents.shape[1] - codes.count, codes.count)
    var losses: [Tensor] = []
    if codes.categories > 0 {
      let logits = columns(guess, 0, codes.categories)
      let chosen = (logits * columns(code, 0, codes.categories)).summed(over: [1])
      losses.append((logSumExp(logits) - chosen).mean())
    }
    if codes.continuous > 0 {
      let error = columns(guess, codes.categories, codes.continuous) - columns(code, codes.categories, codes.continuous)
      losses.append(0.5 * error.squared().summed(over: [1]).mean())
    }
    return losses.dropFirst().reduce(losses[0], +)
  }

  /// Flat features [N, F].
  static func features(_ verdict: LossContext.DiscriminatorOutput) -> Tensor {
    guard let features = verdict.features else { preconditionFailure("this game needs a discriminator with features") }
    return features.reshaped(to: [features.shape[0], features.shape.count / features.shape[0]])
  }

  /// Mean over pairs i != j of the squared cosine of codes [N, F] (Zhao et al. 2017, equation 4).
  static func pullingAway(_ codes: Tensor) -> Tensor {
    let n = Double(codes.shape[0])
    let norms = (codes.squared().summed(over: [1]) + 1e-12).squareRoot().reshaped(to: [codes.shape[0], 1])
    let directions = codes / norms
    let cosines = matmul(directions, directions.transposed([1, 0]))
    // The diagonal's are all 1.
    return (cosines.squared().summed() - n) / (n * (n - 1))
  }

  /// -log of the softmax of logits [N, K] at class numbers [N]: [N].
  package static func crossEntropy(_ logits: Tensor, _ labels: Tensor) -> Tensor {
    let (n, classes) = (logits.shape[0], logits.shape[1])
    let chosen = Tensor.identity(classes, on: logits.device).gathered(labels)
    return logSumExp(logits) - (logits * chosen).summed(over: [1]).reshaped(to: [n])
  }

  /// log sum exp over the classes, [N, K] to [N], free of overflow.
  static func logSumExp(_ logits: Tensor) -> Tensor {
    // The largest logit is a constant here: what it adds inside it takes away outside.
    let largest = largest(of: logits.detached())
    let sum = (logits - largest).exponential().summed(over: [1])
    return sum.logarithm() + largest.reshaped(to: [logits.shape[0]])
  }

  /// The largest of each sample's logits, [N, K] to [N, 1].
  static func largest(of logits: Tensor) -> Tensor {
    let columns = (0..<logits.shape[1]).map { logits.sliced(from: [0, $0], shape: [logits.shape[0], 1]) }
    return columns.dropFirst().reduce(columns[0], maximum)
  }
}
