import Devices

/// `LinearAlgebra` without a library: loops whose inner ones the compiler vectorises.
enum PlainAlgebra {
  private typealias Lanes = SIMD8<Double>

  private static func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
    var sums = Lanes.zero
    var k = 0
    while k + 8 <= count {
      sums.addProduct(
        UnsafeRawPointer(x + k).loadUnaligned(as: Lanes.self), UnsafeRawPointer(y + k).loadUnaligned(as: Lanes.self))
      k += 8
    }
    var sum = sums.sum()
    while k < count {
      sum += x[k] * y[k]
      k += 1
    }
    return sum
  }

  static func product(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, into c: UnsafeMutablePointer<Double>, rows: Int,
    columns: Int, depth: Int
  ) {
    nonisolated(unsafe) let (a, b, c) = (a, b, c)
    performConcurrently(rows) { i in
      for j in 0..<columns { c[i * columns + j] = dot(a + i * depth, b + j * depth, depth) }
    }
  }

  static func addGram(of x: UnsafePointer<Double>, rows: Int, width: Int, to sum: UnsafeMutablePointer<Double>) {
    nonisolated(unsafe) let (x, sum) = (x, sum)
    performConcurrently(width) { i in
      for row in 0..<rows {
        let factor = x[row * width + i]
        for j in i..<width { sum[i * width + j] += factor * x[row * width + j] }
      }
    }
  }

  /// Cholesky's root with complete pivoting, as `clapack_root`; from the elements on and right of the diagonal.
  static func root(_ a: inout [Double], width: Int, pivots: inout [CInt]) -> Int {
    for i in 0..<width { pivots[i] = CInt(i) }
    return a.withUnsafeMutableBufferPointer { a in
      let largest = (0..<width).map { a[$0 * width + $0] }.max() ?? 0
      let tolerance = Double(width) * Double.ulpOfOne / 2 * largest
      for k in 0..<width {
        let pivot = (k..<width).max { a[$0 * width + $0] < a[$1 * width + $1] } ?? k
        guard a[pivot * width + pivot] > tolerance else { return k }
        exchange(k, pivot, of: a, width)
        pivots.swapAt(k, pivot)
        let head = a[k * width + k].squareRoot()
        a[k * width + k] = head
        for j in k + 1..<width { a[k * width + j] /= head }
        for i in k + 1..<width {
          let factor = a[k * width + i]
          for j in i..<width { a[i * width + j] -= factor * a[k * width + j] }
        }
      }
      return width
    }
  }

  /// Exchanges index p with q >= p in a symmetric matrix of which the upper triangle is kept, and in the rows done.
  private static func exchange(_ p: Int, _ q: Int, of a: UnsafeMutableBufferPointer<Double>, _ width: Int) {
    if p == q { return }
    a.swapAt(p * width + p, q * width + q)
    for i in 0..<p { a.swapAt(i * width + p, i * width + q) }
    for i in p + 1..<q { a.swapAt(p * width + i, i * width + q) }
    for i in q + 1..<width { a.swapAt(p * width + i, q * width + i) }
  }

  /// Hestenes' one-sided Jacobi rotations: rows (or columns, where those are fewer) are turned until all are
  /// orthogonal; their lengths are the singular values, small ones to full relative accuracy.
  static func singularValues(of a: [Double], rows: Int, columns: Int) -> [Double] {
    let (count, length) = (min(rows, columns), max(rows, columns))
    var vectors =
      rows <= columns ? a : (0..<columns).flatMap { column in (0..<rows).map { a[$0 * columns + column] } }
    return vectors.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return [] }
      let row = { start + $0 * length }
      for _ in 0..<30 {
        var isDone = true
        for i in 0..<count {
          for j in i + 1..<count {
            let (x, y) = (row(i), row(j))
            let (a, b, c) = (dot(x, x, length), dot(y, y, length), dot(x, y, length))
            guard abs(c) > 1e-15 * (a * b).squareRoot(), c != 0 else { continue }
            isDone = false
            let zeta = (b - a) / (2 * c)
            let t = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
            let cosine = 1 / (1 + t * t).squareRoot()
            let sine = cosine * t
            for k in 0..<length { (x[k], y[k]) = (cosine * x[k] - sine * y[k], sine * x[k] + cosine * y[k]) }
          }
        }
        if isDone { break }
      }
      return (0..<count).map { dot(row($0), row($0), length).squareRoot() }.sorted(by: >)
    }
  }
}
