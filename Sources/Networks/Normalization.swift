/// Batch normalization over all axes but the last (Ioffe and Szegedy 2015), with running averages of the moments.
public struct BatchNormalization: Layer {
  public let epsilon: Double
  /// The share of a new batch in the running averages.
  public let momentum: Double
  public let gamma: Initializer
  /// The activation that follows: values below zero are multiplied by it. 1 is none.
  private var negativeSlope = 1.0
  public init(epsilon: Double = 1e-5, momentum: Double = 0.1, gamma: Initializer = .constant(1)) {
    (self.epsilon, self.momentum, self.gamma) = (epsilon, momentum, gamma)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) -> Shape {
    let channels = input[-1]
    declarations.parameter("weight", [channels], gamma)
    declarations.parameter("bias", [channels], .constant(0))
    declareRunningMoments(channels, &declarations)
    return input
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let (gamma, beta) = (pass.parameter(), pass.parameter())
    return normalized(x, gamma, beta, running: pass.statistic(), pass.mode)
  }

  func declareRunningMoments(_ channels: Int, _ declarations: inout Declarations) {
    declarations.statistic(
      "running_moments", [2, channels], .values((0..<(2 * channels)).map { $0 < channels ? 0 : 1 }))
  }

  /// By the batch's moments or the running ones, as the mode says, with a scale and a shift [C].
  func normalized(_ x: Tensor, _ gamma: Tensor, _ beta: Tensor, running: Tensor, _ mode: Mode) -> Tensor {
    switch mode.statistics {
    case .running:
      let moments = running.reshaped(to: Shape([1] + running.shape.sizes))
      return x.normalized(moments: moments, gamma: gamma, beta: beta, epsilon: epsilon, negativeSlope: negativeSlope)
    case .batch(let updating):
      let groups = mode.groups
      let moments = x.moments(groups: groups)
      if updating {
        for part in 0..<groups {
          let own = moments.detached().view(from: part * running.shape.count, shape: running.shape)
          update(running, own, rows: x.shape.count / x.shape[-1] / groups)
        }
      }
      return x.batchNormalized(
        moments: moments, gamma: gamma, beta: beta, epsilon: epsilon, negativeSlope: negativeSlope)
    }
  }

  /// Normalization and a ReLU, plain or leaky, are one pass over the batch.
  public func fused(with next: any Layer) -> (any Layer)? {
    guard negativeSlope == 1, let slope = (next as? Activation)?.negativeSlope else { return nil }
    var both = self
    both.negativeSlope = slope
    return both
  }

  /// Moves the running mean and the running unbiased variance towards a batch's.
  private func update(_ running: Tensor, _ moments: Tensor, rows: Int) {
    let unbiased = rows > 1 ? Double(rows) / Double(rows - 1) : 1
    running.moveTowards(moments, rate: momentum, factor: unbiased, from: running.shape[1])
  }
}

/// Normalization of each sample over some of its axes, with a scale and shift for each channel.
public struct SampleNormalization: Layer {
  private let axes: @Sendable (_ rank: Int) -> [Int]
  public let epsilon: Double

  /// Over all axes of a sample (Ba et al. 2016).
  public static func layer(epsilon: Double = 1e-5) -> SampleNormalization {
    .init(axes: { Array(1..<$0) }, epsilon: epsilon)
  }
  /// Over each channel's pixels (Ulyanov et al. 2016).
  public static func instance(epsilon: Double = 1e-5) -> SampleNormalization {
    .init(axes: { Array(1..<($0 - 1)) }, epsilon: epsilon)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard !axes(input.rank + 1).isEmpty else {
      throw NetworkError("\(declarations.place): instance normalization takes images, not \(input)")
    }
    declarations.parameter("weight", [input[-1]], .constant(1))
    declarations.parameter("bias", [input[-1]], .constant(0))
    return input
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let (gamma, beta) = (pass.parameter(), pass.parameter())
    let axes = axes(x.shape.rank)
    let kept = Shape(x.shape.sizes.enumerated().map { axes.contains($0) ? 1 : $1 })
    let centred = x - x.mean(over: axes).reshaped(to: kept)
    let variance = centred.squared().mean(over: axes).reshaped(to: kept)
    return (centred / (variance + epsilon).squareRoot() * gamma).adding(bias: beta)
  }
}

extension Tensor {
  /// `x += rate (factor target - x)`, in place; before element `start` without the factor.
  func moveTowards(_ target: Tensor, rate: Double, factor: Double = 1, from start: Int = 0) {
    launch(
      .moveTowards, ["y": self, "x": target], sizes: ["plain": start], reals: ["rate": rate, "factor": factor],
      over: Extent(shape.count))
  }
}

extension Kernel {
  fileprivate static let moveTowards = named("move_towards")
}
