import Features
import Foundation
import Testing

@testable import Evaluation
import Records

@Suite struct FrechetTests {
  struct Gaussians: Sendable, CustomTestStringConvertible {
    let name: String
    let first, second: FeatureMoments
    let distance: Double
    var isSingular = false
    var within = 1e-12
    var testDescription: String { name }
  }

  private static func normal(_ means: [Double], _ covariance: [Double]) -> FeatureMoments {
    FeatureMoments(count: 1000, means: means, covariance: covariance)
  }

  private static func diagonal(_ variances: [Double]) -> [Double] {
    variances.indices.flatMap { i in variances.indices.map { i == $0 ? variances[i] : 0 } }
  }

  /// tr (A B)^½ of 2 x 2 matrices is √(tr A B + 2 √(det A det B)).
  private static func plane(_ a: [Double], _ b: [Double], shift: Double) -> Double {
    let trace = a[0] * b[0] + a[1] * b[2] + a[2] * b[1] + a[3] * b[3]
    let determinants = (a[0] * a[3] - a[1] * a[2]) * (b[0] * b[3] - b[1] * b[2])
    return shift + a[0] + a[3] + b[0] + b[3] - 2 * (trace + 2 * determinants.squareRoot()).squareRoot()
  }

  static let gaussians = [
    Gaussians(name: "on the line", first: normal([0], [2]), second: normal([4], [8]), distance: 18),
    // Of commuting covariances Σ (√a - √b)².
    Gaussians(
      name: "commuting", first: normal([0, 0, 0], diagonal([1, 4, 9])),
      second: normal([1, 2, 2], diagonal([4, 4, 1])),
      distance: 9 + 1 + 0 + 4),
    Gaussians(
      name: "general in the plane", first: normal([0, 1], [2, 1, 1, 3]), second: normal([2, 0], [5, -2, -2, 1.5]),
      distance: plane([2, 1, 1, 3], [5, -2, -2, 1.5], shift: 5)),
    Gaussians(
      name: "nearly singular in the plane", first: normal([0, 0], [1, 0.999999, 0.999999, 1]),
      second: normal([0, 0], [1, -0.999999, -0.999999, 1]),
      distance: plane([1, 0.999999, 0.999999, 1], [1, -0.999999, -0.999999, 1], shift: 0), within: 1e-9),
    Gaussians(
      name: "on lines at right angles", first: normal([0, 0], [2, 0, 0, 0]), second: normal([0, 0], [0, 0, 0, 2]),
      distance: 4, isSingular: true),
    // (1, 1) and (1, 0): tr is |<x, y>| = 1.
    Gaussians(
      name: "on two lines", first: normal([0, 0], [1, 1, 1, 1]), second: normal([0, 0], [1, 0, 0, 0]), distance: 1,
      isSingular: true),
    Gaussians(
      name: "points", first: normal([0, 3], [0, 0, 0, 0]), second: normal([4, 0], [0, 0, 0, 0]), distance: 25,
      isSingular: true),
    Gaussians(
      name: "a point and a disc", first: normal([0, 0], [0, 0, 0, 0]), second: normal([0, 0], [1, 0, 0, 1]),
      distance: 2,
      isSingular: true),
    Gaussians(
      name: "very different scales", first: normal([0, 0], diagonal([1e8, 1e-4])),
      second: normal([0, 0], diagonal([4e8, 9e-4])), distance: 1e8 + 4e-4),
    Gaussians(
      name: "equal", first: normal([1, 2], [2, 1, 1, 3]), second: normal([1, 2], [2, 1, 1, 3]), distance: 0),
  ]

  @Test(arguments: gaussians, LinearAlgebraTests.all)
  func distancesOfGaussiansAreKnown(_ row: Gaussians, _ algebra: LinearAlgebra) throws {
    for (first, second) in [(row.first, row.second), (row.second, row.first)] {
      let found = try frechetDistance(first, second, by: algebra)
      #expect(abs(found.value - row.distance) <= row.within * max(1, row.distance))
      #expect(found.isSingular == row.isSingular)
      #expect(found.warning == nil)
    }
  }

  /// 20 samples of 100 features, of which those from `part` on vary.
  private static func half(from part: Int, _ factor: Int) -> FeatureMoments {
    var values = [Float](repeating: 0, count: 20 * 100)
    for row in 0..<20 {
      for column in part..<part + 50 { values[row * 100 + column] = Float((row * factor + column * 3) % 11) }
    }
    return FeatureMoments(Features(count: 20, width: 100, values: values))
  }

  private static func trace(_ moments: FeatureMoments) -> Double {
    let covariance = moments.covariance
    return (0..<moments.width).reduce(0.0) { $0 + covariance[$1 * (moments.width + 1)] }
  }

  /// Many features of few samples: the same samples share everything, those in orthogonal spaces nothing.
  @Test(arguments: LinearAlgebraTests.all) func fewSamplesOfManyFeatures(_ algebra: LinearAlgebra) throws {
    let first = FeatureMoments(Features.drawn(20, 100, seed: 1))
    let same = try frechetDistance(first, first, by: algebra)
    #expect(same.value <= 1e-12 * Self.trace(first) && same.isSingular)
    #expect(same.warning?.contains("20 samples are too few for 100 features") == true)
    let (x, y) = (Self.half(from: 0, 7), Self.half(from: 50, 5))
    var expected = Self.trace(x) + Self.trace(y)
    for (mean, other) in zip(x.means, y.means) { expected += (mean - other) * (mean - other) }
    let found = try frechetDistance(x, y, by: algebra).value
    #expect(abs(found - expected) < 1e-9 * expected)
  }

  @Test(arguments: LinearAlgebraTests.all) func agreesWithTorchFidelity(_ algebra: LinearAlgebra) throws {
    let wanted = try MetricReference.load().frechet
    let first = FeatureMoments(.drawn(300, 16, seed: 1))
    let second = FeatureMoments(.drawn(250, 16, seed: 2, scale: 1.25, shift: 0.5))
    let few = FeatureMoments(.drawn(10, 16, seed: 3, shift: 0.25))
    let plain = try frechetDistance(first, second, by: algebra)
    #expect(abs(plain.value - wanted.plain) < 1e-10 && !plain.isSingular && plain.warning == nil)
    // Its eigenvalues of A B that should be 0 are rounding, and so are their roots: 1e-8 each.
    let singular = try frechetDistance(first, few, by: algebra)
    #expect(abs(singular.value - wanted.singular) < 1e-5 && singular.isSingular && singular.warning != nil)
    let both = try frechetDistance(FeatureMoments(.drawn(9, 16, seed: 6)), few, by: algebra)
    #expect(abs(both.value - wanted.both) < 1e-5 && both.isSingular)
  }

  @Test func momentsStreamInBatches() throws {
    // Far from 0, where sums of squares would lose all digits.
    let all = Features.drawn(2500, 5, seed: 9, shift: 4096)
    let whole = FeatureMoments(all)
    var streamed = FeatureMoments(Features(count: 0, width: 5, values: []))
    for (start, end) in [(0, 1), (1, 700), (700, 700), (700, 2500)] {
      streamed.add(Features(count: end - start, width: 5, values: Array(all.values[start * 5..<end * 5])))
    }
    #expect(streamed.count == 2500)
    for column in 0..<5 {
      let values = (0..<2500).map { Double(all.values[$0 * 5 + column]) }
      let mean = values.reduce(0, +) / 2500
      for other in 0..<5 {
        let others = (0..<2500).map { Double(all.values[$0 * 5 + other]) }
        let otherMean = others.reduce(0, +) / 2500
        let expected = zip(values, others).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - otherMean) } / 2499
        for found in [whole, streamed] {
          #expect(abs(found.means[column] - mean) < 1e-11)
          #expect(abs(found.covariance[column * 5 + other] - expected) < 1e-11)
        }
      }
    }
  }

  @Test func faultsAreTold() throws {
    let two = FeatureMoments(.drawn(2, 3, seed: 1))
    #expect(
      message { _ = try frechetDistance(two, FeatureMoments(.drawn(2, 4, seed: 1))) }.contains("3 and 4 features"))
    #expect(message { _ = try frechetDistance(two, FeatureMoments(.drawn(1, 3, seed: 1))) }.contains("there are 1"))
    let broken = FeatureMoments(Features([[1, .nan, 1], [1, 2, 3]]))
    #expect(message { _ = try frechetDistance(broken, two) }.contains("finite"))
  }

  @Test func filesArePytorchFIDs() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moments-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("statistics.npz").path
    let moments = FeatureMoments(.drawn(20, 3, seed: 1))
    try moments.write(to: path)
    let read = try FeatureMoments(readingFrom: path)
    #expect(read.count == 20 && read.means == moments.means)
    #expect(zip(read.covariance, moments.covariance).allSatisfy { abs($0 - $1) <= 1e-15 * abs($1) })
    // pytorch-fid's own files have no count.
    let writer = try ZipWriter(path)
    try writer.add("mu.npy", NumPyArray(shape: [2], .float64([1, 2])).bytes)
    try writer.add("sigma.npy", NumPyArray(shape: [2, 2], .float64([2, 1, 1, 3])).bytes)
    try writer.finish()
    let foreign = try FeatureMoments(readingFrom: path)
    #expect(foreign.count == nil && foreign.means == [1, 2] && foreign.covariance == [2, 1, 1, 3])
    #expect(try frechetDistance(foreign, foreign).value < 1e-12)
    let wrong = try ZipWriter(path)
    try wrong.add("mu.npy", NumPyArray(shape: [2], .float64([1, 2])).bytes)
    try wrong.add("sigma.npy", NumPyArray(shape: [4], .float64([2, 1, 1, 3])).bytes)
    try wrong.finish()
    #expect(message { _ = try FeatureMoments(readingFrom: path) }.contains("mu is [2] and sigma [4]"))
  }

  /// The divisor of a covariance is the count less one: of `Int.min` there is none.
  @Test(arguments: [
    NumPyArray.Values.int64([.min]), .int64([-5]), .int64([0]), .int64([1]), .int64([.max]), .int64([]),
    .float64([2.5]), .float64([.nan]),
  ])
  func countsThatAreNoneAreRefused(_ count: NumPyArray.Values) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("count-\(UUID().uuidString).npz").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let writer = try ZipWriter(path)
    try writer.add("mu.npy", NumPyArray(shape: [2], .float64([1, 2])).bytes)
    try writer.add("sigma.npy", NumPyArray(shape: [2, 2], .float64([2, 1, 1, 3])).bytes)
    try writer.add("count.npy", NumPyArray(shape: count.count == 0 ? [0] : [], count).bytes)
    try writer.finish()
    #expect(message { _ = try FeatureMoments(readingFrom: path) }.contains("no number of samples"))
  }
}
