/// The exponential moving average (EMA) of the generator's weights.
public struct EMASection: SettingSection {
  public let decay = Setting(
    "ema.decay", Schedule(0), .fraction, "decay of the moving average of the generator's weights; 0: none is kept"
  ).formerly("average.decay")

  public static let rows = EMASection()
}

extension Settings {
  public var ema: SectionValues<EMASection> {
    get { SectionValues(self) }
    set { self = newValue.settings }
  }
}

/// A network that learns: with its optimizer, and perhaps the moving average of its weights.
public struct TrainableNetwork {
  public let network: Network
  public var optimizer: Optimizer
  /// The moving average of the weights, if one is kept, and its decay.
  public let ema: Tensor?
  public var emaDecay: Double
  /// The mean of the weights over all steps, if it is kept.
  public let historicalAverage: Tensor?

  /// - Parameters:
  ///   - averageDecay: The decay of the average of the weights; no average is kept where it is 0.
  ///   - keepsHistory: Whether the mean of the weights over all steps is kept.
  public init(
    _ network: Network, _ rule: OptimizerRule, _ settings: OptimizerSettings, emaDecay: Double = 0,
    keepsHistoricalAverage: Bool = false
  ) {
    self.network = network
    optimizer = Optimizer(rule, settings, for: network)
    func copy() -> Tensor {
      let weights = Tensor(uninitialized: network.weights.shape, on: network.weights.device)
      weights.assign(network.weights)
      return weights
    }
    self.emaDecay = emaDecay
    ema = emaDecay > 0 ? copy() : nil
    historicalAverage = keepsHistoricalAverage ? copy() : nil
  }

  /// The moving average with its decay, as optimizers take it.
  public var emaUpdate: (weights: Tensor, decay: Double)? { ema.map { ($0, emaDecay) } }

  /// Minimises a loss by one update; the tape is used up.
  public mutating func minimize(_ loss: Tensor, by weights: [Tensor]) {
    _ = move(along: network.flattened(gradient(of: loss, wrt: weights, retainGraph: false)), measuring: false)
  }

  /// Moves the weights along a flat gradient, with what is kept of them.
  ///
  /// - Returns: The gradient's squared norm, a scalar, where it is to be measured.
  public mutating func move(along flat: Tensor, measuring: Bool) -> Tensor? {
    optimizer.update(network, along: flat, ema: emaUpdate)
    historicalAverage?.moveTowards(network.weights, rate: 1 / Double(optimizer.step + 1))
    return measuring ? flat.squared().summed() : nil
  }

  /// Everything that must be saved to go on to the bit, by name.
  public func state(_ prefix: String) -> [(name: String, tensor: Tensor)] {
    var state = [(prefix + ".weights", network.weights), (prefix + ".statistics", network.runningStatistics)]
    state += zip(optimizer.rule.moments, optimizer.moments).map { (prefix + ".optimizer." + $0, $1) }
    if let ema { state.append((prefix + ".ema", ema)) }
    if let historicalAverage { state.append((prefix + ".historical-average", historicalAverage)) }
    return state
  }
}
