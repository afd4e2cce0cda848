import CLAPACK

/// The few products and factorizations that metrics need, in double on row-major matrices: by OpenBLAS where it is
/// installed, and by plain loops, slower and as exact, where it is not.
struct LinearAlgebra: Sendable {
  /// Whether OpenBLAS does the work.
  let usesLibrary: Bool

  /// What a machine has.
  static let standard = LinearAlgebra(usesLibrary: clapack_is_there() == 1)
  static let plain = LinearAlgebra(usesLibrary: false)

  /// a [rows][depth] times the transpose of b [columns][depth], into c [rows][columns].
  func product(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, into c: UnsafeMutablePointer<Double>, rows: Int,
    columns: Int, depth: Int
  ) {
    guard rows > 0, columns > 0 else { return }
    if usesLibrary, depth > 0 {
      clapack_product(a, b, c, CInt(rows), CInt(columns), CInt(depth))
    } else {
      PlainAlgebra.product(a, b, into: c, rows: rows, columns: columns, depth: depth)
    }
  }

  /// Adds xᵀ x for x [rows][width] to a sum [width][width], on the diagonal and right of it.
  func addGram(of x: [Double], rows: Int, width: Int, to sum: inout [Double]) {
    guard rows > 0, width > 0 else { return }
    sum.withUnsafeMutableBufferPointer { sum in
      if usesLibrary {
        clapack_add_gram(x, sum.baseAddress, CInt(rows), CInt(width))
      } else {
        PlainAlgebra.addGram(of: x, rows: rows, width: width, to: sum.baseAddress!)
      }
    }
  }

  /// R [rank][width] with Rᵀ R = a, for a symmetric matrix without negative eigenvalues: Cholesky's root with complete
  /// pivoting, which ends where what is left of `a` is below rounding (width times the unit roundoff of the largest
  /// diagonal element). So a singular matrix needs nothing added to its diagonal, and its rank is told.
  func root(of a: [Double], width: Int) -> (values: [Double], rank: Int) {
    var (rest, pivots, rank) = (a, [CInt](repeating: 0, count: width), 0)
    guard width > 0 else { return ([], 0) }
    if usesLibrary {
      rank = Int(clapack_root(&rest, CInt(width), &pivots))
      precondition(rank >= 0, "no memory for a root of \(width) x \(width)")
    } else {
      rank = PlainAlgebra.root(&rest, width: width, pivots: &pivots)
    }
    var values = [Double](repeating: 0, count: rank * width)
    for row in 0..<rank {
      for column in row..<width { values[row * width + Int(pivots[column])] = rest[row * width + column] }
    }
    return (values, rank)
  }

  /// The singular values of a matrix, the largest first.
  ///
  /// - Throws: `MetricError` where LAPACK's iteration does not end, as with numbers that are not finite.
  func singularValues(of a: [Double], rows: Int, columns: Int) throws(MetricError) -> [Double] {
    var (rest, values) = (a, [Double](repeating: 0, count: min(rows, columns)))
    guard !values.isEmpty else { return [] }
    if usesLibrary {
      let status = clapack_singular_values(&rest, CInt(rows), CInt(columns), &values)
      guard status == 0 else {
        throw MetricError("LAPACK found no singular values of a \(rows) x \(columns) matrix (dgesdd says \(status))")
      }
      return values
    }
    return PlainAlgebra.singularValues(of: a, rows: rows, columns: columns)
  }
}
