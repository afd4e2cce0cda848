import Foundation
import Testing

@testable import Networks

private func draw(_ initializer: Initializer, _ shape: Shape, step: Int = 0) throws -> [Double] {
  let device = try Device.cpu(precision: .double, threads: 1)
  return try initializer.draw(shape, RandomStream(seed: 5, stream: 1), step: step, on: device).scalars()
}

/// Filters as matrices [inputs, outputs]: the Gram matrix of the fewer vectors is the identity.
@Test(arguments: [[30, 20], [20, 30], [16, 16], [3, 3, 4, 10], [2, 2, 3, 50]] as [Shape])
func orthogonalFiltersAreOrthonormal(shape: Shape) throws {
  let values = try draw(.orthogonal, shape)
  let outputs = shape[-1]
  let inputs = shape.count / outputs
  func vector(_ i: Int) -> [Double] {
    inputs < outputs ? Array(values[i * outputs..<(i + 1) * outputs]) : (0..<inputs).map { values[$0 * outputs + i] }
  }
  for i in 0..<min(inputs, outputs) {
    for j in 0...i {
      let product = zip(vector(i), vector(j)).map(*).reduce(0, +)
      #expect(abs(product - (i == j ? 1 : 0)) < 1e-13, "\(i) and \(j)")
    }
  }
}

/// How an initializer's weights are spread.
struct Spread: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let initializer: Initializer
  let shape: Shape
  var mean = 0.0
  let variance: Double
  /// The fourth moment in squares of the variance: 3 for a normal, 9 / 5 for a uniform distribution.
  var kurtosis = 3.0

  static let all = [
    Spread(testDescription: "DCGAN", initializer: .dcgan, shape: [200, 300], variance: 4e-4),
    Spread(
      testDescription: "normal", initializer: .normal(mean: 1, standardDeviation: 0.5), shape: [60_000], mean: 1,
      variance: 0.25
    ),
    Spread(testDescription: "He, dense", initializer: .he, shape: [200, 300], variance: 2.0 / 200),
    Spread(testDescription: "He, filter", initializer: .he, shape: [3, 3, 64, 100], variance: 2.0 / (9 * 64)),
    Spread(
      testDescription: "Glorot, dense", initializer: .glorot, shape: [200, 300], variance: 2.0 / 500, kurtosis: 1.8),
    Spread(
      testDescription: "Glorot, filter", initializer: .glorot, shape: [3, 3, 64, 100], variance: 2.0 / (9 * 164),
      kurtosis: 1.8),
  ]
}

/// Mean, variance and fourth moment within four standard errors of those of the distribution.
@Test(arguments: Spread.all)
func initializersSpreadAsTheirPapersSay(row: Spread) throws {
  let values = try draw(row.initializer, row.shape)
  let n = Double(values.count)
  let centred = values.map { $0 - row.mean }
  let variance = centred.reduce(0) { $0 + $1 * $1 } / n
  #expect(abs(centred.reduce(0, +) / n) < 4 * (row.variance / n).squareRoot())
  #expect(abs(variance / row.variance - 1) < 4 * ((row.kurtosis - 1) / n).squareRoot())
  // The two distributions are told apart: at n = 60 000 four standard errors of a normal's kurtosis are 0.08.
  #expect(
    abs(centred.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n / (variance * variance) - row.kurtosis) < 4
      * (24 / n).squareRoot())
  if row.kurtosis < 3 {
    let limit = (3 * row.variance).squareRoot()
    #expect(values.allSatisfy { abs($0) < limit })
  }
}

@Test func parametersAreDrawnApart() throws {
  let first = try draw(.he, [20, 20], step: 0)
  #expect(first == (try draw(.he, [20, 20], step: 0)))
  #expect(first != (try draw(.he, [20, 20], step: 1)))
}
