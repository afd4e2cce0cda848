// Rows whose critic gives each sample a logit for each class.

extension Objective {
  static let classifications: [Objective] = [
    Objective(
      name: "semi-supervised",
      summary: "the critic is a classifier whose logits' log-sum-exp is its logit of being real; labelled reals (class "
        + "-1: no label) are classified too; generator as minimax, or terms.feature-matching (Salimans et al. 2016, section 5)",
      estimates: "as minimax, beside the cross entropy of the classes", critic: .classes,
      criticLoss: {
        labelled($0) + 0.5
          * (realness($0).real.crossEntropy(target: 1).mean()
            + realness($0).fake.crossEntropy(target: 0).mean())
      },
      generatorLoss: { -Term.logSumExp($0.fakeVerdict.output).crossEntropy(target: 0).mean() },
      decisions: { scene in
        let (real, fake) = realness(scene)
        return (real.reshaped(to: [real.shape[0], 1]), fake.reshaped(to: [fake.shape[0], 1]))
      })
  ]

  /// The logit of being real, [N]: D = Z / (Z + 1) with Z the sum of the classes' exponentials.
  private static func realness(_ scene: Scene) -> (real: Tensor, fake: Tensor) {
    (Term.logSumExp(scene.realVerdict.output), Term.logSumExp(scene.fakeVerdict.output))
  }

  /// Cross entropy of the classes over those reals that have a label.
  private static func labelled(_ scene: Scene) -> Tensor {
    let known = (scene.labels + 0.5).step()
    let losses = known * Term.crossEntropy(scene.realVerdict.output, scene.labels)
    return losses.summed() / (known.summed() + 1e-12)
  }
}
