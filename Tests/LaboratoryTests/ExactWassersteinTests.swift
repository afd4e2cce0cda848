import Testing

@testable import Laboratory

/// Costs whose cheapest assignment is known.
@Test(arguments: [
  ([[4.0]], [0]),
  ([[4, 1, 3], [2, 0, 5], [3, 2, 2]], [1, 0, 2]),
  // The greedy choice (0, 0) is the wrong one.
  ([[1, 2], [2, 100]], [1, 0]),
])
func cheapestAssignmentsAreKnown(costs: [[Double]], columns: [Int]) {
  #expect(cheapestAssignment(costs) == columns)
}

/// Numbers in [0, 1) without a library: a linear congruential generator.
private func numbers(_ count: Int, seed: UInt64) -> [Double] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) / Double(1 << 53)
  }
}

/// Every assignment of six rows, one after the other.
@Test(arguments: 1...8)
func noOtherAssignmentIsCheaper(seed: Int) {
  let n = 6
  let values = numbers(n * n, seed: UInt64(seed))
  let costs = (0..<n).map { Array(values[$0 * n..<($0 + 1) * n]) }
  func least(_ row: Int, _ free: [Int]) -> Double {
    row == n ? 0 : free.map { column in costs[row][column] + least(row + 1, free.filter { $0 != column }) }.min() ?? 0
  }
  let columns = cheapestAssignment(costs)
  #expect(Set(columns).count == n)
  let found = columns.enumerated().reduce(0) { $0 + costs[$1.offset][$1.element] }
  #expect(abs(found - least(0, Array(0..<n))) < 1e-12)
}

/// In the plane: a shift costs its length, and points on a line cost what sorting says.
@Test func distancesOfPointSetsAreKnown() {
  let (a, b) = (numbers(100, seed: 3), numbers(100, seed: 4))
  let points = zip(a, b).map { (x: $0, y: $1) }
  #expect(abs(wasserstein1(points, points.reversed().map { (x: $0.x + 3, y: $0.y - 4) }) - 5) < 1e-12)
  #expect(abs(wasserstein1(a.map { (x: $0, y: 0) }, b.map { (x: $0, y: 0) }) - wasserstein1(a, b)) < 1e-12)
  #expect(wasserstein1([0, 1, 2], [2.5, 0.5, 1.5]) == 0.5)
}

@Test func correlationsAreKnown() {
  let x = [1.0, 2, 3, 4, 5]
  #expect(abs(correlation(x, x.map { 7 - 2 * $0 }) + 1) < 1e-15)
  // A monotone function keeps ranks, not straight lines.
  #expect(abs(rankCorrelation(x, x.map { $0 * $0 * $0 }) - 1) < 1e-15)
  #expect(correlation(x, x.map { $0 * $0 * $0 }) < 0.95)
}
