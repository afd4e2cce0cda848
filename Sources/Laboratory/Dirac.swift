import Foundation
import Saddle

extension Experiment {
  /// Which methods converge on the Dirac-GAN, by the eigenvalues of their steps at the equilibrium (0, 0).
  ///
  /// Source of the predictions: Mescheder, Geiger and Nowozin 2018, lemmas 2.3 to 3.4 and D; with the logistic losses
  /// the critic's slope at 0 is 1/2, with Wasserstein's 1.
  static let dirac = Experiment(
    "dirac", "which methods converge on the smallest game: spirals drawn, eigenvalues measured and predicted"
  ) { lab in
    lab.note(
      "The game has one parameter a player and its equilibrium is known: these are statements on the "
        + "neighbourhood of that point, for steps of the sizes given. \"Still away at the end\" of the two "
        + "Wasserstein rows is a distance after a fixed number of steps; that they never arrive is the theory's "
        + "part (Mescheder et al. 2018).")
    let device = try lab.double()
    let methods = try diracMethods()

    lab.progress("eigenvalues")
    for method in methods {
      guard let predicted = method.flow else { continue }
      let jacobian = try method.game.jacobian(at: (0, 0), on: device)
      let differences = try method.game.jacobianByDifferences(at: (0, 0), on: device)
      lab.expect(
        "\(method.name): the tape's derivative of a step beside central differences",
        jacobian.largestDifference(to: differences), atMost: 1e-6)
      let rate = method.game.rate
      for (i, (eigenvalue, expected)) in zip(jacobian.eigenvalues, predicted).enumerated() {
        // Of the flow that the steps follow: a step is 1 + h times it.
        let flow = Complex(real: (eigenvalue.real - 1) / rate, imaginary: eigenvalue.imaginary / rate)
        let name = "\(method.name): eigenvalue \(i + 1) of the flow"
        let tolerance = 0.01 * expected.modulus
        lab.expect(name + ", real part", flow.real, expected.real, within: tolerance)
        lab.expect(name + ", imaginary part", flow.imaginary, expected.imaginary, within: tolerance)
      }
    }
    let circle = stride(from: -0.8, through: 0.8, by: 0.01).map { (x: cos($0), y: sin($0)) }
    let eigenvalues = try methods.filter { $0.isCompared && $0.growth != nil }.map { method in
      let values = try method.game.jacobian(at: (0, 0), on: device).eigenvalues
      return Plot.Mark.dots(method.name, values.map { ($0.real, $0.imaginary) })
    }
    lab.figure(
      "eigenvalues",
      Plot(
        "Eigenvalues of a step, and the unit circle", x: .linear("real part", 0.6...1.1),
        y: .linear("imaginary part", -0.2...0.2), isometric: true, [.line(nil, circle)] + eigenvalues))
    try diracRates(lab, device)
    try diracStrengths(lab, device)
    try diracSpirals(lab, methods, device)
  }

  /// A way to play, and the eigenvalues of its flow at the equilibrium where theory has them.
  private struct DiracMethod {
    let name: String
    let game: DiracGame
    var flow: [Complex]?
    /// By what a step changes the distance from the equilibrium in the long run.
    var growth: Double?
    /// Whether it is drawn among others in one plot, where few can be told apart.
    var isCompared = false
  }

  private static func diracMethods() throws -> [DiracMethod] {
    let minimax = try objective("minimax")
    let wasserstein = try objective("wasserstein")
    let (rate, r1, noise, consensus) = (0.2, 0.5, 1.0, 1.0)
    // Both eigenvalues of [[0, f], [-f, -s]] or, with s on both places of the diagonal, of consensus optimization.
    let damped = { (s: Double) in Complex.roots(sum: -s, product: 0.25) }
    func growth(_ flow: [Complex]) -> Double {
      flow.map { Complex(real: 1 + rate * $0.real, imaginary: rate * $0.imaginary).modulus }.max() ?? 0
    }
    let still = damped(0)
    let agreed = Complex.roots(sum: -consensus / 2, product: consensus * consensus / 16 + 0.25)
    return [
      DiracMethod(
        name: "simultaneous", game: DiracGame(objective: minimax, rate: rate), flow: still, growth: growth(still),
        isCompared: true),
      DiracMethod(
        name: "non-saturating", game: DiracGame(objective: try objective("non-saturating"), rate: rate), flow: still,
        growth: growth(still)),
      DiracMethod(
        name: "alternating", game: DiracGame(objective: minimax, rate: rate, isAlternating: true), growth: 1,
        isCompared: true),
      DiracMethod(
        name: "R1, γ = \(r1)", game: DiracGame(objective: minimax, rate: rate, r1: r1), flow: damped(r1),
        growth: growth(damped(r1)), isCompared: true),
      DiracMethod(
        name: "R1, γ = 2", game: DiracGame(objective: minimax, rate: rate, r1: 2), flow: damped(2),
        growth: growth(damped(2)), isCompared: true),
      DiracMethod(
        name: "instance noise, σ = 1", game: DiracGame(objective: minimax, rate: rate, noise: noise),
        flow: damped(noise * noise / 2), growth: growth(damped(noise * noise / 2))),
      DiracMethod(
        name: "consensus, γ = 1", game: DiracGame(objective: minimax, rate: rate, consensus: consensus), flow: agreed,
        growth: growth(agreed), isCompared: true),
      DiracMethod(
        name: "WGAN", game: DiracGame(objective: wasserstein, rate: rate), flow: Complex.roots(sum: 0, product: 1),
        growth: growth(Complex.roots(sum: 0, product: 1))),
      DiracMethod(
        name: "WGAN, clipped", game: DiracGame(objective: wasserstein, rate: rate, isAlternating: true, clip: 0.5),
        isCompared: true),
      DiracMethod(
        name: "WGAN-GP", game: DiracGame(objective: wasserstein, rate: rate, isAlternating: true, gradientPenalty: 0.1)),
    ]
  }

  static func objective(_ name: String) throws -> Objective {
    guard let objective = Objective.named(name) else {
      throw LaboratoryError("the table of objectives has no row '\(name)'")
    }
    return objective
  }

  /// The largest modulus of a step's eigenvalues over the learning rate.
  private static func diracRates(_ lab: Lab, _ device: Device) throws {
    let minimax = try objective("minimax")
    let rates = [0.1, 0.25, 0.5, 1, 2, 3, 3.9, 4.5]
    var plot: [Plot.Mark] = []
    for isAlternating in [false, true] {
      let name = isAlternating ? "alternating" : "simultaneous"
      let predicted = { (h: Double) in
        isAlternating
          ? Complex.roots(sum: 2 - h * h / 4, product: 1).map(\.modulus).max() ?? 0 : (1 + h * h / 4).squareRoot()
      }
      let measured = try rates.map { h in
        let game = DiracGame(objective: minimax, rate: h, isAlternating: isAlternating)
        return try game.jacobian(at: (0, 0), on: device).eigenvalues.map(\.modulus).max() ?? 0
      }
      for (h, modulus) in zip(rates, measured) {
        lab.expect("\(name), h = \(h): |λ| of a step", modulus, predicted(h), within: 0.01 * predicted(h))
      }
      plot.append(.dots(name, Array(zip(rates, measured)).map { ($0, $1) }))
      plot.append(.function(name, over: 0...4.6, dashed: true, predicted))
    }
    plot.append(.horizontal(nil, at: 1))
    lab.figure("rates", Plot("A step's largest eigenvalue (dashed: predicted)", x: "learning rate h", y: "|λ|", plot))
  }

  /// The largest modulus over the strength of what steadies the players.
  private static func diracStrengths(_ lab: Lab, _ device: Device) throws {
    let minimax = try objective("minimax")
    let rate = 0.2
    let modulus = { (flow: [Complex]) in
      flow.map { Complex(real: 1 + rate * $0.real, imaginary: rate * $0.imaginary).modulus }.max() ?? 0
    }
    let families: [(name: String, game: (Double) -> DiracGame, flow: (Double) -> [Complex])] = [
      (
        "R1, γ", { DiracGame(objective: minimax, rate: rate, r1: $0) }, { Complex.roots(sum: -$0, product: 0.25) }
      ),
      (
        "instance noise, σ", { DiracGame(objective: minimax, rate: rate, noise: $0) },
        { Complex.roots(sum: -$0 * $0 / 2, product: 0.25) }
      ),
      (
        "consensus, γ", { DiracGame(objective: minimax, rate: rate, consensus: $0) },
        { Complex.roots(sum: -$0 / 2, product: $0 * $0 / 16 + 0.25) }
      ),
    ]
    var plot: [Plot.Mark] = [.horizontal(nil, at: 1)]
    for family in families {
      var points: [Plot.Point] = []
      var worst = 0.0
      for strength in stride(from: 0.25, through: 3, by: 0.25) {
        let measured = try family.game(strength).jacobian(at: (0, 0), on: device).eigenvalues.map(\.modulus).max() ?? 0
        points.append((strength, measured))
        worst = max(worst, abs(measured / modulus(family.flow(strength)) - 1))
      }
      lab.expect("\(family.name) from 0.25 to 3: largest relative error of |λ|", worst, atMost: 0.01)
      plot.append(.dots(family.name, points))
      plot.append(.function(family.name, over: 0...3, dashed: true) { modulus(family.flow($0)) })
    }
    lab.figure(
      "strengths", Plot("What steadies the players (dashed: predicted)", x: "strength", y: "|λ|, h = 0.2", plot))
  }

  /// Plays each method, and compares how fast it goes in or out with the eigenvalue.
  private static func diracSpirals(_ lab: Lab, _ methods: [DiracMethod], _ device: Device) throws {
    let steps = lab.count(400, atLeast: 200)
    var plots: [Plot] = []
    var radii: [Plot.Mark] = []
    for method in methods {
      lab.progress("playing: \(method.name)")
      let path = try method.game.trajectory(from: (1, 0), steps: steps, on: device)
      let near = try method.game.trajectory(from: (1e-4, 0), steps: steps, on: device)
      let radius = { (p: Plot.Point) in (p.x * p.x + p.y * p.y).squareRoot() }
      if let growth = method.growth {
        let measured = pow(radius(near[steps]) / radius(near[0]), 1 / Double(steps))
        // The ellipse that an orbit follows, and a double root, blur it by a constant factor: less as steps are more.
        lab.expect(
          "\(method.name): growth a step, played from 0.0001", measured, growth, within: 0.6 / Double(steps))
      } else {
        // The last tenth, for methods that end on a circle of their own.
        let tail = path.suffix(max(steps / 10, 1)).map(radius)
        lab.expect("\(method.name): still away from the equilibrium at the end", tail.max() ?? 0, atLeast: 0.05)
      }
      plots.append(
        Plot(
          method.name, x: .linear("θ"), y: .linear("ψ"), isometric: true,
          [.line("path", path), .dots(nil, [(0, 0)])]))
      if method.isCompared { radii.append(.line(method.name, path.map(radius))) }
    }
    lab.figure("spirals", plots, columns: 3)
    lab.figure("radii", Plot("Distance from the equilibrium", x: "step", y: .logarithmic("distance"), radii))
  }
}
