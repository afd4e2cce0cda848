import Foundation
import Saddle

extension Experiment {
  /// What a model that cannot be right makes of data depends on the divergence.
  ///
  /// Source: Raffel, "GANs and Divergence Minimization" (2018), whose figures these are. The optima of the reverse KL
  /// divergence are SciPy's (BFGS on an 80 x 80 Gauss-Hermite rule), those of the forward one are the moments.
  static let divergences = Experiment(
    "divergences", "a Gaussian fitted to what is none: forward KL spreads, reverse KL picks a mode, and a GAN does too"
  ) { lab in
    lab.note(
      "\"Distance\" is the largest difference between two means or covariances. What is called exact is so "
        + "but for the grid of the quadrature; the GAN's row is one run of a critic on fresh samples, and says "
        + "that its loss can reach the same fit, not that it does from every start: the reverse divergence has "
        + "two minima, and the start decides between them.")
    try maximumLikelihood(lab)
    try heldOutLikelihood(lab)
    let spread = try forwardFit(lab)
    let (start, mode) = try reverseFits(lab)
    let learned = try adversarialFit(lab, from: start, to: mode)
    let picture = { (gaussian: PlaneGaussian, title: String) in
      Plot(
        title, x: .linear("x", -4...4), y: .linear("y", -3.2...3.2), isometric: true,
        contours("data", mixture.density) + contours("model", gaussian.density))
    }
    lab.figure(
      "fits",
      [
        picture(spread, "forward KL"), picture(mode, "reverse KL"), picture(learned, "GAN, reverse KL loss"),
      ], columns: 3)
  }

  private static let mixture = PlaneMixture(
    means: [(-1.5, -1), (1.5, 1)], weights: [0.6, 0.4], standardDeviation: 0.6)

  private static func contours(_ name: String, _ density: (Double, Double) -> Double) -> [Plot.Mark] {
    Plot.Mark.contours(name, x: -4...4, y: -3.2...3.2, levels: [0.01, 0.03, 0.09, 0.18], density)
  }

  // MARK: Likelihood

  /// Samples of a Gaussian that the model can be.
  private static let truth = PlaneGaussian(mean: (0.5, -0.3), covariance: (1, 0.6, 0.8))

  private static func drawn(_ count: Int, _ lab: Lab, stream: UInt32, step: Int = 0, on device: Device) -> PlanePoints {
    let z = PlanePoints(lab.random(stream).normal([count, 2], step: step, on: device))
    return PlaneGaussian.samples(z, Tensor(truth.parameters, shape: [5], on: device))
  }

  private static func maximumLikelihood(_ lab: Lab) throws {
    let device = try lab.double()
    let (data, heldOut) = (drawn(400, lab, stream: 1, on: device), drawn(4000, lab, stream: 2, on: device))
    let (dx, dy) = (data.x - data.x.mean(), data.y - data.y.mean())
    let moments = try [data.x, data.y, dx * dx, dx * dy, dy * dy].map { try $0.mean().scalars(as: Double.self)[0] }
    let best = PlaneGaussian(mean: (moments[0], moments[1]), covariance: (moments[2], moments[3], moments[4]))

    lab.progress("a Gaussian by maximum likelihood")
    var curves: [[Plot.Point]] = [[], []]
    let fit = try PlaneGaussian(mean: (-1.5, 1.5), standardDeviation: 1.5).fitted(
      steps: lab.count(600, atLeast: 300), rate: 0.1, on: device,
      seen: { step, fit in
        let parameters = Tensor(fit.parameters, shape: [5], on: device)
        for (i, points) in [data, heldOut].enumerated() {
          let value = try PlaneGaussian.logDensity(points, parameters).mean().scalars(as: Double.self)[0]
          curves[i].append((Double(step), value))
        }
      },
      loss: { -PlaneGaussian.logDensity(data, $0).mean() })
    lab.expect("maximum likelihood: distance to the samples' moments", fit.distance(to: best), atMost: 1e-6)
    lab.expect("maximum likelihood: distance to the truth, 400 samples", fit.distance(to: truth), atMost: 0.25)
    let (train, test) = (curves[0][curves[0].count - 1].y, curves[1][curves[1].count - 1].y)
    lab.record("log-likelihood of the training samples", train)
    lab.record("log-likelihood of held-out samples", test)
    lab.figure(
      "likelihood",
      Plot(
        "Log-likelihood while fitting 400 samples", x: "step", y: "nats a sample",
        [.line("training", curves[0]), .line("held out", curves[1], dashed: true)]))
  }

  /// Training likelihood exceeds held-out likelihood by d (d + 3) / (2 (n - d - 2)) on average, exactly: the mean of an
  /// inverse Wishart matrix.
  private static func heldOutLikelihood(_ lab: Lab) throws {
    let device = try lab.double()
    let fits = lab.count(20_000, atLeast: 4000)
    var gaps: [Plot.Point] = []
    for (step, n) in [8, 20, 80].enumerated() {
      lab.progress("held-out likelihood, \(n) samples")
      let rows = { (points: PlanePoints) in
        PlanePoints(points.x.reshaped(to: [fits, n]), points.y.reshaped(to: [fits, n]))
      }
      let train = rows(drawn(fits * n, lab, stream: 3, step: step, on: device))
      let test = rows(drawn(fits * n, lab, stream: 4, step: step, on: device))
      // The fit of each row in closed form, and the mean squared distances from its mean in units of its deviations.
      let mean = { (x: Tensor) in x.mean(over: [1]).reshaped(to: [fits, 1]) }
      let (mx, my) = (mean(train.x), mean(train.y))
      let centred = { (points: PlanePoints) in (points.x - mx, points.y - my) }
      let moments = { (points: PlanePoints) -> (xx: Tensor, xy: Tensor, yy: Tensor) in
        let (x, y) = centred(points)
        return (mean(x * x), mean(x * y), mean(y * y))
      }
      let (s, t) = (moments(train), moments(test))
      let determinant = s.xx * s.yy - s.xy * s.xy
      let distance = (t.xx * s.yy - 2 * (t.xy * s.xy) + t.yy * s.xx) / determinant
      // The training samples' own mean squared distance is the dimension, 2.
      let gap = try ((distance - 2) / 2).mean().scalars(as: Double.self)[0]
      let expected = 5 / Double(n - 4)
      lab.expect(
        "training less held-out log-likelihood, \(n) samples, mean of \(fits) fits", gap, expected,
        within: (n < 10 ? 0.1 : 0.05) * expected, fromScale: 0.5)
      gaps.append((Double(n), gap))
    }
    lab.figure(
      "gap",
      Plot(
        "Training less held-out log-likelihood (dashed: exact)", x: .logarithmic("training samples"),
        y: .logarithmic("nats a sample"),
        [.dots("gap", gaps), .function("gap", over: 7...100, dashed: true) { 5 / ($0 - 4) }]))
  }

  // MARK: Both divergences, exactly

  private static func forwardFit(_ lab: Lab) throws -> PlaneGaussian {
    let device = try lab.double()
    let grid = PlaneGrid(on: device)
    lab.progress("forward KL")
    // E_P as the sum over both parts, each on its own grid.
    let places = mixture.means.map { mean in
      PlanePoints(
        mixture.standardDeviation * grid.points.x + mean.x, mixture.standardDeviation * grid.points.y + mean.y)
    }
    let expectation = { (f: (PlanePoints) -> Tensor) in
      mixture.weights[0] * grid.expectation(f(places[0])) + mixture.weights[1] * grid.expectation(f(places[1]))
    }
    let loss = { (parameters: Tensor) in
      expectation { mixture.logDensity($0) - PlaneGaussian.logDensity($0, parameters) }
    }
    let fit = try PlaneGaussian(mean: (0.5, 0.3), standardDeviation: 1).fitted(
      steps: lab.count(600, atLeast: 300), rate: 0.2, on: device, loss: loss)
    let moments = PlaneGaussian(mean: (-0.3, -0.2), covariance: (2.52, 1.44, 1.32))
    lab.expect("forward KL: distance to the mixture's moments", fit.distance(to: moments), atMost: 1e-4)
    let value = try loss(Tensor(fit.parameters, shape: [5], on: device)).scalars(as: Double.self)[0]
    lab.expect("forward KL: KL(P ‖ Q) at the fit", value, 0.465040, within: 1e-5)
    let middle = fit.density(0, 0) / mixture.density(0, 0)
    lab.expect("forward KL: model / data halfway between the modes", middle, atLeast: 2)
    return fit
  }

  /// KL(Q ‖ P) of parameters [5], exactly but for the grid.
  private static func reverseKL(_ parameters: Tensor, _ grid: PlaneGrid) -> Tensor {
    let x = PlaneGaussian.samples(grid.points, parameters)
    return grid.expectation(PlaneGaussian.logDensity(x, parameters) - mixture.logDensity(x))
  }

  private static func reverseFits(_ lab: Lab) throws -> (start: PlaneGaussian, fit: PlaneGaussian) {
    let device = try lab.double()
    let grid = PlaneGrid(on: device)
    let known: [(start: Plot.Point, value: Double, fit: PlaneGaussian)] = [
      (
        (-0.5, -0.3), 0.507443,
        PlaneGaussian(mean: (-1.493957, -0.995971), covariance: (0.369263, 0.006175, 0.364117))
      ),
      ((0.7, 0.5), 0.910802, PlaneGaussian(mean: (1.490120, 0.993413), covariance: (0.374623, 0.009748, 0.366499))),
    ]
    var fits: [PlaneGaussian] = []
    for (number, row) in known.enumerated() {
      lab.progress("reverse KL, start \(number + 1)")
      let fit = try PlaneGaussian(mean: row.start, standardDeviation: 0.6).fitted(
        steps: lab.count(600, atLeast: 300), rate: 0.1, on: device, loss: { reverseKL($0, grid) })
      lab.expect("reverse KL, start \(number + 1): distance to its mode's fit", fit.distance(to: row.fit), atMost: 1e-4)
      let value = try reverseKL(Tensor(fit.parameters, shape: [5], on: device), grid).scalars(as: Double.self)[0]
      lab.expect("reverse KL, start \(number + 1): KL(Q ‖ P)", value, row.value, within: 1e-5)
      fits.append(fit)
    }
    let other = fits[0].density(1.5, 1) / mixture.density(1.5, 1)
    lab.expect("reverse KL: model / data at the mode that it leaves out", other, atMost: 1e-3)
    return (PlaneGaussian(mean: known[0].start, standardDeviation: 0.6), fits[0])
  }

  // MARK: The same without the density

  /// The f-GAN loss for the reverse KL divergence: the critic maximises E_P[-exp f] + 1 + E_Q[f], whose optimum is
  /// f = log q/p; the generator is affine, so that its samples are Gaussian.
  private static func adversarialFit(
    _ lab: Lab, from start: PlaneGaussian, to exact: PlaneGaussian
  ) throws -> PlaneGaussian {
    let (device, batch, steps) = (lab.device, 256, lab.count(2500, atLeast: 20))
    let network = try Network(
      Sequential([Dense(2, initializer: .glorot)]), input: [2], random: lab.random(10), on: device)
    let standardDeviation = exp(start.parameters[2])
    network.weights.write([standardDeviation, 0, 0, standardDeviation, start.mean.x, start.mean.y])
    var generator = try adamPlayer(network, rate: 2e-3)
    let criticNetwork = try criticOfPoints(lab.random(11), device)
    var critic = try adamPlayer(criticNetwork, rate: 3e-3)
    var average = [Double](repeating: 0, count: 6)
    let averaged = max(steps / 4, 1)
    var divergences: [Plot.Point] = []
    let exactDevice = try lab.double()
    let grid = PlaneGrid(on: exactDevice)

    for step in 1...steps {
      let rest = 1 - Double(step - 1) / Double(steps)
      generator.optimizer.settings.rate = 2e-3 * rest
      critic.optimizer.settings.rate = 3e-3 * rest
      // A generator that follows an untrained critic leaves the start for nowhere.
      for turn in 0..<(step == 1 ? lab.count(500) : 4) {
        // The turns before the first step count down from the end of 32 bits, where no step comes.
        let draw = step == 1 ? Int(UInt32(truncatingIfNeeded: -turn)) : 4 * step + turn
        let real = mixture.samples(batch, { lab.random(20 + $0) }, step: draw, on: device)
        let z = lab.random(12).normal([batch, 2], step: draw, on: device)
        let weights = criticNetwork.watched(on: Tape())
        let score = { (x: Tensor) in criticNetwork(x, weights: weights, mode: .inference) }
        let value = 1 - score(real).exponential().mean() + score(network(z, mode: .inference)).mean()
        critic.minimize(-value, by: weights)
      }
      let weights = network.watched(on: Tape())
      let z = lab.random(13).normal([batch, 2], step: step, on: device)
      let loss = criticNetwork(network(z, weights: weights, mode: .inference), mode: .inference).mean()
      generator.minimize(loss, by: weights)
      let isSeen = step % 50 == 0 || step == steps
      guard isSeen || step > steps - averaged else { continue }
      let numbers = try network.weights.scalars(as: Double.self)
      if step > steps - averaged { for i in 0..<6 { average[i] += numbers[i] / Double(averaged) } }
      if isSeen {
        lab.progress("the GAN: step \(step) of \(steps)")
        let parameters = Tensor(gaussian(ofAffine: numbers).parameters, shape: [5], on: exactDevice)
        divergences.append((Double(step), try reverseKL(parameters, grid).scalars(as: Double.self)[0]))
      }
    }
    let fit = gaussian(ofAffine: average)
    let value = try reverseKL(Tensor(fit.parameters, shape: [5], on: exactDevice), grid).scalars(as: Double.self)[0]
    lab.expect("GAN, reverse KL loss: distance to the exact fit", fit.distance(to: exact), atMost: 0.1, fromScale: 1)
    lab.expect("GAN, reverse KL loss: KL(Q ‖ P) at its fit", value, in: 0.507443 - 1e-6...0.56, fromScale: 1)
    lab.figure(
      "learning",
      Plot(
        "A GAN with the reverse KL loss", x: "step", y: "KL(Q ‖ P), by quadrature",
        [.line("GAN", divergences), .horizontal(nil, at: 0.507443)]))
    return fit
  }

  /// The distribution of z W + b, whose covariance is Wᵀ W.
  private static func gaussian(ofAffine w: [Double]) -> PlaneGaussian {
    PlaneGaussian(
      mean: (w[4], w[5]), covariance: (w[0] * w[0] + w[2] * w[2], w[0] * w[1] + w[2] * w[3], w[1] * w[1] + w[3] * w[3]))
  }
}
