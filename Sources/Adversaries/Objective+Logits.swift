// Rows whose discriminator gives each sample a logit. D is its sigmoid; r = logit D(x), f = logit D(G(z)).

extension Objective {
  /// The probability that the discriminator is to give real samples (one-sided label smoothing, Salimans et al. 2016).
  public static let realTarget = Setting(
    "objective.real-target", 1.0, .positive,
    "the discriminator's target on real samples; 0.9: one-sided label smoothing")
  /// The probability that the generator aims at.
  public static let generatorTarget = Setting(
    "objective.generator-target", 1.0, .positive,
    "the generator's target for the discriminator's output; half of real-target is the smoothed game's equilibrium"
  ).read(by: "training.unroll 0", if: { $0.training.unroll == 0 })
  private static let targets: [any SettingRow] = [realTarget, generatorTarget]

  /// The discriminator of a classification; what the generator wants varies.
  static let discriminations: [Objective] = [
    discrimination(
      "non-saturating", "generator -E log D(G(z)) (Goodfellow et al. 2014, section 3)",
      pulls: "the generator's gradient is that of KL(G || P) - 2 JSD (Arjovsky and Bottou 2017, theorem 2.5)"
    ) {
      $0.fakeLogits.crossEntropy(target: $0.settings[generatorTarget]).mean()
    },
    discrimination(
      "minimax", "generator E log(1 - D(G(z))) (Goodfellow et al. 2014, equation 1)",
      pulls: "the generator's gradient is that of 2 JSD"
    ) {
      -$0.fakeLogits.crossEntropy(target: 0).mean()
    },
    discrimination(
      "blended", "generator -E logit D(G(z)), the sum of the two before (Sonderby et al. 2017; Huszar 2016)",
      pulls: "the generator's gradient is that of KL(G || P)"
    ) {
      -$0.fakeLogits.mean()
    },
    discrimination(
      "maximum-likelihood", "generator -E exp(logit D(G(z))) (Goodfellow 2014, On distinguishability criteria)",
      pulls: "the generator's gradient is that of KL(P || G)"
    ) {
      -$0.fakeLogits.exponential().mean()
    },
  ]

  private static func discrimination(
    _ name: String, _ generator: String, pulls: String, generatorLoss: @escaping @Sendable (LossContext) -> Tensor
  ) -> Objective {
    let loss: @Sendable (LossContext) -> Tensor = {
      $0.realLogits.crossEntropy(target: $0.settings[realTarget]).mean() + $0.fakeLogits.crossEntropy(target: 0).mean()
    }
    return Objective(
      name: name, summary: "discriminator -E log D(x) - E log(1 - D(G(z))), \(generator)",
      estimates: "log 4 - 2 JSD(P, G) nats; \(pulls)", reads: targets, discriminatorLoss: loss,
      generatorLoss: generatorLoss, estimate: { logTwo - 0.5 * loss($0) })
  }

  /// The objective of whoever names none.
  public static let standardName = "non-saturating"

  static let logTwo = 0.6931471805599453

  /// Discriminators that regress or rank single samples.
  static let regressions: [Objective] = [
    Objective(
      name: "least-squares",
      summary: "discriminator (E (r - 1)^2 + E f^2) / 2, generator E (f - 1)^2 / 2, on the logits (Mao et al. 2017)",
      estimates: "the integral of p q / (p + q) / 2, so that 2 - 8 times it is the triangular discrimination",
      reads: targets,
      discriminatorLoss: {
        0.5 * (($0.realLogits - $0.settings[realTarget]).squared().mean() + $0.fakeLogits.squared().mean())
      },
      generatorLoss: { 0.5 * ($0.fakeLogits - $0.settings[generatorTarget]).squared().mean() },
      estimate: { 2 - 4 * (($0.realLogits - 1).squared().mean() + $0.fakeLogits.squared().mean()) },
      decisions: { ($0.realLogits - 0.5, $0.fakeLogits - 0.5) }),
    Objective(
      name: "hinge",
      summary: "discriminator E max(0, 1 - r) + E max(0, 1 + f), generator -E f (Lim and Ye 2017; Miyato et al. 2018)",
      estimates: "2 - 2 TV(P, G)", discriminatorLoss: hinge, generatorLoss: { -$0.fakeLogits.mean() },
      estimate: { 1 - 0.5 * hinge($0) }),
    wasserstein,
  ]

  public static let wasserstein = Objective(
    name: "wasserstein",
    summary: "critic E f - E r with a bounded slope, generator -E f (Arjovsky et al. 2017, algorithm 1)",
    estimates: "-K W1(P, G), where K bounds the critic's slope", needsLipschitzBound: true,
    discriminatorLoss: { $0.fakeLogits.mean() - $0.realLogits.mean() }, generatorLoss: { -$0.fakeLogits.mean() },
    estimate: { $0.realLogits.mean() - $0.fakeLogits.mean() })

  private static let hinge: @Sendable (LossContext) -> Tensor = {
    (1 - $0.realLogits).relu().mean() + (1 + $0.fakeLogits).relu().mean()
  }

  /// Discriminators that compare real with generated samples.
  static let pairings: [Objective] = [
    Objective(
      name: "relativistic",
      summary: "discriminator -E log sigmoid(r - f), generator -E log sigmoid(f - r), pairs by place in the batch "
        + "(RpGAN, Jolicoeur-Martineau 2019; Huang et al. 2024)",
      estimates: "log 2 - JSD(P x G, G x P)", generatorPasses: [.real, .fake],
      discriminatorLoss: { ($0.fakeLogits - $0.realLogits).softplus().mean() },
      generatorLoss: { ($0.realLogits - $0.fakeLogits).softplus().mean() },
      estimate: { logTwo - ($0.fakeLogits - $0.realLogits).softplus().mean() },
      decisions: { ($0.realLogits - $0.fakeLogits, $0.fakeLogits - $0.realLogits) }),
    Objective(
      name: "relativistic-average",
      summary: "each logit is compared with the other side's mean: discriminator -E log sigmoid(r - E f) - E log(1 - "
        + "sigmoid(f - E r)), generator the reverse (RaGAN, Jolicoeur-Martineau 2019)",
      estimates: "a divergence without a closed form (Jolicoeur-Martineau 2020)", generatorPasses: [.fake, .real],
      discriminatorLoss: { average(of: $0.realLogits, over: $0.fakeLogits) },
      generatorLoss: { average(of: $0.fakeLogits, over: $0.realLogits) },
      decisions: { ($0.realLogits - $0.fakeLogits.mean(), $0.fakeLogits - $0.realLogits.mean()) }),
    Objective(
      name: "preference",
      summary:
        "the discriminator sees a pair and says which is real: discriminator -E log sigmoid T(x, G(z)) - E log sigmoid "
        + "-T(G(z), x), halved; generator the reverse (adversarial preference loss, Huszar 2017)",
      estimates: "log 2 - JSD(P x G, G x P)", discriminator: .pairs, discriminatorPasses: [.pairs],
      generatorPasses: [.pairs], discriminatorLoss: { preference($0, 1) },
      generatorLoss: { preference($0, -1) }, estimate: { logTwo - preference($0, 1) },
      decisions: { ($0.pairLogits.realFirst, $0.pairLogits.fakeFirst) }),
  ]

  private static func average(of winners: Tensor, over losers: Tensor) -> Tensor {
    (losers.mean() - winners).softplus().mean() + (losers - winners.mean()).softplus().mean()
  }

  /// Both orders of each pair, so that the discriminator cannot win by place.
  private static func preference(_ context: LossContext, _ sign: Double) -> Tensor {
    let (first, second) = context.pairLogits
    return 0.5 * ((-sign * first).softplus().mean() + (sign * second).softplus().mean())
  }
}
