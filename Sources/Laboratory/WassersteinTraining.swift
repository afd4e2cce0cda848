import Foundation
import Saddle

extension Experiment {
  // MARK: Points

  /// The critic's estimate follows the exact distance of the samples while a generator of points learns; that of a
  /// classifying critic does not.
  static func estimateWhileTraining(_ lab: Lab) throws {
    var plots: [Plot] = []
    for (name, title) in [("wasserstein", "Wasserstein, gradient penalty"), ("non-saturating", "non-saturating GAN")] {
      let run = try PointRun(name, lab)
      // Without the first fifth, in which the critic is still on its way.
      let settled = run.steps.count / 5
      let (estimates, distances) = (Array(run.estimates[settled...]), Array(run.distances[settled...]))
      let (pearson, spearman) = (correlation(estimates, distances), rankCorrelation(estimates, distances))
      if name == "wasserstein" {
        lab.expect("\(title): Pearson's correlation of estimate and exact W1", pearson, atLeast: 0.9, fromScale: 0.5)
        lab.expect("\(title): Spearman's", spearman, atLeast: 0.9, fromScale: 0.5)
      } else {
        lab.expect(
          "\(title): Pearson's correlation of estimate and exact W1", pearson, atMost: 0.5, fromScale: 0.5)
        lab.record("\(title): Spearman's", spearman)
      }
      lab.record("\(title): exact W1 of its last samples", run.distances.last ?? .nan)
      plots.append(
        Plot(
          title, x: "step", y: .linear("distance", 0...1),
          [.line("exact W1 of samples", run.line(run.distances)), .line("critic's estimate", run.line(run.estimates))]))
    }
    lab.figure("training", plots, columns: 2)
  }

  // MARK: Images

  /// A generator of fully connected layers beside DCGAN's critic, without normalization: a Wasserstein critic trains
  /// it, and the classical game at most as well (Arjovsky et al. 2017, figure 6), with as many steps of the critic.
  /// DCGAN's own generator stands beside it. Judged by a fresh Wasserstein critic, and by distances of random features,
  /// which no critic had a part in.
  static func generatorsWithoutConvolutions(_ lab: Lab) throws {
    let clothes = try Clothes(width: 16)
    let judge = try FashionJudge(lab, count: lab.count(1000, atLeast: 100))
    let runs: [(name: String, architecture: String, objective: String)] = [
      ("fully connected, wasserstein", "mlp", "wasserstein"),
      ("fully connected, non-saturating", "mlp", "non-saturating"),
      ("convolutional, wasserstein", "dcgan", "wasserstein"),
    ]
    var distances: [String: (critic: Double, features: Double)] = [:]
    for run in runs {
      var (critics, features): ([Double], [Double]) = ([], [])
      for seed in lab.seeds(2) {
        lab.progress("\(run.name), seed \(seed)")
        let trainer = try imageTrainer(run.architecture, run.objective, seed, lab)
        try clothes.train(trainer, to: lab.count(run.objective == "wasserstein" ? 300 : 1500, atLeast: 4), lab)
        let sampling = Trainer.Sampling(usesEMA: false, usesRunningStatistics: false)
        let fake = IndependentCritic.samples(of: trainer, sampling, seed: seed)
        var critic = try IndependentCritic.images(.wasserstein, size: 32, channels: 1, width: 16)
        (critic.steps, critic.readings) = (lab.count(200, atLeast: 4), lab.count(32, atLeast: 2))
        critic.seed = seed
        let heldOut = try IndependentCritic.samples(of: clothes.heldOut, seed: seed, on: lab.device)
        critics.append(try critic.trained(real: heldOut, fake: fake).value(real: heldOut, fake: fake).mean)
        features.append(try judge.distances(to: fake(1, judge.count)).features)
        if seed == lab.seed {
          try lab.picture(run.name.replacing(", ", with: "-").replacing(" ", with: "-"), fake(1, 36))
        }
      }
      for (what, values) in [("Wasserstein critic's", critics), ("Fréchet", features)] {
        let name = "\(run.name): \(what) distance from held-out images"
        lab.record(name, values.mean)
        if values.count > 1 { lab.record("\(name), deviation", values.variance.squareRoot()) }
      }
      distances[run.name] = (critics.mean, features.mean)
    }
    func ratio(_ a: String, _ b: String) -> (critic: Double, features: Double) {
      guard let a = distances[a], let b = distances[b] else { return (.nan, .nan) }
      return (a.critic / b.critic, a.features / b.features)
    }
    let games = ratio("fully connected, wasserstein", "fully connected, non-saturating")
    lab.expect(
      "fully connected generator: critic's distance after the Wasserstein game / after the classical one", games.critic,
      atMost: 1.05, fromScale: 0.5)
    lab.expect(
      "fully connected generator: Fréchet distance after the Wasserstein game / after the classical one",
      games.features, atMost: 1.05, fromScale: 0.5)
    let layers = ratio("fully connected, wasserstein", "convolutional, wasserstein")
    lab.record("Wasserstein game: critic's distance, fully connected / convolutional", layers.critic)
    lab.record("Wasserstein game: Fréchet distance, fully connected / convolutional", layers.features)
  }

  private static func imageTrainer(
    _ architecture: String, _ name: String, _ seed: UInt64, _ lab: Lab
  ) throws -> Trainer {
    let random = { (stream: UInt32) in RandomStream(seed: seed, stream: stream) }
    var options = Architecture.Options()
    (options.size, options.channels) = (32, 1)
    (options.width, options.initializer) = architecture == "mlp" ? (256, .he) : (16, .dcgan)
    let generator = try Network(
      FashionDCGAN.architecture(architecture).generator(options), input: [options.latent], random: random(1),
      on: lab.device)
    (options.width, options.norm, options.initializer) = (16, "none", .dcgan)
    let critic = try Network(
      FashionDCGAN.architecture("dcgan").discriminator(options), input: [32, 32, 1], random: random(2), on: lab.device)
    var game = Game(try objective(name))
    guard name == "wasserstein" else {
      var settings = OptimizerSettings(rate: 2e-4)
      settings.beta1 = 0.5
      return Trainer(
        generator: TrainableNetwork(generator, .adam, settings),
        discriminator: TrainableNetwork(critic, .adam, settings), game: game,
        seed: seed)
    }
    var settings = OptimizerSettings(rate: 2e-4)
    (settings.beta1, settings.beta2) = (0, 0.9)
    (game.training.discriminatorSteps, game.regularizers) = (5, [(.gradientPenalty, 10)])
    return Trainer(
      generator: TrainableNetwork(generator, .adam, settings), discriminator: TrainableNetwork(critic, .adam, settings),
      game: game,
      seed: seed)
  }

  // MARK: Momentum

  /// With clipped weights the critic's loss is nonstationary, and momentum makes it unstable (the paper's section 4).
  static func momentumBesideRMSProp(_ lab: Lab) throws {
    var lines: [Plot.Mark] = []
    var unrest: [String: Double] = [:]
    for kind in ["RMSProp", "Adam 0.5", "Adam 0.9"] {
      let run = try PointRun("wasserstein", lab, clippedWith: kind)
      let late = Array(run.distances.suffix(run.distances.count / 2))
      unrest[kind] = zip(late.dropFirst(), late).map { abs($0 - $1) }.reduce(0, +) / Double(max(late.count - 1, 1))
      lab.record("clipped, \(kind): mean exact W1 in the second half", late.mean)
      lab.record("clipped, \(kind): mean change of W1 between two readings there", unrest[kind] ?? .nan)
      lines.append(.line(kind, run.line(run.distances)))
    }
    lab.expect(
      "clipped: unrest with Adam 0.9 / with RMSProp", (unrest["Adam 0.9"] ?? .nan) / (unrest["RMSProp"] ?? .nan),
      atLeast: 1, fromScale: 0.5)
    lab.figure("momentum", Plot("Clipped weights, three optimizers", x: "step", y: "exact W1 of samples", lines))
  }
}

/// A generator of points on eight modes, with readings of the critic's estimate and of the exact distance on the way.
private struct PointRun {
  private(set) var steps: [Double] = []
  /// Averages over the steps between two readings.
  private(set) var estimates: [Double] = []
  private(set) var distances: [Double] = []

  /// - Parameter optimizer: Of a critic with clipped weights; nil bounds its slope by a penalty.
  init(_ name: String, _ lab: Lab, clippedWith optimizer: String? = nil) throws {
    let (batch, all, every) = (128, lab.count(1500, atLeast: 20), lab.count(30, atLeast: 5))
    let trainer = try Self.trainer(name, lab, optimizer)
    let angles = (0..<8).map { Double($0) * Double.pi / 4 }
    let modes = Tensor(angles.flatMap { [cos($0), sin($0)] }, shape: [8, 2], on: lab.device)
    func ring(_ draw: Int, _ count: Int) -> Tensor {
      modes.gathered(8 * lab.random(60).uniform([count], step: draw, on: lab.device))
        + 0.05 * lab.random(61).normal([count, 2], step: draw, on: lab.device)
    }
    let exactCount = 200
    var sum: (value: Double, count: Double) = (0, 0)
    while trainer.step < all {
      let isMeasured = trainer.step % 3 == 0
      let step = trainer.advance(measuring: isMeasured) { Batch(ring(trainer.drawn + 1, batch)) }
      if isMeasured, let estimate = step.columns.first(where: { $0.name == "divergence_estimate" }) {
        sum = (sum.value + (try estimate.value.scalars(as: Double.self)[0]), sum.count + 1)
      }
      guard trainer.step % every == 0 else { continue }
      let sampling = Trainer.Sampling(usesEMA: false, usesRunningStatistics: true)
      let samples = try trainer.samples(trainer.latents(exactCount), sampling).scalars(as: Double.self)
      let exact = wasserstein1(
        Experiment.planePoints(try ring(0, exactCount).scalars(as: Double.self)), Experiment.planePoints(samples))
      steps.append(Double(trainer.step))
      estimates.append(sum.value / max(sum.count, 1))
      distances.append(exact)
      sum = (0, 0)
      lab.progress("\(name)\(optimizer.map { ", clipped, \($0)" } ?? ""): step \(trainer.step) of \(all)")
    }
  }

  func line(_ values: [Double]) -> [Plot.Point] { zip(steps, values).map { ($0, $1) } }

  private static func trainer(_ name: String, _ lab: Lab, _ optimizer: String?) throws -> Trainer {
    guard let points = Architecture.all.first(where: { $0.name == "mlp-points" }) else {
      throw LaboratoryError("the table of architectures has no row 'mlp-points'")
    }
    var options = Architecture.Options()
    (options.latent, options.width, options.initializer) = (8, 64, .he)
    let generator = try Network(points.generator(options), input: [8], random: lab.random(1), on: lab.device)
    let critic = try Network(points.discriminator(options), input: [2], random: lab.random(2), on: lab.device)
    var game = Game(try Experiment.objective(name))
    var settings = OptimizerSettings(rate: 1e-3)
    (settings.beta1, settings.beta2) = (0.5, 0.9)
    guard name == "wasserstein" else {
      return Trainer(
        generator: TrainableNetwork(generator, .adam, settings),
        discriminator: TrainableNetwork(critic, .adam, settings), game: game,
        seed: lab.seed)
    }
    game.training.discriminatorSteps = 5
    if let optimizer {
      game.settings.objective.clip = 0.1
      settings.beta1 = optimizer == "Adam 0.9" ? 0.9 : 0.5
      settings.beta2 = 0.999
      let rule: OptimizerRule = optimizer == "RMSProp" ? .rmsprop : .adam
      return Trainer(
        generator: TrainableNetwork(generator, rule, settings), discriminator: TrainableNetwork(critic, rule, settings),
        game: game,
        seed: lab.seed)
    }
    // The two-sided one would hold a slope of the wrong sign where distances are as small as here.
    game.regularizers = [(try Experiment.oneSidedPenalty(), 10)]
    return Trainer(
      generator: TrainableNetwork(generator, .adam, settings), discriminator: TrainableNetwork(critic, .adam, settings),
      game: game,
      seed: lab.seed)
  }
}
