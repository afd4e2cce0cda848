import Features
import Testing

@testable import Evaluation

@Suite struct LinearAlgebraTests {
  /// OpenBLAS where it is installed, and the loops that stand in for it.
  static let all = [LinearAlgebra.standard, .plain]

  static func random(_ count: Int, seed: UInt32) -> [Double] {
    Features.drawn(count, 1, seed: seed).values.map(Double.init)
  }

  @Test(arguments: all, [(1, 1, 1), (3, 5, 17), (8, 4, 9), (2, 3, 0), (0, 3, 2)])
  func productsAreSums(_ algebra: LinearAlgebra, sizes: (rows: Int, columns: Int, depth: Int)) {
    let (rows, columns, depth) = sizes
    let (a, b) = (Self.random(rows * depth, seed: 1), Self.random(columns * depth, seed: 2))
    var c = [Double](repeating: 7, count: rows * columns)
    algebra.product(a, b, into: &c, rows: rows, columns: columns, depth: depth)
    for i in 0..<rows {
      for j in 0..<columns {
        let sum = (0..<depth).reduce(0) { $0 + a[i * depth + $1] * b[j * depth + $1] }
        #expect(abs(c[i * columns + j] - sum) < 1e-9)
      }
    }
    var sum = [Double](repeating: 1, count: depth * depth)
    algebra.addGram(of: a, rows: rows, width: depth, to: &sum)
    for i in 0..<depth {
      for j in i..<depth {
        let expected = (0..<rows).reduce(1) { $0 + a[$1 * depth + i] * a[$1 * depth + j] }
        #expect(abs(sum[i * depth + j] - expected) < 1e-9)
      }
    }
  }

  struct Root: Sendable, CustomTestStringConvertible {
    let a: [Double]
    let rank: Int
    var testDescription: String { "\(a)" }
    /// The matrix made of these rows: Σ r rᵀ.
    init(of rows: [[Double]], rank: Int) {
      let width = rows[0].count
      a = (0..<width * width).map { i in rows.reduce(0) { $0 + $1[i / width] * $1[i % width] } }
      self.rank = rank
    }
  }

  static let roots = [
    Root(of: [[2]], rank: 1), Root(of: [[0]], rank: 0), Root(of: [[0, 0], [0, 0]], rank: 0),
    Root(of: [[1, 2], [3, 4]], rank: 2), Root(of: [[1, 2, 3]], rank: 1), Root(of: [[0, 0, 3], [0, 1, 2]], rank: 2),
    Root(of: [[1, 2, 3, 4], [4, 3, 2, 1], [5, 5, 5, 5], [0.1, 0, 0, 0]], rank: 3),
    Root(of: [[1e6, 1, 0, 0], [0, 1e-3, 0, 1], [0, 0, 1e-2, 5], [3, 1, 1, 1], [1, 1, 2, 9]], rank: 4),
  ]

  @Test(arguments: all, roots) func rootsGiveTheMatrixBack(_ algebra: LinearAlgebra, _ row: Root) {
    let width = Int(Double(row.a.count).squareRoot())
    let root = algebra.root(of: row.a, width: width)
    #expect(root.rank == row.rank)
    let largest = row.a.map(abs).max() ?? 0
    for i in 0..<width * width {
      let found = (0..<root.rank).reduce(0) {
        $0 + root.values[$1 * width + i / width] * root.values[$1 * width + i % width]
      }
      #expect(abs(found - row.a[i]) <= 1e-14 * largest)
    }
  }

  @Test(arguments: all) func singularValuesAreKnown(_ algebra: LinearAlgebra) throws {
    // [[3, 0], [4, 5]]: √45 and √5; of 1, 2 ... 6 in NumPy's svd.
    for (a, rows, columns, expected) in [
      ([3, 0, 4, 5], 2, 2, [6.708203932499369, 2.23606797749979]),
      ([1, 2, 3, 4, 5, 6], 3, 2, [9.525518091565104, 0.5143005806586442]),
      ([1, 3, 5, 2, 4, 6], 2, 3, [9.525518091565104, 0.5143005806586442]),
      ([0, 0, 0, 2], 2, 2, [2, 0]), ([], 0, 3, []), ([-7], 1, 1, [7]),
    ] as [([Double], Int, Int, [Double])] {
      let values = try algebra.singularValues(of: a, rows: rows, columns: columns)
      #expect(values.count == expected.count)
      for (found, expected) in zip(values, expected) { #expect(abs(found - expected) < 1e-12) }
    }
  }
}
