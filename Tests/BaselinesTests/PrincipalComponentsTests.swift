import Foundation
import Testing

@testable import Baselines

@Suite struct PrincipalComponentsTests {
  /// EM ends at the closed form, and its likelihood never falls on the way.
  @Test(arguments: [1, 2])
  func stepsEndAtTheClosedForm(seed: Int) throws {
    let expected = try Reference.load().components
    let device = try Device.cpu(precision: .double, threads: 1)
    let (x, other) = (
      Tensor(expected.x, shape: [60, 5], on: device), Tensor(expected.other, shape: [20, 5], on: device)
    )
    var model = try PrincipalComponents(x, latent: 2, random: RandomStream(seed: UInt64(seed), stream: 0))
    let likelihoods = try (0..<400).map { _ in try model.advance() }
    for (before, after) in zip(likelihoods, likelihoods.dropFirst()) { #expect(after >= before - 1e-12) }
    #expect(likelihoods[0] < likelihoods[10] - 0.01)

    #expect(abs(model.variance - expected.variance) < 1e-10)
    let covariance = try SquareMatrix(matmul(model.weights, model.weights, transposingB: true)).plus(model.variance)
    #expect(gap(covariance.values, expected.covariance) < 1e-8)
    #expect(abs(likelihoods[399] - expected.likelihood) < 1e-10)
    #expect(abs(try model.logLikelihood(of: x) - expected.likelihood) < 1e-10)
    #expect(abs(try model.logLikelihood(of: other) - expected.otherLikelihood) < 1e-8)
    #expect(gap(try model.reconstructions(of: other).scalars(), expected.reconstructions) < 1e-8)
  }

  @Test(arguments: [
    // The first pivot is 0.
    InverseRow(matrix: [0, 2, 1, 3], inverse: [-1.5, 1, 0.5, 0], determinant: 2),
    InverseRow(matrix: [4, 0, 0, 0.25], inverse: [0.25, 0, 0, 4], determinant: 1),
    InverseRow(matrix: [2], inverse: [0.5], determinant: 2),
  ])
  func inversesAreKnown(row: InverseRow) {
    let matrix = SquareMatrix(size: row.matrix.count == 1 ? 1 : 2, row.matrix)
    #expect(gap(matrix.inverse.values, row.inverse) < 1e-15)
    #expect(abs(matrix.logDeterminant - log(row.determinant)) < 1e-15)
  }
}

struct InverseRow: Sendable {
  let matrix, inverse: [Double]
  let determinant: Double
}
