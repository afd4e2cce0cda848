import Foundation
import Saddle

extension Experiment {
  /// Whether a critic of packed samples estimates log-ratios with less variance, as the same source supposes.
  ///
  /// N(0, 1) against N(d, 1): the log-ratio of a pack is m b + a Σx with b = d²/2 and a = -d. Many critics of this
  /// form are fitted, each to its own samples, the same number however they are packed; the variance of a is compared
  /// with the inverse of Fisher's information, by quadrature over the pack's sum.
  static func packedLogRatios(_ lab: Lab) throws {
    let device = try lab.double()
    let (samples, critics, distance) = (1024, lab.count(400, atLeast: 100), 0.7)
    var dots: [Plot.Point] = []
    var lines: [Plot.Point] = []
    for pack in [1, 2, 4, 8] {
      lab.progress("\(critics) critics of packs of \(pack)")
      let slopes = try fittedSlopes(lab, device, packs: samples / pack, of: pack, critics: critics, distance: distance)
      let predicted = slopeVariance(packs: samples / pack, of: pack, distance: distance)
      // A variance of so many has a relative variance of 2 / (critics - 1): three deviations, and a twentieth because
      // Fisher's holds for ever more samples.
      let tolerance = 3 * (2 / Double(critics - 1)).squareRoot() + 0.05
      lab.expect(
        "\(samples) samples in packs of \(pack): variance of the log-ratio's slope / Fisher's",
        slopes.variance / predicted, 1, within: tolerance)
      lab.record("\(samples) samples in packs of \(pack): variance of the slope", slopes.variance)
      dots.append((Double(pack), slopes.variance))
      lines.append((Double(pack), predicted))
    }
    // Packs are told apart more easily, so that each says less: packing alone lowers no variance.
    lab.expect("variance in packs of 8 / variance unpacked", dots[3].y / dots[0].y, atLeast: 1)
    lab.figure(
      "packed",
      Plot(
        "Slope of the log-ratio from \(samples) samples (dashed: Fisher)", x: "samples a pack", y: "variance",
        [.dots("variance", dots), .line("variance", lines, dashed: true)]))
  }

  /// The slopes of logistic critics, each fitted to as many packs of either kind, by gradient descent on the tape.
  private static func fittedSlopes(
    _ lab: Lab, _ device: Device, packs: Int, of size: Int, critics: Int, distance: Double
  ) throws -> [Double] {
    let draw = { (kind: Int) in
      lab.random(20).normal([critics * packs, size], step: 2 * size + kind, on: device).summed(over: [1])
        .reshaped(to: [critics, packs])
    }
    // Centred, so that both parameters hardly disturb each other.
    let centre = Double(size) * distance / 2
    let (real, fake) = (draw(0) - centre, draw(1) + (Double(size) * distance - centre))
    // Both parameters of all critics, [critics, 1]: a logit is a (Σx - centre) + b.
    var (a, b) = (Tensor(0, shape: [critics, 1], on: device), Tensor(0, shape: [critics, 1], on: device))
    // The curvature is at most a quarter of the second moment: with this rate each step goes down.
    let moment = Double(size) + centre * centre
    for _ in 0..<300 {
      let tape = Tape()
      let (slope, offset) = (tape.watch(a), tape.watch(b))
      let loss = { (sums: Tensor, target: Double) in
        (slope * sums + offset).crossEntropy(target: target).mean(over: [1])
      }
      let slopes = gradient(of: (loss(real, 1) + loss(fake, 0)).summed(), wrt: [slope, offset], retainGraph: false)
      a = a - 3 / moment * slopes[0]
      b = b - 2 * slopes[1]
    }
    return try a.scalars(as: Double.self)
  }

  /// The first diagonal element of the inverse of Fisher's information for slope and offset.
  private static func slopeVariance(packs: Int, of size: Int, distance: Double) -> Double {
    let (m, standardDeviation) = (Double(size), Double(size).squareRoot())
    let centre = m * distance / 2
    // At the true parameters: σ(T) (1 - σ(T)) under both kinds of packs.
    let moment = { (power: Double) in
      integral(over: -9 * standardDeviation - centre...9 * standardDeviation + centre) { x in
        let share = 1 / (1 + exp(distance * x))
        let density =
          normalDensity(x, mean: -centre, standardDeviation: standardDeviation)
          + normalDensity(x, mean: centre, standardDeviation: standardDeviation)
        return share * (1 - share) * density * pow(x, power)
      }
    }
    // The odd moment is 0 by symmetry.
    return 1 / (Double(packs) * moment(2))
  }
}
