/// How both networks learn.
public struct OptimizerSection: SettingSection {
  public let name = Setting("optimizer.name", "adam", "the optimizer of both networks")
  public let generatorLearningRate = Setting(
    "optimizer.generator-lr", Schedule(2e-4), .nonNegative, "learning rate of the generator"
  ).formerly("optimizer.generator-rate")
  public let discriminatorLearningRate = Setting(
    "optimizer.discriminator-lr", Schedule(2e-4), .nonNegative, "learning rate of the discriminator"
  ).formerly("optimizer.critic-rate")
  public let beta1 = Setting("optimizer.beta1", 0.5, .fraction, "decay of the first moment")
  public let beta2 = Setting("optimizer.beta2", Schedule(0.999), .fraction, "decay of the second moment")
  public let epsilon = Setting("optimizer.epsilon", 1e-8, .positive, "added to the root of the second moment")
  public let momentum = Setting("optimizer.momentum", 0.0, .fraction, "momentum")
  public let weightDecay = Setting(
    "optimizer.weight-decay", 0.0, .nonNegative, "pull of the weights to 0; decoupled in adamw")
  public let alpha = Setting("optimizer.alpha", 0.99, .fraction, "decay of the mean square").formerly("optimizer.decay")

  public static let rows = OptimizerSection()
}

extension Settings {
  public var optimizer: SectionValues<OptimizerSection> {
    get { SectionValues(self) }
    set { self = newValue.settings }
  }
}

/// A rule by which weights follow their gradients: a row of `OptimizerRule.all`.
public struct OptimizerRule: Sendable {
  public let name: String
  /// The names of the moments that it keeps, each as long as the weights.
  public let moments: [String]
  /// The settings that it reads beside learning rates and weight decay, which all do.
  public let reads: [any SettingRow]
  /// Without and with a moving average of the weights.
  let kernel, averagingKernel: Kernel
  /// The kernel's numbers at step t = 1, 2, ...: + - * / and square roots in double (rule 9 of the numerical contract).
  let scalars: @Sendable (OptimizerSettings, _ step: Int) -> NamedArguments<Double>

  /// The rule in recorded ops: a weight and its moments after step t, which a gradient can go through.
  public let unrolled:
    @Sendable (OptimizerSettings, _ step: Int, _ weight: Tensor, _ gradient: Tensor, _ moments: [Tensor]) -> (
      weight: Tensor, moments: [Tensor]
    )

  private static let options = OptimizerSection.rows

  public static let all: [OptimizerRule] = [
    OptimizerRule(
      name: "sgd", moments: ["velocity"], reads: [options.momentum],
      kernel: .named("sgd"), averagingKernel: .named("sgd_averaged"),
      scalars: { s, _ in ["rate": s.rate, "momentum": s.momentum, "weight_decay": s.weightDecay] },
      unrolled: { s, _, w, g, m in
        let velocity = s.momentum * m[0] + decayed(s, w, g)
        return (w - s.rate * velocity, [velocity])
      }),
    rmsprop, adam,
    OptimizerRule(
      name: "adamw", moments: ["first", "second"], reads: [options.beta1, options.beta2, options.epsilon],
      kernel: .adam, averagingKernel: .named("adam_averaged"),
      scalars: { s, step in adam(s, step, weightDecay: 0, shrink: 1 - s.rate * s.weightDecay) },
      unrolled: { s, step, w, g, m in adam(s, step, w, g, m, shrink: 1 - s.rate * s.weightDecay) }),
  ]

  public static let rmsprop = OptimizerRule(
    name: "rmsprop", moments: ["velocity", "square"], reads: [options.momentum, options.alpha, options.epsilon],
    kernel: .named("rmsprop"), averagingKernel: .named("rmsprop_averaged"),
    scalars: { s, _ in
      [
        "rate": s.rate, "momentum": s.momentum, "alpha": s.alpha, "beta": 1 - s.alpha, "epsilon": s.epsilon,
        "weight_decay": s.weightDecay,
      ]
    },
    unrolled: { s, _, w, g, m in
      let slope = decayed(s, w, g)
      let square = s.alpha * m[1] + (1 - s.alpha) * slope.squared()
      let velocity = s.momentum * m[0] + slope / (root(square) + s.epsilon)
      return (w - s.rate * velocity, [velocity, square])
    })

  public static let adam = OptimizerRule(
    name: "adam", moments: ["first", "second"], reads: [options.beta1, options.beta2, options.epsilon], kernel: .adam,
    averagingKernel: .named("adam_averaged"),
    scalars: { s, step in adam(s, step, weightDecay: s.weightDecay, shrink: 1) },
    unrolled: { s, step, w, g, m in adam(s, step, w, decayed(s, w, g), m, shrink: 1) })

  private static func decayed(_ s: OptimizerSettings, _ w: Tensor, _ g: Tensor) -> Tensor {
    s.weightDecay == 0 ? g : g + s.weightDecay * w
  }

  /// A square root whose gradient is finite at 0, where weights lie that have had no gradient yet.
  private static func root(_ square: Tensor) -> Tensor { (square + 1e-20).squareRoot() }

  private static func adam(
    _ s: OptimizerSettings, _ step: Int, _ w: Tensor, _ g: Tensor, _ m: [Tensor], shrink: Double
  ) -> (weight: Tensor, moments: [Tensor]) {
    let (rate, root) = adam(s, step)
    let first = s.beta1 * m[0] + (1 - s.beta1) * g
    let second = s.beta2 * m[1] + (1 - s.beta2) * g.squared()
    let update = rate * (first / (Self.root(second) / root + s.epsilon))
    return ((shrink == 1 ? w : shrink * w) - update, [first, second])
  }

  /// The rate over the first moment's bias, and the root of the second's.
  private static func adam(_ s: OptimizerSettings, _ step: Int) -> (rate: Double, root: Double) {
    (s.rate / (1 - power(s.beta1, step)), (1 - power(s.beta2, step)).squareRoot())
  }

  private static func adam(
    _ s: OptimizerSettings, _ step: Int, weightDecay: Double, shrink: Double
  ) -> NamedArguments<Double> {
    let (rate, root) = adam(s, step)
    return [
      "rate": rate, "beta1": s.beta1, "rest1": 1 - s.beta1, "beta2": s.beta2, "rest2": 1 - s.beta2, "root": root,
      "epsilon": s.epsilon, "weight_decay": weightDecay, "shrink": shrink,
    ]
  }

  /// The numbers of updates among which every `interval`-th is followed by one more, for a part of the loss that is
  /// taken so seldom: with c = interval / (interval + 1), Adam's rate times c and both its betas to the power of c, so
  /// that interval + 1 updates go as far and forget as much as interval did (Karras et al. 2020, "Analyzing and
  /// improving the image quality of StyleGAN", appendix B). Other rules keep theirs: their updates follow the
  /// gradient's length.
  public func settings(_ settings: OptimizerSettings, withPenaltyEvery interval: Int) -> OptimizerSettings {
    guard kernel === Kernel.adam else { return settings }
    var settings = settings
    settings.rate *= Double(interval) / Double(interval + 1)
    // x^c is x over its (interval + 1)-th root.
    func shortened(_ beta: Double) -> Double { beta == 0 ? 0 : beta / Self.root(beta, interval + 1) }
    (settings.beta1, settings.beta2) = (shortened(settings.beta1), shortened(settings.beta2))
    return settings
  }

  /// The n-th root of an x from 0 to 1, the same on every machine: halves of the interval, down to a double's last bit.
  private static func root(_ x: Double, _ n: Int) -> Double {
    var (low, high) = (x, 1.0)
    for _ in 0..<60 {
      let middle = 0.5 * (low + high)
      if power(middle, n) < x { low = middle } else { high = middle }
    }
    return high
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
  public var alpha = 0.99
  /// L2 for Adam, SGD and RMSProp; decoupled for AdamW (Loshchilov and Hutter 2019).
  public var weightDecay = 0.0

  public init(rate: Double) { self.rate = rate }

  /// The numbers of a configuration, with which training begins.
  public init(_ values: SectionValues<OptimizerSection>, rate: Schedule) {
    self.init(rate: rate.start)
    (beta1, beta2, epsilon) = (values.beta1, values.beta2.start, values.epsilon)
    (momentum, alpha, weightDecay) = (values.momentum, values.alpha, values.weightDecay)
  }
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
    _ network: Network, along gradient: Tensor, ema: (weights: Tensor, decay: Double)? = nil
  ) {
    step += 1
    let kernel = ema == nil ? rule.kernel : rule.averagingKernel
    let buffers = [network.weights, gradient] + moments + (ema.map { [$0.weights] } ?? [])
    let reals = rule.scalars(settings, step) + (ema.map { ["decay": $0.decay] } ?? [:])
    let arguments = kernel.arguments(buffers.count, reals: reals) { (kernel.bufferNames[$0], buffers[$0].argument) }
    network.weights.device.launch(kernel, arguments, over: Extent(network.weights.shape.count))
  }
}

extension Network {
  /// Keeps every weight within ±limit, in place (Arjovsky et al. 2017).
  public func clipWeights(_ limit: Double) {
    weights.launch(.clipWeights, ["w": weights], reals: ["limit": limit], over: Extent(weights.shape.count))
  }
}

extension Kernel {
  fileprivate static let adam = named("adam")
  fileprivate static let clipWeights = named("clip_weights")
}
