/// A term added to a player's loss, times a weight: a penalty, a regularizer, another aim. A row of `Term.all`.
public struct Term: Sendable {
  /// What a term needs beyond the samples.
  public enum Need: Sendable {
    /// The critic's features.
    case features
    /// Class labels, and a critic with an output for each class behind its logit.
    case classes
    /// A critic with outputs for the latent code behind its logit.
    case codes
    /// The mean of the player's weights over all steps.
    case history
    /// Gradients of single samples, which batch statistics in the critic would mix.
    case sampleSlopes
  }

  /// How it is named in a configuration.
  public let name: String
  public let summary: String
  public let needs: [Need]
  /// A scalar added to the critic's loss; nil where it has none.
  public let critic: (@Sendable (Scene) -> Tensor)?
  /// A scalar added to the generator's loss; nil where it has none.
  public let generator: (@Sendable (Scene) -> Tensor)?

  /// Whether the critic may do without it for some steps: a penalty on its slope, which changes slowly and costs much.
  var isLazy: Bool { needs.contains(.sampleSlopes) }

  public init(
    name: String, summary: String, needs: [Need] = [], critic: (@Sendable (Scene) -> Tensor)? = nil,
    generator: (@Sendable (Scene) -> Tensor)? = nil
  ) {
    (self.name, self.summary, self.needs, self.critic, self.generator) = (name, summary, needs, critic, generator)
  }

  public static let all: [Term] = penalties + regularizers + aims

  /// The row of this name, or nil.
  public static func named(_ name: String) -> Term? { all.first { $0.name == name } }

  // MARK: Penalties on the critic's slope

  private static let penalties: [Term] = [
    gradientPenalty(floor: 1e-12),
    Term(
      name: "one-sided-gradient-penalty",
      summary: "E max(0, |grad D| - 1)^2 between real and generated samples (Gulrajani et al. 2017, section 4)",
      needs: [.sampleSlopes], critic: { (slope($0, at: between($0)) - 1).relu().squared().mean() }),
    Term(
      name: "dragan",
      summary:
        "E (|grad D| - 1)^2 around real samples, at x + a s u / 2 with s the batch's deviation, a and u uniform on (0, 1); "
        + "10 (Kodali et al. 2017)",
      needs: [.sampleSlopes], critic: { (slope($0, at: around($0)) - 1).squared().mean() }),
    Term(
      name: "r1", summary: "E |grad D|^2 / 2 at real samples (Mescheder et al. 2018)", needs: [.sampleSlopes],
      critic: { 0.5 * squaredNorms($0.realSlopes, $0).mean() }),
    Term(
      name: "r2", summary: "E |grad D|^2 / 2 at generated samples (Mescheder et al. 2018)", needs: [.sampleSlopes],
      critic: { 0.5 * squaredNorms($0.fakeSlopes, $0).mean() }),
  ]

  /// The squared Euclidean norm over all axes of what the critic takes for one sample, [N / pack].
  private static func squaredNorms(_ x: Tensor, _ scene: Scene) -> Tensor {
    let n = x.shape[0] / scene.background.pack
    return x.squared().reshaped(to: [n, x.shape.count / n]).summed(over: [1])
  }

  /// The row "gradient-penalty" with another number added to the squared slope before the root is taken.
  public static func gradientPenalty(floor: Double) -> Term {
    Term(
      name: "gradient-penalty",
      summary: "E (|grad D| - 1)^2 between real and generated samples; 10 in WGAN-GP (Gulrajani et al. 2017)",
      needs: [.sampleSlopes], critic: { (slope($0, at: between($0), floor: floor) - 1).squared().mean() })
  }

  /// The norm of the critic's gradient at each sample, [N]; its own gradient stays finite where it is 0.
  private static func slope(_ scene: Scene, at samples: Tensor, floor: Double = 1e-12) -> Tensor {
    guard let tape = scene.background.tape else { preconditionFailure("a penalty needs the critic's tape") }
    let samples = tape.watch(samples)
    let slopes = gradient(of: scene.critic(samples), wrt: [samples], recording: true)[0]
    return (squaredNorms(slopes, scene) + floor).squareRoot()
  }

  /// A point on the line between each real sample, or pack of samples, and the generated one at its place.
  private static func between(_ scene: Scene) -> Tensor {
    let n = scene.real.shape[0] / scene.background.pack
    let flat: Shape = [n, scene.real.shape.count / n]
    let (real, fake) = (scene.real.reshaped(to: flat), scene.fake.detached().reshaped(to: flat))
    let share = scene.background.draws.uniform([n, 1], on: real.device)
    return (share * real + (1 - share) * fake).reshaped(to: scene.real.shape)
  }

  /// Real samples x moved by a share of half the batch's deviation: x + a s u / 2, with s the deviation over the whole
  /// batch, a uniform on (0, 1) for each sample, or pack of samples, and u uniform on (0, 1) for each coordinate.
  static func around(_ scene: Scene) -> Tensor {
    let real = scene.real
    let draws = scene.background.draws
    let n = real.shape[0] / scene.background.pack
    let flat: Shape = [n, real.shape.count / n]
    let deviation = (real - real.mean()).squared().mean().squareRoot()
    let share = draws.uniform([n, 1], on: real.device)
    let step = draws.uniform(flat, on: real.device)
    return real + (0.5 * (deviation * (share * step))).reshaped(to: real.shape)
  }

  // MARK: Regularizers of weights

  private static let regularizers: [Term] = [
    Term(
      name: "orthogonal",
      summary: "sum over both players' matrices W of |W^T W (1 - I)|^2; 1e-4 in BigGAN (Brock et al. 2017, 2019)",
      critic: orthogonality, generator: orthogonality),
    Term(
      name: "historical-averaging",
      summary: "|w - mean of w over all steps|^2 for both players' weights (Salimans et al. 2016, section 3.3)",
      needs: [.history], critic: { drift($0) }, generator: { drift($0) }),
  ]

  private static let orthogonality: @Sendable (Scene) -> Tensor = { scene in
    guard let network = scene.background.network else { preconditionFailure("orthogonal needs the moving player") }
    return network.orthogonality(of: scene.background.weights)
  }

  private static func drift(_ scene: Scene) -> Tensor {
    let terms = zip(scene.background.weights, scene.background.history).map { ($0 - $1).squared().summed() }
    return terms.dropFirst().reduce(terms[0], +)
  }

  // MARK: Other aims

  private static let aims: [Term] = [
    Term(
      name: "feature-matching",
      summary: "generator |E f(x) - E f(G(z))|, f the critic's features (Salimans et al. 2016; the mean absolute "
        + "difference of their code)",
      needs: [.features],
      generator: { scene in
        let (real, fake) = (features(scene.realVerdict).detached(), features(scene.fakeVerdict))
        return (real.mean(over: [0]) - fake.mean(over: [0])).absolute().mean()
      }),
    Term(
      name: "pulling-away",
      summary: "generator: mean squared cosine between the codes of generated samples; 0.1 in EBGAN (Zhao et al. 2017)",
      needs: [.features], generator: { pullingAway(features($0.fakeVerdict)) }),
    Term(
      name: "auxiliary-classifier",
      summary:
        "both players: cross entropy of the critic's class outputs, real and generated (ACGAN, Odena et al. 2017)",
      needs: [.classes],
      critic: {
        crossEntropy($0.realVerdict.rest, $0.labels).mean() + crossEntropy($0.fakeVerdict.rest, $0.labels).mean()
      },
      generator: { crossEntropy($0.fakeVerdict.rest, $0.labels).mean() }),
    Term(
      name: "information",
      summary: "both players: -log Q(code | G(z)), the bound on the information in the latent code; 1 in InfoGAN (Chen "
        + "et al. 2016)",
      needs: [.codes], critic: surprise, generator: surprise),
  ]

  /// Cross entropy of the categorical code and half the squared error of the continuous ones (a Gaussian of deviation
  /// 1), as the critic reads them off generated samples.
  private static let surprise: @Sendable (Scene) -> Tensor = { scene in
    let (guess, codes) = (scene.fakeVerdict.rest, scene.options.codes)
    guard let latents = scene.background.latents else { preconditionFailure("information needs the latents") }
    let n = latents.shape[0]
    func columns(_ x: Tensor, _ from: Int, _ count: Int) -> Tensor { x.sliced(from: [0, from], shape: [n, count]) }
    let code = columns(latents, latents.shape[1] - codes.count, codes.count)
    var terms: [Tensor] = []
    if codes.categories > 0 {
      let logits = columns(guess, 0, codes.categories)
      let chosen = (logits * columns(code, 0, codes.categories)).summed(over: [1])
      terms.append((logSumExp(logits) - chosen).mean())
    }
    if codes.continuous > 0 {
      let error = columns(guess, codes.categories, codes.continuous) - columns(code, codes.categories, codes.continuous)
      terms.append(0.5 * error.squared().summed(over: [1]).mean())
    }
    return terms.dropFirst().reduce(terms[0], +)
  }

  /// Flat features [N, F].
  static func features(_ verdict: Scene.Verdict) -> Tensor {
    guard let features = verdict.features else { preconditionFailure("this game needs a critic with features") }
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
