// What is made with a trained generator.

extension Trainer {
  /// Which weights and which batch-norm statistics samples are made with.
  public struct Sampling: Sendable {
    /// The moving average's weights, where one is kept, or those of the last step.
    public var usesEMA: Bool
    /// Running averages, or the moments of the samples themselves.
    public var usesRunningStatistics: Bool
    public init(usesEMA: Bool, usesRunningStatistics: Bool) {
      (self.usesEMA, self.usesRunningStatistics) = (usesEMA, usesRunningStatistics)
    }
  }

  /// `count` latents, the same at every step: a function of seed and page.
  public func latents(_ count: Int, seed: UInt64? = nil, page: Int = 0) -> Tensor {
    RandomStream(seed: seed ?? self.seed, stream: RandomUse.samples.rawValue)
      .latents(count, generator.network.input.count, game.settings.codes, step: page, on: device)
  }

  /// The same, with what lies beyond ±bound drawn again (the truncation trick, Brock et al. 2019).
  public func latents(_ count: Int, seed: UInt64? = nil, truncatedAt bound: Double) -> Tensor {
    // A draw lies inside ±0.1 with probability 0.08: what 300 pages leave outside is one in 10^10, and set to 0.
    var z = latents(count, seed: seed)
    for page in 1...300 {
      let inside = 1 - (z.absolute() - bound).step()
      z = inside * z + (1 - inside) * latents(count, seed: seed, page: page)
    }
    return z * (1 - (z.absolute() - bound).step())
  }

  /// Latents on the way from each of `first` [N, latent] to the same row of `second`: [N steps, latent], row by row.
  ///
  /// Weights cos and sin of an angle, here by their rational parametrization, keep a Gaussian's variance, which
  /// straight lines do not.
  public static func between(_ first: Tensor, _ second: Tensor, steps: Int) -> Tensor {
    let (rows, latent) = (first.shape[0], first.shape[1])
    return (0..<steps).map { step in
      let t = Double(step) / Double(steps - 1)
      let norm = (t * t + (1 - t) * (1 - t)).squareRoot()
      let z = (1 - t) / norm * first + t / norm * second
      return z.reshaped(to: [rows, 1, latent]).padded(to: [rows, steps, latent], at: [0, step, 0])
    }.reduce(Tensor(0, shape: [rows, steps, latent], on: first.device)) { $0 + $1 }.reshaped(to: [rows * steps, latent])
  }

  /// Samples for latents [N, latent].
  ///
  /// - Parameter labels: Their class numbers [N]; one class after the other where they are not given.
  public func samples(_ latents: Tensor, labels: Tensor? = nil, _ sampling: Sampling) -> Tensor {
    let average = sampling.usesEMA ? generator.ema : nil
    return generator.network(
      latents, weights: average.map(generator.network.views),
      mode: Mode(
        statistics: sampling.usesRunningStatistics ? .running : .batch(updating: false),
        labels: labels ?? classesInTurn(latents.shape[0])))
  }

  /// 0, 1, 2, ... over and over, [N]; nil where the generator knows no classes.
  private func classesInTurn(_ count: Int) -> Tensor? {
    guard game.classes > 0 else { return nil }
    return Tensor((0..<count).map { Double($0 % game.classes) }, shape: [count], on: device)
  }
}
