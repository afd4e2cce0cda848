import Foundation
import Testing

@testable import Laboratory

/// Points, and what is known of their coverage.
struct CoverageCase: Sendable, CustomTestStringConvertible {
  let name: String
  let mixture: PointMixture
  let points: [Plot.Point]
  let modes: Int
  let highQuality: Double
  var qualityWithin = 1e-12
  let reverseKL: Double
  var divergenceWithin = 1e-12
  var testDescription: String { name }
}

/// The quantiles of a Gaussian's distance from its centre, in turning directions.
private func perfect(_ centre: Plot.Point, _ standardDeviation: Double, count: Int) -> [Plot.Point] {
  (0..<count).map { i in
    let radius = standardDeviation * (-2 * log(1 - (Double(i) + 0.5) / Double(count))).squareRoot()
    return (centre.x + radius * cos(2.4 * Double(i)), centre.y + radius * sin(2.4 * Double(i)))
  }
}

private func lattice(side: Int, half: Double) -> [Plot.Point] {
  let step = 2 * half / Double(side)
  let places: [Double] = (0..<side).map { -half + (Double($0) + 0.5) * step }
  return places.flatMap { x in places.map { y in (x: x, y: y) } }
}

private func circle(_ radius: Double, count: Int) -> [Plot.Point] {
  (0..<count).map { i in
    let angle = 2 * Double.pi * (Double(i) + 0.5) / Double(count)
    return (radius * cos(angle), radius * sin(angle))
  }
}

private let coverageCases = [
  // A plane Gaussian lies within three deviations with probability 1 - exp(-9/2).
  CoverageCase(
    name: "samples of the grid itself", mixture: .grid,
    points: PointMixture.grid.centres.flatMap { perfect($0, PointMixture.grid.standardDeviation, count: 2000) },
    modes: 25,
    highQuality: 1 - exp(-4.5), qualityWithin: 5e-4, reverseKL: 0),
  CoverageCase(
    name: "the ring's first mode", mixture: .ring,
    points: [Plot.Point](repeating: (1, 0), count: 100), modes: 1, highQuality: 1, reverseKL: log(8)),
  CoverageCase(
    name: "half of the ring", mixture: .ring,
    points: PointMixture.ring.centres.prefix(4).flatMap { [Plot.Point](repeating: $0, count: 10) }, modes: 4,
    highQuality: 1, reverseKL: log(2)),
  // 20% of a fair share is 5 of 200 samples on the ring; 4 are too few.
  CoverageCase(
    name: "a mode of a fifth of its share", mixture: .ring,
    points: [Plot.Point](repeating: (0, 1), count: 195) + [Plot.Point](repeating: (1, 0), count: 5), modes: 2,
    highQuality: 1, reverseKL: 0.975 * log(0.975 * 8) + 0.025 * log(0.025 * 8)),
  CoverageCase(
    name: "a mode of less", mixture: .ring,
    points: [Plot.Point](repeating: (0, 1), count: 196) + [Plot.Point](repeating: (1, 0), count: 4), modes: 1,
    highQuality: 1, reverseKL: 0.98 * log(0.98 * 8) + 0.02 * log(0.02 * 8)),
  // A disc's area over the square's, and an arc's length over the circle's.
  CoverageCase(
    name: "the whole square", mixture: .grid, points: lattice(side: 600, half: 4.5 / 2.83), modes: 0,
    highQuality: 25 * Double.pi * 0.15 * 0.15 / 81, qualityWithin: 1e-3, reverseKL: 0, divergenceWithin: 1e-2),
  CoverageCase(
    name: "the whole circle", mixture: .ring, points: circle(1, count: 80_000), modes: 0,
    highQuality: 8 * 4 * asin(0.015) / (2 * Double.pi), qualityWithin: 1e-3, reverseKL: 0, divergenceWithin: 1e-3),
  CoverageCase(
    name: "nowhere near", mixture: .ring, points: circle(3, count: 100), modes: 0, highQuality: 0, reverseKL: .infinity),
  CoverageCase(name: "nothing", mixture: .ring, points: [], modes: 0, highQuality: 0, reverseKL: .infinity),
  CoverageCase(
    name: "points that are no numbers", mixture: .ring, points: [(.nan, 0), (1, 0)], modes: 1, highQuality: 0.5,
    reverseKL: log(8)),
]

@Test(arguments: coverageCases) func coverageIsKnown(_ row: CoverageCase) {
  let coverage = ModeCoverage(of: row.points, row.mixture)
  #expect(coverage.modes == row.modes)
  #expect(abs(coverage.highQuality - row.highQuality) <= row.qualityWithin, "\(coverage)")
  if row.reverseKL.isFinite {
    #expect(abs(coverage.reverseKL - row.reverseKL) <= row.divergenceWithin, "\(coverage)")
  } else {
    #expect(coverage.reverseKL == row.reverseKL)
  }
}

/// Counted from one sample on, uniform noise has 25 (1 - exp(-2500 · π .15² / 81)) = 22.2 modes of the grid on average.
@Test func noiseHasModesWhenOneSampleIsEnough() throws {
  let stream = RandomStream(seed: 3, stream: 0)
  let uniform = try stream.uniform([2500 * 40, 2], step: 1, on: .cpu()).scalars(as: Double.self)
  let points = uniform.map { 9 / 2.83 * ($0 - 0.5) }
  let counts = (0..<40).map { draw in
    let own = (0..<2500).map { (x: points[2 * (2500 * draw + $0)], y: points[2 * (2500 * draw + $0) + 1]) }
    #expect(ModeCoverage(of: own, .grid).modes == 0)
    return Double(ModeCoverage(of: own, .grid, leastShare: 0).modes)
  }
  let expected = 25 * (1 - exp(-2500 * Double.pi * 0.15 * 0.15 / 81))
  #expect(abs(counts.mean - expected) < 1)  // a draw deviates by 1.5, the mean of 40 by .25
}

@Test func jobsKeepTheirOrderAndTheirErrors() throws {
  for threads in [1, 2] {
    let lab = Lab(device: try .cpu(threads: threads), seed: 1)
    let doubled: [Int] = try lab.forEach(Array(0..<7), named: { "\($0)" }) { job, device in
      #expect(device.threadCount == 1)
      return 2 * job
    }
    #expect(doubled == [0, 2, 4, 6, 8, 10, 12])
    #expect(throws: LaboratoryError.self) {
      _ = try lab.forEach([1, 2, 3], named: { "\($0)" }) { job, _ in
        if job == 2 { throw LaboratoryError("no") }
        return job
      }
    }
  }
}

/// The preset that is meant to cover the ring does so within a few thousand steps.
@Test func theRingIsCovered() throws {
  let method = try #require(ModeMethod.all.first { $0.name == "RpGAN+R1+R2" })
  let points = try method.samples(2500, of: .ring, depth: 2, steps: 2000, seed: 1, on: .cpu(threads: 1))
  #expect(ModeCoverage(of: points, .ring).modes >= 7)
}
