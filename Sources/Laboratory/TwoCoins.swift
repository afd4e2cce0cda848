import Foundation
import Saddle

/// Two equal coins fitted to three outcomes that no two coins give. The generator is misspecified, and each divergence
/// has another optimum.
enum TwoCoins {
  /// The data's probabilities of no, one and two heads.
  static let data = [0.55, 0.05, 0.4]

  /// The coins', by the probability of heads.
  static func probabilities(_ t: Double) -> [Double] { [(1 - t) * (1 - t), 2 * t * (1 - t), t * t] }

  /// The probability of heads at the least divergence, by a search that knows nothing of gradients.
  ///
  /// - Parameter divergence: Of coins with these probabilities of their outcomes from the data.
  static func best(_ divergence: ([Double]) -> Double) -> Double {
    let grid = (1..<10_000).map { Double($0) / 10_000 }
    return grid.min { divergence(probabilities($0)) < divergence(probabilities($1)) } ?? 0
  }

  /// Where coins rest that follow the reversed loss of pairs, E softplus(T*(real, fake)) under the critic that is best
  /// for them, T*(x, y) = s(x) - s(y) with s = log p/q: where its derivative by the coins' own probabilities is 0.
  ///
  /// - Parameter bounds: Probabilities of heads, on both sides of one such point.
  static func restingPoint(in bounds: ClosedRange<Double>) -> Double {
    func slope(_ t: Double) -> Double {
      let scores = zip(data, probabilities(t)).map { log($0 / $1) }
      let changes = [-2 * (1 - t), 2 - 4 * t, 2 * t]
      var sum = 0.0
      for (p, real) in zip(data, scores) {
        for (change, fake) in zip(changes, scores) { sum += p * change * log1p(exp(real - fake)) }
      }
      return sum
    }
    var (low, high) = (bounds.lowerBound, bounds.upperBound)
    let start = slope(low)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if slope(middle) * start > 0 { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The logarithm of the probability of each sequence of outcomes, [sequences, 1], on the tape of the log odds of
  /// heads.
  static func logLikelihoods(of sequences: [[Int]], logOdds x: Tensor) -> Tensor {
    let column = { (values: [Int]) in Tensor(values.map(Double.init), shape: [values.count, 1], on: x.device) }
    // The logarithms of heads and tails. One head can be either coin's.
    let (heads, tails) = (-(-x).softplus(), -x.softplus())
    return column(sequences.map { $0.reduce(0, +) }) * heads
      + column(sequences.map { $0.reduce(0) { $0 + 2 - $1 } }) * tails
      + log(2) * column(sequences.map { $0.count { $0 == 1 } })
  }

  /// Every sequence of so many outcomes.
  static func sequences(_ length: Int) -> [[Int]] {
    (0..<length).reduce([[]]) { sequences, _ in sequences.flatMap { start in (0...2).map { start + [$0] } } }
  }
}

/// Two coins against a critic that learns from samples. The coins know how likely each outcome is, so that their
/// gradient is that of the whole expectation under this critic: coins cannot be differentiated through their samples.
struct CoinGame {
  let name: String
  let objective: Objective
  /// How many outcomes the critic takes for one sample.
  var pack = 1
  /// The probability of heads at first.
  var start = 0.5
  /// What the coins minimise the expectation of: a loss for each pack or pair, [N, 1].
  let losses: (LossContext) -> Tensor

  /// The probability of heads at the end.
  ///
  /// - Parameter number: Tells the random numbers of games in an experiment apart.
  func heads(_ lab: Lab, number: UInt32) throws -> Double {
    let (device, batch, steps) = (try lab.double(), 1024, lab.count(1500, atLeast: 20))
    let isPaired = objective.discriminator == .pairs
    let critic = try Network(
      Sequential([Dense(32, initializer: .glorot), Activation.tanh, Dense(1, initializer: .glorot)]),
      input: [3 * (isPaired ? 2 : pack)], random: lab.random(number), on: device)
    var player = try Experiment.adamPlayer(critic, rate: 1)
    let oneHot = Tensor([1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [3, 3], on: device)
    func drawn(_ outcomes: [Double], _ stream: UInt32, _ draw: Int) -> Tensor {
      let u = lab.random(stream).uniform([batch * pack], step: draw, on: device)
      return oneHot.gathered((u - outcomes[0]).step() + (u - outcomes[0] - outcomes[1]).step())
    }
    func context(_ real: Tensor, _ fake: Tensor, _ weights: [Tensor]?) -> LossContext {
      let seen = InputTransform.Context(step: 1, random: StepRandom(seed: lab.seed, step: 1), real: real)
      return LossContext(real: real, fake: fake) { [pack] in
        critic(isPaired ? $0 : InputTransform.packed(pack).apply($0, seen), weights: weights, mode: .inference)
      }
    }
    // All that the critic can be shown: every pack of generated outcomes, or every pair of a real and a generated one.
    let shown = TwoCoins.sequences(isPaired ? 2 : pack)
    let (real, fake) = isPaired ? (shown.map { [$0[0]] }, shown.map { [$0[1]] }) : (shown, shown)
    let outcomes = { (sequences: [[Int]]) in
      let indices = sequences.flatMap(\.self).map(Double.init)
      return oneHot.gathered(Tensor(indices, shape: [indices.count], on: device))
    }
    let shares = real.map { isPaired ? TwoCoins.data[$0[0]] : 1 }
    let realShares = Tensor(shares, shape: [shares.count, 1], on: device)

    var logit = log(start / (1 - start))
    for step in 1...steps {
      if step % 100 == 1 { lab.progress("two coins, \(name): step \(step) of \(steps)") }
      let rest = 1 - Double(step - 1) / Double(steps)
      player.optimizer.settings.rate = 1e-2 * rest
      let coins = TwoCoins.probabilities(1 / (1 + exp(-logit)))
      for draw in [2 * step, 2 * step + 1] {
        let weights = critic.watched(on: Tape())
        let (real, fake) = (drawn(TwoCoins.data, number + 1, draw), drawn(coins, number + 2, draw))
        player.minimize(objective.discriminatorLoss(context(real, fake, weights)), by: weights)
      }
      let x = Tape().watch(Tensor(logit, shape: [1, 1], on: device))
      let probabilities = realShares * TwoCoins.logLikelihoods(of: fake, logOdds: x).exponential()
      let all = context(outcomes(real), outcomes(fake), nil)
      all.run(objective.generatorPasses)
      let loss = (probabilities * losses(all)).summed()
      // So slow that the critic keeps up: ten times as fast, they chase each other.
      logit -= 0.4 / Double(pack) * rest * (try gradient(of: loss, wrt: [x])[0].scalars(as: Double.self)[0])
    }
    return 1 / (1 + exp(-logit))
  }
}
