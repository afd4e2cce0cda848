/// A rule by which weights follow their gradients: a row of `OptimizerRule.all`.
public struct OptimizerRule: Sendable {
  public let name: String
  /// The names of the moments that it keeps, each as long as the weights.
  public let moments: [String]
  let kernel: String
  /// The kernel's scalars at step t = 1, 2, ...: + - * / and square roots in double (rule 9 of the numerical contract).
  let scalars: @Sendable (OptimizerSettings, _ step: Int) -> [Double]

  public static let all: [OptimizerRule] = [
    OptimizerRule(name: "sgd", moments: ["velocity"], kernel: "sgd") { s, _ in [s.rate, s.momentum, s.weightDecay] },
    OptimizerRule(name: "rmsprop", moments: ["velocity", "square"], kernel: "rmsprop") { s, _ in
      [s.rate, s.momentum, s.decay, 1 - s.decay, s.epsilon, s.weightDecay]
    },
    OptimizerRule(name: "adam", moments: ["first", "second"], kernel: "adam") { s, step in
      adam(s, step) + [s.weightDecay, 1]
    },
    OptimizerRule(name: "adamw", moments: ["first", "second"], kernel: "adam") { s, step in
      adam(s, step) + [0, 1 - s.rate * s.weightDecay]
    },
  ]

  private static func adam(_ s: OptimizerSettings, _ step: Int) -> [Double] {
    let rate = s.rate / (1 - power(s.beta1, step))
    let root = (1 - power(s.beta2, step)).squareRoot()
    return [rate, s.beta1, 1 - s.beta1, s.beta2, 1 - s.beta2, root, s.epsilon]
  }

  /// x^n by repeated squaring, the same on every machine.
  private static func power(_ x: Double, _ n: Int) -> Double {
    var (result, square, rest) = (1.0, x, n)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}

/// The numbers of an optimizer; each rule reads those that it knows.
public struct OptimizerSettings: Sendable {
  /// The learning rate.
  public var rate: Double
  /// Decay of the first moment (Adam).
  public var beta1 = 0.5
  /// Decay of the second moment (Adam).
  public var beta2 = 0.999
  public var epsilon = 1e-8
  /// Of SGD and RMSProp.
  public var momentum = 0.0
  /// Decay of RMSProp's mean square.
  public var decay = 0.99
  /// L2 for Adam, SGD and RMSProp; decoupled for AdamW (Loshchilov and Hutter 2019).
  public var weightDecay = 0.0

  public init(rate: Double) { self.rate = rate }
}

/// An optimizer at work on one network: its rule, numbers and moments.
public struct Optimizer {
  public let rule: OptimizerRule
  public var settings: OptimizerSettings
  /// Updates done.
  public var step = 0
  /// The moments in the rule's order, each [parameters].
  public let moments: [Tensor]

  public init(_ rule: OptimizerRule, _ settings: OptimizerSettings, for network: Network) {
    (self.rule, self.settings) = (rule, settings)
    moments = rule.moments.map { _ in Tensor(0, shape: network.weights.shape, on: network.weights.device) }
  }

  /// Moves the weights along a gradient, in place, and their moving average too, in one launch.
  ///
  /// - Parameters:
  ///   - gradient: The flat gradient, as `Network.flattened` makes it.
  ///   - average: The moving average of the weights and its decay.
  public mutating func update(
    _ network: Network, along gradient: Tensor, average: (weights: Tensor, decay: Double)? = nil
  ) {
    step += 1
    let scalars = rule.scalars(settings, step).map(LaunchArgument.real)
    let arguments = ([network.weights, gradient] + moments).map(\.argument) + scalars
    let tail = average.map { [$0.weights.argument, .real($0.decay)] } ?? []
    network.weights.device.launch(
      .named(average == nil ? rule.kernel : rule.kernel + "_averaged"), arguments + tail,
      over: Extent(network.weights.shape.count))
  }
}

extension Network {
  /// Keeps every weight within ±limit, in place (Arjovsky et al. 2017).
  public func clipWeights(_ limit: Double) {
    weights.launch("clip_weights", [weights], [.real(limit)], over: Extent(weights.shape.count))
  }
}
