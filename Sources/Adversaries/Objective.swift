/// What the two players want: a row of `Objective.all`. Both losses are scalars to be minimised.
public struct Objective: Sendable {
  /// The numbers that some rows read; a configuration sets them.
  public struct Options: Sendable, Equatable {
    /// The probability that the discriminator is to give real samples (one-sided label smoothing, Salimans et al.
    /// 2016), and the one that the generator aims at.
    public var realTarget = 1.0
    public var generatorTarget = 1.0
    /// The energy that generated samples are pushed up to (EBGAN).
    public var margin = 1.0
    /// The wanted ratio of the energies of generated and real samples, and the rate at which k follows it (BEGAN).
    public var diversity = 0.5
    public var balanceRate = 0.001
    /// The last part of the latents, which the discriminator is to read off the samples (InfoGAN).
    public var codes = LatentCodes()
    public init() {}
  }

  /// What the discriminator must be.
  public enum Discriminator: Sendable {
    /// A logit for each sample.
    case logit
    /// A logit for each class of each sample.
    case classes
    /// A logit for each pair of samples.
    case pairs
    /// A reconstruction of each sample.
    case autoencoder

    /// A sample's logit of being real, [N, 1], among the discriminator's outputs: the first one; of classes, whose
    /// outputs are the logits of being real and of that class, the log of the sum of their exponentials, so that D = Z
    /// / (Z + 1) (Salimans et al. 2016, section 5).
    func logits(_ output: Tensor) -> Tensor {
      let n = output.shape[0]
      if self == .classes { return Regularizer.logSumExp(output).reshaped(to: [n, 1]) }
      return output.shape[1] == 1 ? output : output.sliced(from: [0, 0], shape: [n, 1])
    }
  }

  /// How it is named in a configuration.
  public let name: String
  /// One line for people: the losses, and the paper.
  public let summary: String
  /// What the discriminator's optimal value is a function of: the divergence that the generator minimises.
  public let estimates: String
  public let discriminator: Discriminator
  /// Whether the discriminator's slope must be bounded for the loss to have a minimum.
  public let needsLipschitzBound: Bool
  /// Whether the rows of `Options` called targets mean anything.
  public let readsTargets: Bool
  public let discriminatorLoss: @Sendable (LossContext) -> Tensor
  public let generatorLoss: @Sendable (LossContext) -> Tensor
  /// The divergence as the discriminator sees it now, a scalar; exact where the discriminator is optimal.
  public let estimate: (@Sendable (LossContext) -> Tensor)?
  /// Above 0 where the discriminator takes a sample for real: of the real and the generated samples, [N, 1].
  public let decisions: @Sendable (LossContext) -> (real: Tensor, fake: Tensor)
  /// Numbers that live through training: names and first values, and their values after a step of the discriminator.
  public let state: [(name: String, initial: Double)]
  public let nextState: @Sendable (LossContext) -> [Tensor]

  public init(
    name: String, summary: String, estimates: String, discriminator: Discriminator = .logit,
    needsLipschitzBound: Bool = false,
    readsTargets: Bool = false, discriminatorLoss: @escaping @Sendable (LossContext) -> Tensor,
    generatorLoss: @escaping @Sendable (LossContext) -> Tensor, estimate: (@Sendable (LossContext) -> Tensor)? = nil,
    decisions: @escaping @Sendable (LossContext) -> (real: Tensor, fake: Tensor) = { ($0.realLogits, $0.fakeLogits) },
    state: [(name: String, initial: Double)] = [],
    nextState: @escaping @Sendable (LossContext) -> [Tensor] = { _ in [] }
  ) {
    (self.name, self.summary, self.estimates, self.discriminator) = (name, summary, estimates, discriminator)
    (self.needsLipschitzBound, self.readsTargets) = (needsLipschitzBound, readsTargets)
    (self.discriminatorLoss, self.generatorLoss, self.estimate) = (discriminatorLoss, generatorLoss, estimate)
    (self.decisions, self.state, self.nextState) = (decisions, state, nextState)
  }

  /// Every row that a configuration can name.
  public static let all: [Objective] =
    discriminations + regressions + pairings + energies + classifications + divergences

  /// The row of this name, or the game of a member of `Divergence.families`, such as "fgan-alpha-1.5"; or nil.
  public static func named(_ name: String) -> Objective? { all.first { $0.name == name } ?? member(name) }
}
