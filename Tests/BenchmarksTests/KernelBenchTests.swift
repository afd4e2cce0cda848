import Foundation
import Saddle
import Testing

@testable import Benchmarks

/// A row's work by hand.
struct Work: Sendable, CustomTestStringConvertible {
  let name: String
  let flops: Int
  let bytes: Int
  var testDescription: String { name }

  static let all = [
    // 64 x 32 x 32 output pixels, 64 filters of 4 x 4 x 3 taps.
    Work(
      name: "dcgan64 64x64x3 to 64 forward", flops: 402_653_184,
      bytes: 4 * (64 * 64 * 64 * 3 + 4 * 4 * 3 * 64 + 64 * 32 * 32 * 64)),
    Work(
      name: "dcgan64 8x8x256 to 512 weight gradient", flops: 4_294_967_296,
      bytes: 4 * (64 * 8 * 8 * 256 + 4 * 4 * 256 * 512 + 64 * 4 * 4 * 512)),
    Work(name: "dcgan64 4x4x512 to 1 input gradient", flops: 1_048_576, bytes: 4 * (64 * 8192 + 8192 + 64)),
    Work(
      name: "resnet32 3x3 32x32x128 to 128 forward", flops: 19_327_352_832,
      bytes: 4 * (2 * 64 * 1024 * 128 + 9 * 128 * 128)),
    Work(name: "product 1024x1024", flops: 2_147_483_648, bytes: 12_582_912),
    // Adam: w, g, m and v are read, w, m and v written; with the average, one more read and written.
    Work(name: "adam 10M", flops: 160_000_000, bytes: 280_000_000),
    Work(name: "adam averaged 100M", flops: 1_900_000_000, bytes: 3_600_000_000),
    // x is read for the mean, for the variance and for the result.
    Work(name: "batch norm 32x32x64 forward", flops: 7 * 4_194_304, bytes: 16 * 4_194_304),
    Work(name: "philox normal", flops: 0, bytes: 67_108_864),
    Work(name: "sum down columns 4096x4096", flops: 16_777_216, bytes: 67_108_864 + 16_384),
  ]
}

@Test(arguments: Work.all)
func rowsKnowTheirWork(work: Work) throws {
  let row = try #require(KernelRow.table().first { $0.name == work.name })
  #expect(row.flops == work.flops && row.bytes == work.bytes)
}

/// Products' operations as the ops count them are the rows', and every row needs at least a pass over its arrays.
@Test func rowsAreWhatTheOpsCount() throws {
  let rows = KernelRow.table()
  #expect(Set(rows.map(\.name)).count == rows.count)
  for row in rows {
    let dryRun = try row.dryRun()
    let isProduct = row.family == .convolution || row.family == .product
    #expect(dryRun.productFLOPs == (isProduct ? row.flops : 0), "\(row.name)")
    // Five passes at most over one array of the least memory.
    #expect(dryRun.peakBytes >= row.bytes / 5, "\(row.name): \(dryRun.peakBytes) for \(row.bytes)")
  }
}

/// Every row, at a size that takes no time.
@Test func everyRowRuns() throws {
  var sizes = KernelSizes()
  (sizes.batch, sizes.products, sizes.elements) = (1, [33], 8192)
  (sizes.parameters, sizes.gathered) = ([1000], 100)
  let rows = KernelRow.table(sizes)
  let device = try Device.cpu()
  let report = try KernelBench(on: device, leastRuns: 1, leastSeconds: 0).run(rows)
  #expect(report.rows.map(\.name) == rows.map(\.name) && report.skipped.isEmpty)
  #expect(report.rows.allSatisfy { $0.seconds > 0 && $0.runs == 1 })
  #expect(report.lowestRoofline.flopsPerSecond > 1e8 && report.lowestRoofline.bytesPerSecond > 1e8)
  // Each row's own lies between the best and the worst moment, and a family shares its own.
  for row in report.rows {
    #expect(report.roofline.best(row.roofline) == report.roofline)
    #expect(report.lowestRoofline.worst(row.roofline) == report.lowestRoofline)
  }
  #expect(Set(report.rows.map(\.roofline.bytesPerSecond)).count <= KernelRow.Family.allCases.count)
}

@Test(arguments: [
  ([], 80), (["dcgan64"], 18), (["DCGAN64 forward"], 6), (["dcgan64 forward", "product"], 11), (["adam 1M"], 2),
  (["adam", "adam 1M"], 6), (["resnet32 3x3 gradient"], 8), (["normalization"], 10), (["no such row"], 0),
])
func filtersChoose(filters: [String], count: Int) {
  #expect(KernelRow.table().count { $0.matches(filters) } == count)
}

/// 100 GFLOP/s and 10 GB/s.
private let roofline = Roofline(flopsPerSecond: 1e11, bytesPerSecond: 1e10)

private func report(_ seconds: [String: Double], device: String = "a device") -> KernelReport {
  var report = KernelReport(device: device, roofline: roofline)
  for (name, seconds) in seconds.sorted(by: { $0.key < $1.key }) {
    report.rows.append(
      .init(
        name: name, family: .product, seconds: seconds, runs: 7, flops: 2_000_000_000, bytes: 100_000_000,
        roofline: roofline))
  }
  return report
}

/// The slower of arithmetic and memory bounds a row.
@Test(arguments: [(1_000_000_000, 0, 0.01), (0, 1_000_000_000, 0.1), (2_000_000_000, 100_000_000, 0.02)])
func theRooflineIsTheHigherBound(flops: Int, bytes: Int, seconds: Double) {
  #expect(abs(roofline.seconds(flops: flops, bytes: bytes) - seconds) < 1e-12)
  #expect(roofline.isComputeBound(flops: flops, bytes: bytes) == (flops > 0))
}

@Test func reportsComeBackFromTheirFiles() throws {
  let path = NSTemporaryDirectory() + "saddle-report-" + UUID().uuidString
  defer { try? FileManager.default.removeItem(atPath: path) }
  var written = report(["a": 0.1, "b": 0.03])
  written.skipped.append(.init(name: "c", reason: "it is large"))
  try Data(written.json().utf8).write(to: URL(fileURLWithPath: path))
  #expect(try KernelReport(readingFrom: path) == written)

  let later = try written.json().replacingOccurrences(of: "\"format\" : 1", with: "\"format\" : 2")
  try Data(later.utf8).write(to: URL(fileURLWithPath: path))
  #expect { try KernelReport(readingFrom: path) } throws: { "\($0)".contains("its format is number 2") }

  // Nothing of what Foundation says of them.
  for (path, words) in [(NSTemporaryDirectory(), "it is a folder"), (path + "/none", "could not be opened")] {
    #expect { try KernelReport(readingFrom: path) } throws: {
      "\($0)".contains(words) && !"\($0)".contains("NSCocoa")
    }
  }
}

@Test func reportsAreComparedRowByRow() {
  let old = report(["a": 0.1, "b": 0.05, "gone": 1], device: "another device")
  let new = report(["a": 0.05, "b": 0.1, "c": 0.04])
  let lines = new.text(comparedTo: old).split(separator: "\n").map {
    $0.split(separator: " ").joined(separator: " ")
  }
  for line in [
    "roofline: 100 GFLOP/s (multiply-adds in registers), 10.0 GB/s (stream triad);",
    "a 50.0 ms 40.0 2.00 40% fma 2.00x", "b 100 ms 20.0 1.00 20% fma 0.50x", "c 40.0 ms 50.0 2.50 50% fma new",
    "the old report is of another device: another device", "1.00x over 2 rows (geometric mean of old/new)",
  ] { #expect(lines.contains(line), "\(lines)") }
}

/// A terminal of 100 columns shows every row, with its ratio, on a line of its own.
@Test func theTableIsNarrow() {
  var report = KernelReport(device: "a device", roofline: roofline)
  for row in KernelRow.table() {
    report.rows.append(
      .init(
        name: row.name, family: row.family, seconds: 0.1234, runs: 5, flops: row.flops, bytes: row.bytes,
        roofline: roofline))
  }
  let lines = report.text(comparedTo: report).split(separator: "\n")
  #expect(lines.count > report.rows.count && lines.contains { $0.hasPrefix("Adam, by parameters ") })
  #expect(lines.allSatisfy { $0.count <= 100 && !$0.hasSuffix(" ") }, "\(lines.map(\.count).max() ?? 0) columns")
}

@Test(arguments: [
  (2.5, "2.50 s"), (0.0123, "12.3 ms"), (0.000_999_9, "1.00 ms"), (0.000_045, "45.0 µs"), (123, "123 s"),
])
func timesHaveThreeFigures(seconds: Double, text: String) {
  #expect(KernelReport.time(seconds) == text)
}

/// The step bench counts what the dry run says, and a step's kernels are its launches.
@Test func stepsAreMeasured() throws {
  let configuration = try Configuration(
    from: "fashion", assignments: ["training.batch=4", "model.width=8", "model.size=32"])
  let report = try StepBench(configuration, on: .cpu()).run(preset: "fashion", steps: 3)
  #expect(report.launches == (try configuration.dryRun()).launchesPerStep)
  #expect(report.kernels.map(\.launches).reduce(0, +) == report.launches)
  #expect(report.allocations == 0 && report.allocatedBytes == 0 && report.waits == 0)
  #expect(report.kernels.allSatisfy { $0.seconds > 0 } && report.secondsBetweenKernels >= 0)
  #expect(report.hostMicrosecondsPerLaunch > 0.01 && report.hostMicrosecondsPerLaunch < 1000)
  #expect(report.productFlops > 0 && report.share > 0 && report.share < 2)
}
