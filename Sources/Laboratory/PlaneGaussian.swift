import Foundation
import Saddle

/// Points of the plane as two columns [N].
struct PlanePoints {
  let x: Tensor
  let y: Tensor

  init(_ x: Tensor, _ y: Tensor) { (self.x, self.y) = (x, y) }

  /// Points [N, 2] as columns.
  init(_ points: Tensor) {
    let column = { points.sliced(from: [0, $0], shape: [points.shape[0], 1]).reshaped(to: [points.shape[0]]) }
    self.init(column(0), column(1))
  }
}

/// A normal distribution of the plane: mean (m, n), and the Cholesky factor [[e^a, 0], [b, e^c]] of its covariance.
struct PlaneGaussian: Sendable {
  /// m, n, a, b, c.
  var parameters: [Double]

  init(mean: Plot.Point, standardDeviation: Double) {
    parameters = [mean.x, mean.y, log(standardDeviation), 0, log(standardDeviation)]
  }

  /// By mean and covariance (xx, xy, yy).
  init(mean: Plot.Point, covariance: (xx: Double, xy: Double, yy: Double)) {
    let first = covariance.xx.squareRoot()
    let cross = covariance.xy / first
    parameters = [mean.x, mean.y, log(first), cross, log(covariance.yy - cross * cross) / 2]
  }

  var mean: Plot.Point { (parameters[0], parameters[1]) }
  var covariance: (xx: Double, xy: Double, yy: Double) {
    let (first, cross, second) = (exp(parameters[2]), parameters[3], exp(parameters[4]))
    return (first * first, first * cross, cross * cross + second * second)
  }

  func density(_ x: Double, _ y: Double) -> Double {
    let u = (x - parameters[0]) / exp(parameters[2])
    let v = (y - parameters[1] - parameters[3] * u) / exp(parameters[4])
    return exp(-(u * u + v * v) / 2 - parameters[2] - parameters[4]) / (2 * Double.pi)
  }

  /// The largest difference of means or covariances.
  func distance(to other: PlaneGaussian) -> Double {
    let (a, b) = (covariance, other.covariance)
    return [
      mean.x - other.mean.x, mean.y - other.mean.y, a.xx - b.xx, a.xy - b.xy, a.yy - b.yy,
    ].map { abs($0) }.max() ?? 0
  }

  // MARK: On the tape

  /// log q at points, [N], for parameters [5].
  static func logDensity(_ points: PlanePoints, _ parameters: Tensor) -> Tensor {
    let p = (0..<5).map { parameters.rows(from: $0, count: 1) }
    let u = (points.x - p[0]) * (-p[2]).exponential()
    let v = (points.y - p[1] - p[3] * u) * (-p[4]).exponential()
    return -0.5 * (u.squared() + v.squared()) - p[2] - p[4] - log(2 * Double.pi)
  }

  /// The points that standard normal ones become.
  static func samples(_ z: PlanePoints, _ parameters: Tensor) -> PlanePoints {
    let p = (0..<5).map { parameters.rows(from: $0, count: 1) }
    return PlanePoints(p[0] + p[2].exponential() * z.x, p[1] + p[3] * z.x + p[4].exponential() * z.y)
  }

  /// Descends a loss of the parameters [5] by its gradient on the tape.
  ///
  /// - Parameter seen: Gets each step's number and the parameters before it.
  func fitted(
    steps: Int, rate: Double, on device: Device, seen: (Int, PlaneGaussian) throws -> Void = { _, _ in },
    loss: (Tensor) -> Tensor
  ) throws -> PlaneGaussian {
    var fit = self
    for step in 0..<steps {
      try seen(step, fit)
      let parameters = Tape().watch(Tensor(fit.parameters, shape: [5], on: device))
      let slope = try gradient(of: loss(parameters), wrt: [parameters])[0].scalars(as: Double.self)
      for i in 0..<5 { fit.parameters[i] -= rate * slope[i] }
    }
    return fit
  }
}

/// Two round normal distributions in the plane, which no one normal distribution is.
struct PlaneMixture: Sendable {
  let means: [Plot.Point]
  let weights: [Double]
  let standardDeviation: Double

  func density(_ x: Double, _ y: Double) -> Double {
    zip(means, weights).reduce(0) { sum, part in
      sum + part.1 * normalDensity(x, mean: part.0.x, standardDeviation: standardDeviation)
        * normalDensity(y, mean: part.0.y, standardDeviation: standardDeviation)
    }
  }

  /// log p at points, [N].
  func logDensity(_ points: PlanePoints) -> Tensor {
    let parts = zip(means, weights).map { mean, weight in
      log(weight / (2 * Double.pi * standardDeviation * standardDeviation))
        - 0.5 / (standardDeviation * standardDeviation)
        * ((points.x - mean.x).squared() + (points.y - mean.y).squared())
    }
    // log(e^a + e^b) = b + softplus(a - b)
    return parts[1] + (parts[0] - parts[1]).softplus()
  }

  /// Points [N, 2] of draw `step`.
  func samples(_ count: Int, _ random: (UInt32) -> RandomStream, step: Int, on device: Device) -> Tensor {
    let noise = standardDeviation * random(1).normal([count, 2], step: step, on: device)
    let isFirst = (weights[0] - random(2).uniform([count, 1], step: step, on: device)).step()
    let mean = { (i: Int) in Tensor([means[i].x, means[i].y], shape: [1, 2], on: device) }
    return noise + mean(1) + isFirst * (mean(0) - mean(1))
  }
}

/// An even grid for expectations under the standard normal distribution of the plane: the trapezoid rule, whose error
/// falls faster than any power of its step on such a function.
struct PlaneGrid {
  let points: PlanePoints
  /// The points' probabilities, [N].
  let weights: Tensor

  init(on device: Device) {
    let axis = stride(from: -6.0, through: 6, by: 0.25)
    let all = axis.flatMap { x in axis.map { y in (x, y, normalDensity(x) * normalDensity(y) * 0.0625) } }
    let column = { (values: [Double]) in Tensor(values, shape: [values.count], on: device) }
    points = PlanePoints(column(all.map(\.0)), column(all.map(\.1)))
    weights = column(all.map(\.2))
  }

  func expectation(_ values: Tensor) -> Tensor { (weights * values).summed() }
}
