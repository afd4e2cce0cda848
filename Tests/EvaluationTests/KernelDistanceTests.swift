import Features
import Testing

@testable import Evaluation

@Suite struct KernelDistanceTests {
  @Test func agreesWithTorchFidelity() throws {
    let wanted = try MetricReference.load().kernel
    let (first, second) = (
      Features.drawn(300, 16, seed: 1), Features.drawn(250, 16, seed: 2, scale: 1.25, shift: 0.5)
    )
    let whole = try #require(wanted["whole"])
    let found = try kernelDistance(.drawn(250, 16, seed: 5), second, size: 250, seed: 7)
    #expect(abs(found.mean - whole.mean) < 1e-11 * whole.mean && found.standardDeviation == 0)

    let subsets = try #require(wanted["subsets"])
    for algebra in LinearAlgebraTests.all {
      let values = try #require(subsets.indices).map {
        squaredDiscrepancy(first.doubles($0[0]), second.doubles($0[1]), width: 16, by: algebra)
      }
      let spread = Spread(values)
      #expect(abs(spread.mean - subsets.mean) < 1e-11 * subsets.mean)
      #expect(abs(spread.standardDeviation - subsets.standardDeviation) < 1e-11 * subsets.mean)
    }
  }

  /// By hand, two samples a side: k(x, y) = (x y + 1)³.
  @Test func twoSamplesAreKnown() {
    // 2 k(1, 2) / 2 + 2 k(0, 3) / 2 - 2 (k(1, 0) + k(1, 3) + k(2, 0) + k(2, 3)) / 4, the last 1 + 64 + 1 + 343
    #expect(squaredDiscrepancy([1, 2], [0, 3], width: 1) == 27.0 + 1 - 409.0 / 2)
  }

  /// Of equal distributions the mean over draws is 0, within its own error; of others it is not.
  @Test func isUnbiased() throws {
    let draws = (0..<400).map { draw -> Double in
      let both = Features.drawn(24, 4, seed: UInt32(1000 + draw * 7919))
      return squaredDiscrepancy(both.doubles(0..<12), both.doubles(12..<24), width: 4)
    }
    let spread = Spread(draws)
    #expect(abs(spread.mean) < 3 * spread.standardDeviation / 20)
    #expect(draws.contains { $0 < 0 } && draws.contains { $0 > 0 })
    let other = try kernelDistance(
      .drawn(300, 4, seed: 1), .drawn(300, 4, seed: 2, shift: 1), subsets: 20, size: 100, seed: 1)
    #expect(other.mean > 3 * other.standardDeviation / Double(20).squareRoot())
  }

  @Test func subsetsDependOnTheSeedAlone() throws {
    let (first, second) = (Features.drawn(60, 4, seed: 1), Features.drawn(50, 4, seed: 2))
    let distance = { (seed: UInt64) in try kernelDistance(first, second, subsets: 5, size: 20, seed: seed) }
    #expect(try distance(1) == distance(1))
    #expect(try distance(1) != distance(2))
    #expect(
      message { _ = try kernelDistance(first, second, size: 55, seed: 1) }
        .contains("(subsets of 55) needs 55 second samples or more, and there are 50"))
  }
}
