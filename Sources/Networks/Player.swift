/// A network that learns: with its optimizer, and perhaps the moving average of its weights.
public struct Player {
  public let network: Network
  public var optimizer: Optimizer
  /// The moving average of the weights, if one is kept, and its decay.
  public let average: Tensor?
  public var averageDecay: Double
  /// The mean of the weights over all steps, if it is kept.
  public let history: Tensor?

  /// - Parameters:
  ///   - averageDecay: The decay of the average of the weights; no average is kept where it is 0.
  ///   - keepsHistory: Whether the mean of the weights over all steps is kept.
  public init(
    _ network: Network, _ rule: OptimizerRule, _ settings: OptimizerSettings, averageDecay: Double = 0,
    keepsHistory: Bool = false
  ) {
    self.network = network
    optimizer = Optimizer(rule, settings, for: network)
    func copy() -> Tensor {
      let weights = Tensor(uninitialized: network.weights.shape, on: network.weights.device)
      weights.assign(network.weights)
      return weights
    }
    self.averageDecay = averageDecay
    average = averageDecay > 0 ? copy() : nil
    history = keepsHistory ? copy() : nil
  }

  /// The moving average with its decay, as optimizers take it.
  public var averaging: (weights: Tensor, decay: Double)? { average.map { ($0, averageDecay) } }

  /// Minimises a loss by one update; the tape is used up.
  public mutating func minimize(_ loss: Tensor, by weights: [Tensor]) {
    _ = move(along: network.flattened(gradient(of: loss, wrt: weights, releasing: true)), measuring: false)
  }

  /// Moves the weights along a flat gradient, with what is kept of them.
  ///
  /// - Returns: The gradient's squared norm, a scalar, where it is to be measured.
  public mutating func move(along flat: Tensor, measuring: Bool) -> Tensor? {
    optimizer.update(network, along: flat, average: averaging)
    history?.moveTowards(network.weights, rate: 1 / Double(optimizer.step + 1))
    return measuring ? flat.squared().summed() : nil
  }

  /// Everything that must be saved to go on to the bit, by name.
  public func state(_ prefix: String) -> [(name: String, tensor: Tensor)] {
    var state = [(prefix + ".weights", network.weights), (prefix + ".statistics", network.runningStatistics)]
    state += zip(optimizer.rule.moments, optimizer.moments).map { (prefix + ".optimizer." + $0, $1) }
    if let average { state.append((prefix + ".average", average)) }
    if let history { state.append((prefix + ".history", history)) }
    return state
  }
}
