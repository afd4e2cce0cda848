@_exported import Networks

/// What an objective may look at when it writes a loss.
///
/// It is as wide as the family of games needs: the critic itself (to score pairs, packs, or reals in the generator's
/// step), the samples, and the logits, which are computed when they are first asked for. Asking for nothing costs
/// nothing.
public final class Scene {
  /// Real samples [N, ...].
  public let real: Tensor
  /// Generated samples [N, ...]: constants in the critic's step, on the generator's tape in the generator's.
  public let fake: Tensor
  private let score: (_ samples: Tensor, _ parts: Int) -> Tensor
  private let isJoint: Bool

  /// - Parameters:
  ///   - isJoint: Whether the logits on real and generated samples are computed together, as two parts of one batch.
  ///   - critic: Scores a batch of so many equal parts, each with batch statistics of its own.
  public init(
    real: Tensor, fake: Tensor, isJoint: Bool = false, critic: @escaping (_ samples: Tensor, _ parts: Int) -> Tensor
  ) {
    (self.real, self.fake, score) = (real, fake, critic)
    self.isJoint = isJoint && real.shape == fake.shape
  }

  /// Scores samples [N, ...] with logits [N, 1].
  public func critic(_ samples: Tensor) -> Tensor { score(samples, 1) }

  /// The critic's logits on the real samples, [N, 1].
  public private(set) lazy var realLogits = isJoint ? logits.rows(from: 0, count: real.shape[0]) : critic(real)
  /// The critic's logits on the generated samples, [N, 1].
  public private(set) lazy var fakeLogits =
    isJoint ? logits.rows(from: real.shape[0], count: fake.shape[0]) : critic(fake)
  private lazy var logits = score(real.followed(by: fake), 2)
}

/// What the two players want: a row of `Objective.all`. Both losses are scalars to be minimised.
public struct Objective: Sendable {
  /// How it is named in a configuration.
  public let name: String
  /// One line for people: the losses, and the paper.
  public let summary: String
  /// Whether the critic's weights are clipped (the configuration says to what).
  public let clipsWeights: Bool
  public let criticLoss: @Sendable (Scene) -> Tensor
  public let generatorLoss: @Sendable (Scene) -> Tensor

  public static let all: [Objective] = classic + logRatios + divergences

  private static let classic: [Objective] = [
    Objective(
      name: "non-saturating",
      summary: "critic -E log D(x) - E log(1 - D(G(z))), generator -E log D(G(z)) (Goodfellow et al. 2014, section 3)",
      clipsWeights: false, criticLoss: discrimination,
      generatorLoss: { $0.fakeLogits.crossEntropy(target: 1).mean() }),
    Objective(
      name: "minimax",
      summary: "critic as non-saturating, generator E log(1 - D(G(z))) (Goodfellow et al. 2014, equation 1)",
      clipsWeights: false, criticLoss: discrimination,
      generatorLoss: { -$0.fakeLogits.crossEntropy(target: 0).mean() }),
    Objective(
      name: "wasserstein",
      summary:
        "critic E D(G(z)) - E D(x) under clipped weights, generator -E D(G(z)) (Arjovsky et al. 2017, algorithm 1)",
      clipsWeights: true, criticLoss: { $0.fakeLogits.mean() - $0.realLogits.mean() },
      generatorLoss: { -$0.fakeLogits.mean() }),
  ]

  /// -E log D(x) - E log(1 - D(G(z))) with D = sigmoid(logit).
  private static let discrimination: @Sendable (Scene) -> Tensor = {
    $0.realLogits.crossEntropy(target: 1).mean() + $0.fakeLogits.crossEntropy(target: 0).mean()
  }

  /// The row of this name, or nil.
  public static func named(_ name: String) -> Objective? { all.first { $0.name == name } }
}
