// Rows whose critic gives each sample a logit for each class.

extension Objective {
  static let classifications: [Objective] = [
    Objective(
      name: "semi-supervised",
      summary: "the critic is a classifier whose logits' log-sum-exp is its logit of being real, and learns the "
        + "classes of labelled reals; generator as minimax, or terms.feature-matching (Salimans et al. 2016, section 5)",
      estimates: "log 2 - JSD(P, G), beside the cross entropy of the classes", critic: .classes,
      criticLoss: { scene in classifying(scene).map { $0 + telling(scene) } ?? telling(scene) },
      generatorLoss: { -$0.fakeLogits.crossEntropy(target: 0).mean() },
      estimate: { logTwo - telling($0) })
  ]

  /// Half of the cross entropies of real and generated samples.
  private static func telling(_ scene: Scene) -> Tensor {
    0.5 * (scene.realLogits.crossEntropy(target: 1).mean() + scene.fakeLogits.crossEntropy(target: 0).mean())
  }

  /// Cross entropy of the classes, over the lesson where there is one; nil where no class is known.
  private static func classifying(_ scene: Scene) -> Tensor? {
    if let lesson = scene.background.lesson {
      return Term.crossEntropy(scene.outputs(lesson.samples), lesson.labels).mean()
    }
    return scene.background.labels.map { Term.crossEntropy(scene.realVerdict.output, $0).mean() }
  }
}
