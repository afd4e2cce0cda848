import Features

/// Squared Euclidean distances between the samples of two sets, block by block as products of matrices: |x|² + |y|² -
/// 2 x·y in double, so that memory stays bounded whatever the sets' sizes. What rounding could turn (copies, ties) is
/// computed again from the differences: two samples have one distance, whichever blocks they are in.
struct SquaredDistances {
  let rows: Features
  let columns: Features
  private let rowNorms: [Double]
  private let columnNorms: [Double]

  /// Samples of a block's side.
  private static let block = 1024

  init(_ rows: Features, _ columns: Features) {
    (self.rows, self.columns) = (rows, columns)
    (rowNorms, columnNorms) = (rows.squaredNorms, columns.squaredNorms)
  }

  /// The distance from the differences.
  func exact(_ row: Int, _ column: Int) -> Double {
    let width = rows.width
    var sum = 0.0
    for k in 0..<width {
      let difference = Double(rows.values[row * width + k]) - Double(columns.values[column * width + k])
      sum += difference * difference
    }
    return sum
  }

  /// What rounding may have done to a distance from products.
  func error(_ row: Int, _ column: Int) -> Double { 1e-13 * (rowNorms[row] + columnNorms[column]) }

  /// Whether a distance lies within a radius: `<`, or `<=` where the edge belongs to it.
  func isWithin(_ distance: Double, _ radius: Double, _ row: Int, _ column: Int, orOn edge: Bool) -> Bool {
    if abs(distance - radius) > error(row, column) { return distance < radius }
    let exact = exact(row, column)
    return edge ? exact <= radius : exact < radius
  }

  /// Calls `body` with every row's number, the number of the first column, and distances from that column on.
  func forEachRow(_ body: (_ row: Int, _ column: Int, _ distances: UnsafeMutableBufferPointer<Double>) -> Void) {
    let (block, width) = (Self.block, rows.width)
    var products = [Double](repeating: 0, count: min(block, rows.count) * min(block, columns.count))
    for top in stride(from: 0, to: rows.count, by: block) {
      let height = min(block, rows.count - top)
      let x = rows.doubles(top..<top + height)
      for left in stride(from: 0, to: columns.count, by: block) {
        let length = min(block, columns.count - left)
        let y = columns.doubles(left..<left + length)
        products.withUnsafeMutableBufferPointer { products in
          guard let start = products.baseAddress else { return }
          LinearAlgebra.standard.product(x, y, into: start, rows: height, columns: length, depth: width)
          for i in 0..<height {
            let distances = UnsafeMutableBufferPointer(rebasing: products[i * length..<(i + 1) * length])
            for j in 0..<length {
              distances[j] = max(rowNorms[top + i] + columnNorms[left + j] - 2 * distances[j], 0)
            }
            body(top + i, left, distances)
          }
        }
      }
    }
  }

  /// The nearest columns of every row, the nearest first: [rows][count], with exact distances.
  ///
  /// - Parameter excludingSelf: For distances within one set: a sample is not its own neighbour.
  /// - Precondition: There are so many.
  func nearest(_ count: Int, excludingSelf: Bool = false) -> [[(column: Int, distance: Double)]] {
    precondition(columns.count - (excludingSelf ? 1 : 0) >= count, "\(count) neighbours among \(columns.count)")
    // One list for all rows: [rows][count], the nearest first.
    var places = [Int](repeating: 0, count: rows.count * count)
    var least = [Double](repeating: .infinity, count: rows.count * count)
    forEachRow { row, first, distances in
      let start = row * count
      for j in distances.indices where distances[j] < least[start + count - 1] {
        if excludingSelf && first + j == row { continue }
        var place = start + count - 1
        while place > start && least[place - 1] > distances[j] {
          (least[place], places[place]) = (least[place - 1], places[place - 1])
          place -= 1
        }
        (least[place], places[place]) = (distances[j], first + j)
      }
    }
    return (0..<rows.count).map { row in
      places[row * count..<(row + 1) * count].map { (column: $0, distance: exact(row, $0)) }
        .sorted { $0.distance < $1.distance }
    }
  }
}

extension Features {
  fileprivate var squaredNorms: [Double] {
    (0..<count).map { row in
      var sum = 0.0
      for k in row * width..<(row + 1) * width { sum += Double(values[k]) * Double(values[k]) }
      return sum
    }
  }

  /// The squared distance of every sample from its k-th neighbour within the set.
  func squaredRadii(neighbours: Int) -> [Double] {
    SquaredDistances(self, self).nearest(neighbours, excludingSelf: true).map { $0[neighbours - 1].distance }
  }
}
