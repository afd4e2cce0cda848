import Features
import Records

/// Mean and covariance of a set of features: all that a Fréchet distance needs of it. Batches may be added one after
/// the other, so that the features themselves need not be kept.
public struct FeatureMoments: Sendable {
  /// Samples; nil where they were read from a file that does not say.
  public private(set) var count: Int?
  /// [width].
  public private(set) var means: [Double]
  /// Sums of products of what lies from the mean, on the diagonal and right of it; the covariance itself where `count`
  /// is nil.
  private var sums: [Double]

  /// Features of a sample.
  public var width: Int { means.count }

  /// The moments of a set.
  public init(_ features: Features) {
    count = 0
    means = [Double](repeating: 0, count: features.width)
    sums = [Double](repeating: 0, count: features.width * features.width)
    add(features)
  }

  /// Moments that were computed elsewhere.
  ///
  /// - Parameter covariance: [width][width], unbiased.
  /// - Precondition: As many numbers as that; two samples or more.
  public init(count: Int?, means: [Double], covariance: [Double]) {
    precondition(count.map { $0 > 1 } ?? true, "moments of \(count ?? 0) samples have no covariance")
    precondition(covariance.count == means.count * means.count, "\(covariance.count) covariances of \(means.count)")
    (self.count, self.means) = (count, means)
    let divisor = count.map { Double($0 - 1) } ?? 1
    sums = covariance.map { $0 * divisor }
  }

  /// Adds samples: block by block with each block's own mean, joined by Chan, Golub and LeVeque's formula (1979), so
  /// that large means cost no accuracy.
  ///
  /// - Precondition: As many features a sample, and a known count.
  public mutating func add(_ features: Features) {
    precondition(features.width == width, "\(features.width) features a sample, not \(width)")
    guard var total = count else { preconditionFailure("moments of an unknown number of samples cannot grow") }
    let block = 1024
    for start in stride(from: 0, to: features.count, by: block) {
      let rows = start..<min(start + block, features.count)
      var x = features.doubles(rows)
      var own = [Double](repeating: 0, count: width)
      for row in 0..<rows.count { for k in 0..<width { own[k] += x[row * width + k] } }
      for k in 0..<width { own[k] /= Double(rows.count) }
      for row in 0..<rows.count { for k in 0..<width { x[row * width + k] -= own[k] } }
      LinearAlgebra.standard.addGram(of: x, rows: rows.count, width: width, to: &sums)

      let (before, after) = (Double(total), Double(total + rows.count))
      let shift = zip(own, means).map { $0 - $1 }
      let scaled = shift.map { $0 * (before * Double(rows.count) / after).squareRoot() }
      LinearAlgebra.standard.addGram(of: scaled, rows: 1, width: width, to: &sums)
      for k in 0..<width { means[k] += shift[k] * Double(rows.count) / after }
      total += rows.count
    }
    count = total
  }

  /// The unbiased covariance (over count - 1, as `numpy.cov`), row-major [width][width]; of fewer than two samples not
  /// a number.
  public var covariance: [Double] {
    let divisor = count.map { $0 > 1 ? Double($0 - 1) : .nan } ?? 1
    var covariance = sums
    for i in 0..<width {
      for j in i..<width {
        let value = sums[i * width + j] / divisor
        covariance[i * width + j] = value
        covariance[j * width + i] = value
      }
    }
    return covariance
  }
}

// MARK: Files
extension FeatureMoments {
  /// Writes `mu` and `sigma` as pytorch-fid reads them (.npz, float64), and `count`, which it leaves alone.
  ///
  /// - Throws: `RecordError` where the file cannot be written.
  public func write(to path: String) throws(RecordError) {
    let file = try ZipWriter(path)
    try file.add("mu.npy", NumPyArray(shape: [width], .float64(means)).bytes)
    try file.add("sigma.npy", NumPyArray(shape: [width, width], .float64(covariance)).bytes)
    if let count { try file.add("count.npy", NumPyArray(shape: [], .int64([Int64(count)])).bytes) }
    try file.finish()
  }

  /// Reads `mu` and `sigma` of a .npz, packed or not, and `count` where it is there.
  ///
  /// - Throws: `RecordError` that says what is wrong with the file.
  public init(readingFrom path: String) throws(RecordError) {
    let file = try ZipArchive(readingFrom: path)
    func array(_ name: String) throws(RecordError) -> NumPyArray {
      // The bytes, the numbers in them, and what is made of these.
      try NumPyArray(bytes: file.contents(of: "\(name).npy", copies: 4), path: "\(path) (\(name))")
    }
    let (mu, sigma) = (try array("mu"), try array("sigma"))
    guard mu.shape.count == 1, sigma.shape == [mu.values.count, mu.values.count], mu.values.count > 0 else {
      throw .archive(
        path: path, reason: "mu is \(mu.shape) and sigma \(sigma.shape), which are no mean and covariance")
    }
    var count: Int?
    if file.names.contains("count.npy") {
      let said = try array("count").values.doubles.first ?? .nan
      // Beyond 2^53 a double number does not count.
      guard let whole = Int(exactly: said), (2...1 << 53).contains(whole) else {
        throw .archive(path: path, reason: "its count.npy says \(said), which is no number of samples of 2 or more")
      }
      count = whole
    }
    self.init(count: count, means: mu.values.doubles, covariance: sigma.values.doubles)
  }
}
