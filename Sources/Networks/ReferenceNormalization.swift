// Normalization by a batch that never changes (Salimans et al. 2016), so that what a sample becomes does not depend on
// the others of its batch.
//
// The reference batch goes through the network in front of every batch, in the same pass: its statistics are those of
// the current weights at every depth, gradients flow through them as in openai/improved-gan, and no layer but these
// needs to know. It lies beside the weights (a statistic), and is saved with them.

/// Layers through which a reference batch goes before each batch: layers `ReferenceNormalization` inside use it.
///
/// It starts as standard normal numbers, which is what latents are; a discriminator's is written before training:
/// `network.referenceBatch?.assign(images)`.
public struct Referenced: Layer {
  public let layers: Sequential
  /// Samples of the reference batch.
  public let count: Int
  public init(_ layers: [any Layer], count: Int = 64) { (self.layers, self.count) = (Sequential(layers), count) }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard count > 1 else {
      throw NetworkError("\(declarations.place): a reference batch has two samples or more, not \(count)")
    }
    declarations.statistic("reference", Shape([count] + input.sizes), .normal(standardDeviation: 1))
    let before = declarations.statistics.count
    let output = try declarations.nested("layers") { (nested) throws(NetworkError) in
      try layers.declare(input, &nested)
    }
    let others = declarations.statistics.dropFirst(before).filter { $0.name.hasSuffix("running_moments") }
    guard others.isEmpty else {
      throw NetworkError(
        "\(declarations.place): batch normalization would mix the reference batch with the others at "
          + "\(others.map(\.name)); put ReferenceNormalization there")
    }
    return output
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let reference = pass.statistic()
    pass.references = count
    defer { pass.references = 0 }
    let y = layers.apply(reference.concatenated(with: x, axis: 0), &pass)
    if let features = pass.features, features.shape[0] == y.shape[0] {
      pass.features = features.rows(from: count, count: x.shape[0])
    }
    return y.rows(from: count, count: x.shape[0])
  }
}

/// Normalization over all axes but the last by the reference batch of the `Referenced` around it.
public struct ReferenceNormalization: Layer {
  public let epsilon: Double
  public let gamma: Initializer
  /// Whether each sample counts as one more of the reference batch.
  let isVirtual: Bool

  /// By the reference batch's mean and variance alone.
  public static func batch(
    epsilon: Double = 1e-5, gamma: Initializer = .normal(mean: 1, standardDeviation: 0.02)
  ) -> ReferenceNormalization {
    ReferenceNormalization(epsilon: epsilon, gamma: gamma, isVirtual: false)
  }
  /// Virtual batch normalization: by the mean and variance of the reference batch and the sample itself, the sample
  /// weighing as one of the reference's.
  public static func virtualBatch(
    epsilon: Double = 1e-5, gamma: Initializer = .normal(mean: 1, standardDeviation: 0.02)
  ) -> ReferenceNormalization {
    ReferenceNormalization(epsilon: epsilon, gamma: gamma, isVirtual: true)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank > 0, declarations.statistics.contains(where: { $0.name.hasSuffix("reference") }) else {
      throw NetworkError(
        "\(declarations.place): ReferenceNormalization needs a reference batch; put the layers into Referenced")
    }
    declarations.parameter("weight", [input[-1]], gamma)
    declarations.parameter("bias", [input[-1]], .constant(0))
    return input
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let (gamma, beta) = (pass.parameter(), pass.parameter())
    let (n, channels) = (pass.references, x.shape[-1])
    let rows = x.reshaped(to: [x.shape[0], x.shape.count / x.shape[0] / channels, channels])
    let (mean, variance) = moments(rows.rows(from: 0, count: n), over: [0, 1])
    func normalized(_ x: Tensor, _ mean: Tensor, _ variance: Tensor) -> Tensor {
      ((x - mean) / (variance + epsilon).squareRoot() * gamma).adding(bias: beta)
    }
    if !isVirtual { return normalized(rows, mean, variance).reshaped(to: x.shape) }
    // The pooled moments of n samples and one, as Chan et al. (1983) merge them: the same as improved-gan's means of
    // squares less squared means, without their cancellation.
    let samples = rows.rows(from: n, count: rows.shape[0] - n)
    let (own, ownVariance) = moments(samples, over: [1])
    let (one, others) = (1 / Double(n + 1), Double(n) / Double(n + 1))
    let pooled = one * own + others * mean
    let pooledVariance = one * ownVariance + others * variance + (one * others) * (own - mean).squared()
    return normalized(rows.rows(from: 0, count: n), mean, variance)
      .concatenated(with: normalized(samples, pooled, pooledVariance), axis: 0).reshaped(to: x.shape)
  }

  /// Mean and biased variance over axes, which stay with size 1.
  private func moments(_ x: Tensor, over axes: [Int]) -> (mean: Tensor, variance: Tensor) {
    let kept = Shape(x.shape.sizes.enumerated().map { axes.contains($0) ? 1 : $1 })
    let mean = x.mean(over: axes).reshaped(to: kept)
    return (mean, (x - mean).squared().mean(over: axes).reshaped(to: kept))
  }
}

extension Network {
  /// The reference batch [count, ...] of a network with `Referenced`, to be written in place; nil without one.
  public var referenceBatch: Tensor? {
    var start = 0
    for statistic in statistics {
      if statistic.name.hasSuffix("reference") { return runningStatistics.view(from: start, shape: statistic.shape) }
      start += statistic.shape.count
    }
    return nil
  }
}
