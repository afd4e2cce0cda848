import Foundation
import Saddle

extension Experiment {
  /// What is known of distributions whose supports do not overlap, or hardly.
  ///
  /// Source: Arjovsky and Bottou 2017, "Towards Principled Methods for Training Generative Adversarial Networks".
  static let supports = Experiment(
    "supports", "disjoint supports: divergences that see no distance, gradients that vanish or have no mean, and noise"
  ) { lab in
    lab.note(
      "The bounds of theorem 3.3 and lemma 4 hold whatever the noise, and most are loose: these rows check "
        + "that the quantities are computed as the theorem says. The JSD read from a critic is of one critic "
        + "that has all but separated the two segments.")
    try disjointSupports(lab)
    try jacobianRanks(lab)
    try vanishingBound(lab)
    try cauchyUpdates(lab)
    noiseBounds(lab)
  }

  // MARK: Divergences over the distance

  /// Theorem 2.3: with disjoint supports JSD is log 2 and KL infinite however near they are; W tells the distance.
  private static func disjointSupports(_ lab: Lab) throws {
    let distances = [0.1, 0.2, 0.5, 1, 2, 4]
    // Uniform on [0, 1) and on [1 + d, 2 + d) as cells of a hundredth.
    let cells = { (start: Int) in (0..<700).map { (start..<start + 100).contains($0) ? 0.01 : 0.0 } }
    let real = cells(0)
    var (jsd, wasserstein): ([Plot.Point], [Plot.Point]) = ([], [])
    for distance in distances {
      let fake = cells(100 + Int((100 * distance).rounded()))
      let divergence = jensenShannon(real, fake)
      lab.expect("distance \(distance): JSD", divergence, log(2), within: 1e-12)
      lab.expect("distance \(distance): KL", kullbackLeibler(real, fake), .infinity, within: 0)
      let w = wasserstein1(real, fake) / 100
      lab.expect("distance \(distance): W1", w, 1 + distance, within: 1e-9)
      jsd.append((distance, divergence))
      wasserstein.append((distance, w))
    }
    var learned: [Plot.Point] = []
    for distance in [0.1, 0.5, 2] {
      lab.progress("a critic at distance \(distance)")
      let estimate = try learnedJSD(lab, distance: distance)
      // From below: no critic gets more than the divergence.
      lab.expect(
        "distance \(distance): JSD read from a critic", estimate, in: log(2) - 5e-3...log(2) + 1e-5, fromScale: 0.5)
      learned.append((distance, estimate))
    }
    lab.figure(
      "distances",
      Plot(
        "Two segments ever further apart", x: "distance of the supports", y: "divergence",
        [
          .line("W1", wasserstein), .line("JSD", jsd), .dots("JSD, read from a critic", learned),
          .horizontal(nil, at: log(2)),
        ]))
  }

  /// The area between the distribution functions, in cells.
  private static func wasserstein1(_ p: [Double], _ q: [Double]) -> Double {
    zip(p, q).reduce((gap: 0.0, area: 0.0)) { sum, cell in
      let gap = sum.gap + cell.0 - cell.1
      return (gap, sum.area + abs(gap))
    }.area
  }

  /// log 2 - loss / 2 of a critic trained on two parallel segments in the plane.
  private static func learnedJSD(_ lab: Lab, distance: Double) throws -> Double {
    let (device, batch, steps) = (lab.device, 128, lab.count(1000, atLeast: 10))
    let network = try criticOfPoints(lab.random(1), device)
    var player = try adamPlayer(network, rate: 5e-3)
    let along = { (step: Int, stream: UInt32, place: Double) in
      let height = lab.random(stream).uniform([batch, 1], step: step, on: device).padded(to: [batch, 2], at: [0, 1])
      return height + Tensor([place, 0], shape: [1, 2], on: device)
    }
    var last = 0.0
    for step in 1...steps {
      let context = { (weights: [Tensor]) in
        LossContext(real: along(step, 2, 0), fake: along(step, 3, distance)) {
          network($0, weights: weights, mode: .inference)
        }
      }
      let weights = network.watched(on: Tape())
      let loss = try objective("minimax").discriminatorLoss(context(weights))
      player.minimize(loss, by: weights)
      if step == steps { last = try loss.scalars()[0] }
    }
    return log(2) - last / 2
  }

  static func criticOfPoints(_ random: RandomStream, _ device: Device) throws -> Network {
    try Network(
      Sequential([
        Dense(64, initializer: .glorot), Activation.tanh, Dense(64, initializer: .glorot), Activation.tanh,
        Dense(1, initializer: .glorot),
      ]), input: [2], random: random, on: device)
  }

  static func adamPlayer(_ network: Network, rate: Double) throws -> TrainableNetwork {
    guard let adam = OptimizerRule.all.first(where: { $0.name == "adam" }) else {
      throw LaboratoryError("the table of optimizers has no row 'adam'")
    }
    return TrainableNetwork(network, adam, OptimizerSettings(rate: rate))
  }

  // MARK: The rank of a generator

  /// Lemma 1: what a network makes of z has at most as many dimensions as z, and as its narrowest layer.
  private static func jacobianRanks(_ lab: Lab) throws {
    let device = try lab.double()
    var plots: [Plot.Mark] = []
    for (latent, hidden, outputs) in [(2, 64, 32), (5, 64, 32), (16, 3, 32), (40, 64, 32)] {
      lab.progress("Jacobian of \(latent)-\(hidden)-\(hidden)-\(outputs)")
      let network = try Network(
        Sequential([
          Dense(hidden, initializer: .he), Activation.tanh, Dense(hidden, initializer: .he), Activation.tanh,
          Dense(outputs, initializer: .he),
        ]), input: [latent], random: lab.random(10), on: device)
      var ranks: Set<Int> = []
      var spectrum: [Double] = []
      for point in 0..<lab.count(20, atLeast: 3) {
        let z = lab.random(11).normal([1, latent], step: point, on: device)
        let values = singularValues(try jacobian(of: network, at: z))
        ranks.insert(values.filter { $0 > 1e-10 * values[0] }.count)
        spectrum = values
      }
      let name = "z \(latent), layers \(hidden), x \(outputs)"
      lab.expect(
        "\(name): largest rank of the Jacobian", Double(ranks.max() ?? 0), Double(min(latent, hidden, outputs)),
        within: 0)
      lab.expect("\(name): rank at most dim z", Double(ranks.max() ?? 0), atMost: Double(latent))
      // Points around one, as far as floating point can tell: as many directions as the rank, the others are curvature.
      let cloud = try localSpectrum(lab, network, radius: 1e-6)
      let directions = cloud.filter { $0 > 1e-4 * cloud[0] }.count
      lab.expect(
        "\(name): dimensions of what lies within 0.000001 of z", Double(directions),
        Double(min(latent, hidden, outputs)), within: 0)
      plots.append(.line(name, spectrum.enumerated().map { (Double($0 + 1), max($1 / spectrum[0], 1e-18)) }))
    }
    lab.figure(
      "ranks",
      Plot("Singular values of generators' Jacobians", x: "number", y: .logarithmic("share of the largest"), plots))
  }

  /// dx/dz at z [1, latent] as [outputs][latent]: as many copies of z as there are outputs, each with its own seed.
  private static func jacobian(of network: Network, at z: Tensor) throws -> [[Double]] {
    let (outputs, latent) = (network.output.count, network.input.count)
    let tape = Tape()
    let copies = tape.watch(z.broadcast(to: [outputs, latent]))
    let x = network(copies, mode: .inference)
    let seed = (0..<outputs * outputs).map { $0 / outputs == $0 % outputs ? 1.0 : 0 }
    let rows = try gradient(of: x, wrt: [copies], gradOutput: Tensor(seed, shape: x.shape, on: z.device))[0]
      .scalars(as: Double.self)
    return (0..<outputs).map { Array(rows[$0 * latent..<($0 + 1) * latent]) }
  }

  /// The singular values of a centred cloud of outputs, for latents around one.
  private static func localSpectrum(_ lab: Lab, _ network: Network, radius: Double) throws -> [Double] {
    let (device, count) = (network.weights.device, 200)
    let z = lab.random(11).normal([1, network.input.count], step: 0, on: device)
    let noise = radius * lab.random(12).normal([count, network.input.count], step: 0, on: device)
    let x = network(z + noise, mode: .inference)
    let values = try (x - x.mean(over: [0]).reshaped(to: [1, network.output.count])).scalars(as: Double.self)
    let outputs = network.output.count
    return singularValues((0..<count).map { Array(values[$0 * outputs..<($0 + 1) * outputs]) })
  }
}

/// The singular values of a matrix, the largest first: Hestenes' one-sided Jacobi rotations, in double.
func singularValues(_ rows: [[Double]]) -> [Double] {
  // Columns of the matrix or of its transpose, whichever are fewer: both have the same singular values.
  var columns = rows.count < rows[0].count ? rows : rows[0].indices.map { column in rows.map { $0[column] } }
  let dot = { (a: [Double], b: [Double]) in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  for _ in 0..<30 {
    var isDone = true
    for i in columns.indices {
      for j in columns.indices where j > i {
        let (a, b, c) = (dot(columns[i], columns[i]), dot(columns[j], columns[j]), dot(columns[i], columns[j]))
        guard abs(c) > 1e-15 * (a * b).squareRoot(), c != 0 else { continue }
        isDone = false
        let zeta = (b - a) / (2 * c)
        let t = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
        let cosine = 1 / (1 + t * t).squareRoot()
        let sine = cosine * t
        for k in columns[i].indices {
          let (x, y) = (columns[i][k], columns[j][k])
          (columns[i][k], columns[j][k]) = (cosine * x - sine * y, sine * x + cosine * y)
        }
      }
    }
    if isDone { break }
  }
  return columns.map { dot($0, $0).squareRoot() }.sorted(by: >)
}
