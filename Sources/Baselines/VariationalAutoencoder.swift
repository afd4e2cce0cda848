import Networks

/// A variational autoencoder: a generator that learns from a lower bound of its likelihood instead of from a
/// discriminator.
///
/// Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes". Any pair of networks serves whose encoder gives
/// twice as many numbers as the decoder takes: both rows of an `Architecture`, its discriminator with 2 latent - 1
/// further outputs.
public struct VariationalAutoencoder {
  /// What samples look like around the decoder's output.
  public enum Likelihood: Sendable {
    /// Each element is on with the probability sigmoid(output); samples lie in [0, 1].
    case bernoulli
    /// Normal about the output, with a deviation that stays.
    case gaussian(standardDeviation: Double)

    /// log p(x | z) [N] of samples [N, ...], in nats.
    func logDensity(_ x: Tensor, _ output: Tensor) -> Tensor {
      let flat: Shape = [x.shape[0], x.shape.count / x.shape[0]]
      let (x, output) = (x.reshaped(to: flat), output.reshaped(to: flat))
      switch self {
      case .bernoulli: return (x * output - output.softplus()).summed(over: [1])
      case .gaussian(let standardDeviation):
        let logStandardDeviation = Tensor(standardDeviation, shape: [1], on: x.device).logarithm()
        return ((x - output) / standardDeviation).standardNormalLogDensity() - Double(flat[1]) * logStandardDeviation
      }
    }
  }

  public private(set) var encoder: TrainableNetwork
  public private(set) var decoder: TrainableNetwork
  public let likelihood: Likelihood
  /// Where ε is drawn.
  public let random: RandomStream
  /// Steps done.
  public private(set) var step = 0

  /// - Throws: `NetworkError` where the networks do not fit each other.
  public init(encoder: TrainableNetwork, decoder: TrainableNetwork, likelihood: Likelihood, random: RandomStream)
    throws(NetworkError)
  {
    let (code, latent) = (encoder.network.output, decoder.network.input)
    guard latent.rank == 1, code == [2 * latent[0]], encoder.network.input == decoder.network.output else {
      throw NetworkError(
        "an autoencoder of \(decoder.network.output) with latents \(latent) needs an encoder of such samples to "
          + "twice as many numbers, a mean and a log variance each, not of \(encoder.network.input) to \(code)")
    }
    (self.encoder, self.decoder, self.likelihood, self.random) = (encoder, decoder, likelihood, random)
  }

  private var latent: Int { decoder.network.input[0] }

  /// Changes both learning rates.
  public mutating func setRate(_ rate: Double) {
    encoder.optimizer.settings.rate = rate
    decoder.optimizer.settings.rate = rate
  }

  /// One step of both players along the gradient of the mean bound.
  ///
  /// - Parameter samples: [N, ...].
  /// - Returns: The mean bound [] before the step, in nats, on the device.
  public mutating func advance(_ samples: Tensor) -> Tensor {
    step += 1
    let tape = Tape()
    let weights = (encoder: encoder.network.watched(on: tape), decoder: decoder.network.watched(on: tape))
    let bound = bound(samples, weights, mode: .training, noise(samples, draw: step)).mean()
    let slopes = gradient(of: -bound, wrt: weights.encoder + weights.decoder, retainGraph: false)
    let count = weights.encoder.count
    _ = encoder.move(along: encoder.network.flattened(Array(slopes[..<count])), measuring: false)
    _ = decoder.move(along: decoder.network.flattened(Array(slopes[count...])), measuring: false)
    return bound.detached()
  }

  /// The evidence lower bound log p(x | z) - KL(q(z | x) ‖ p(z)) of each sample [N], in nats, with one z each.
  ///
  /// - Parameter draw: Numbers the draws of z from 0 on; training has its own.
  public func bound(_ samples: Tensor, draw: Int) -> Tensor {
    bound(samples, nil, mode: .inference, noise(samples, draw: Int(UInt32.max) - draw))
  }

  private func noise(_ samples: Tensor, draw: Int) -> Tensor {
    random.normal([samples.shape[0], latent], step: draw, on: samples.device)
  }

  /// The paper's estimator B (equation 7), whose z = μ + σ ε carries the gradient to the encoder (section 2.4).
  func bound(
    _ x: Tensor, _ weights: (encoder: [Tensor], decoder: [Tensor])?, mode: Mode, _ epsilon: Tensor
  ) -> Tensor {
    let (mean, logVariance) = posterior(x, weights?.encoder, mode)
    let z = mean + (0.5 * logVariance).exponential() * epsilon
    let output = decoder.network(z, weights: weights?.decoder, mode: mode)
    return likelihood.logDensity(x, output) - Self.divergence(mean, logVariance)
  }

  /// KL(N(μ, σ²) ‖ N(0, 1)) of each row, [N] (the paper's appendix B).
  private static func divergence(_ mean: Tensor, _ logVariance: Tensor) -> Tensor {
    0.5 * (mean.squared() + logVariance.exponential() - logVariance - 1).summed(over: [1])
  }

  private func posterior(_ x: Tensor, _ weights: [Tensor]?, _ mode: Mode) -> (mean: Tensor, logVariance: Tensor) {
    let code = encoder.network(x, weights: weights, mode: mode)
    let part = { code.sliced(from: [0, $0 * latent], shape: [x.shape[0], latent]) }
    return (part(0), part(1))
  }

  /// What the decoder makes of the means of q(z | x): [N, ...] like the samples; probabilities under `bernoulli`.
  public func reconstructions(of samples: Tensor) -> Tensor {
    decoded(posterior(samples, nil, .inference).mean)
  }

  /// The means of p(x | z) for latents [N, latent].
  public func decoded(_ latents: Tensor) -> Tensor {
    let output = decoder.network(latents, mode: .inference)
    if case .bernoulli = likelihood { return output.sigmoid() }
    return output
  }
}
