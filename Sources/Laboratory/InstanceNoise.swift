import Foundation
import Saddle

extension Experiment {
  /// Noise on what the critic sees: it keeps the generator's gradient alive, at the price of a divergence that is
  /// another for each deviation (Sonderby et al. 2017; Arjovsky and Bottou 2017, section 3).
  static let instanceNoise = Experiment(
    "instance-noise", "noise on what the critic sees keeps the saturating gradient alive; what it then measures"
  ) { lab in
    lab.note(
      "The first rows are ratios to each run's own largest norm: they say whether the gradient stays alive, "
        + "not which noise trains a better generator. In 1,024 dimensions noise of σ = 1 is weak, since images "
        + "are told apart by their distance over σ.")
    lab.note(
      "The divergences are of N(0, 1) and N(d, 1), where noise of σ divides d by √(1 + σ²). A divergence "
        + "under noise can be compared only with one under the same noise.")
    try noisyGradients(lab)
    try noisyDivergences(lab)
  }

  // MARK: Against a frozen generator

  /// The vanishing gradient once more, on images with noise: none, as much as separates no two images, and annealed.
  ///
  /// In 1,024 dimensions images are told apart by ‖Δ‖/σ: noise of σ = 1, strong as it looks, is not enough.
  private static func noisyGradients(_ lab: Lab) throws {
    let generator = try FashionDCGAN.frozenGenerators(lab, after: [lab.count(250, atLeast: 4)])[0]
    let steps = lab.count(300, atLeast: 20)
    let annealed = Schedule(4, to: 0, .linear, first: steps / 3, last: 2 * steps / 3)
    let runs: [(name: String, standardDeviation: Schedule)] = [
      ("no noise", 0), ("σ = 1", 1), ("σ = 4", 4), ("σ from 4 to 0", annealed),
    ]
    var marks: (saturating: [Plot.Mark], accuracy: [Plot.Mark]) = ([], [])
    for run in runs {
      let experiment = FrozenGenerator(
        lab: lab, network: generator, noise: .noise(.gaussian, standardDeviation: run.standardDeviation))
      let record = try experiment.record(run.name, steps: steps)
      let norms = record.saturating.map(\.norm)
      let last = Array(norms.suffix(10)).quantile(0.5) / (norms.max() ?? 0)
      let name = "\(run.name): saturating norm at the end / its maximum"
      switch run.standardDeviation {
      case 4: lab.expect(name, last, atLeast: 1.0 / 3, fromScale: 1)
      default: lab.expect(name, last, atMost: 0.2, fromScale: 1)
      }
      marks.saturating.append(.line(run.name, record.saturating.norms))
      let smooth = stride(from: 0, to: record.accuracy.count, by: 10).map { i -> Plot.Point in
        let part = record.accuracy[i..<min(i + 10, record.accuracy.count)]
        return (Double(i), part.map(\.y).mean)
      }
      marks.accuracy.append(.line(run.name, smooth))
    }
    let span = [steps / 3, 2 * steps / 3].map { Plot.Mark.vertical(nil, at: Double($0)) }
    lab.figure(
      "gradients",
      [
        Plot(
          "∇ E log(1 - D(G(z) + noise))", x: "steps of the critic", y: .logarithmic("norm"), marks.saturating + span),
        Plot(
          "Accuracy over 10 steps", x: "steps of the critic", y: .linear("share", 0.4...1.02), marks.accuracy + span),
      ], columns: 2)
  }

  // MARK: What a critic near its best says

  /// N(0, 1) against N(d, 1): noise of deviation σ divides the distance by √(1 + σ²), and with it falls the divergence,
  /// without either distribution having come nearer to the other.
  private static func noisyDivergences(_ lab: Lab) throws {
    let standardDeviations = [0, 0.5, 1, 2, 4]
    let distances = [0.5, 1, 2]
    var read: [[Double]] = []
    for (row, (distance, clean)) in zip(distances, [0.030312, 0.111421, 0.336831]).enumerated() {
      lab.expect("JSD of N(0, 1) and N(\(distance), 1) by quadrature", gaussianJSD(distance), clean, within: 1e-6)
      read.append(
        try standardDeviations.enumerated().map { column, standardDeviation in
          lab.progress("JSD at a distance of \(distance) under noise of \(standardDeviation)")
          let jsd = try learnedJSD(
            lab, distance, noise: standardDeviation, number: UInt32(row * standardDeviations.count + column))
          let exact = gaussianJSD(distance / (1 + standardDeviation * standardDeviation).squareRoot())
          lab.expect(
            "d = \(distance), σ = \(standardDeviation): JSD by a critic", jsd, exact,
            within: lab.scale < 1 ? 8e-3 : 2e-3)
          return jsd
        })
    }
    // The farther pair under the stronger noise reads as the nearer one.
    lab.expect("JSD at d = 2, σ = 4 / JSD at d = 1 without noise", read[2][4] / read[1][0], atMost: 0.9)
    for (column, standardDeviation) in standardDeviations.enumerated() {
      lab.expect(
        "σ = \(standardDeviation): JSD at d = 2 / JSD at d = 1", read[2][column] / read[1][column], atLeast: 1.5)
    }
    let marks = zip(distances, read).flatMap { distance, values -> [Plot.Mark] in
      let name = "d = \(distance)"
      return [
        .dots(name, zip(standardDeviations, values).map { ($0, $1) }),
        .function(name, over: 0...4, count: 81, dashed: true) { gaussianJSD(distance / (1 + $0 * $0).squareRoot()) },
      ]
    }
    lab.figure(
      "divergences",
      Plot(
        "Values under different noise cannot be compared (dashed: exact)", x: "deviation σ of the noise",
        y: "JSD in nats",
        marks))
  }

  /// The estimate of a critic that was trained on noisy samples, over many fresh ones.
  private static func learnedJSD(_ lab: Lab, _ distance: Double, noise: Double, number: UInt32) throws -> Double {
    let (device, batch, steps) = (lab.device, 1024, lab.count(1000, atLeast: 40))
    let objective = try objective("minimax")
    let view = InputTransform.noise(.gaussian, standardDeviation: Schedule(noise))
    // Its best logit is a line.
    let network = try Network(
      Sequential([Dense(16, initializer: .glorot), Activation.tanh, Dense(1, initializer: .glorot)]), input: [1],
      random: lab.random(20), on: device)
    func context(_ weights: [Tensor]?, _ count: Int, step: Int) -> LossContext {
      let normal = { (stream: UInt32) in lab.random(stream + 2 * number).normal([count, 1], step: step, on: device) }
      let (real, fake) = (normal(100), normal(101) + distance)
      let seen = InputTransform.Context(
        step: step, random: StepRandom(seed: lab.seed + UInt64(number), step: step), real: real)
      return LossContext(real: real, fake: fake) { network(view.apply($0, seen), weights: weights, mode: .inference) }
    }
    var player = try adamPlayer(network, rate: 1)
    for step in 1...steps {
      player.optimizer.settings.rate = 0.02 * (1 - Double(step - 1) / Double(steps))
      let weights = network.watched(on: Tape())
      player.minimize(objective.discriminatorLoss(context(weights, batch, step: step)), by: weights)
    }
    guard let estimate = objective.estimate else { return .nan }
    return try estimate(context(nil, 400_000, step: 0)).scalars(as: Double.self)[0]
  }
}
