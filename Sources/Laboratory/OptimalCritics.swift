import Foundation
import Saddle

extension Experiment {
  /// What each row of the table of objectives says it estimates, against a critic trained to the end.
  ///
  /// Gaussians N(d, 1) and N(0, 1), for which every divergence is known by quadrature.
  static let optimalCritics = Experiment(
    "optimal-critics", "each objective's best critic, trained to the end on Gaussians: the value theory gives it"
  ) { lab in
    lab.note(
      "Small critics in double precision learn from quantiles instead of random samples, so that what is "
        + "left is the critic's own error. Divergences that grow as a power of the density ratio are read "
        + "between nearer Gaussians (d = 0.5 and 0.25), because a small network does not follow them into the "
        + "tails: these rows test the objectives, not what a critic of ordinary samples would reach.")
    try singleCritics(lab)
    try pairedCritics(lab)
    try packedCritics(lab)
    try slopedCritics(lab)
  }

  private static let distance = 0.8

  // MARK: Critics of single samples

  /// An objective and the least value that its critic's loss can have.
  private struct Optimum {
    let objective: Objective
    let value: Double
    /// Whether the critic is an autoencoder, whose output is taken away from its input.
    var isAutoencoder = false
    /// Between the means.
    var distance = 0.8
  }

  private static func optima(_ lab: Lab) throws -> [Optimum] {
    // The printed ones come first, the integrals of f-divergences from f itself.
    let shared = gaussianJSD(distance)
    lab.expect("JSD of N(0.8, 1) and N(0, 1) by quadrature", shared, 0.074178, within: 1e-6)
    let totalVariation = erf(distance / (2 * 2.0.squareRoot()))
    let known = try [
      ("minimax", 2 * log(2) - 2 * 0.074178), ("least-squares", 0.215162), ("hinge", 1.378313),
    ].map { Optimum(objective: try objective($0.0), value: $0.1) }
    let energy = Optimum(objective: try objective("ebgan"), value: 1 - totalVariation, isAutoencoder: true)
    let device = try lab.double()
    let x = (-4000...4000).map { Double($0) / 400 }
    let divergences = try Divergence.all.map { divergence in
      // Those that grow as a power of the ratio live in tails where a small network does not follow: nearer means.
      let distance = ["pearson": 0.5, "alpha-3.0": 0.25][divergence.name] ?? distance
      let (p, q) = (x.map { normalDensity($0, mean: distance) }, x.map { normalDensity($0) })
      let ratios = Tensor(zip(p, q).map { $0 / $1 }, shape: [x.count], on: device)
      let f: [Double] = try divergence.f(ratios).scalars()
      return Optimum(
        objective: .divergence(divergence), value: -zip(q, f).reduce(0) { $0 + $1.0 * $1.1 } / 400, distance: distance)
    }
    return known + [energy] + divergences
  }

  /// Trains a small network on quantiles of both Gaussians. They are samples of which each stands for the same share of
  /// probability, drawn without chance; the tails are strata of their own, so that divergences that weigh them heavily
  /// come out right. A row's loss is a mean over the real samples plus one over the generated: over strata it adds up.
  private static func singleCritics(_ lab: Lab) throws {
    let device = try lab.double()
    let strata = Stratum.all(count: 64)
    let steps = lab.count(1500, atLeast: 50)
    var curves: [Plot] = []
    for (number, optimum) in try optima(lab).enumerated() {
      let name = optimum.objective.name
      let network = try criticOfLine(lab.random(UInt32(20 + number)), inputs: 1, device)
      func loss(_ weights: [Tensor]?) -> Tensor {
        let parts = strata.map { stratum in
          let column = { (mean: Double) in
            Tensor(stratum.places.map { $0 + mean }, shape: [stratum.places.count, 1], on: device)
          }
          let context = LossContext(real: column(optimum.distance), fake: column(0)) { x in
            let output = network(x, weights: weights, mode: .inference)
            return optimum.isAutoencoder ? x - output : output
          }
          return stratum.share * optimum.objective.discriminatorLoss(context)
        }
        return parts.dropFirst().reduce(parts[0], +)
      }
      try fit(lab, network, steps: steps, name: name, loss: loss)
      let reached = try loss(nil).scalars(as: Double.self)[0]
      lab.expect(
        "\(name), d = \(optimum.distance): the best critic's loss", reached, optimum.value, within: 1e-3, fromScale: 1)
      lab.expect("\(name): its loss less the least there is", reached - optimum.value, atLeast: -1e-3)
      let x = (-60...60).map { Double($0) / 15 }
      let scores: [Double] = try network(Tensor(x, shape: [x.count, 1], on: device), mode: .inference).scalars()
      curves.append(
        Plot(
          name, x: "x", y: .linear(optimum.isAutoencoder ? "reconstruction's error" : "logit"),
          [.line(nil, zip(x, scores).map { ($0, $1) })]))
    }
    lab.figure("critics", curves, columns: 4)
  }
}

// MARK: Critics of several samples

extension Experiment {
  /// Rows that compare a real with a generated sample, on points that fill the square of both evenly.
  private static func pairedCritics(_ lab: Lab) throws {
    let device = try lab.double()
    let steps = lab.count(800, atLeast: 50)
    for (number, (distance, value)) in [(0.5, 0.634269), (1, 0.491802), (2, 0.193075)].enumerated() {
      for (row, inputs) in [("relativistic", 1), ("preference", 2)] {
        let objective = try objective(row)
        let random = lab.random(UInt32(60 + 2 * number + inputs))
        let network = try criticOfLine(random, inputs: inputs, device)
        // The value is read on other points than the critic learned from.
        func loss(_ weights: [Tensor]?) -> Tensor {
          let pairs = evenGaussian(weights == nil ? 16_384 : 2048, axes: 2, start: weights == nil ? 0.25 : 0.5)
          let column = { (axis: Int, mean: Double) in
            Tensor(pairs.map { $0[axis] + mean }, shape: [pairs.count, 1], on: device)
          }
          let context = LossContext(real: column(0, distance), fake: column(1, 0)) {
            network($0, weights: weights, mode: .inference)
          }
          return objective.discriminatorLoss(context)
        }
        try fit(lab, network, steps: steps, name: "\(row), d = \(distance)", loss: loss)
        let reached = try loss(nil).scalars(as: Double.self)[0]
        lab.expect("\(row), d = \(distance): log 2 - JSD(P x Q, Q x P)", reached, value, within: 1e-3, fromScale: 1)
      }
    }
  }

  /// The minimax game on packs of m samples: more samples say more.
  private static func packedCritics(_ lab: Lab) throws {
    let device = try lab.double()
    let objective = try objective("minimax")
    for (m, value) in [(1, 0.074178), (2, 0.138475), (4, 0.244473)] {
      // The logarithm of the densities' ratio is linear in the pack, and so is the critic.
      let network = try Network(
        Sequential([Dense(1, initializer: .glorot)]), input: [m], random: lab.random(UInt32(70 + m)), on: device)
      let points = evenGaussian(32_768, axes: m, start: 0.5).flatMap { $0 }
      let column = { (mean: Double) in Tensor(points.map { $0 + mean }, shape: [points.count, 1], on: device) }
      let (real, fake, pack) = (column(distance), column(0), InputTransform.packed(m))
      let seen = InputTransform.Context(step: 1, random: StepRandom(seed: lab.seed, step: 1), real: real)
      func context(_ weights: [Tensor]?) -> LossContext {
        LossContext(real: real, fake: fake) { network(pack.apply($0, seen), weights: weights, mode: .inference) }
      }
      try fit(lab, network, steps: lab.count(600, atLeast: 30), name: "packs of \(m)") {
        objective.discriminatorLoss(context($0))
      }
      guard let estimate = objective.estimate else { continue }
      let reached = try estimate(context(nil)).scalars(as: Double.self)[0]
      lab.expect("JSD of packs of \(m)", reached, value, within: 1e-3, fromScale: 1)
    }
  }

  /// Wasserstein's game with a gradient penalty of 10 between N(1, 1) and N(0, 1), where W1 = 1: the best slope is
  /// 1 + W1 / (2 λ), not 1, so that the difference of the means is more than W1.
  private static func slopedCritics(_ lab: Lab) throws {
    let device = try lab.double()
    let objective = try objective("wasserstein")
    guard let penalty = Regularizer.named("gradient-penalty")?.discriminator, let estimate = objective.estimate else {
      throw LaboratoryError("the table of regularizers has no row 'gradient-penalty'")
    }
    let network = try Network(
      Sequential([Dense(1, initializer: .glorot)]), input: [1], random: lab.random(80), on: device)
    let points = evenGaussian(1024, axes: 1, start: 0.5).flatMap { $0 }
    let column = { (mean: Double) in Tensor(points.map { $0 + mean }, shape: [points.count, 1], on: device) }
    func context(_ weights: [Tensor], _ tape: Tape) -> LossContext {
      var rules = LossContext.Rules()
      rules.random = StepRandom(seed: lab.seed, step: 1)
      return LossContext(
        MicroBatch(Batch(column(1))), fake: column(0), moving: LossContext.Moving(tape: tape), rules: rules
      ) { x, _, _ in
        LossContext.DiscriminatorOutput(output: network(x, weights: weights, mode: .inference))
      }
    }
    var player = try adamPlayer(network, rate: 1)
    let steps = lab.count(400, atLeast: 200)
    for step in 1...steps {
      player.optimizer.settings.rate = 0.05 * (1 - Double(step - 1) / Double(steps))
      let tape = Tape()
      let weights = network.watched(on: tape)
      let context = context(weights, tape)
      player.minimize(objective.discriminatorLoss(context) + 10 * penalty(context), by: weights)
    }
    let tape = Tape()
    let last = context(network.watched(on: tape), tape)
    let plain = try estimate(last).scalars(as: Double.self)[0]
    let whole = try (estimate(last) - 10 * penalty(last)).scalars(as: Double.self)[0]
    lab.expect("wasserstein, penalty 10, W1 = 1: E r - E f", plain, 1.05, within: 1e-3)
    lab.expect("wasserstein, penalty 10, W1 = 1: E r - E f less the penalty", whole, 1.025, within: 1e-3)
  }

  // MARK: What they share

  private static func criticOfLine(_ random: RandomStream, inputs: Int, _ device: Device) throws -> Network {
    try Network(
      Sequential([
        Dense(16, initializer: .glorot), Activation.tanh, Dense(16, initializer: .glorot), Activation.tanh,
        Dense(1, initializer: .glorot),
      ]), input: [inputs], random: random, on: device)
  }

  /// Descends a loss that chance has no part in, with a rate that falls to 0.
  private static func fit(
    _ lab: Lab, _ network: Network, steps: Int, name: String, loss: ([Tensor]?) -> Tensor
  ) throws {
    var player = try adamPlayer(network, rate: 1)
    for step in 1...steps {
      if step % 100 == 1 { lab.progress("\(name): step \(step) of \(steps)") }
      player.optimizer.settings.rate = 0.03 * (1 - Double(step - 1) / Double(steps))
      let weights = network.watched(on: Tape())
      player.minimize(loss(weights), by: weights)
    }
  }

  /// Normal points that fill the space of so many axes evenly: an additive recurrence with the powers of the root of
  /// x^(axes + 1) = x + 1 (Roberts 2018), through the inverse of the distribution function.
  private static func evenGaussian(_ count: Int, axes: Int, start: Double) -> [[Double]] {
    var root = 2.0
    for _ in 0..<60 { root = pow(1 + root, 1 / Double(axes + 1)) }
    let steps = (1...axes).map { pow(1 / root, Double($0)) }
    return (0..<count).map { i in
      steps.map { step in
        let place = start + Double(i + 1) * step
        return normalQuantile(place - place.rounded(.down))
      }
    }
  }
}

/// A part of the standard normal distribution, symmetric about 0, as places of equal probability.
private struct Stratum {
  /// The part's probability.
  let share: Double
  let places: [Double]

  /// The middle and three pairs of tails, down to a probability of 1e-9.
  static func all(count: Int) -> [Self] {
    let levels = [0.5, 0.02, 1e-3, 1e-5, 1e-9]
    return zip(levels, levels.dropFirst()).map { high, low in
      let places = (0..<count).map { normalQuantile(low + (high - low) * (Double($0) + 0.5) / Double(count)) }
      return Stratum(share: 2 * (high - low), places: places + places.map { -$0 })
    }
  }
}
