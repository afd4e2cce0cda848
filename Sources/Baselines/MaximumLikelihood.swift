@_exported import Networks

extension TrainableNetwork {
  /// One step of maximum likelihood: along the gradient of the mean of -log q over samples. It minimises KL(p ‖ q) up
  /// to the entropy of p, with no discriminator (Grover et al. 2018, "Flow-GAN", section 3.1).
  ///
  /// - Parameter samples: [N, d].
  /// - Returns: The mean log density [] of the samples before the step, in nats, on the device.
  /// - Precondition: The network's layer is a `Bijection`, so that the density of its samples is known.
  public mutating func raiseLikelihood(of samples: Tensor) -> Tensor {
    let weights = network.watched(on: Tape())
    let likelihood = network.logDensity(samples, weights: weights).mean()
    minimize(-likelihood, by: weights)
    return likelihood.detached()
  }
}
