/// A network that learns: with its optimizer, and perhaps the moving average of its weights.
public struct Player {
  public let network: Network
  public var optimizer: Optimizer
  /// The average weights and their decay.
  public let average: (weights: Tensor, decay: Double)?

  /// - Parameter averageDecay: The decay of the average of the weights; no average is kept where it is 0.
  public init(_ network: Network, _ rule: OptimizerRule, _ settings: OptimizerSettings, averageDecay: Double = 0) {
    self.network = network
    optimizer = Optimizer(rule, settings, for: network)
    if averageDecay > 0 {
      let weights = Tensor(uninitialized: network.weights.shape, on: network.weights.device)
      weights.assign(network.weights)
      average = (weights, averageDecay)
    } else {
      average = nil
    }
  }

  /// Minimises a loss by one update; the tape is used up.
  ///
  /// - Returns: The gradient's squared norm, a scalar.
  public mutating func minimize(_ loss: Tensor, by weights: [Tensor]) -> Tensor {
    let flat = network.flattened(gradient(of: loss, wrt: weights, releasing: true))
    optimizer.update(network, along: flat, average: average)
    return flat.squared().summed()
  }

  /// Everything that must be saved to go on to the bit, by name.
  public func state(_ prefix: String) -> [(name: String, tensor: Tensor)] {
    var state = [(prefix + ".weights", network.weights), (prefix + ".statistics", network.runningStatistics)]
    state += zip(optimizer.rule.moments, optimizer.moments).map { (prefix + ".optimizer." + $0, $1) }
    if let average { state.append((prefix + ".average", average.weights)) }
    return state
  }
}
