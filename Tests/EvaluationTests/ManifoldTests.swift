import Features
import Testing

@testable import Evaluation

@Suite struct ManifoldTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let real, generated: [Float]
    let neighbours: Int
    let precision, recall, density, coverage: Double
    var testDescription: String { name }
  }

  static let rows = [
    // Radii of the real points 1, 1, 2: 4 is on the surface of 2's ball, and so inside for precision alone.
    Row(
      name: "on a surface", real: [0, 1, 3], generated: [5, 50], neighbours: 1, precision: 0.5, recall: 1,
      density: 0, coverage: 0),
    // Radii of 0, 1, 3 are 1, 1, 2, of 2, 2.5: .5. 2 lies inside 3's ball and on 1's surface; 2.5 inside 3's.
    Row(
      name: "inside", real: [0, 1, 3], generated: [2, 2.5], neighbours: 1, precision: 1, recall: 1.0 / 3,
      density: 1, coverage: 1.0 / 3),
    Row(
      name: "far away", real: [0, 1, 3], generated: [100, 101, 102], neighbours: 2, precision: 0, recall: 0,
      density: 0, coverage: 0),
    // Radii 1: every copy is inside its own ball alone; neighbours are on surfaces.
    Row(
      name: "the same", real: [0, 1, 2, 3], generated: [0, 1, 2, 3], neighbours: 1, precision: 1, recall: 1,
      density: 1, coverage: 1),
    // The real radii are 2, 1, 1, 2: the balls of 0 and 1 hold the copies, and 2 and 3 have them on the surface.
    Row(
      name: "one mode of four", real: [0, 1, 2, 3], generated: [1, 1, 1, 1], neighbours: 2, precision: 1,
      recall: 0.25, density: 1, coverage: 0.5),
    // Copies in the real set have no distance: a ball of radius 0 holds its centre for precision, and nothing else.
    Row(
      name: "copies", real: [0, 0, 5, 5], generated: [0, 5], neighbours: 1, precision: 1, recall: 1, density: 0,
      coverage: 0),
  ]

  @Test(arguments: rows) func manifoldsAreKnown(_ row: Row) throws {
    let (real, generated) = (Features(line: row.real), Features(line: row.generated))
    let found = try precisionRecall(real: real, generated: generated, neighbours: row.neighbours)
    #expect(found.precision == row.precision && found.recall == row.recall, "\(found)")
    let other = try densityCoverage(real: real, generated: generated, neighbours: row.neighbours)
    #expect(abs(other.density - row.density) < 1e-15 && other.coverage == row.coverage, "\(other)")
  }

  @Test func agreesWithTorchFidelityAndPRDC() throws {
    let real = Features.drawn(300, 16, seed: 1)
    let generated = Features.drawn(250, 16, seed: 2, scale: 1.25, shift: 0.5)
    for wanted in try MetricReference.load().neighbours {
      let found = try precisionRecall(real: real, generated: generated, neighbours: wanted.neighbours)
      // Its numbers are floats; a sample more or less would be 1/300.
      #expect(abs(found.precision - wanted.precision) < 1e-6 && abs(found.recall - wanted.recall) < 1e-6)
      let other = try densityCoverage(real: real, generated: generated, neighbours: wanted.neighbours)
      #expect(abs(other.density - wanted.density) < 1e-12 && abs(other.coverage - wanted.coverage) < 1e-12)
    }
  }

  /// Sets larger than a block, against distances one by one: copies lie at exactly 0 whatever block they are in.
  @Test func blocksMakeNoDifference() {
    let (first, other) = (Features.drawn(1500, 3, seed: 1, shift: 0.1), Features.drawn(2100, 3, seed: 2, shift: 0.1))
    let distances = SquaredDistances(first, other)
    let nearest = distances.nearest(3)
    for row in stride(from: 0, to: 1500, by: 37) {
      let all = (0..<2100).map { distances.exact(row, $0) }.sorted()
      #expect(nearest[row].map(\.distance) == Array(all[..<3]))
    }
    let repeated = SquaredDistances(first, first).nearest(1)
    #expect(repeated.allSatisfy { $0[0].distance == 0 })
  }

  @Test func neighboursAreKnown() throws {
    let found = try nearestNeighbours(
      of: Features([[0, 0], [10, 10]]), among: Features([[9, 9], [3, 4], [10, 10], [6, 8]]))
    #expect(found.map(\.index) == [1, 2] && found.map(\.distance) == [5, 0])
  }

  @Test func memorizingIsSeen() throws {
    let training = Features.drawn(200, 6, seed: 1)
    let heldOut = Features.drawn(200, 6, seed: 2)
    let copies = Features(count: 200, width: 6, values: training.values.map { $0 + 0.001 })
    let repeated = try memorization(generated: copies, training: training, heldOut: heldOut)
    #expect(repeated.share == 1)
    #expect(try #require(repeated.distanceRatio) < 0.01)
    let fair = try memorization(generated: .drawn(200, 6, seed: 3), training: training, heldOut: heldOut)
    let natural = try #require(fair.heldOutShare)
    #expect(abs(fair.share - natural) < 0.15 && fair.share < 0.8)
    #expect(abs(try #require(fair.distanceRatio) - 1) < 0.1)
    // By hand: radii of the training points are 1, 1, 5; 0.5 is nearer than 1 to 0, 13 is farther than 5 from 6.
    let hand = try memorization(
      generated: Features(line: [0.5, 13]), training: Features(line: [0, 1, 6]), heldOut: Features(line: [2.5, 14]))
    #expect(hand == Memorization(share: 0.5, heldOutShare: 0, distanceRatio: (0.25 + 12) / 2))
    #expect(try memorization(generated: copies, training: training).heldOutShare == nil)
  }

  @Test func faultsAreTold() {
    let three = Features(line: [1, 2, 3])
    #expect(
      message { _ = try precisionRecall(real: three, generated: three) }
        .contains("precision and recall by 3 neighbours needs 4 real samples or more, and there are 3"))
    #expect(
      message { _ = try densityCoverage(real: three, generated: Features([[1, 2]]), neighbours: 1) }
        .contains("generated samples have 2 features, real ones 1"))
    #expect(
      message { _ = try nearestNeighbours(of: three, among: Features(line: [1, .infinity])) }
        .contains("other sample 1 has the feature inf"))
  }
}
