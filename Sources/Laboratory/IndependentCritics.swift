import Foundation
import Saddle

extension Experiment {
  /// Generators judged by critics that had no part in their training.
  ///
  /// The gap between held-out and training images shows who repeats the latter. Sources: Danihelka et al. 2017;
  /// Gulrajani, Raffel and Metz 2019.
  static let independentCritic = Experiment(
    "independent-critic", "a good generator, an early one and one that repeats its training images, judged from scratch"
  ) { lab in
    lab.note(
      "Values are means over batches, by critics of 16 filters after 200 steps: lower bounds on what a "
        + "better critic would find, and such a bound can be negative. For the first three measures one critic "
        + "is fitted to the generator and to other held-out images, and then read on both kinds of images. "
        + "Where the generator repeats its training images, this critic takes those for generated, and a reading "
        + "of theirs below 0 is no divergence: only the gap to the held-out images is of use. For the neural-network divergence each kind of images has a critic of its own."
    )
    lab.note(
      "All images, real and generated, have noise of deviation .3 added: without it every pair of supports "
        + "is disjoint and most rows would stand at their largest value. Divergences here are those of noisy "
        + "images.")
    lab.note(
      "The neural-network divergence has the form of Gulrajani, Raffel and Metz, penalty included, but not "
        + "their settings: 16 filters for 64, 200 steps of batches of 64 for 100,000 of 256, a rate of .001, "
        + "and Gaussian noise in place of their dequantisation. Its numbers compare with each other alone. One "
        + "trained generator and one seed stand behind \"good\" and \"early\".")
    let clothes = try Clothes(width: 16)
    let generators = try JudgedGenerator.all(clothes, lab)
    var bars: [String: [(train: Double, heldOut: Double)]] = [:]
    for measure in DivergenceMeasure.allCases {
      var judgements: [String: Judgement] = [:]
      for generator in generators {
        lab.progress("\(measure.rawValue) of \(generator.name)")
        let judgement = try measure.judge(generator, clothes, lab)
        let name = "\(measure.rawValue), \(generator.name)"
        lab.record("\(name): from its training images", judgement.train.mean)
        lab.record("\(name): from held-out images", judgement.heldOut.mean)
        judgements[generator.name] = judgement
        bars[measure.rawValue, default: []].append((judgement.train.mean, judgement.heldOut.mean))
      }
      compare(measure, judgements, lab)
    }
    lab.figure(
      "judged",
      DivergenceMeasure.allCases.map { measure in
        let values = bars[measure.rawValue] ?? []
        let points = { (value: (Int) -> Double) in values.indices.map { (Double($0 + 1), value($0)) } }
        return Plot(
          measure.rawValue, x: .linear("1 perfect, 2 good, 3 early, 4 memoriser", 0.5...4.5), y: "divergence",
          [
            .dots("from training images", points { values[$0].train }),
            .dots("from held-out images", points { values[$0].heldOut }),
          ]
            + values.indices.map { place in
              .line(nil, [(Double(place + 1), values[place].train), (Double(place + 1), values[place].heldOut)])
            })
      }, columns: 2)
    for generator in generators {
      try lab.picture(generator.name.replacingOccurrences(of: " ", with: "-"), try generator.samples(1, 36))
    }
  }

  private static func compare(_ measure: DivergenceMeasure, _ judgements: [String: Judgement], _ lab: Lab) {
    guard let perfect = judgements["a perfect generator"], let good = judgements["a good generator"],
      let early = judgements["an early generator"], let memoriser = judgements["a memoriser"]
    else { return }
    let name = measure.rawValue
    lab.expect(
      "\(name): gap of the memoriser, in standard errors", memoriser.gap / memoriser.gapError, atLeast: 5,
      fromScale: 0.2)
    for (who, judgement) in [("a perfect", perfect), ("a good", good), ("an early", early)] {
      lab.expect(
        "\(name): gap of \(who) generator, beside the memoriser's", judgement.gap / memoriser.gap, in: -0.25...0.25,
        fromScale: 0.2)
    }
    lab.expect(
      "\(name): early generator, farther than the perfect one from held-out images",
      early.heldOut.mean - perfect.heldOut.mean, atLeast: 0,
      // A rehearsal's few steps at a small rate do not get a penalised critic under way.
      fromScale: measure == .networks ? 0.2 : 0)
    lab.expect(
      "\(name): early generator, farther than the good one from held-out images",
      early.heldOut.mean - good.heldOut.mean, atLeast: 0, fromScale: 0.2)
    lab.expect(
      "\(name): memoriser, farther than the perfect generator from held-out images",
      memoriser.heldOut.mean - perfect.heldOut.mean, atLeast: 0, fromScale: 0.2)
  }
}

/// A generator, and the images that it was trained on.
private struct JudgedGenerator {
  let name: String
  let samples: IndependentCritic.Samples
  let images: any ImageDataset

  static func all(_ clothes: Clothes, _ lab: Lab) throws -> [JudgedGenerator] {
    let trainer = try clothes.trainer(lab)
    // By the batch's own moments: running ones are not yet right in an early generator.
    let sampling = Trainer.Sampling(usesEMA: false, usesRunningStatistics: false)
    let made = IndependentCritic.samples(of: trainer, sampling, seed: lab.seed)
    let (critics, readings) = (200, 32)
    /// Samples of now, as a data set: the trainer goes on.
    func frozen(_ name: String) throws -> JudgedGenerator {
      let count = 64 * (lab.count(critics, atLeast: 4) + lab.count(readings, atLeast: 4))
      var bytes: [UInt8] = []
      for draw in 1...count / 64 { bytes += try made(draw, 64).imageBytes() }
      let images = try ImageArray(name: name, height: 32, width: 32, channels: 1, pixels: bytes)
      return JudgedGenerator(
        name: name, samples: try IndependentCritic.samples(of: images, seed: lab.seed + 1, on: lab.device),
        images: clothes.train)
    }
    try clothes.train(trainer, to: lab.count(20, atLeast: 5), lab)
    let early = try frozen("an early generator")
    try clothes.train(trainer, to: lab.count(800, atLeast: 10), lab)
    let good = try frozen("a good generator")
    // What no generator can do better: images that are neither trained on nor held out.
    let (others, train) = try clothes.train.divided(share: 0.5)
    let perfect = JudgedGenerator(
      name: "a perfect generator",
      samples: try IndependentCritic.samples(of: others, seed: lab.seed + 2, on: lab.device), images: train)
    let few = try DatasetPart(clothes.train, Array(0..<100), called: "memorised")
    let memoriser = JudgedGenerator(
      name: "a memoriser", samples: try IndependentCritic.samples(of: few, seed: lab.seed + 3, on: lab.device),
      images: few)
    return [perfect, good, early, memoriser]
  }
}

/// How generators are judged.
private enum DivergenceMeasure: String, CaseIterable {
  case jensenShannon = "JSD"
  case triangular = "triangular discrimination"
  case wasserstein = "Wasserstein"
  case networks = "neural-network divergence"

  /// Every sample has noise of this deviation, real or generated: divergences of data without noise are at their
  /// largest as soon as the supports miss each other, and say nothing more. It is the memoriser's small noise too.
  private static let noise = 0.3

  func judge(_ generator: JudgedGenerator, _ clothes: Clothes, _ lab: Lab) throws -> Judgement {
    func noisy(_ samples: @escaping IndependentCritic.Samples, _ stream: UInt32) -> IndependentCritic.Samples {
      { draw, count in
        let images = try samples(draw, count)
        return images + Self.noise * lab.random(stream).normal(images.shape, step: draw, on: lab.device)
      }
    }
    func images(_ dataset: any ImageDataset, _ stream: UInt32) throws -> IndependentCritic.Samples {
      noisy(try IndependentCritic.samples(of: dataset, seed: lab.seed + UInt64(stream), on: lab.device), stream)
    }
    var critic = try critic()
    (critic.steps, critic.readings) = (lab.count(critic.steps, atLeast: 4), lab.count(32, atLeast: 4))
    critic.seed = lab.seed
    let fake = noisy(generator.samples, 20)
    if self == .networks {
      // As many held-out images as the generator was trained on, so that both critics learn by heart alike.
      let count = min(generator.images.count, clothes.heldOut.count)
      return try critic.judge(
        fake: fake, train: images(try DatasetPart(generator.images, Array(0..<count), called: "train"), 21),
        heldOut: images(try DatasetPart(clothes.heldOut, Array(0..<count), called: "held-out"), 22))
    }
    let (fitting, heldOut) = try clothes.heldOut.divided(share: 0.5)
    return try critic.judge(
      fake: fake, fitting: images(fitting, 23), train: images(generator.images, 21), heldOut: images(heldOut, 22))
  }

  private func critic() throws -> IndependentCritic {
    func row(_ name: String) throws -> IndependentCritic {
      guard let objective = Objective.named(name) else {
        throw LaboratoryError("the table of objectives has no row '\(name)'")
      }
      var critic = try IndependentCritic.images(objective, size: 32, channels: 1, width: 16)
      critic.steps = 200
      return critic
    }
    switch self {
    case .jensenShannon: return try row("non-saturating")
    case .triangular: return try row("least-squares")
    case .wasserstein: return try row("wasserstein")
    case .networks:
      var critic = IndependentCritic.neuralNetworkDivergence(size: 32)
      (critic.layers, critic.steps) = (IndependentCritic.convolutional(size: 32, width: 16), 200)
      return critic
    }
  }
}
