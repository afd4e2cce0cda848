/// A function of the plane on a square grid, and where it takes given values.
struct ContourGrid {
  private let count: Int
  private let xs: [Double]
  private let ys: [Double]
  /// Row by row from the smallest y on.
  private let values: [Double]

  init(x: ClosedRange<Double>, y: ClosedRange<Double>, count: Int, _ f: (Double, Double) -> Double) {
    precondition(count > 1, "a grid for contours needs 2 points or more along an axis, not \(count)")
    let places = { (range: ClosedRange<Double>) in
      (0..<count).map {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / Double(count - 1)
      }
    }
    let (xs, ys) = (places(x), places(y))
    (self.count, self.xs, self.ys) = (count, xs, ys)
    values = ys.flatMap { y in xs.map { x in f(x, y) } }
  }

  /// The line f = level as pieces, both ends of each one after the other: marching squares, with straight lines for
  /// the function along the edges (Lorensen and Cline 1987, in the plane).
  func segments(at level: Double) -> [Plot.Point] {
    var points: [Plot.Point] = []
    for row in 0..<count - 1 {
      for column in 0..<count - 1 {
        // Around the square: the corners in order, each edge between a corner and the next.
        let corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
        let heights = corners.map { values[$0.0 * count + $0.1] - level }
        guard heights.allSatisfy(\.isFinite) else { continue }
        let crossings = (0..<4).compactMap { edge -> Plot.Point? in
          let (a, b) = (heights[edge], heights[(edge + 1) % 4])
          guard (a > 0) != (b > 0) else { return nil }
          let (from, to, share) = (corners[edge], corners[(edge + 1) % 4], a / (a - b))
          return (
            xs[from.1] + share * (xs[to.1] - xs[from.1]), ys[from.0] + share * (ys[to.0] - ys[from.0])
          )
        }
        // In a saddle, with four crossings, the middle's height says which corners belong together.
        let isTurned = crossings.count == 4 && (heights.reduce(0, +) > 0) == (heights[0] > 0)
        points += isTurned ? crossings : Array(crossings.suffix(1) + crossings.dropLast())
      }
    }
    return points
  }
}
