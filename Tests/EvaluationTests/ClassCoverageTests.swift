import Features
import Foundation
import Testing

@testable import Evaluation

@Suite struct ClassCoverageTests {
  /// Surely these classes, out of four.
  private static func sure(_ classes: [Int]) -> [[Float]] {
    classes.map { chosen in (0..<4).map { $0 == chosen ? 20 : 0 } }
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let logits: [[Float]]
    let real: [Double]
    let covered, classes: Int
    let confident, divergence: Double
    var testDescription: String { name }
  }

  static let rows = [
    Row(
      name: "all alike", logits: sure([0, 1, 2, 3]), real: [0.25, 0.25, 0.25, 0.25], covered: 4, classes: 4,
      confident: 1, divergence: 0),
    Row(
      name: "one class missing", logits: sure([0, 1, 2, 0, 1, 2]), real: [0.25, 0.25, 0.25, 0.25], covered: 3,
      classes: 4, confident: 1, divergence: log(4.0 / 3)),
    // A fifth of the fair share of 40 samples is 2.
    Row(
      name: "a fifth of its share", logits: sure([Int](repeating: 0, count: 38) + [1, 1]), real: [0.5, 0.25, 0.25, 0],
      covered: 2, classes: 3, confident: 1, divergence: 0.95 * log(1.9) + 0.05 * log(0.2)),
    Row(
      name: "less", logits: sure([Int](repeating: 0, count: 39) + [1]), real: [0.5, 0.25, 0.25, 0], covered: 1,
      classes: 3, confident: 1, divergence: 0.975 * log(1.95) + 0.025 * log(0.1)),
    Row(
      name: "unsure", logits: [[1, 0, 0, 0], [0, 1, 0, 0]], real: [0.5, 0.5, 0, 0], covered: 0, classes: 2,
      confident: 0, divergence: 0),
    Row(
      name: "no real class", logits: sure([0, 3]), real: [0.5, 0.5, 0, 0], covered: 1, classes: 2, confident: 1,
      divergence: .infinity),
  ]

  @Test(arguments: rows) func coverageIsKnown(_ row: Row) throws {
    let found = try classCoverage(of: Features(logits: row.logits), realShares: row.real)
    #expect(found.covered == row.covered && found.classes == row.classes && found.confidentShare == row.confident)
    #expect(found.divergence == row.divergence || abs(found.divergence - row.divergence) < 1e-12, "\(found)")
  }

  @Test func faultsAreTold() {
    #expect(message { _ = try classShares(of: .drawn(3, 2, seed: 1)) }.contains("classifier's logits"))
    #expect(message { _ = try classShares(of: Features(logits: [])) }.isEmpty == false)
    #expect(
      message { _ = try classCoverage(of: Features(logits: Self.sure([1])), realShares: [1]) }
        .contains("tells 4 classes apart, the real shares are of 1"))
  }
}
