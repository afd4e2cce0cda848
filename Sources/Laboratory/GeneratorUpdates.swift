import Foundation
import Saddle

extension Experiment {
  /// Theorem 2.4: where the critic is within ε of a perfect one, the saturating gradient is below M ε / (1 - ε).
  ///
  /// ε is the largest |D - D*| + ‖∇D - ∇D*‖ on the generated samples, where D* = 0; M² is the mean over z of the
  /// generator's squared spectral norm with respect to its weights. Both, and the gradient, on the same samples, so
  /// that the theorem holds for them exactly.
  static func vanishingBound(_ lab: Lab) throws {
    let (device, batch) = (try lab.double(), 64)
    let generator = try Network(
      Sequential([Dense(16, initializer: .glorot), Activation.tanh, Dense(2, initializer: .glorot)]), input: [2],
      random: lab.random(30), on: device)
    let critic = try criticOfPoints(lab.random(31), device)
    var player = try adamPlayer(critic, rate: 2e-3)
    let minimax = try objective("minimax")
    let z = 2 * lab.random(32).uniform([batch, 2], step: 0, on: device) - 1
    let fake = generator(z, mode: .inference)
    // On a segment that no sample of the generator comes near.
    let real = { (step: Int) in
      lab.random(33).uniform([batch, 1], step: step, on: device).padded(to: [batch, 2], at: [0, 1])
        + Tensor([4, 0], shape: [1, 2], on: device)
    }
    let m = try generatorSlope(generator, z)
    var (norms, bounds, worst): ([Plot.Point], [Plot.Point], Double) = ([], [], 0)
    let steps = lab.count(800, atLeast: 80)
    for step in 0...steps {
      if step % 10 == 0 {
        lab.progress("theorem 2.4: critic step \(step) of \(steps)")
        let epsilon = try criticError(critic, fake)
        let norm = try saturatingNorm(generator, critic, minimax, z, real(0))
        norms.append((Double(step), norm))
        if epsilon < 1 {
          bounds.append((Double(step), m * epsilon / (1 - epsilon)))
          worst = max(worst, norm / (m * epsilon / (1 - epsilon)))
        }
      }
      let weights = critic.watched(on: Tape())
      let context = LossContext(real: real(step), fake: fake) {
        critic($0, weights: weights, mode: .inference)
      }
      player.minimize(minimax.discriminatorLoss(context), by: weights)
    }
    lab.expect("theorem 2.4: critics within ε < 1 of a perfect one", Double(bounds.count), atLeast: 4)
    lab.expect("theorem 2.4: largest ratio of the gradient to M ε / (1 - ε)", worst, in: 1e-6...1)
    lab.expect("theorem 2.4: last gradient / first", norms[norms.count - 1].y / norms[0].y, atMost: 0.2, fromScale: 0.5)
    lab.figure(
      "vanishing",
      Plot(
        "The saturating gradient while the critic learns", x: "steps of the critic", y: .logarithmic("norm"),
        [.line("gradient", norms), .line("M ε / (1 - ε)", bounds, dashed: true)]))
  }

  /// M: the root of the mean over z of ‖∂g/∂θ‖², by the eigenvalue of the 2 x 2 matrix J Jᵀ.
  private static func generatorSlope(_ generator: Network, _ z: Tensor) throws -> Double {
    var sum = 0.0
    for i in 0..<z.shape[0] {
      let weights = generator.watched(on: Tape())
      let x = generator(z.rows(from: i, count: 1), weights: weights, mode: .inference)
      let rows = try [[1.0, 0], [0, 1]].map { seed in
        let slopes = gradient(of: x, wrt: weights, gradOutput: Tensor(seed, shape: [1, 2], on: z.device))
        return try generator.flattened(slopes).scalars(as: Double.self)
      }
      let dot = { (a: [Double], b: [Double]) in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
      let cross = dot(rows[0], rows[1])
      sum += Matrix2(dot(rows[0], rows[0]), cross, cross, dot(rows[1], rows[1])).eigenvalues[0].real
    }
    return (sum / Double(z.shape[0])).squareRoot()
  }

  /// ε on generated samples.
  private static func criticError(_ critic: Network, _ fake: Tensor) throws -> Double {
    let tape = Tape()
    let x = tape.watch(fake)
    let probability = critic(x, mode: .inference).sigmoid()
    let slopes = gradient(of: probability, wrt: [x])[0].squared().summed(over: [1]).squareRoot()
    let errors = try zip(probability.scalars(as: Double.self), slopes.scalars(as: Double.self)).map { abs($0) + $1 }
    return errors.max() ?? 0
  }

  private static func saturatingNorm(
    _ generator: Network, _ critic: Network, _ objective: Objective, _ z: Tensor, _ real: Tensor
  ) throws -> Double {
    let weights = generator.watched(on: Tape())
    let context = LossContext(real: real, fake: generator(z, weights: weights, mode: .inference)) {
      critic($0, mode: .inference)
    }
    let slopes = generator.flattened(gradient(of: objective.generatorLoss(context), wrt: weights))
    return try slopes.squared().summed().squareRoot().scalars(as: Double.self)[0]
  }

  /// Theorem 2.6: with independent Gaussian errors r of the critic's gradient and ε of its value, the -log D update is
  /// r/ε, which is Cauchy: the mean over a batch spreads as much as one sample.
  static func cauchyUpdates(_ lab: Lab) throws {
    let (device, repeats) = (lab.device, lab.count(8000, atLeast: 2000))
    var (measured, gaussian): ([Plot.Point], [Plot.Point]) = ([], [])
    for (number, n) in [1, 10, 100, 1000].enumerated() {
      lab.progress("theorem 2.6: \(repeats) means of \(n)")
      var (means, errors): ([Double], [Double]) = ([], [])
      // In parts, so that no tensor is large.
      let part = min(repeats, 1000)
      for first in stride(from: 0, to: repeats, by: part) {
        let step = 100 * number + first / part
        let r = 2 * lab.random(40).normal([part, n], step: step, on: device)
        let epsilon = lab.random(41).normal([part, n], step: step, on: device)
        means += try (r / epsilon).mean(over: [1]).scalars(as: Double.self)
        errors += try r.mean(over: [1]).scalars(as: Double.self)
      }
      let half = { (values: [Double]) in (values.quantile(0.75) - values.quantile(0.25)) / 2 }
      lab.expect("theorem 2.6: half the interquartile range of means of \(n) updates", half(means), 2, within: 0.2)
      measured.append((Double(n), half(means)))
      gaussian.append((Double(n), half(errors)))
    }
    // 2 z(0.75) / sqrt(n) for what has a mean.
    lab.expect("the same of means of 1000 Gaussian errors", gaussian[3].y, 1.34898 / 1000.squareRoot(), within: 4e-3)
    lab.figure(
      "cauchy",
      Plot(
        "Spread of the mean over a batch", x: .logarithmic("samples in the batch"),
        y: .logarithmic("half the interquartile range"),
        [.line("-log D update", measured), .line("Gaussian error", gaussian), .horizontal(nil, at: 2)]))
  }

  /// Theorem 3.3 and lemma 4: noise makes supports overlap, and W is bounded by what remains of the divergence.
  ///
  /// For bounded noise: W ≤ 2 √V + 2 C √JSD(P+ε, Q+ε), all of P+ε and Q+ε within a ball of diameter C.
  static func noiseBounds(_ lab: Lab) {
    var curves: [Plot.Mark] = []
    for distance in [0.5, 1, 2] {
      let bound = { (width: Double) -> (jsd: Double, bound: Double) in
        // Uniform on ±width around 0 and around the distance.
        let cells = 20_000
        let length = distance + 2 * width
        let density = { (x: Double, centre: Double) in abs(x - centre) < width ? length / (2 * width) : 0 }
        let places = (0..<cells).map { (cell: Int) -> Double in -width + (Double(cell) + 0.5) / Double(cells) * length }
        let (p, q) = (
          places.map { density($0, 0) / Double(cells) }, places.map { density($0, distance) / Double(cells) }
        )
        let jsd = jensenShannon(p, q)
        return (jsd, 2 * (width * width / 3).squareRoot() + 2 * length * max(jsd, 0).squareRoot())
      }
      for width in [0.25, 1, 4] {
        lab.expect(
          "theorem 3.3: δ0 and δ\(distance), noise U(-\(width), \(width)): bound", bound(width).bound,
          atLeast: distance)
      }
      if distance == 1 {
        lab.expect("theorem 3.3: δ0 and δ1 with U(-1, 1): the bound", bound(1).bound, 4.687, within: 1e-3)
        lab.expect("JSD of δ0 and δ1 with U(-1, 1)", bound(1).jsd, log(2) / 2, within: 1e-4)
      }
      curves.append(.function("bound, W = \(distance)", over: 0.1...6) { bound($0).bound })
      curves.append(.horizontal("bound, W = \(distance)", at: distance))
    }
    lab.figure(
      "noise", Plot("Theorem 3.3 (dashed: W itself)", x: "half width of the noise", y: "bound on W", curves))

    // Lemma 4: W(X, X+ε) ≤ √V, for X of two points and uniform noise; in one dimension W is the area between the
    // distribution functions.
    for width in [0.1, 0.5, 1, 2] {
      let noisy = { (x: Double) in [-1.0, 1].map { min(max((x - $0 + width) / (2 * width), 0), 1) }.mean }
      let clean = { (x: Double) in [-1.0, 1].map { x >= $0 ? 1.0 : 0 }.mean }
      let w = integral(over: -1 - width...1 + width, pieces: 20_000) { abs(noisy($0) - clean($0)) }
      let limit = (width * width / 3).squareRoot()
      lab.expect("lemma 4: W(X, X+ε) for X = ±1, ε ~ U(-\(width), \(width))", w, in: 0.01 * limit...limit)
    }
  }
}
