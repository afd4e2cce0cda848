import Foundation
import Saddle

extension Experiment {
  /// A Gaussian fitted to a mixture of two by variational divergence minimisation, which sees only samples.
  ///
  /// Source: Nowozin, Cseke and Tomioka 2016, section 3.3 and table 3. The mixture is not printed there; this one is
  /// the only one of two components for which all fifteen printed optima hold at once.
  static let fganMixture = Experiment(
    "fgan-mixture", "what the f-GAN paper's table shows: each divergence fits another Gaussian, learned beside exact"
  ) { lab in
    lab.note(
      "The paper does not print its mixture: this one was found by inversion, as the only one of two "
        + "components for which all fifteen printed optima hold at once, so that the exact rows check the "
        + "divergences and not the choice of the mixture.")
    lab.note(
      "Where the paper moves both players by gradient steps of a constant .01, here Adam moves them with "
        + "rates that fall to 0 over 4,000 steps of 1,024 samples; the critic has the paper's two layers of 64 "
        + "tanh units. F(θ, ω) and D(θ) are integrals, not means over samples, so that F ≤ D holds for any "
        + "critic. The tolerance of .11 is about the paper's own largest gap. The matrix is judged only for the "
        + "three divergences whose columns tell the fits apart by more than one percent.")
    let line = MixtureLine(on: try lab.double())
    let exact = try exactFits(lab, line)
    var learned: [LearnedFit] = []
    for (number, row) in mixtureOptima.enumerated() {
      learned.append(try learnedFit(lab, line, row, number: UInt32(number)))
    }
    try trainTestMatrix(lab, line, learned)
    lab.figure(
      "fits",
      zip(mixtureOptima, zip(exact, learned)).map { row, fits in
        Plot(
          row.divergence.name, x: .linear("x", -6...8), y: "density",
          [
            .function("mixture", over: -6...8, MixtureLine.density),
            .function("exact fit", over: -6...8, dashed: true, fits.0.density),
            .function("learned", over: -6...8, fits.1.gaussian.density),
          ])
      }, columns: 3)
    lab.figure(
      "bounds",
      zip(mixtureOptima, learned).map { row, fit in
        Plot(
          row.divergence.name, x: "step", y: .linear("by quadrature", 0...1.6 * row.value),
          [.line("D(θ)", fit.divergences), .line("F(θ, ω)", fit.bounds), .horizontal(nil, at: row.value)])
      }, columns: 3)
    try conjugatesAsEnvelopes(lab)
  }

  /// A row of the paper's table: the least divergence from the mixture to a Gaussian, and where it is.
  private struct MixtureOptimum {
    let divergence: Divergence
    let value: Double
    let gaussian: LineGaussian
  }

  private static let mixtureOptima: [MixtureOptimum] = [
    MixtureOptimum(divergence: .kl, value: 0.2831, gaussian: LineGaussian(mean: 1.0100, standardDeviation: 1.8308)),
    MixtureOptimum(
      divergence: .reverseKL, value: 0.2480, gaussian: LineGaussian(mean: 1.5782, standardDeviation: 1.6319)),
    MixtureOptimum(
      divergence: .jensenShannon, value: 0.1280, gaussian: LineGaussian(mean: 1.3070, standardDeviation: 1.7542)),
    MixtureOptimum(
      divergence: .jeffrey, value: 0.5705, gaussian: LineGaussian(mean: 1.3218, standardDeviation: 1.7034)),
    MixtureOptimum(
      divergence: .pearson, value: 0.6457, gaussian: LineGaussian(mean: 0.5737, standardDeviation: 1.9274)),
  ]

  /// Wide, since the reverse KL divergence has a second minimum at the narrow component.
  private static let start = LineGaussian(mean: 0, standardDeviation: 2)

  private static func exactFits(_ lab: Lab, _ line: MixtureLine) throws -> [LineGaussian] {
    try mixtureOptima.map { row in
      lab.progress("the exact fit by \(row.divergence.name)")
      let fit = try line.fit(row.divergence, from: start)
      let name = "\(row.divergence.name), exact: "
      lab.expect(name + "D", try line.divergence(row.divergence, fit), row.value, within: 5e-4)
      lab.expect(name + "mean", fit.mean, row.gaussian.mean, within: 5e-4)
      lab.expect(name + "deviation", fit.standardDeviation, row.gaussian.standardDeviation, within: 5e-4)
      return fit
    }
  }

  // MARK: The game

  private struct LearnedFit {
    let gaussian: LineGaussian
    let divergences, bounds: [Plot.Point]
  }

  /// Algorithm 1 of the paper: both players move at once, along gradients of the same F on the same samples. Adam with
  /// rates that fall to 0 stands in for its constant steps, so that minutes are enough.
  private static func learnedFit(
    _ lab: Lab, _ line: MixtureLine, _ row: MixtureOptimum, number: UInt32
  ) throws -> LearnedFit {
    let (batch, steps) = (1024, lab.count(4000, atLeast: 20))
    let objective = Objective.divergence(row.divergence)
    // G(z) = σ z + μ.
    let generatorNetwork = try Network(
      Sequential([Dense(1, initializer: .glorot)]), input: [1], random: lab.random(0), on: lab.device)
    generatorNetwork.weights.write([start.standardDeviation, start.mean])
    let criticNetwork = try Network(
      Sequential([
        Dense(64, initializer: .glorot), Activation.tanh, Dense(64, initializer: .glorot), Activation.tanh,
        Dense(1, initializer: .glorot),
      ]), input: [1], random: lab.random(1), on: lab.device)
    var generator = try adamPlayer(generatorNetwork, rate: 1)
    var critic = try adamPlayer(criticNetwork, rate: 1)
    var (divergences, bounds): ([Plot.Point], [Plot.Point]) = ([], [])
    var gaussian = start
    for step in 1...steps {
      let rest = 1 - Double(step - 1) / Double(steps)
      generator.optimizer.settings.rate = 1e-2 * rest
      critic.optimizer.settings.rate = 5e-3 * rest
      let tape = Tape()
      let weights = (generator: generatorNetwork.watched(on: tape), critic: criticNetwork.watched(on: tape))
      let z = lab.random(2 + 4 * number).normal([batch, 1], step: step, on: lab.device)
      let fake = generatorNetwork(z, weights: weights.generator, mode: .inference)
      let real = MixtureLine.samples(batch, { lab.random(3 + 4 * number + $0) }, step: step, on: lab.device)
      let context = LossContext(real: real, fake: fake) {
        criticNetwork($0, weights: weights.critic, mode: .inference)
      }
      // Both gradients before either player moves.
      let slopes = gradient(of: objective.generatorLoss(context), wrt: weights.generator)
      critic.minimize(objective.discriminatorLoss(context), by: weights.critic)
      generator.optimizer.update(generatorNetwork, along: generatorNetwork.flattened(slopes), ema: nil)
      guard step % 50 == 0 || step == steps else { continue }
      lab.progress("\(row.divergence.name): step \(step) of \(steps)")
      let numbers = try generatorNetwork.weights.scalars(as: Double.self)
      gaussian = LineGaussian(mean: numbers[1], standardDeviation: abs(numbers[0]))
      divergences.append((Double(step), try line.divergence(row.divergence, gaussian)))
      bounds.append((Double(step), try line.bound(row.divergence, gaussian, critic: criticNetwork)))
    }
    let (exact, bound) = (divergences[divergences.count - 1].y, bounds[bounds.count - 1].y)
    let name = "\(row.divergence.name), learned: "
    lab.expect(name + "mean", gaussian.mean, row.gaussian.mean, within: 0.11, fromScale: 1)
    lab.expect(
      name + "deviation", gaussian.standardDeviation, row.gaussian.standardDeviation, within: 0.11, fromScale: 1)
    lab.expect(name + "F(θ, ω) / D(θ)", bound / exact, atLeast: 0.9, fromScale: 1)
    lab.expect(name + "F(θ, ω) - D(θ)", bound - exact, atMost: 1e-6)
    return LearnedFit(gaussian: gaussian, divergences: divergences, bounds: bounds)
  }

  /// Each fit by each divergence: who trains for one does best by it, where the table's gaps are wide enough to tell.
  private static func trainTestMatrix(_ lab: Lab, _ line: MixtureLine, _ learned: [LearnedFit]) throws {
    for (column, test) in mixtureOptima.enumerated() {
      let values = try learned.map { try line.divergence(test.divergence, $0.gaussian) }
      for (train, value) in zip(mixtureOptima, values) {
        lab.record("trained by \(train.divergence.name), tested by \(test.divergence.name)", value)
      }
      guard ["kl", "reverse-kl", "pearson"].contains(test.divergence.name) else { continue }
      let others = values.enumerated().filter { $0.offset != column }.map(\.element).min() ?? .infinity
      lab.expect(
        "tested by \(test.divergence.name): trained by it / by the next best", values[column] / others, atMost: 1,
        fromScale: 1)
    }
  }

  // MARK: The conjugate

  /// A conjugate is the upper edge of the lines u t - f(u), one for each u.
  private static func conjugatesAsEnvelopes(_ lab: Lab) throws {
    let device = try lab.double()
    let dense = (-3000...2000).map { exp(Double($0) / 500) }
    let plots = try mixtureOptima.map { row in
      let u = (-4...4).map { exp(Double($0) * 0.45) }
      let f = try row.divergence.f(Tensor(dense + u, shape: [dense.count + u.count], on: device)).scalars(
        as: Double.self)
      // Over the slopes that f has from u = .1 to u = 5.
      let tape = Tape()
      let ends = tape.watch(Tensor([0.1, 5], shape: [2], on: device))
      let range: [Double] = try gradient(of: row.divergence.f(ends), wrt: [ends])[0].scalars()
      let t = (0...200).map { range[0] + (range[1] - range[0]) * Double($0) / 200 }
      let conjugate: [Double] = try row.divergence.conjugate(Tensor(t, shape: [t.count], on: device)).scalars()
      let gap = zip(t, conjugate).map { t, value in
        abs(value - (zip(dense, f).map { $0 * t - $1 }.max() ?? 0))
      }
      lab.expect("\(row.divergence.name): the conjugate beside its lines' upper edge", gap.max() ?? 0, atMost: 1e-4)
      let lines = zip(u, f[dense.count...]).map { u, f in Plot.Mark.line(nil, t.map { ($0, u * $0 - f) }) }
      let low = (conjugate.min() ?? 0) - 0.5
      return Plot(
        row.divergence.name, x: "t", y: .linear("f*(t)", low...(conjugate.max() ?? 0)),
        lines + [.line("f*", zip(t, conjugate).map { ($0, $1) })])
    }
    lab.figure("conjugates", plots, columns: 3)
  }
}
