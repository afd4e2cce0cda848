import Features

/// The Fréchet distance of two sets of features, and what is to be said of it.
public struct FrechetDistance: Sendable, Equatable {
  public let value: Double
  /// Whether a covariance has no inverse, to rounding: of too few samples, or of features that depend on each other.
  public let isSingular: Bool
  /// Why the value should not be compared with others: too few samples for the features.
  public let warning: String?

  /// What is to be said of a set of so many samples, before its features are worked out; nil where they are enough.
  ///
  /// A covariance of n samples has rank n - 1, and a distance that falls with n until n is many times the features.
  public static func warning(count: Int, width: Int) -> String? {
    if count > width { return nil }
    return "\(count) samples are too few for \(width) features: the covariance is singular and the distance too large; "
      + "give more than \(width), or use the kernel distance, which has no such bias"
  }
}

/// The Fréchet distance of the Gaussians that have the means μ, ν and covariances A, B of two sets of features:
/// |μ - ν|² + tr(A + B - 2 (A^½ B A^½)^½). On Inception-v3's features it is the FID.
///
/// With roots A = Kᵀ K and B = Lᵀ L, the trace of (A^½ B A^½)^½ is the sum of the singular values of K Lᵀ, the square
/// roots of the symmetric form's eigenvalues: no square root is taken of a difference, nothing is added to the diagonal
/// of a singular covariance, and nothing complex appears, as it does where A B is taken.
///
/// Sources: Dowson and Landau 1982, "The Fréchet distance between multivariate normal distributions"; Heusel et al.
/// 2017, "GANs trained by a two time-scale update rule converge to a local Nash equilibrium" (arXiv 1706.08500).
///
/// - Returns: The distance; with a warning where a set has no more samples than features.
/// - Throws: `MetricError` where the sets have different features or fewer than two samples, or numbers are not finite.
public func frechetDistance(_ first: FeatureMoments, _ second: FeatureMoments) throws(MetricError) -> FrechetDistance {
  try frechetDistance(first, second, by: .standard)
}

/// Of two sets of features.
///
/// - Throws: As of moments.
public func frechetDistance(_ first: Features, _ second: Features) throws(MetricError) -> FrechetDistance {
  try frechetDistance(FeatureMoments(first), FeatureMoments(second))
}

func frechetDistance(
  _ first: FeatureMoments, _ second: FeatureMoments, by algebra: LinearAlgebra
) throws(MetricError) -> FrechetDistance {
  let width = first.width
  guard width == second.width, width > 0 else {
    throw MetricError(
      "a Fréchet distance compares features of the same extractor: the sets have \(width) and \(second.width) features")
  }
  for count in [first.count, second.count] where (count ?? 2) < 2 {
    throw MetricError("a Fréchet distance needs 2 samples or more of each set, and there are \(count ?? 0): give more")
  }
  let (a, b) = (first.covariance, second.covariance)
  guard [first.means, second.means, a, b].allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
    throw MetricError("a Fréchet distance needs finite features: images, or the network that made them, are broken")
  }
  let (k, l) = (algebra.root(of: a, width: width), algebra.root(of: b, width: width))
  var product = [Double](repeating: 0, count: k.rank * l.rank)
  product.withUnsafeMutableBufferPointer { product in
    guard let start = product.baseAddress else { return }
    algebra.product(k.values, l.values, into: start, rows: k.rank, columns: l.rank, depth: width)
  }
  let root = try algebra.singularValues(of: product, rows: k.rank, columns: l.rank).reduce(0, +)
  let shift = zip(first.means, second.means).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let traces = (0..<width).reduce(0) { $0 + a[$1 * width + $1] + b[$1 * width + $1] }
  let fewest = [first.count, second.count].compactMap { $0 }.min()
  return FrechetDistance(
    // Of equal sets the difference is rounding, of either sign.
    value: max(shift + traces - 2 * root, 0), isSingular: k.rank < width || l.rank < width,
    warning: fewest.flatMap { FrechetDistance.warning(count: $0, width: width) })
}
