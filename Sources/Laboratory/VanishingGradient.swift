import Foundation
import Saddle

extension Experiment {
  /// What a reader should know of the three experiments with frozen generators: their paper trained DCGANs of full
  /// width for 1, 10 and 25 epochs, and critics for 4,000 iterations.
  private static let frozenSteps = [250, 1000, 4000]

  private static func frozen(_ lab: Lab) throws -> [(name: String, network: Network)] {
    let steps = zip(frozenSteps, [4, 8, 12]).map { lab.count($0, atLeast: $1) }
    return try zip(steps, FashionDCGAN.frozenGenerators(lab, after: steps)).map { ("after \($0) steps", $1) }
  }

  private static let frozenNote =
    "The networks are DCGANs of 16 filters on garments of 32 x 32, and generators are frozen after 250, 1,000 and 4,000 "
    + "steps; the paper's are of full width and were trained for 1, 10 and 25 epochs. The critics have batch "
    + "normalization and see real and generated images in batches of their own, whose moments alone help to tell them "
    + "apart: without it the gradient does not fall so soon."

  /// Figure 2 of the paper: the better the critic, the less the minimax game tells the generator.
  static let vanishingGradient = Experiment(
    "vanishing-gradient", "the gradient of log(1 - D) dies as a critic learns (Arjovsky and Bottou 2017, figure 2)"
  ) { lab in
    lab.note(frozenNote)
    lab.note(
      "The paper's norms fall by up to five orders of magnitude in 4,000 steps of the critic. Here the "
        + "first critic has 1,700 steps and the others 800, too few for theirs to fall as far: for these only "
        + "half of the first norm is asked.")
    var marks: (saturating: [Plot.Mark], other: [Plot.Mark]) = ([], [])
    for (number, generator) in try frozen(lab).enumerated() {
      let steps = lab.count(number == 0 ? 1700 : 800, atLeast: 10)
      let record = try FrozenGenerator(lab: lab, network: generator.network).record(generator.name, steps: steps)
      let (saturating, other) = (record.saturating.map(\.norm), record.nonSaturating.map(\.norm))
      let first = saturating.prefix(5).max() ?? 0
      let fall = Array(saturating.suffix(10)).quantile(0.5) / first
      // The critic tells the better generators later, and these critics do not wait for it; nor does a rehearsal.
      let bounds: (fall: Double, growth: Double) =
        lab.scale < 1 ? (0.9, 2) : number == 0 ? (1e-3, 10) : (0.5, 10)
      let name = "generator \(generator.name): "
      lab.expect(name + "saturating norm at the end / its maximum at first", fall, atMost: bounds.fall)
      lab.expect(
        name + "largest non-saturating norm / its first", (other.max() ?? 0) / other[0], atLeast: bounds.growth)
      marks.saturating.append(.line(generator.name, record.saturating.norms))
      marks.other.append(.line(generator.name, record.nonSaturating.norms))
    }
    lab.figure(
      "norms",
      [
        Plot("∇ E log(1 - D(G(z)))", x: "steps of the critic", y: .logarithmic("norm"), marks.saturating),
        Plot("-∇ E log D(G(z))", x: "steps of the critic", y: .logarithmic("norm"), marks.other),
      ], columns: 2)
  }
}

extension Experiment {
  /// Figure 3: the non-saturating loss does not die, but its gradient grows, and scatters the more.
  static let unstableGradient = Experiment(
    "unstable-gradient",
    "the gradient of -log D grows and scatters as a critic learns (Arjovsky and Bottou 2017, figure 3)"
  ) { lab in
    lab.note(frozenNote)
    lab.note(
      "Growth is measured over 600 steps of the critic from its first reading, when the critic knows "
        + "nothing and the norm is small: the ratios say that the norm grows, not how large a step would be "
        + "harmful. The deviation is over 8 minibatches of generated images.")
    var marks: (norm: [Plot.Mark], standardDeviation: [Plot.Mark]) = ([], [])
    for generator in try frozen(lab) {
      let steps = lab.count(600, atLeast: 30)
      let experiment = FrozenGenerator(lab: lab, network: generator.network, interval: steps / 15, minibatches: 8)
      let slopes = try experiment.record(generator.name, steps: steps).nonSaturating
      let bound = lab.scale < 1 ? 1.2 : 3
      let name = "generator \(generator.name): "
      let growth = { (values: [Double]) in Array(values.suffix(5)).quantile(0.5) / values[0] }
      lab.expect(name + "norm of the mean gradient at the end / at first", growth(slopes.map(\.norm)), atLeast: bound)
      lab.expect(name + "its deviation at the end / at first", growth(slopes.map(\.standardDeviation)), atLeast: bound)
      marks.norm.append(.line(generator.name, slopes.norms))
      marks.standardDeviation.append(.line(generator.name, slopes.standardDeviations))
    }
    lab.figure(
      "growth",
      [
        Plot(
          "Mean of -∇ log D(G(z)) over 8 minibatches", x: "steps of the critic", y: .logarithmic("norm"), marks.norm),
        Plot(
          "Its deviation among them", x: "steps of the critic", y: .logarithmic("deviation"), marks.standardDeviation),
      ], columns: 2)
  }

  /// Figure 1: where supports do not meet, a critic becomes perfect, and soon.
  static let perfectCritic = Experiment(
    "perfect-critic",
    "a critic from scratch soon tells real from generated without fault (Arjovsky and Bottou 2017, figure 1)"
  ) { lab in
    lab.note(frozenNote)
    lab.note(
      "Accuracy and cross entropy are those of the batches that the critic is about to learn from, real and "
        + "generated ones fresh each time.")
    var marks: (entropy: [Plot.Mark], accuracy: [Plot.Mark]) = ([], [])
    for (number, generator) in try frozen(lab).enumerated() {
      let experiment = FrozenGenerator(lab: lab, network: generator.network, interval: .max)
      let record = try experiment.record(generator.name, steps: lab.count(500, atLeast: 40))
      let name = "generator \(generator.name): "
      let last = { (points: [Plot.Point]) in points.suffix(20).map(\.y).mean }
      lab.expect(name + "accuracy over the last 20 steps", last(record.accuracy), atLeast: lab.scale < 1 ? 0.9 : 0.99)
      lab.expect(name + "cross entropy over the last 20 steps", last(record.entropy), atMost: 0.05, fromScale: 1)
      if number == 0 {
        let rise = record.accuracy.prefix(100).suffix(10).map(\.y).mean
        lab.expect(name + "accuracy in steps 90 to 100", rise, atLeast: 0.999, fromScale: 1)
      }
      marks.entropy.append(.line(generator.name, record.entropy))
      marks.accuracy.append(.line(generator.name, record.accuracy))
    }
    lab.figure(
      "perfect",
      [
        Plot("Cross entropy", x: "steps of the critic", y: .logarithmic("nats"), marks.entropy),
        Plot("Accuracy", x: "steps of the critic", y: .linear("share", 0.4...1.02), marks.accuracy),
      ], columns: 2)
  }
}
