// The exact Wasserstein-1 distance of two sets with as many points each, in double.

/// On a line: sorted points belong together.
func wasserstein1(_ a: [Double], _ b: [Double]) -> Double {
  zip(a.sorted(), b.sorted()).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(a.count)
}

/// In the plane: the cheapest assignment of points, by Euclidean distance. Time grows with the cube of their number.
func wasserstein1(_ a: [Plot.Point], _ b: [Plot.Point]) -> Double {
  let costs = a.map { p in
    b.map { q in ((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y)).squareRoot() }
  }
  return cheapestAssignment(costs).enumerated().reduce(0) { $0 + costs[$1.offset][$1.element] } / Double(a.count)
}

/// The column of each row in the assignment of the least total cost: the Hungarian method, by shortest augmenting paths
/// (Kuhn 1955, Jonker and Volgenant 1987).
///
/// - Parameter costs: A square matrix, row by row.
func cheapestAssignment(_ costs: [[Double]]) -> [Int] {
  let n = costs.count
  var (rowPotential, columnPotential) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n + 1))
  // The row of each column; column n is where a path begins.
  var rows = [Int?](repeating: nil, count: n + 1)
  for row in 0..<n {
    rows[n] = row
    var (column, distances) = (n, [Double](repeating: .infinity, count: n))
    var (isVisited, before) = ([Bool](repeating: false, count: n + 1), [Int](repeating: n, count: n))
    while let current = rows[column] {
      isVisited[column] = true
      var (shortest, next) = (Double.infinity, 0)
      for j in 0..<n where !isVisited[j] {
        let distance = costs[current][j] - rowPotential[current] - columnPotential[j]
        if distance < distances[j] { (distances[j], before[j]) = (distance, column) }
        if distances[j] < shortest { (shortest, next) = (distances[j], j) }
      }
      for j in 0...n {
        if isVisited[j], let r = rows[j] {
          rowPotential[r] += shortest
          columnPotential[j] -= shortest
        } else if j < n {
          distances[j] -= shortest
        }
      }
      column = next
    }
    while column != n {
      rows[column] = rows[before[column]]
      column = before[column]
    }
  }
  var columns = [Int](repeating: 0, count: n)
  for j in 0..<n { if let row = rows[j] { columns[row] = j } }
  return columns
}

/// Pearson's coefficient of correlation.
func correlation(_ a: [Double], _ b: [Double]) -> Double {
  let (meanA, meanB) = (a.mean, b.mean)
  let covariance = zip(a, b).reduce(0) { $0 + ($1.0 - meanA) * ($1.1 - meanB) } / Double(a.count - 1)
  return covariance / (a.variance * b.variance).squareRoot()
}

/// Spearman's: the correlation of ranks.
func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double {
  func ranks(_ values: [Double]) -> [Double] {
    var ranks = [Double](repeating: 0, count: values.count)
    for (rank, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
      ranks[index] = Double(rank)
    }
    return ranks
  }
  return correlation(ranks(a), ranks(b))
}
