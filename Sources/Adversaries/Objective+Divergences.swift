extension Objective {
  /// The variational divergence minimisation of an f-divergence (Nowozin, Cseke and Tomioka 2016): the critic maximises
  /// `F = E g(v(x)) - E f*(g(v(G(z))))`, a lower bound of `D_f(P, Q)`.
  ///
  /// - Parameters:
  ///   - divergence: A row of `Divergence.all`, or one's own.
  ///   - alternative: Whether the generator maximises `E g(v(G(z)))` (the paper's section 3.2), which keeps its
  ///     gradient where the critic is sure, instead of minimising F.
  public static func divergence(_ divergence: Divergence, alternative: Bool = false) -> Objective {
    let generator = alternative ? "-E g(v(G(z))) (section 3.2)" : "-E f*(g(v(G(z))))"
    return Objective(
      name: divergencePrefix + divergence.name + (alternative ? alternativeSuffix : ""),
      summary: "critic -F, F = E g(v(x)) - E f*(g(v(G(z)))), generator \(generator), f(u) = \(divergence.summary) "
        + "(Nowozin et al. 2016)",
      estimates: "-D_f(P, G)", discriminatorLoss: { -bound(of: divergence, in: $0) },
      generatorLoss: {
        alternative ? -divergence.activation($0.fakeLogits).mean() : -divergence.composition($0.fakeLogits).mean()
      },
      estimate: { bound(of: divergence, in: $0) },
      // Real where T = g(v) is above f'(1), its value where both densities are equal.
      decisions: { context in
        let threshold = divergence.threshold
        return (
          divergence.activation(context.realLogits) - threshold, divergence.activation(context.fakeLogits) - threshold
        )
      })
  }

  /// The critic's estimate F of the divergence, a scalar: on average never more than `D_f(P, Q)`, and that for the
  /// optimal critic.
  public static func bound(of divergence: Divergence, in context: LossContext) -> Tensor {
    divergence.activation(context.realLogits).mean() - divergence.composition(context.fakeLogits).mean()
  }

  private static let divergencePrefix = "fgan-"
  private static let alternativeSuffix = "-alternative"

  /// What stands between "fgan-" and "-alternative" in an objective's name, a divergence's; nil where it names none.
  public static func divergenceName(in name: String) -> String? {
    guard name.hasPrefix(divergencePrefix) else { return nil }
    let rest = name.dropFirst(divergencePrefix.count)
    return String(rest.hasSuffix(alternativeSuffix) ? rest.dropLast(alternativeSuffix.count) : rest)
  }

  /// The game of a divergence that is no row, but a member of a family, such as "fgan-alpha-1.5".
  static func member(_ name: String) -> Objective? {
    divergenceName(in: name).flatMap(Divergence.named).map {
      divergence($0, alternative: name.hasSuffix(alternativeSuffix))
    }
  }

  /// The direct and the alternative game of every row of `Divergence.all`.
  static let divergences: [Objective] = Divergence.all.flatMap { [divergence($0), divergence($0, alternative: true)] }
}
