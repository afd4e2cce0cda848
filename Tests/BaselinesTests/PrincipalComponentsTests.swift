import Comparison
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

  /// One step beside expectations sample by sample and the maximum under them: the same EM in its long form (Tipping
  /// and Bishop 1999, appendix B, before it is simplified).
  @Test func aStepMaximisesWhatIsExpected() throws {
    let device = try Device.cpu(precision: .double, threads: 1)
    let x = Tensor(try Reference.load().components.x, shape: [60, 5], on: device)
    var model = try PrincipalComponents(x, latent: 2, random: RandomStream(seed: 3, stream: 0))
    let (w, variance, t) = (model.weights, model.variance, x.adding(bias: -model.mean))
    _ = try model.advance()

    let inverse = try SquareMatrix(matmul(w, w, transposingA: true)).plus(variance).inverse
    let means = matmul(matmul(t, w), inverse.tensor(on: device))
    // The sum of <z zᵀ> = σ² M⁻¹ + <z><z>ᵀ.
    let squares = matmul(means, means, transposingA: true) + 60 * variance * inverse.tensor(on: device)
    let weights = matmul(matmul(t, means, transposingA: true), try SquareMatrix(squares).inverse.tensor(on: device))
    let cross = (matmul(means, weights, transposingB: true) * t).summed()
    let spread = (squares * matmul(weights, weights, transposingA: true)).summed()
    let residue = t.squared().summed() - 2 * cross + spread
    #expect(gap(try model.weights.scalars(), try weights.scalars()) < 1e-12)
    #expect(abs(model.variance - (try residue.scalars(as: Double.self)[0]) / 300) < 1e-12)
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
