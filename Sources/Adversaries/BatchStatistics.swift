/// Numbers by which a game's health is told, each a scalar on the device.
enum BatchStatistics {
  /// How much surer the discriminator is than it is right: the mean of max(D, 1 - D) less the share of right decisions,
  /// with D = sigmoid(decision). 0 for a calibrated discriminator, above for an overconfident one.
  static func calibrationGap(_ real: Tensor, _ fake: Tensor) -> Tensor {
    let confidence = 0.5 * (real.absolute().sigmoid().mean() + fake.absolute().sigmoid().mean())
    return confidence - 0.5 * (real.step().mean() + (1 - fake.step().mean()))
  }

  /// The mean deviation of a coordinate over the batch of generated samples, over the same of the real ones: near 0
  /// where all samples are alike.
  static func diversity(of fake: Tensor, beside real: Tensor) -> Tensor {
    spread(fake.detached()) / (spread(real.detached()) + 1e-12)
  }

  private static func spread(_ x: Tensor) -> Tensor {
    let n = x.shape[0]
    let flat = x.reshaped(to: [n, x.shape.count / n])
    return (flat - flat.mean(over: [0])).squared().mean(over: [0]).squareRoot().mean()
  }

  /// The share of values beyond 0.99 in size: where tanh has no gradient left.
  static func saturatedShare(_ fake: Tensor) -> Tensor { (fake.detached().absolute() - 0.99).step().mean() }

  /// The share of samples whose largest logit [N, K] is that of their class [N], among those whose class is known (-1:
  /// it is not).
  static func classAccuracy(_ logits: Tensor, _ classes: Tensor) -> Tensor {
    let chosen = (logits * Tensor.identity(logits.shape[1], on: logits.device).gathered(classes)).summed(over: [1])
    let isRight = 1 - (Regularizer.largest(of: logits).reshaped(to: classes.shape) - chosen).step()
    let isKnown = (classes + 0.5).step()
    return (isKnown * isRight).summed() / (isKnown.summed() + 1e-12)
  }
}
