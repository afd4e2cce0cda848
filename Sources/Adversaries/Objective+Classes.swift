// Rows whose critic gives each sample a logit for each class.

extension Objective {
  static let classifications: [Objective] = [
    Objective(
      name: "semi-supervised",
      summary: "the critic is a classifier whose logits' log-sum-exp is its logit of being real; labelled reals (class "
        + "-1: no label) are classified too; generator as minimax, or terms.feature-matching (Salimans et al. 2016, section 5)",
      estimates: "log 2 - JSD(P, G), beside the cross entropy of the classes", critic: .classes,
      criticLoss: { labelled($0) + telling($0) },
      generatorLoss: { -$0.fakeLogits.crossEntropy(target: 0).mean() },
      estimate: { logTwo - telling($0) })
  ]

  /// Half of the cross entropies of real and generated samples.
  private static func telling(_ scene: Scene) -> Tensor {
    0.5 * (scene.realLogits.crossEntropy(target: 1).mean() + scene.fakeLogits.crossEntropy(target: 0).mean())
  }

  /// Cross entropy of the classes over those reals that have a label.
  private static func labelled(_ scene: Scene) -> Tensor {
    let known = (scene.labels + 0.5).step()
    let losses = known * Term.crossEntropy(scene.realVerdict.output, scene.labels)
    return losses.summed() / (known.summed() + 1e-12)
  }
}
