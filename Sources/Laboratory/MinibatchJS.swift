import Foundation
import Saddle

extension Experiment {
  /// What a critic that sees N samples at once makes the generator minimise: JS of P^N and Q^N.
  ///
  /// Source: Huszár, "Understanding Minibatch Discrimination in GANs" (2016), whose figure this is; the numbers are
  /// exact sums over the number of successes, which is sufficient.
  static let minibatchJS = Experiment(
    "minibatch-js", "the divergence that a critic of whole minibatches measures: how it saturates, what it prefers"
  ) { lab in
    lab.note(
      "The source supposes that minibatches favour generators of higher entropy. In the tables low entropy "
        + "costs relatively more as N grows, for these two Bernoulli variables. Two coins that cannot give the "
        + "data show that the optimum itself moves with N; in which direction is a matter of this example.")
    lab.note(
      "\"Against a critic\" is the minimax game on samples: a small network sees 1,024 packs of outcomes a "
        + "step, so that a critic of N outcomes is shown N times as many, and the coins follow the exact "
        + "expectation of their loss under that critic, since outcomes of a coin have no derivative. The coins "
        + "move slowly; ten times as fast, both players circle and the fit is lost.")
    lab.note(
      "Packing does not lower the variance of the estimated log-ratio for a fixed number of samples: here "
        + "it rises.")
    let p = 0.2
    let sizes = [1, 2, 3, 8]
    let qs = [0, 0.1, 0.5, 0.8, 1]
    let known = [
      [0.108032, 0.014378, 0.073104, 0.278072, 0.609987], [0.208735, 0.028486, 0.139223, 0.460525, 0.877699],
      [0.301837, 0.042331, 0.199411, 0.593843, 0.966343], [0.653308, 0.107860, 0.434326, 0.891804, 0.999974],
    ]
    for (size, row) in zip(sizes, known) {
      for (q, expected) in zip(qs, row) {
        lab.expect("JS in bits, N = \(size), q = \(q)", minibatchBits(p, q, size), expected, within: 1e-6)
      }
    }
    for q in qs {
      let rates = sizes.map { minibatchBits(p, q, $0) / Double($0) }
      let largestRise = zip(rates, rates.dropFirst()).map { $1 - $0 }.max() ?? 0
      lab.expect("JS / N falls with N at q = \(q): its largest rise", largestRise, atMost: 0)
    }
    for (size, expected) in zip(sizes, [0.173, 0.209, 0.242, 0.374]) {
      let mean = { (range: ClosedRange<Int>) in range.map { minibatchBits(p, Double($0) / 1000, size) }.mean }
      lab.expect(
        "mean JS(q ≤ 0.1) / mean JS(q ≥ 0.5), N = \(size): low entropy costs relatively more as N grows",
        mean(0...100) / mean(500...1000), expected, within: 1e-3)
    }
    // KL adds up: a minibatch changes nothing.
    for size in sizes {
      let (many, one) = (
        kullbackLeibler(binomial(p, size), binomial(0.5, size)), kullbackLeibler([p, 1 - p], [0.5, 0.5])
      )
      lab.expect("KL of minibatches / KL, N = \(size)", many / one, Double(size), within: 1e-9)
    }
    let curves = sizes.map { size in
      Plot.Mark.function("N = \(size)", over: 0...1) { minibatchBits(p, $0, size) }
    }
    let scaled = sizes.map { size in
      Plot.Mark.function("N = \(size)", over: 0...1) { minibatchBits(p, $0, size) / minibatchBits(p, 1, size) }
    }
    lab.figure(
      "divergences",
      [
        Plot("JS of minibatches, p = 0.2", x: "q", y: "bits", curves),
        Plot("The same, 1 at q = 1", x: "q", y: "share", scaled),
      ], columns: 2)
    try misspecifiedGenerators(lab)
    try packedLogRatios(lab)
  }

  /// Probabilities of 0, 1, ..., N successes.
  private static func binomial(_ p: Double, _ size: Int) -> [Double] {
    var choices = 1.0
    return (0...size).map { k in
      defer { choices *= Double(size - k) / Double(k + 1) }
      return choices * pow(p, Double(k)) * pow(1 - p, Double(size - k))
    }
  }

  private static func minibatchBits(_ p: Double, _ q: Double, _ size: Int) -> Double {
    jensenShannon(binomial(p, size), binomial(q, size)) / log(2)
  }

  // MARK: A misspecified generator

  /// Fits two equal coins to three outcomes that no two coins give: by the exact gradient of the minibatch divergence,
  /// and by the minimax game with a critic of packs, which learns from samples. Both beside the least value on a fine
  /// grid.
  private static func misspecifiedGenerators(_ lab: Lab) throws {
    let device = try lab.double()
    let sizes = [1, 2, 3, 8]
    var plots: [Plot.Mark] = []
    var (fitted, learned): ([Plot.Point], [Plot.Point]) = ([], [])
    for (number, size) in sizes.enumerated() {
      lab.progress("a misspecified generator, N = \(size)")
      let counts = MinibatchCounts(size)
      let real = counts.probabilities(TwoCoins.data)
      let divergence = { jensenShannon(real, counts.probabilities($0)) }
      let best = TwoCoins.best(divergence)

      var logit = 0.0
      let steps = lab.count(400, atLeast: 150)
      for _ in 0..<steps {
        let tape = Tape()
        let x = tape.watch(Tensor(logit, shape: [1, 1], on: device))
        let loss = counts.jensenShannon(real, logOdds: x)
        logit -= 8 / Double(size) * (try gradient(of: loss, wrt: [x])[0].scalars(as: Double.self)[0])
      }
      let heads = 1 / (1 + exp(-logit))
      lab.expect("two coins fitted to (.55, .05, .4) by JS, N = \(size): heads", heads, best, within: 2e-3)
      fitted.append((Double(size), heads))
      plots.append(
        .function("N = \(size)", over: 0.001...0.999) {
          divergence(TwoCoins.probabilities($0)) / divergence(TwoCoins.probabilities(0.999))
        })
      // A critic of 8 outcomes can be shown 6,561 of them.
      guard size <= 3 else { continue }
      let game = CoinGame(name: "packs of \(size)", objective: try objective("minimax"), pack: size) {
        -$0.fakeLogits.softplus()
      }
      let played = try game.heads(lab, number: UInt32(30 + 3 * number))
      lab.expect("two coins against a critic of packs of \(size): heads", played, best, within: 0.01, fromScale: 1)
      learned.append((Double(size), played))
    }
    lab.expect("heads at N = 8 less those at N = 1: the optimum moves", fitted[3].y - fitted[0].y, atMost: -0.02)
    lab.expect(
      "heads against packs of 3 less those against single outcomes", learned[2].y - learned[0].y, atMost: -0.015,
      fromScale: 1)
    lab.figure(
      "misspecified",
      [
        Plot("Two coins against (.55, .05, .4)", x: "probability of heads", y: "JS of minibatches, scaled", plots),
        Plot(
          "The best coins", x: .linear("outcomes that the critic sees at once", 0...9),
          y: .linear("probability of heads", 0.3...0.36),
          [.line("exact gradient", fitted), .dots("against a critic", learned)]),
      ], columns: 2)
  }
}

/// How often each of three outcomes comes up in a minibatch: every triple, and in how many orders.
private struct MinibatchCounts {
  let triples: [[Double]]
  let orders: [Double]

  init(_ size: Int) {
    let all = (0...size).flatMap { i in (0...size - i).map { [i, $0, size - i - $0] } }
    triples = all.map { $0.map(Double.init) }
    orders = all.map { triple in
      exp(lgamma(Double(size) + 1) - triple.reduce(0) { $0 + lgamma(Double($1) + 1) })
    }
  }

  func probabilities(_ outcome: [Double]) -> [Double] {
    zip(triples, orders).map { triple, order in
      order * zip(outcome, triple).reduce(1) { $0 * pow($1.0, $1.1) }
    }
  }

  /// The divergence from the minibatches of two coins with these log odds of heads, [1, 1], on its tape.
  func jensenShannon(_ real: [Double], logOdds x: Tensor) -> Tensor {
    let constant = { (values: [Double]) in Tensor(values, shape: [values.count, 1], on: x.device) }
    let p = constant(real)
    // The logarithms of heads and tails: -softplus(-x) and -softplus(x); a triple has 2 tails and 0 heads a first
    // outcome, 1 and 1 a second, 0 and 2 a third; a second has two orders.
    let (heads, tails) = (-(-x).softplus(), -x.softplus())
    let logs =
      constant(triples.map { $0[1] + 2 * $0[2] }) * heads + constant(triples.map { 2 * $0[0] + $0[1] }) * tails
    let q = (logs + constant(zip(orders, triples).map { log($0) + $1[1] * log(2) })).exponential()
    let middle = (p + q) / 2
    let fromReal = (p * (p / middle).logarithm()).summed()
    return (fromReal + (q * (q / middle).logarithm()).summed()) / 2
  }
}
