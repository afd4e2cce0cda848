// Rows whose discriminator is an autoencoder: a sample's energy is the error of its reconstruction.

extension Objective {
  public static let margin = Setting(
    "objective.margin", 1.0, .positive, "energy up to which generated samples are pushed (EBGAN)")
  public static let diversity = Setting(
    "objective.diversity", 0.5, .positive, "wanted ratio of generated to real errors (BEGAN's gamma)")
  public static let balanceRate = Setting(
    "objective.balance-rate", 0.001, .nonNegative, "how fast k follows that ratio (BEGAN)")

  static let energies: [Objective] = [
    Objective(
      name: "ebgan",
      summary: "discriminator E(x) + max(0, margin - E(G(z))), generator E(G(z)), the energy E a mean squared error "
        + "(Zhao et al. 2017); regularizers.pulling-away keeps the codes apart",
      estimates: "margin (1 - TV(P, G)) for energies that are free", discriminator: .autoencoder, reads: [margin],
      discriminatorLoss: { realEnergy($0).mean() + ($0.settings[margin] - fakeEnergy($0)).relu().mean() },
      generatorLoss: { fakeEnergy($0).mean() },
      estimate: {
        1 - (realEnergy($0).mean() + ($0.settings[margin] - fakeEnergy($0)).relu().mean()) / $0.settings[margin]
      },
      decisions: { (0.5 * $0.settings[margin] - realEnergy($0), 0.5 * $0.settings[margin] - fakeEnergy($0)) }),
    Objective(
      name: "began",
      summary:
        "discriminator L(x) - k L(G(z)), generator L(G(z)), L a mean absolute error; k holds E L(G(z)) at diversity "
        + "times E L(x) (Berthelot et al. 2017)",
      estimates: "a bound of W1 between the distributions of the two errors", discriminator: .autoencoder,
      reads: [diversity, balanceRate],
      discriminatorLoss: { realError($0).mean() - $0[balance] * fakeError($0).mean() },
      generatorLoss: { fakeError($0).mean() },
      // The paper's measure of convergence, M.
      estimate: { context in
        let real = realError(context).mean()
        return real + (context.settings[diversity] * real - fakeError(context).mean()).absolute()
      },
      decisions: { context in
        let (real, fake) = (realError(context), fakeError(context))
        let middle = 0.5 * (real.mean() + fake.mean())
        return (middle - real, middle - fake)
      },
      state: [balance]),
  ]

  /// BEGAN's k, which follows the ratio of the errors (Berthelot et al. 2017, section 3.4).
  private static let balance: StateVariable = StateVariable("objective.balance", initial: 0) { context in
    let gap = context.settings[diversity] * realError(context).mean() - fakeError(context).mean()
    let k = context[balance] + context.settings[balanceRate] * gap
    let one = Tensor(1, on: k.device)
    return (1 - (one - k.relu()).relu()).detached()
  }

  private static func realEnergy(_ context: LossContext) -> Tensor {
    energy(context.seenReal, context.realOutput) { $0.squared() }
  }
  private static func fakeEnergy(_ context: LossContext) -> Tensor {
    energy(context.seenFake, context.fakeOutput) { $0.squared() }
  }
  private static func realError(_ context: LossContext) -> Tensor {
    energy(context.seenReal, context.realOutput) { $0.absolute() }
  }
  private static func fakeError(_ context: LossContext) -> Tensor {
    energy(context.seenFake, context.fakeOutput) { $0.absolute() }
  }

  /// The mean error of each sample's reconstruction, [N, 1].
  ///
  /// The target is what the discriminator saw, behind every transform: an energy is a function of the discriminator's input
  /// alone, so that augmentation and instance noise change both distributions and nothing else of the game, as for any
  /// other discriminator. (A target without the noise would make a denoising autoencoder, which is another energy.) The
  /// target keeps its gradient: it is half of the generator's.
  private static func energy(_ seen: Tensor, _ verdict: LossContext.DiscriminatorOutput, _ error: (Tensor) -> Tensor)
    -> Tensor
  {
    let n = seen.shape[0]
    return error(seen - verdict.output).reshaped(to: [n, seen.shape.count / n]).mean(over: [1])
      .reshaped(to: [n, 1])
  }
}
