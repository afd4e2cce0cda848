import Foundation
import Networks

/// A small square matrix on the host, in double: the systems of a latent dimension.
struct SquareMatrix {
  let size: Int
  /// Row by row.
  private(set) var values: [Double]

  init(size: Int, _ values: [Double]) { (self.size, self.values) = (size, values) }

  /// Reads a tensor [n, n] back.
  init(_ tensor: Tensor) throws(DeviceError) {
    self.init(size: tensor.shape[0], try tensor.scalars())
  }

  func tensor(on device: Device) -> Tensor { Tensor(values, shape: [size, size], on: device) }

  subscript(row: Int, column: Int) -> Double {
    get { values[row * size + column] }
    set { values[row * size + column] = newValue }
  }

  var trace: Double { (0..<size).reduce(0) { $0 + self[$1, $1] } }

  var transposed: SquareMatrix { SquareMatrix(size: size, values.indices.map { self[$0 % size, $0 / size] }) }

  /// This matrix with a number added along its diagonal.
  func plus(_ diagonal: Double) -> SquareMatrix {
    var sum = self
    for i in 0..<size { sum[i, i] += diagonal }
    return sum
  }

  static func * (a: SquareMatrix, b: SquareMatrix) -> SquareMatrix {
    SquareMatrix(
      size: a.size,
      a.values.indices.map { i in (0..<a.size).reduce(0) { $0 + a[i / a.size, $1] * b[$1, i % a.size] } })
  }

  var inverse: SquareMatrix { eliminated.inverse }

  /// The logarithm of the determinant's absolute value.
  var logDeterminant: Double { eliminated.logDeterminant }

  /// Gauss and Jordan's elimination with partial pivoting.
  private var eliminated: (inverse: SquareMatrix, logDeterminant: Double) {
    var (rest, inverse, logDeterminant) = (self, SquareMatrix(size: size, values.map { _ in 0 }).plus(1), 0.0)
    for column in 0..<size {
      let pivot = (column..<size).max { abs(rest[$0, column]) < abs(rest[$1, column]) } ?? column
      for k in 0..<size {
        (rest[column, k], rest[pivot, k]) = (rest[pivot, k], rest[column, k])
        (inverse[column, k], inverse[pivot, k]) = (inverse[pivot, k], inverse[column, k])
      }
      let head = rest[column, column]
      logDeterminant += log(abs(head))
      for k in 0..<size {
        rest[column, k] /= head
        inverse[column, k] /= head
      }
      for row in 0..<size where row != column {
        let factor = rest[row, column]
        for k in 0..<size {
          rest[row, k] -= factor * rest[column, k]
          inverse[row, k] -= factor * inverse[column, k]
        }
      }
    }
    return (inverse, logDeterminant)
  }
}
