import Foundation
import Saddle

extension Experiment {
  /// A critic that sees a pair, one real and one generated, and says which is real: E softplus(-T(real, fake)).
  ///
  /// Its optimum is T = s(real) - s(fake) with s = log p/q, and log 2 - JS(P×Q ‖ Q×P), which is neither JS(P ‖ Q) nor
  /// twice it; a relativistic critic has this form from the start. Source: Huszár's post on minibatch discrimination.
  static let preference = Experiment(
    "preference", "the critic that compares a real and a generated sample: its optimum, learned and by quadrature"
  ) { lab in
    lab.note(
      "The critic's least loss is log 2 less JS(P×Q ‖ Q×P). Like JS(P ‖ Q) that divergence is 0 only where "
        + "P = Q, but it is another: two coins that cannot give the data have their best probability of heads "
        + "at .366 by it, and at .345 by JS(P ‖ Q).")
    let resting = [0.01...0.2, 0.8...0.99].map {
      Finding.number((TwoCoins.restingPoint(in: $0) * 1000).rounded() / 1000)
    }
    lab.note(
      "This holds for a game of sum 0, in which the generator takes away what the critic wins. The "
        + "objective called preference gives the generator the reversed loss instead, as the non-saturating "
        + "game does; where the model cannot be right its resting points are others. By the best critic's "
        + "gradient they lie at \(resting[0]) and at \(resting[1]), with one between that repels, and the start "
        + "decides: from .25 the coins go to the first, where most outcomes are the data's most frequent one. "
        + "\"Against a critic\" means a small network that learns from 1,024 pairs a step, in both orders.")
    for (distance, expected) in [(0.5, 0.634269), (1, 0.491802), (2, 0.193075)] {
      lab.expect(
        "E softplus(-T*), N(0, 1) against N(\(distance), 1)", preferenceOptimum(distance), expected, within: 1e-6)
    }
    let p = 0.2
    for (q, expected) in [(0, 0.2), (0.1, 0.028472), (0.5, 0.139036), (1, 0.8)] {
      let pair = { (p: Double, q: Double) in [p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)] }
      // In Q×P the pair's second sample is the real one: the two unequal outcomes change places.
      let bits = jensenShannon(pair(p, q), [0, 2, 1, 3].map { pair(p, q)[$0] }) / log(2)
      lab.expect("JS(P×Q ‖ Q×P) in bits, Bernoulli p = 0.2, q = \(q)", bits, expected, within: 1e-6)
    }
    let q = 0.5
    let pairs = [p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)]
    let kl = kullbackLeibler(pairs, [0, 2, 1, 3].map { pairs[$0] })
    lab.expect("KL(P×Q ‖ Q×P), p = 0.2, q = 0.5: Jeffreys, not KL", kl, 0.415888, within: 1e-6)
    let both = kullbackLeibler([p, 1 - p], [q, 1 - q]) + kullbackLeibler([q, 1 - q], [p, 1 - p])
    lab.expect("KL(P ‖ Q) + KL(Q ‖ P)", both, kl, within: 1e-12)

    var learned: [Plot.Mark] = []
    for kind in PairCritic.allCases {
      let critic = try LearnedPreference(kind, lab, distance: 1)
      learned.append(.dots(kind.rawValue, critic.pairs))
      let enough = 0.25  // of the steps; below, only recorded
      lab.expect(
        "E softplus(-T) learned by \(kind.rawValue), d = 1", critic.value, preferenceOptimum(1), within: 0.01,
        fromScale: enough)
      lab.expect(
        "\(kind.rawValue): correlation of T and s(real) - s(fake)", critic.correlation, atLeast: 0.98,
        fromScale: enough)
    }
    try misspecifiedPreference(lab)
    lab.figure(
      "learned",
      Plot(
        "What two critics say of pairs, N(0, 1) and N(1, 1)", x: "log-ratio of the pair, s(real) - s(fake)", y: "T",
        learned + [.line(nil, [(-4, -4), (6, 6)], dashed: true)]))
    lab.figure(
      "optimum",
      Plot(
        "The optimum over the distance of the means", x: "distance d", y: "nats",
        [
          .function("preference", over: 0...4, count: 81) { preferenceOptimum($0) },
          .dots("known", [(0.5, 0.634269), (1, 0.491802), (2, 0.193075)]),
        ]))
  }

  /// Two coins that cannot give the data: the least JS(P×Q ‖ Q×P) is not where the least JS(P ‖ Q) is. By its exact
  /// gradient, and by a critic of pairs that learns from samples.
  private static func misspecifiedPreference(_ lab: Lab) throws {
    let device = try lab.double()
    let pairs = TwoCoins.sequences(2)
    let column = { (values: [Double]) in Tensor(values, shape: [values.count, 1], on: device) }
    let plain = TwoCoins.best { jensenShannon(TwoCoins.data, $0) }
    let best = TwoCoins.best { coins in
      let (p, q) = (TwoCoins.data, coins)
      return jensenShannon(pairs.map { p[$0[0]] * q[$0[1]] }, pairs.map { p[$0[1]] * q[$0[0]] })
    }
    lab.expect("two coins of least JS(P ‖ Q), by search: heads", plain, 0.3453, within: 1e-4)
    lab.expect("two coins of least JS(P×Q ‖ Q×P), by search: heads", best, 0.3658, within: 1e-4)

    var logit = 0.0
    for _ in 0..<lab.count(400, atLeast: 150) {
      let x = Tape().watch(Tensor(logit, shape: [1, 1], on: device))
      // Of each pair with the real sample in the first place, and in the second.
      let joint = { (place: Int) in
        column(pairs.map { TwoCoins.data[$0[place]] })
          * TwoCoins.logLikelihoods(of: pairs.map { [$0[1 - place]] }, logOdds: x).exponential()
      }
      let (first, second) = (joint(0), joint(1))
      let middle = (first + second) / 2
      let divergence =
        ((first * (first / middle).logarithm()).summed() + (second * (second / middle).logarithm()).summed()) / 2
      logit -= 4 * (try gradient(of: divergence, wrt: [x])[0].scalars(as: Double.self)[0])
    }
    lab.expect(
      "two coins by the exact gradient of JS(P×Q ‖ Q×P): heads", 1 / (1 + exp(-logit)), best, within: 2e-3)

    let row = try objective("preference")
    let games = [
      (
        CoinGame(name: "a game of sum 0", objective: row) {
          -0.5 * ((-$0.pairLogits.realFirst).softplus() + $0.pairLogits.fakeFirst.softplus())
        }, best
      ),
      (
        CoinGame(name: "the reversed loss", objective: row, start: 0.25) {
          0.5 * ($0.pairLogits.realFirst.softplus() + (-$0.pairLogits.fakeFirst).softplus())
        }, TwoCoins.restingPoint(in: 0.01...0.2)
      ),
    ]
    for (number, (game, expected)) in games.enumerated() {
      let heads = try game.heads(lab, number: UInt32(10 + 3 * number))
      lab.expect(
        "two coins against a critic of pairs, \(game.name): heads", heads, expected, within: 0.01, fromScale: 1)
    }
  }

  /// E softplus(-T) at T = d (x2 - x1) for real x1 ~ N(0, 1) and generated x2 ~ N(d, 1): T ~ N(d², 2 d²).
  private static func preferenceOptimum(_ d: Double) -> Double {
    let (mean, standardDeviation) = (d * d, max(d * 2.squareRoot(), 1e-9))
    return integral(over: mean - 10 * standardDeviation...mean + 10 * standardDeviation) { t in
      let softplus = t > 0 ? log1p(exp(-t)) : log1p(exp(t)) - t
      return normalDensity(t, mean: mean, standardDeviation: standardDeviation) * softplus
    }
  }
}

/// What a critic of pairs may be.
private enum PairCritic: String, CaseIterable {
  /// A network of both samples.
  case joint = "a critic of the pair"
  /// The difference of one network's scores.
  case relativistic = "a relativistic critic"
}

/// A critic of pairs after its training on fresh samples.
private struct LearnedPreference {
  /// For some pairs, what the critic should say and what it says.
  let pairs: [Plot.Point]
  /// The loss on many fresh pairs.
  let value: Double
  /// Of the critic with the log-ratio that it should have found.
  let correlation: Double

  init(_ kind: PairCritic, _ lab: Lab, distance: Double) throws {
    let (device, batch, steps) = (lab.device, 256, lab.count(2000, atLeast: 20))
    let layers: [any Layer] = [Dense(32, initializer: .glorot), Activation.tanh, Dense(32, initializer: .glorot)]
    let network = try Network(
      Sequential(layers + [Activation.tanh, Dense(1, initializer: .glorot)]), input: [kind == .joint ? 2 : 1],
      random: lab.random(1), on: device)
    guard let adam = OptimizerRule.all.first(where: { $0.name == "adam" }) else {
      throw LaboratoryError("the table of optimizers has no row 'adam'")
    }
    var player = TrainableNetwork(network, adam, OptimizerSettings(rate: 3e-3))
    func draw(_ step: Int, _ count: Int) -> (real: Tensor, fake: Tensor) {
      (
        lab.random(2).normal([count, 1], step: step, on: device),
        lab.random(3).normal([count, 1], step: step, on: device) + distance
      )
    }
    func preference(_ real: Tensor, _ fake: Tensor, _ weights: [Tensor]?) -> Tensor {
      switch kind {
      case .joint:
        let both = real.padded(to: [real.shape[0], 2], at: [0, 0]) + fake.padded(to: [real.shape[0], 2], at: [0, 1])
        return network(both, weights: weights, mode: .inference)
      case .relativistic:
        return network(real, weights: weights, mode: .inference) - network(fake, weights: weights, mode: .inference)
      }
    }
    for step in 1...steps {
      player.optimizer.settings.rate = 3e-3 * (1 - Double(step - 1) / Double(steps))
      let (real, fake) = draw(step, batch)
      let tape = Tape()
      let weights = network.watched(on: tape)
      // In both orders: a critic that always saw the real one first would only learn that.
      let loss =
        (preference(real, fake, weights).crossEntropy(target: 1).mean()
          + preference(fake, real, weights).crossEntropy(target: 0).mean()) / 2
      player.minimize(loss, by: weights)
      if step % 20 == 0 {
        try device.synchronize()
        lab.progress("\(kind.rawValue): step \(step) of \(steps)")
      }
    }
    let (real, fake) = draw(0, 65_536)
    let logits = preference(real, fake, nil)
    value = try logits.crossEntropy(target: 1).mean().scalars(as: Double.self)[0]
    // s(real) - s(fake) is d (fake - real).
    let truth = try (fake - real).scalars(as: Double.self)
    let said = try logits.scalars(as: Double.self)
    correlation = Self.correlation(said, truth)
    pairs = zip(truth, said).prefix(300).map { ($0, $1) }
  }

  private static func correlation(_ a: [Double], _ b: [Double]) -> Double {
    let (meanA, meanB) = (a.mean, b.mean)
    let covariance = zip(a, b).reduce(0) { $0 + ($1.0 - meanA) * ($1.1 - meanB) } / Double(a.count - 1)
    return covariance / (a.variance * b.variance).squareRoot()
  }
}
