/// What both networks are trained for: a row of `Objective.all`. Both losses are scalars to be minimised.
public struct Objective: Sendable {
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
  /// The settings that it reads beside those of every objective.
  public let reads: [any SettingRow]
  /// Passes through the discriminator that its own loss and the generator's look at, in the order in which they are
  /// made.
  public let discriminatorPasses, generatorPasses: [LossContext.Pass]
  public let discriminatorLoss: @Sendable (LossContext) -> Tensor
  public let generatorLoss: @Sendable (LossContext) -> Tensor
  /// The divergence as the discriminator sees it now, a scalar; exact where the discriminator is optimal.
  public let estimate: (@Sendable (LossContext) -> Tensor)?
  /// Above 0 where the discriminator takes a sample for real: of the real and the generated samples, [N, 1].
  public let decisions: @Sendable (LossContext) -> (real: Tensor, fake: Tensor)
  /// What it keeps through training.
  public let state: [StateVariable]

  /// - Parameters:
  ///   - name: How it is named in a configuration.
  ///   - summary: One line for people: the losses, and the paper.
  ///   - estimates: The divergence that the generator minimises where the discriminator is optimal.
  ///   - discriminatorPasses: What `discriminatorLoss`, `estimate`, `decisions` and the state look at.
  ///   - generatorPasses: What `generatorLoss` looks at.
  public init(
    name: String, summary: String, estimates: String, discriminator: Discriminator = .logit,
    needsLipschitzBound: Bool = false, reads: [any SettingRow] = [],
    discriminatorPasses: [LossContext.Pass] = [.real, .fake], generatorPasses: [LossContext.Pass] = [.fake],
    discriminatorLoss: @escaping @Sendable (LossContext) -> Tensor,
    generatorLoss: @escaping @Sendable (LossContext) -> Tensor,
    estimate: (@Sendable (LossContext) -> Tensor)? = nil,
    decisions: @escaping @Sendable (LossContext) -> (real: Tensor, fake: Tensor) = { ($0.realLogits, $0.fakeLogits) },
    state: [StateVariable] = []
  ) {
    (self.name, self.summary, self.estimates, self.discriminator) = (name, summary, estimates, discriminator)
    (self.needsLipschitzBound, self.reads, self.state) = (needsLipschitzBound, reads, state)
    (self.discriminatorPasses, self.generatorPasses) = (discriminatorPasses, generatorPasses)
    self.discriminatorLoss = LossContext.running(discriminatorPasses, discriminatorLoss)
    self.generatorLoss = LossContext.running(generatorPasses, generatorLoss)
    self.estimate = estimate.map { LossContext.running(discriminatorPasses, $0) }
    self.decisions = LossContext.running(discriminatorPasses, decisions)
  }

  /// Every row that a configuration can name.
  public static let all: [Objective] =
    discriminations + regressions + pairings + energies + classifications + divergences

  /// The row of this name, or the game of a member of `Divergence.families`, such as "fgan-alpha-1.5"; or nil.
  public static func named(_ name: String) -> Objective? { all.first { $0.name == name } ?? member(name) }
}
