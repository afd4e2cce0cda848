import Foundation
import Saddle

extension Experiment {
  /// The Wasserstein critic: what it estimates, and what it is good for.
  ///
  /// Sources: Arjovsky, Chintala and Bottou 2017, "Wasserstein GAN"; Gulrajani et al. 2017, "Improved Training of
  /// Wasserstein GANs".
  static let wasserstein = Experiment(
    "wasserstein", "a critic's estimate beside the exact distance, and beside the quality of samples in training"
  ) { lab in
    lab.note(
      "An estimate is compared with the exact distance of the same finite sets of points, not of the "
        + "distributions that they came from. With a penalty of 10 a critic overestimates, by d²/20 at a "
        + "distance of d: ratios a little above 1 are expected. The correlations and the comparison of "
        + "optimizers are of one run each, the optimizers all at a rate of .001.")
    lab.note(
      "The paper trains its fully connected generator on 64 x 64 photographs of bedrooms and judges it by "
        + "eye. Here the images are garments of 32 x 32, the generator has layers of 256, the Wasserstein game "
        + "has 300 generator steps with five of the critic to each and the classical one 1,500 steps with one, "
        + "so that the critics, not the generators, have moved as often. A Wasserstein critic judges in the "
        + "spirit of one of the two games; the Fréchet distance of random features does not, and is no FID. The "
        + "generator of convolutions has batch normalization and other widths: its row is a reference, not a "
        + "test of convolutions alone. Two seeds order nothing that lies within their deviations.")
    try exactDistances(lab)
    try estimatesBesideExact(lab)
    try penaltiesOnALine(lab)
    try clippingBesidePenalty(lab)
    try estimateWhileTraining(lab)
    try generatorsWithoutConvolutions(lab)
    try momentumBesideRMSProp(lab)
  }

  // MARK: Point sets

  /// In one dimension W1 of Gaussians is E |Δμ + Δσ Z|; and there the assignment is what sorting gives.
  private static func exactDistances(_ lab: Lab) throws {
    let count = 10_000
    let normal = { (stream: UInt32, count: Int) in
      try lab.random(stream).normal([count], step: 1, on: lab.device).scalars(as: Double.self)
    }
    let (a, b) = (try normal(45, count), try normal(46, count))
    for (mean, standardDeviation) in [(1.0, 1.0), (0, 2), (1, 2), (3, 0.5)] {
      let expected = integral(over: -9...9) { normalDensity($0) * abs(mean + (standardDeviation - 1) * $0) }
      // An estimate from so many has an error of about σ / sqrt(count) from either set.
      lab.expect(
        "exact W1 of N(0, 1) and N(\(mean), \(standardDeviation)²), from \(count) points each",
        wasserstein1(a, b.map { mean + standardDeviation * $0 }), expected, within: 0.06)
    }
    let few = 200
    let (p, q) = (a.prefix(few).map { (x: $0, y: 0.0) }, b.prefix(few).map { (x: 2 * $0 + 1, y: 0.0) })
    lab.expect(
      "\(few) points on a line: by the cheapest assignment / by sorting",
      wasserstein1(p, q) / wasserstein1(p.map(\.x), q.map(\.x)), 1, within: 1e-9)
  }

  /// Two sets of points with the same critic on both: the exact distance is that of the sets, not of what they came
  /// from.
  private static func estimatesBesideExact(_ lab: Lab) throws {
    var dots: [Plot.Point] = []
    for pair in PointSets.all {
      lab.progress("a critic of \(pair.name)")
      let (real, fake) = (try pair.real(lab).scalars(as: Double.self), try pair.fake(lab).scalars(as: Double.self))
      let exact =
        pair.dimensions == 1
        ? wasserstein1(real, fake) : wasserstein1(planePoints(real), planePoints(fake))
      var critic = IndependentCritic.points(.wasserstein)
      critic.regularizers = [(try oneSidedPenalty(), 10)]
      (critic.steps, critic.batch, critic.readings) = (lab.count(1500, atLeast: 5), PointSets.count, 1)
      let samples = { (values: [Double]) -> IndependentCritic.Samples in
        let points = Tensor(values, shape: [PointSets.count, pair.dimensions], on: lab.device)
        // In a new order each time, so that the penalty sees all lines between the two sets.
        return { draw, _ in
          points.gathered(
            Double(PointSets.count) * lab.random(40).uniform([PointSets.count], step: draw, on: lab.device))
        }
      }
      let whole = { (values: [Double]) -> IndependentCritic.Samples in
        { _, _ in Tensor(values, shape: [PointSets.count, pair.dimensions], on: lab.device) }
      }
      let trained = try critic.trained(real: samples(real), fake: samples(fake))
      let value = try trained.value(real: whole(real), fake: whole(fake)).mean
      lab.record("\(pair.name): exact W1", exact)
      lab.expect("\(pair.name): estimate / exact W1", value / exact, in: 0.85...1.15, fromScale: 0.5)
      dots.append((exact, value))
    }
    let largest = dots.map(\.x).max() ?? 1
    lab.figure(
      "exact",
      Plot(
        "A critic's estimate beside the exact distance", x: "exact W1", y: "estimate",
        [.dots("point sets", dots), .line("equal", [(0, 0), (largest, largest)], dashed: true)]))
  }

  static func oneSidedPenalty() throws -> Regularizer {
    guard let term = Regularizer.named("one-sided-gradient-penalty") else {
      throw LaboratoryError("the table of regularizers has no row 'one-sided-gradient-penalty'")
    }
    return term
  }

  // MARK: Bounds of the slope

  /// On a line the slope cannot turn, and to change its sign it must pass 0, where the two-sided penalty is 10: more
  /// than there is to win at W = 1. A critic that starts with the wrong sign keeps it; the one-sided penalty lets it
  /// go.
  private static func penaltiesOnALine(_ lab: Lab) throws {
    let seeds = 6
    for (name, penalty) in [("two-sided", Regularizer.gradientPenalty), ("one-sided", try oneSidedPenalty())] {
      var wrong = 0
      for seed in 0..<seeds {
        lab.progress("the \(name) penalty on a line: critic \(seed + 1) of \(seeds)")
        var critic = IndependentCritic.points(.wasserstein, width: 32)
        (critic.steps, critic.batch, critic.readings) = (lab.count(400, atLeast: 5), 128, 8)
        (critic.regularizers, critic.optimizer.rate, critic.seed) = ([(penalty, 10)], 3e-3, lab.seed + UInt64(seed))
        let side = { (place: Double, stream: UInt32) -> IndependentCritic.Samples in
          { draw, count in lab.random(stream).normal([count, 1], step: draw, on: lab.device) + place }
        }
        let value = try critic.trained(real: side(1, 43), fake: side(0, 44)).value(real: side(1, 43), fake: side(0, 44))
        if value.mean < 0 { wrong += 1 }
      }
      let what = "\(name) penalty on a line, W1 = 1: critics of \(seeds) that end with the wrong sign"
      if name == "two-sided" {
        lab.expect(what, Double(wrong), atLeast: 1, fromScale: 0.5)
      } else {
        lab.expect(what, Double(wrong), 0, within: 0, fromScale: 0.5)
      }
    }
  }

  /// N(-d/2, 1) and N(d/2, 1) along one axis of the plane: a penalised critic gives d (1 + d/20), a clipped one K d
  /// with a K that nobody knows.
  private static func clippingBesidePenalty(_ lab: Lab) throws {
    let distances = [0.5, 1, 2, 4]
    var values: [String: [Plot.Point]] = [:]
    for distance in distances {
      let side = { (sign: Double, stream: UInt32) -> IndependentCritic.Samples in
        { draw, count in
          lab.random(stream).normal([count, 2], step: draw, on: lab.device)
            + Tensor([sign * distance / 2, 0], shape: [1, 2], on: lab.device)
        }
      }
      var critic = IndependentCritic.points(.wasserstein, width: 32)
      critic.regularizers = [(try oneSidedPenalty(), 10)]
      (critic.steps, critic.batch, critic.readings) = (lab.count(1000, atLeast: 5), 256, 128)
      critic.optimizer.rate = 3e-3
      func value(_ name: String, _ critic: IndependentCritic) throws -> Double {
        lab.progress("\(name) at distance \(distance)")
        let value = try critic.trained(real: side(1, 41), fake: side(-1, 42)).value(
          real: side(1, 41), fake: side(-1, 42)
        )
        .mean
        values[name, default: []].append((distance, value))
        return value
      }
      let plain = try value("gradient penalty", critic)
      lab.expect(
        "penalty 10, distance \(distance): E r - E f, d + d²/20", plain, distance + distance * distance / 20,
        within: 0.04 * distance, fromScale: 0.5)
      critic.valueHasTerms = true
      let whole = try value("gradient penalty, included", critic)
      lab.expect(
        "penalty 10, distance \(distance): with the penalty, d + d²/40", whole, distance + distance * distance / 40,
        within: 0.04 * distance, fromScale: 0.5)
      critic.valueHasTerms = false
      for clip in [0.1, 0.2] {
        (critic.regularizers, critic.clip, critic.rule) = ([], clip, .rmsprop)
        _ = try value("clipped at \(clip)", critic)
      }
    }
    for clip in [0.1, 0.2] {
      let slopes = (values["clipped at \(clip)"] ?? []).map { $0.y / $0.x }
      lab.record("clipped at \(clip): K", slopes.mean)
      lab.expect(
        "clipped at \(clip): largest deviation of K over distances, / K",
        slopes.map { abs($0 / slopes.mean - 1) }.max() ?? 0, atMost: 0.1, fromScale: 0.5)
    }
    lab.figure(
      "slopes",
      Plot(
        "Two Gaussians ever further apart", x: "exact W1", y: .logarithmic("estimate"),
        values.keys.sorted().map { name in .line(name, values[name] ?? []) }
          + [.line("W1", distances.map { ($0, $0) }, dashed: true)]))
  }

  static func planePoints(_ values: [Double]) -> [Plot.Point] {
    stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
  }
}

/// Two sets of points, drawn once.
private struct PointSets {
  static let count = 256
  let name: String
  let dimensions: Int
  let real, fake: (Lab) -> Tensor

  static var all: [PointSets] {
    [
      PointSets(name: "a line, N(0, 1) and N(1, 1)", dimensions: 1, real: { normal($0, 1, 50) }) {
        normal($0, 1, 51) + 1
      },
      PointSets(name: "a line, N(0, 1) and N(0, 4)", dimensions: 1, real: { normal($0, 1, 50) }) {
        2 * normal($0, 1, 51)
      },
      PointSets(name: "a line, N(0, 1) and two modes at ±2", dimensions: 1, real: { normal($0, 1, 50) }) { lab in
        0.3 * normal(lab, 1, 51) + 4 * (uniform(lab, 52) - 0.5).step() - 2
      },
      PointSets(name: "the plane, Gaussians (2, 1) apart", dimensions: 2, real: { normal($0, 2, 50) }) { lab in
        normal(lab, 2, 51) + Tensor([2, 1], shape: [1, 2], on: lab.device)
      },
      PointSets(name: "the plane, circles of radius 1 and 2", dimensions: 2, real: { circle($0, 53) }) {
        2 * circle($0, 54)
      },
      PointSets(name: "the plane, a circle and its centre", dimensions: 2, real: { circle($0, 53) }) {
        0.1 * normal($0, 2, 51)
      },
    ]
  }

  private static func normal(_ lab: Lab, _ dimensions: Int, _ stream: UInt32) -> Tensor {
    lab.random(stream).normal([count, dimensions], step: 1, on: lab.device)
  }
  private static func uniform(_ lab: Lab, _ stream: UInt32) -> Tensor {
    lab.random(stream).uniform([count, 1], step: 1, on: lab.device)
  }
  private static func circle(_ lab: Lab, _ stream: UInt32) -> Tensor {
    let angle = 2 * Double.pi * uniform(lab, stream)
    return angle.cosine().concatenated(with: angle.sine(), axis: -1)
  }
}
