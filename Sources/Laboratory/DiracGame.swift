import Saddle

/// The Dirac-GAN: a generator that puts all on θ, data that are all 0, and a linear critic ψ x. It is the smallest game
/// that can circle for ever (Mescheder, Geiger and Nowozin 2018, "Which training methods for GANs do actually
/// converge?"). Its arithmetic runs on a device, its gradients on the tape.
struct DiracGame: Sendable {
  /// Where both players stand, each [1, 1].
  typealias Position = (theta: Tensor, psi: Tensor)

  let objective: Objective
  /// The learning rate h of both players.
  var rate = 0.2
  /// The critic moves first, and the generator sees where to; else both move at once.
  var isAlternating = false
  /// Standard deviation σ of noise on real and generated samples.
  var noise = 0.0
  /// The factor γ of R1: γ/2 times the critic's squared slope at the data.
  var r1 = 0.0
  /// The factor λ of the two-sided penalty: λ (slope - 1)².
  var gradientPenalty = 0.0
  /// The factor γ of consensus optimization: γ/2 times the squared length of both gradients, for both players.
  var consensus = 0.0
  /// The largest |ψ|.
  var clip = Double.infinity

  /// Where the players are after one step: a function of where they were, on the same tape.
  func stepped(from position: Position, on tape: Tape) -> Position {
    let old = parted(position)
    let slopes = slopes(at: old, on: tape)
    var psi = old.psi - rate * slopes.psi
    if clip.isFinite { psi = -maximum(-maximum(psi, constant(-clip, psi)), constant(-clip, psi)) }
    if isAlternating {
      let theta = position.theta - rate * self.slopes(at: parted((position.theta, psi)), on: tape).theta
      return (theta, psi)
    }
    return (old.theta - rate * slopes.theta, psi)
  }

  /// The slope of each player's loss along its own number, the other one fixed, both to be descended.
  private func slopes(at position: Position, on tape: Tape) -> Position {
    let x = tape.watch(Tensor(nodes, shape: [nodes.count, 1], on: position.theta.device))
    let (player, adversary) = (parted(position).theta, parted(position).psi)
    let context = LossContext(real: x, fake: player + x) { $0 * adversary }
    var discriminatorLoss = objective.discriminatorLoss(context)
    if r1 > 0 || gradientPenalty > 0 {
      let slope = gradient(of: context.discriminator(x), wrt: [x], createGraph: true)[0]
      discriminatorLoss = discriminatorLoss + r1 / 2 * slope.squared().mean()
      discriminatorLoss = discriminatorLoss + gradientPenalty * (slope.absolute() - 1).squared().mean()
    }
    let generatorSlope = gradient(of: objective.generatorLoss(context), wrt: [player], createGraph: true)[0]
    let criticSlope = gradient(of: discriminatorLoss, wrt: [adversary], createGraph: true)[0]
    guard consensus > 0 else { return (generatorSlope, criticSlope) }
    let energy = consensus / 2 * (generatorSlope.squared() + criticSlope.squared())
    let pull = gradient(of: energy, wrt: [player, adversary], createGraph: true)
    return (generatorSlope + pull[0], criticSlope + pull[1])
  }

  /// The same numbers as nodes of their own, so that a gradient along one ends there and the other counts as fixed.
  private func parted(_ position: Position) -> Position { (position.theta + 0, position.psi + 0) }

  private func constant(_ value: Double, _ like: Tensor) -> Tensor { Tensor(value, shape: like.shape, on: like.device) }

  /// Six equally likely values with the first five moments of the noise: Gauss and Hermite's three nodes, the middle
  /// one four times. So nothing is drawn, and its expectations are exact as far as they matter near the equilibrium.
  private var nodes: [Double] { noise > 0 ? [-1, 0, 0, 0, 0, 1].map { $0 * noise * 3.squareRoot() } : [0] }
}

extension DiracGame {
  /// The positions (θ, ψ) of `count` steps, the start included.
  func trajectory(from start: Plot.Point, steps count: Int, on device: Device) throws -> [Plot.Point] {
    var points = [start]
    for _ in 0..<count {
      let tape = Tape()
      let last = points[points.count - 1]
      let next = stepped(from: position(last, on: tape, device), on: tape)
      points.append((try next.theta.scalars()[0], try next.psi.scalars()[0]))
    }
    return points
  }

  /// The derivative of a step at a point, by the tape through the gradients of the step itself.
  func jacobian(at point: Plot.Point, on device: Device) throws -> Matrix2 {
    let tape = Tape()
    let old = position(point, on: tape, device)
    let new = stepped(from: old, on: tape)
    let rows = try [new.theta, new.psi].flatMap { output in
      try gradient(of: output, wrt: [old.theta, old.psi]).map { try $0.scalars(as: Double.self)[0] }
    }
    return Matrix2(rows[0], rows[1], rows[2], rows[3])
  }

  /// The same by central differences of whole steps.
  func jacobianByDifferences(at point: Plot.Point, on device: Device) throws -> Matrix2 {
    let h = 1e-5
    let column = { (dx: Double, dy: Double) -> Plot.Point in
      let (up, down) = (
        try trajectory(from: (point.x + dx, point.y + dy), steps: 1, on: device)[1],
        try trajectory(from: (point.x - dx, point.y - dy), steps: 1, on: device)[1]
      )
      return ((up.x - down.x) / (2 * h), (up.y - down.y) / (2 * h))
    }
    let (first, second) = (try column(h, 0), try column(0, h))
    return Matrix2(first.x, second.x, first.y, second.y)
  }

  private func position(_ point: Plot.Point, on tape: Tape, _ device: Device) -> Position {
    (tape.watch(Tensor(point.x, shape: [1, 1], on: device)), tape.watch(Tensor(point.y, shape: [1, 1], on: device)))
  }
}

/// A matrix of two rows, and its eigenvalues.
struct Matrix2: Sendable {
  let a, b, c, d: Double
  init(_ a: Double, _ b: Double, _ c: Double, _ d: Double) { (self.a, self.b, self.c, self.d) = (a, b, c, d) }

  /// The roots of λ² - (a + d) λ + (ad - bc): the one of larger real part first, or the one above the real axis.
  var eigenvalues: [Complex] { Complex.roots(sum: a + d, product: a * d - b * c) }

  func largestDifference(to other: Matrix2) -> Double {
    max(abs(a - other.a), abs(b - other.b), abs(c - other.c), abs(d - other.d))
  }
}

/// A complex number.
struct Complex: Sendable {
  var real: Double
  var imaginary: Double

  var modulus: Double { (real * real + imaginary * imaginary).squareRoot() }
  func distance(to other: Complex) -> Double {
    Complex(real: real - other.real, imaginary: imaginary - other.imaginary).modulus
  }

  /// Two numbers by their sum and their product, which are real.
  static func roots(sum: Double, product: Double) -> [Complex] {
    let discriminant = sum * sum / 4 - product
    let root = abs(discriminant).squareRoot()
    return [1.0, -1].map {
      discriminant < 0
        ? Complex(real: sum / 2, imaginary: $0 * root) : Complex(real: sum / 2 + $0 * root, imaginary: 0)
    }
  }
}
