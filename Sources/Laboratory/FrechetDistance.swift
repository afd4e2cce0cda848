/// The Fréchet distance of the Gaussians that have the means and covariances of two sets of features (Dowson and Landau
/// 1982): |μ - ν|² + tr(A + B - 2 (A B)^½). In double on the host, from features that were read back.
///
/// - Parameters:
///   - first: Features of the first set, a row a sample.
///   - second: Of the second set, as many features a row.
func frechetDistance(_ first: [[Double]], _ second: [[Double]]) -> Double {
  let (a, b) = (Moments(first), Moments(second))
  let shift = zip(a.means, b.means).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  // With A = K Kᵀ and B = L Lᵀ, the eigenvalues of A B are the squared singular values of Kᵀ L.
  let (k, l) = (a.root, b.root)
  let size = k.count
  let product = (0..<size).map { i in
    (0..<size).map { j in (max(i, j)..<size).reduce(0) { $0 + k[$1][i] * l[$1][j] } }
  }
  return shift + a.trace + b.trace - 2 * singularValues(product).reduce(0, +)
}

/// Mean and covariance of rows.
private struct Moments {
  let means: [Double]
  private let covariance: [[Double]]

  init(_ rows: [[Double]]) {
    let count = Double(rows.count)
    let means = rows[0].indices.map { column in rows.reduce(0) { $0 + $1[column] } / count }
    var sums = means.map { _ in [Double](repeating: 0, count: means.count) }
    for row in rows {
      let centred = zip(row, means).map { $0 - $1 }
      for i in centred.indices { for j in 0...i { sums[i][j] += centred[i] * centred[j] } }
    }
    self.means = means
    covariance = sums.map { $0.map { $0 / (count - 1) } }
  }

  var trace: Double { covariance.indices.reduce(0) { $0 + covariance[$1][$1] } }

  /// The lower triangular root (Cholesky); features that do not vary have zeros there.
  var root: [[Double]] {
    var root = covariance.map { _ in [Double](repeating: 0, count: covariance.count) }
    for i in covariance.indices {
      for j in 0...i {
        let rest = covariance[i][j] - (0..<j).reduce(0) { $0 + root[i][$1] * root[j][$1] }
        if i == j {
          root[i][i] = rest > 1e-12 * trace ? rest.squareRoot() : 0
        } else {
          root[i][j] = root[j][j] > 0 ? rest / root[j][j] : 0
        }
      }
    }
    return root
  }
}
