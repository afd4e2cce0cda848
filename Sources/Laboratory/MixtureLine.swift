import Foundation
import Saddle

/// A normal distribution on the line.
struct LineGaussian: Sendable {
  var mean: Double
  var standardDeviation: Double

  func density(_ x: Double) -> Double { normalDensity(x, mean: mean, standardDeviation: standardDeviation) }
}

/// A mixture P of two normal distributions on the line, and integrals over it: Simpson's rule in double, where the
/// functions of a divergence run as they do in training.
struct MixtureLine {
  /// Fitted to the fifteen optima that the f-GAN paper prints.
  private static let components: [(weight: Double, gaussian: LineGaussian)] = [
    (0.330, LineGaussian(mean: -1.000, standardDeviation: 0.2549)),
    (0.670, LineGaussian(mean: 2.000, standardDeviation: 1.4151)),
  ]

  static func density(_ x: Double) -> Double { components.reduce(0) { $0 + $1.weight * $1.gaussian.density(x) } }

  /// Samples [count, 1]; two streams of random numbers are used, 0 and 1.
  static func samples(
    _ count: Int, _ random: (UInt32) -> RandomStream, step: Int, on device: Device
  ) -> Tensor {
    let (first, second) = (components[0], components[1])
    let isFirst = (first.weight - random(0).uniform([count, 1], step: step, on: device)).step()
    let mean = (first.gaussian.mean - second.gaussian.mean) * isFirst + second.gaussian.mean
    let standardDeviation =
      (first.gaussian.standardDeviation - second.gaussian.standardDeviation) * isFirst
      + second.gaussian.standardDeviation
    return mean + standardDeviation * random(1).normal([count, 1], step: step, on: device)
  }

  private let device: Device
  private let nodes, weights, densities: [Double]

  init(on device: Device) {
    self.device = device
    // Where a Gaussian of deviation 2 about 1 has 1e-14 left.
    let (low, high, pieces) = (-15.0, 17.0, 1600)
    let h = (high - low) / Double(2 * pieces)
    nodes = (0...2 * pieces).map { low + Double($0) * h }
    weights = nodes.indices.map { ($0 == 0 || $0 == 2 * pieces ? 1 : ($0 % 2 == 1 ? 4 : 2)) * h / 3 }
    densities = nodes.map(Self.density)
  }

  /// `D_f(P, Q)`, the integral of q f(p / q).
  func divergence(_ divergence: Divergence, _ gaussian: LineGaussian) throws -> Double {
    let q = nodes.map(gaussian.density)
    let f: [Double] = try divergence.f(column(zip(densities, q).map { $0 / $1 })).scalars()
    return nodes.indices.reduce(0) { $0 + weights[$1] * q[$1] * f[$1] }
  }

  /// F, the integral of p g(v) - q f*(g(v)), for a critic of points [N, 1] on any device.
  func bound(_ divergence: Divergence, _ gaussian: LineGaussian, critic: Network) throws -> Double {
    let points = Tensor(nodes, shape: [nodes.count, 1], on: critic.weights.device)
    let logits = column(try critic(points, mode: .inference).scalars(as: Double.self))
    let real: [Double] = try divergence.activation(logits).scalars()
    let fake: [Double] = try divergence.composition(logits).scalars()
    return nodes.indices.reduce(0) {
      $0 + weights[$1] * (densities[$1] * real[$1] - gaussian.density(nodes[$1]) * fake[$1])
    }
  }

  /// The Gaussian of least divergence, to 1e-6: the best of the four neighbours until there is none, then of nearer
  /// ones (the compass search of Hooke and Jeeves 1961).
  func fit(_ divergence: Divergence, from start: LineGaussian) throws -> LineGaussian {
    var (best, value, step) = (start, try self.divergence(divergence, start), 0.25)
    while step > 1e-6 {
      let neighbours = [(step, 0), (-step, 0), (0, step), (0, -step)].map { dx, dy in
        LineGaussian(mean: best.mean + dx, standardDeviation: best.standardDeviation + dy)
      }
      let values = try neighbours.map { try self.divergence(divergence, $0) }
      if let least = values.indices.min(by: { values[$0] < values[$1] }), values[least] < value {
        (best, value) = (neighbours[least], values[least])
      } else {
        step /= 2
      }
    }
    return best
  }

  private func column(_ values: [Double]) -> Tensor { Tensor(values, shape: [values.count, 1], on: device) }
}
