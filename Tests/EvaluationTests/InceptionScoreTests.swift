import Features
import Foundation
import Testing

@testable import Evaluation

@Suite struct InceptionScoreTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let logits: [[Float]]
    let splits: Int
    let score: Double
    var standardDeviation = 0.0
    var testDescription: String { name }
  }

  private static let one: [Float] = [200, 0, 0, 0]

  static let rows = [
    Row(
      name: "each class surely, as often", logits: (0..<40).map { i in (0..<4).map { $0 == i % 4 ? 200 : 0 } },
      splits: 1, score: 4),
    Row(
      name: "in every split", logits: (0..<40).map { i in (0..<4).map { $0 == i % 4 ? 200 : 0 } },
      splits: 10, score: 4),
    Row(
      name: "one class a split", logits: (0..<40).map { i in (0..<4).map { $0 == i / 10 ? 200 : 0 } },
      splits: 4, score: 1),
    Row(name: "always the same", logits: [[Float]](repeating: [1, 2, 3], count: 7), splits: 1, score: 1),
    Row(name: "no idea", logits: [[Float]](repeating: [5, 5, 5], count: 7), splits: 7, score: 1),
    // p(y|x) = (3/4, 1/4) and (1/4, 3/4): KL to (1/2, 1/2) is log 2 + 3/4 log 3/4 + 1/4 log 1/4.
    Row(
      name: "two half-sure classes", logits: [[Float(log(3.0)), 0], [0, Float(log(3.0))]], splits: 1,
      score: 2 * pow(0.75, 0.75) * pow(0.25, 0.25)),
    // Scores 2 and 1.
    Row(
      name: "splits that differ", logits: [[200, 0], [0, 200], [200, 0], [200, 0]], splits: 2, score: 1.5,
      standardDeviation: 0.5),
    Row(name: "large logits", logits: [[3e38, 0], [0, 3e38]], splits: 1, score: 2),
  ]

  @Test(arguments: rows) func scoresAreKnown(_ row: Row) throws {
    let found = try inceptionScore(Features(logits: row.logits), splits: row.splits)
    #expect(abs(found.mean - row.score) < 1e-6 && abs(found.standardDeviation - row.standardDeviation) < 1e-6)
  }

  @Test func agreesWithTorchFidelity() throws {
    let drawn = Features.drawn(203, 7, seed: 4)
    let logits = Features(count: 203, width: 7, values: drawn.values, classes: 7, logits: drawn.values)
    for wanted in try MetricReference.load().inception {
      let found = try inceptionScore(logits, splits: wanted.splits)
      #expect(abs(found.mean - wanted.mean) < 1e-12 && abs(found.standardDeviation - wanted.standardDeviation) < 1e-12)
    }
    // A shuffle moves samples between splits, and within one split nothing.
    #expect(abs(try inceptionScore(logits, splits: 1, seed: 3).mean - inceptionScore(logits, splits: 1).mean) < 1e-12)
    #expect(try inceptionScore(logits, splits: 5, seed: 3) != inceptionScore(logits, splits: 5, seed: 4))
  }

  @Test func faultsAreTold() {
    #expect(message { _ = try inceptionScore(.drawn(9, 2, seed: 1)) }.contains("needs a classifier's logits"))
    #expect(message { _ = try inceptionScore(Features(logits: [[1, 2]])) }.contains("10 splits needs as many"))
    #expect(message { _ = try inceptionScore(Features(logits: [[1, .nan]]), splits: 1) }.contains("not finite"))
  }
}
