// Rows whose discriminator gives each sample a logit for each class.

extension Objective {
  static let classifications: [Objective] = [
    Objective(
      name: "semi-supervised",
      summary: "the discriminator is a classifier whose logits' log-sum-exp is its logit of being real, and learns the "
        + "classes of labelled reals; generator as minimax, or regularizers.feature-matching (Salimans et al. 2016, section 5)",
      estimates: "log 2 - JSD(P, G), beside the cross entropy of the classes", discriminator: .classes,
      discriminatorPasses: [.labeled, .real, .fake],
      discriminatorLoss: { context in classifying(context).map { $0 + telling(context) } ?? telling(context) },
      generatorLoss: { -$0.fakeLogits.crossEntropy(target: 0).mean() },
      estimate: { logTwo - telling($0) })
  ]

  /// Half of the cross entropies of real and generated samples.
  private static func telling(_ context: LossContext) -> Tensor {
    0.5 * (context.realLogits.crossEntropy(target: 1).mean() + context.fakeLogits.crossEntropy(target: 0).mean())
  }

  /// Cross entropy of the classes, over the labeled batch where there is one; nil where no class is known.
  private static func classifying(_ context: LossContext) -> Tensor? {
    if let labeled = context.microBatch.batch.labeledBatch, let output = context.labeledOutput {
      return Regularizer.crossEntropy(output.output, labeled.labels).mean()
    }
    return context.microBatch.batch.labels.map { Regularizer.crossEntropy(context.realOutput.output, $0).mean() }
  }
}
