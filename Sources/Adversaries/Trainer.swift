/// The uses of one seed, told apart.
public enum RandomUse: UInt32, Sendable {
  case generatorWeights = 1, criticWeights, latents, samples, points, pointNoise
  /// Dropout takes this stream and those after it.
  case dropout = 1024
}

/// Two players in alternation: k steps of the critic, one of the generator (Goodfellow et al. 2014, algorithm 1).
///
/// The trainer knows no objective by name. All its random numbers are functions of (seed, step).
public final class Trainer {
  /// What one step did, each a scalar on the device: reading them later blocks nothing.
  public struct Step {
    public let number: Int
    public let columns: [(name: String, value: Tensor)]
  }

  public private(set) var generator: Player
  public private(set) var critic: Player
  public let objective: Objective
  /// Critic steps to each generator step.
  public let criticSteps: Int
  /// The limit of the critic's weights, for objectives that clip them.
  public let clip: Double
  public let seed: UInt64
  /// Generator steps done.
  public private(set) var step = 0

  public init(
    generator: Player, critic: Player, objective: Objective, criticSteps: Int = 1, clip: Double = 0.01, seed: UInt64
  ) {
    (self.generator, self.critic, self.objective) = (generator, critic, objective)
    (self.criticSteps, self.clip, self.seed) = (criticSteps, clip, seed)
  }

  private var device: Device { generator.network.weights.device }

  /// One generator step after its critic steps.
  ///
  /// The last critic step's samples are the generator's: nothing is generated twice. While it learns from them, the
  /// critic's weights are constants, so that no gradient of theirs is computed.
  ///
  /// - Parameter batch: Called once for each critic step; gives real samples [N, ...] in [-1, 1].
  /// - Throws: What `batch` throws.
  public func advance(_ batch: () throws -> Tensor) rethrows -> Step {
    step += 1
    var columns: [(name: String, value: Tensor)] = []
    for turn in 1...criticSteps {
      let real = try batch()
      let isLast = turn == criticSteps
      let draw = (step - 1) * criticSteps + turn
      let latents = RandomStream(seed: seed, stream: RandomUse.latents.rawValue)
        .normal(Shape([real.shape[0]] + generator.network.input.sizes), step: draw, on: device)
      let tape = Tape()
      let weights = isLast ? generator.network.watched(on: tape) : nil
      let fake = generator.network(latents, weights: weights, mode: mode(draw))

      columns = criticStep(real: real, fake: fake.detached(), draw: draw)
      if let weights {
        let scene = Scene(real: real, fake: fake) { [critic] in critic.network($0, mode: self.mode(draw, parts: $1)) }
        let loss = objective.generatorLoss(scene)
        let norm = generator.minimize(loss, by: weights)
        columns.insert(("generator_loss", loss.detached()), at: 1)
        columns.append(("generator_gradient_norm", norm.squareRoot()))
      }
    }
    return Step(number: step, columns: columns)
  }

  private func criticStep(real: Tensor, fake: Tensor, draw: Int) -> [(name: String, value: Tensor)] {
    let tape = Tape()
    let weights = critic.network.watched(on: tape)
    let scene = Scene(real: real, fake: fake, isJoint: true) { [critic] in
      critic.network($0, weights: weights, mode: self.mode(draw, parts: $1))
    }
    let loss = objective.criticLoss(scene)
    let (realLogits, fakeLogits) = (scene.realLogits.detached(), scene.fakeLogits.detached())
    let norm = critic.minimize(loss, by: weights)
    if objective.clipsWeights { critic.network.clipWeights(clip) }
    return [
      ("critic_loss", loss.detached()), ("critic_accuracy_real", realLogits.step().mean()),
      ("critic_accuracy_fake", 1 - fakeLogits.step().mean()), ("critic_gradient_norm", norm.squareRoot()),
    ]
  }

  private func mode(_ draw: Int, parts: Int = 1) -> Mode {
    Mode(
      statistics: .batch(updating: true), parts: parts,
      dropout: (RandomStream(seed: seed, stream: RandomUse.dropout.rawValue), draw))
  }

  // MARK: Samples

  /// Which weights and which batch-norm statistics samples are made with.
  public struct Sampling: Sendable {
    /// The moving average's weights, where one is kept, or those of the last step.
    public var usesAverage: Bool
    /// Running averages, or the moments of the samples themselves.
    public var usesRunningStatistics: Bool
    public init(usesAverage: Bool, usesRunningStatistics: Bool) {
      (self.usesAverage, self.usesRunningStatistics) = (usesAverage, usesRunningStatistics)
    }
  }

  /// `count` latents, the same at every step: a function of seed and page.
  public func latents(_ count: Int, seed: UInt64? = nil, page: Int = 0) -> Tensor {
    RandomStream(seed: seed ?? self.seed, stream: RandomUse.samples.rawValue)
      .normal(Shape([count] + generator.network.input.sizes), step: page, on: device)
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
  public func samples(_ latents: Tensor, _ sampling: Sampling) -> Tensor {
    let average = sampling.usesAverage ? generator.average?.weights : nil
    return generator.network(
      latents, weights: average.map(generator.network.views),
      mode: Mode(statistics: sampling.usesRunningStatistics ? .running : .batch(updating: false)))
  }

  // MARK: State

  /// Everything that must be saved to go on to the bit, by name.
  public var state: [(name: String, tensor: Tensor)] { generator.state("generator") + critic.state("critic") }

  /// Goes on after a given step; the tensors of `state` are to be written by the caller.
  public func resume(at step: Int) {
    self.step = step
    generator.optimizer.step = step
    critic.optimizer.step = step * criticSteps
  }
}
