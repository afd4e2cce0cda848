import Foundation
import Saddle

extension Experiment {
  /// The same Real NVP by its likelihood and by a critic. Whatever trains it, its density is known, so that what its
  /// samples do not show can be read: log-likelihood = -H(p) - KL(p ‖ q).
  static func flowLikelihoods(_ lab: Lab) throws {
    let grid = SquareGrid(-4.5...4.5, count: lab.scale < 1 ? 91 : 226, on: try lab.double())
    let truth = Moons()
    let p = grid.places.map { truth.density($0.x, $0.y) }
    let entropy = -grid.integral(p.map(xlogx))
    lab.expect("moons: integral of the density", grid.integral(p), 1, within: 1e-6)

    let learned = try byLikelihood(lab, truth, grid, p)
    let adversarial = try byCritic(lab, truth, grid, p)
    let heldOut = truth.samples(20_000, lab, stream: 20, on: grid.device)
    for (name, result) in [("maximum likelihood", learned), ("GAN", adversarial)] {
      let network = try result.network.copied(to: grid.device)
      let logarithms: [Double] = try network.logDensity(heldOut).scalars()
      let gap = result.divergences.last?.y ?? .nan
      lab.record("Real NVP, \(name): held-out log-likelihood", logarithms.mean)
      // Gibbs' inequality, with what the quadrature can be off.
      lab.expect("Real NVP, \(name): KL(p ‖ q) by quadrature", gap, atLeast: -1e-3)
      let error = (logarithms.variance / Double(logarithms.count)).squareRoot()
      lab.expect(
        "Real NVP, \(name): held-out log-likelihood + entropy + KL, in standard errors",
        (logarithms.mean + entropy + gap) / error, in: -5...5)
    }
    // A critic may leave a density that no grid resolves.
    let wide = SquareGrid(-8...8, count: lab.scale < 1 ? 401 : 801, on: grid.device)
    lab.expect(
      "Real NVP, maximum likelihood: integral of its density",
      try wide.integral(wide.densities(of: learned.network)), 1, within: 1e-3)
    let (best, other) = (learned.divergences.last?.y ?? .nan, adversarial.divergences.last?.y ?? .nan)
    lab.expect("Real NVP, maximum likelihood: nats from the entropy", best, atMost: 0.1, fromScale: 1)
    lab.expect("Real NVP: nats that the GAN's likelihood is below the other's", other - best, atLeast: 0, fromScale: 1)
    lab.figure(
      "likelihoods",
      Plot(
        "The same generator, by its likelihood and by a critic", x: "step",
        y: .logarithmic("KL(p ‖ q), by quadrature"),
        [.line("maximum likelihood", learned.divergences), .line("GAN", adversarial.divergences)]))
    let view = SquareGrid(-3...3, count: 101, on: grid.device)
    let picture = { (title: String, name: String, values: [Double]) in
      Plot(
        title, x: .linear("x", -3...3), y: .linear("y", -2.5...2.5), isometric: true,
        Plot.Mark.contours(name, x: view.range, y: view.range, levels: [0.02, 0.06, 0.12, 0.2], count: view.count) {
          view.value(values, $0, $1)
        })
    }
    lab.figure(
      "densities",
      [
        picture("the data", "p", view.places.map { truth.density($0.x, $0.y) }),
        picture("Real NVP by maximum likelihood", "q", try view.densities(of: learned.network)),
        picture("Real NVP by a GAN", "q", try view.densities(of: adversarial.network)),
      ], columns: 3)
  }

  private struct FlowResult {
    let network: Network
    /// KL(p ‖ q) by step.
    let divergences: [Plot.Point]
  }

  private static func realNVP(_ lab: Lab) throws -> Network {
    try Network(Flow.realNVP(couplings: 8, width: 32), input: [2], random: lab.random(21), on: lab.device)
  }

  private static func byLikelihood(_ lab: Lab, _ truth: Moons, _ grid: SquareGrid, _ p: [Double]) throws -> FlowResult {
    let steps = lab.count(4000, atLeast: 20)
    var player = try adamPlayer(try realNVP(lab), rate: 1)
    var divergences: [Plot.Point] = []
    for step in 1...steps {
      player.optimizer.settings.rate = 3e-3 * (1 - Double(step - 1) / Double(steps))
      _ = player.raiseLikelihood(of: truth.samples(256, lab, stream: 22, step: step, on: lab.device))
      guard step % (steps / 20) == 0 || step == steps else { continue }
      lab.progress("Real NVP by maximum likelihood: step \(step) of \(steps)")
      divergences.append((Double(step), try grid.divergence(p, player.network)))
    }
    return FlowResult(network: player.network, divergences: divergences)
  }

  private static func byCritic(_ lab: Lab, _ truth: Moons, _ grid: SquareGrid, _ p: [Double]) throws -> FlowResult {
    let steps = lab.count(4000, atLeast: 20)
    guard let r1 = Regularizer.named("r1") else { throw LaboratoryError("the table of regularizers has no row 'r1'") }
    var game = Game(try objective("non-saturating"))
    game.regularizers = [(r1, 0.3)]
    (game.settings.optimizer.generatorLearningRate, game.settings.optimizer.discriminatorLearningRate) = (
      Schedule(3e-4, to: 0, .linear, last: steps), Schedule(2e-3, to: 0, .linear, last: steps)
    )
    let trainer = Trainer(
      generator: try adamPlayer(try realNVP(lab), rate: 1),
      discriminator: try adamPlayer(try criticOfPoints(lab.random(24), lab.device), rate: 1), game: game, seed: lab.seed
    )
    var divergences: [Plot.Point] = []
    for step in 1...steps {
      _ = trainer.advance(measuring: false) {
        Batch(truth.samples(256, lab, stream: 25, step: step, on: lab.device))
      }
      guard step % (steps / 20) == 0 || step == steps else { continue }
      lab.progress("the same by a critic: step \(step) of \(steps)")
      divergences.append((Double(step), try grid.divergence(p, trainer.generator.network)))
    }
    return FlowResult(network: trainer.generator.network, divergences: divergences)
  }
}

/// Two crescents, each a mixture of normal distributions so close that none is seen: a density in closed form.
private struct Moons: Sendable {
  let means: [Plot.Point]
  let standardDeviation = 0.2

  init() {
    let angles = (0..<16).map { Double.pi * (Double($0) + 0.5) / 16 }
    means =
      angles.map { (1.5 * cos($0) - 0.75, 1.5 * sin($0) - 0.375) }
      + angles.map { (0.75 - 1.5 * cos($0), 0.375 - 1.5 * sin($0)) }
  }

  func density(_ x: Double, _ y: Double) -> Double {
    means.map {
      normalDensity(x, mean: $0.x, standardDeviation: standardDeviation)
        * normalDensity(y, mean: $0.y, standardDeviation: standardDeviation)
    }
    .mean
  }

  /// Points [count, 2]; two streams are used.
  func samples(_ count: Int, _ lab: Lab, stream: UInt32, step: Int = 0, on device: Device) -> Tensor {
    let table = Tensor(means.flatMap { [$0.x, $0.y] }, shape: [means.count, 2], on: device)
    let part = Double(means.count) * lab.random(stream).uniform([count], step: step, on: device)
    return table.gathered(part.floor())
      + standardDeviation * lab.random(stream + 100).normal([count, 2], step: step, on: device)
  }
}

/// An even grid over a square for integrals: the trapezoid rule, whose ends are 0 here.
private struct SquareGrid {
  let range: ClosedRange<Double>
  /// Points along an edge.
  let count: Int
  let device: Device
  /// Row by row from the smallest y on.
  let places: [Plot.Point]

  init(_ range: ClosedRange<Double>, count: Int, on device: Device) {
    (self.range, self.count, self.device) = (range, count, device)
    let axis = (0..<count).map {
      range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / Double(count - 1)
    }
    places = axis.flatMap { y in axis.map { (x: $0, y: y) } }
  }

  private var spacing: Double { (range.upperBound - range.lowerBound) / Double(count - 1) }

  func integral(_ values: [Double]) -> Double { values.reduce(0, +) * spacing * spacing }

  /// The value at the point next to this one.
  func value(_ values: [Double], _ x: Double, _ y: Double) -> Double {
    let index = { (z: Double) in Int(((z - range.lowerBound) / spacing).rounded()) }
    return values[index(y) * count + index(x)]
  }

  func densities(of network: Network) throws -> [Double] { try logarithms(of: network).map { exp($0) } }

  /// KL(p ‖ q) of the density with these values to a network's.
  func divergence(_ p: [Double], _ network: Network) throws -> Double {
    integral(zip(p, try logarithms(of: network)).map { $0 > 0 ? $0 * (log($0) - $1) : 0 })
  }

  /// log q at every place, in double.
  private func logarithms(of network: Network) throws -> [Double] {
    let network = try network.copied(to: device)
    // In parts, so that hidden layers stay small.
    return try stride(from: 0, to: places.count, by: 1 << 14).flatMap { start in
      let part = places[start..<min(start + 1 << 14, places.count)]
      let points = Tensor(part.flatMap { [$0.x, $0.y] }, shape: [part.count, 2], on: device)
      return try network.logDensity(points).scalars(as: Double.self)
    }
  }
}

extension Network {
  /// The same network with the same weights on another device.
  fileprivate func copied(to device: Device) throws -> Network {
    let copy = try Network(layer, input: input, random: RandomStream(seed: 0, stream: 0), on: device)
    copy.weights.write(try weights.scalars(as: Double.self))
    return copy
  }
}
