/// What is done to samples before the discriminator sees them, real and generated alike: an entry of a game's `inputTransforms`.
public struct InputTransform: Sendable {
  /// What a transform may look at.
  public struct Context {
    /// The generator's step, from 1 on.
    public let step: Int
    public let random: StepRandom
    /// The batch's real samples [N, ...].
    public let real: Tensor
    private let state: [String: Tensor]

    public init(step: Int, random: StepRandom, real: Tensor, state: [String: Tensor] = [:]) {
      (self.step, self.random, self.real, self.state) = (step, random, real, state)
    }

    /// The value of a transform's state.
    public subscript(variable: StateVariable) -> Tensor {
      guard let value = state[variable.name] else {
        preconditionFailure("'\(variable.name)' is no state of this game: the row that reads it must declare it")
      }
      return value
    }
  }

  public let name: String
  /// Whether the generator's step sees it too; if not, only the discriminator learns through it.
  public let isOnBothSides: Bool
  /// How many samples become one.
  public let pack: Int
  /// What it keeps through training.
  public let state: [StateVariable]
  public let apply: @Sendable (_ samples: Tensor, Context) -> Tensor

  public init(
    name: String, isOnBothSides: Bool = true, pack: Int = 1, state: [StateVariable] = [],
    apply: @escaping @Sendable (Tensor, Context) -> Tensor
  ) {
    (self.name, self.isOnBothSides, self.pack, self.state, self.apply) = (name, isOnBothSides, pack, state, apply)
  }

  /// Distributions of instance noise.
  public enum Noise: String, CaseIterable, Sendable {
    /// The same standard deviation for every coordinate.
    case gaussian
    /// A standard deviation for each coordinate, in proportion to that of the batch's real samples.
    case diagonal
    /// Uniform, so that its support is bounded (Arjovsky and Bottou 2017, theorem 3.3).
    case bounded
  }

  /// Noise on real and generated samples (Sonderby et al. 2017; Arjovsky and Bottou 2017), its deviation annealed as
  /// the schedule says.
  public static func noise(_ noise: Noise, standardDeviation: Schedule, isOnBothSides: Bool = true) -> InputTransform {
    InputTransform(name: "instance noise", isOnBothSides: isOnBothSides) { x, context in
      let standardDeviation = standardDeviation.value(at: context.step)
      guard standardDeviation > 0 else { return x }
      switch noise {
      case .gaussian: return x + standardDeviation * context.random.normal(x.shape, on: x.device)
      case .bounded:
        let half = standardDeviation * 3.0.squareRoot()
        return x + (2 * half * context.random.uniform(x.shape, on: x.device) - half)
      case .diagonal:
        let centred = context.real - context.real.mean(over: [0])
        let spread = centred.squared().mean(over: [0]).squareRoot()
        return x + standardDeviation * (spread * context.random.normal(x.shape, on: x.device))
      }
    }
  }

  /// m neighbours of the batch side by side as one, so that the discriminator sees a lack of variety (PacGAN, Lin et
  /// al. 2018).
  public static func packed(_ m: Int) -> InputTransform {
    InputTransform(name: "packed", pack: m) { x, _ in x.packed(by: m) }
  }

  /// Differentiable augmentation of each sample with a probability that may change (Zhao et al. 2020).
  public static func augmentation(_ policy: AugmentationPolicy, probability: Schedule) -> InputTransform {
    InputTransform(name: "augmented") { x, context in
      let probability = probability.value(at: context.step)
      guard probability > 0 else { return x }
      let changed = policy(x, random: context.random.next(), step: context.random.step)
      guard probability < 1 else { return changed }
      let chance = context.random.uniform(Shape([x.shape[0]] + x.shape.sizes.dropFirst().map { _ in 1 }), on: x.device)
      return x + (probability - chance).step() * (changed - x)
    }
  }
}
