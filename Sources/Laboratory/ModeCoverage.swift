import Foundation
import Saddle

/// How much of a mixture of Gaussians samples cover, and how well.
///
/// Source: Lin et al. 2018, "PacGAN", section 4.1, which counts a mode from one sample on. So counted, uniform noise
/// has 22 of the grid's 25 modes; here a mode needs a share of the samples.
public struct ModeCoverage: Sendable, Equatable {
  /// The modes that own at least `leastShare` of what would be a mode's fair share of all samples.
  public let modes: Int
  /// The share of high-quality samples: within three deviations of the nearest centre, which owns them.
  public let highQuality: Double
  /// KL(Q‖P) in nats of the modes' shares Q of the high-quality samples from the mixture's, which are equal. It needs
  /// no smoothing: P is 0 nowhere, and a mode without samples adds 0 log 0 = 0. Without any such sample it is infinite.
  public let reverseKL: Double

  /// - Parameter leastShare: 0 counts a mode from its first sample on.
  public init(of points: [(x: Double, y: Double)], _ mixture: PointMixture, leastShare: Double = 0.2) {
    var owned = [Int](repeating: 0, count: mixture.centres.count)
    for point in points {
      let distances = mixture.centres.map { centre in
        (point.x - centre.x) * (point.x - centre.x) + (point.y - centre.y) * (point.y - centre.y)
      }
      guard let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }) else { continue }
      if distances[nearest] <= 9 * mixture.standardDeviation * mixture.standardDeviation { owned[nearest] += 1 }
    }
    let fair = Double(points.count) / Double(owned.count)
    let good = owned.reduce(0, +)
    modes = owned.count { $0 > 0 && Double($0) >= leastShare * fair }
    highQuality = points.isEmpty ? 0 : Double(good) / Double(points.count)
    let shares = owned.filter { $0 > 0 }.map { Double($0) / Double(good) }
    reverseKL = good == 0 ? .infinity : shares.reduce(0) { $0 + $1 * log($1 * Double(owned.count)) }
  }
}
