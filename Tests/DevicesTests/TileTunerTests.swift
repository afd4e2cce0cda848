import Foundation
import Testing

@testable import Devices

@Suite("Tuning", .serialized, .enabled(if: Processors.openCL != nil, Processors.needed))
struct TileTunerTests {
  /// A tile of 48 columns gives wrong sums, one of 16 does not compile.
  static let sources = OpenCLPrograms.embedded.map { name, text in
    let product = "fma((realN)left[m], right[v], sum[m][v])"
    let wrong = text.replacing(product, with: product + " + (NWG == 48 ? 1 : 0)")
    return (name, name == "tile.h" ? wrong + "#if NWG == 16\n#error no tile of sixteen columns\n#endif\n" : text)
  }
  static let good = TileParameters((32, 32, 16), items: (8, 8))
  static let wrong = TileParameters((32, 48, 16), items: (8, 4))
  static let refused = TileParameters((32, 16, 16), items: (8, 4))
  static let tooLarge = TileParameters((512, 512, 64), items: (512, 512))
  static let trials =
    TuningCase.rows(batch: 1).filter { $0.name.contains("8x8") || $0.name.contains("32 to") }
    + TuningCase.rows(batch: 1).filter { $0.name.hasSuffix("forward") }

  @Test("wrong tiles and those that do not compile are named and not used")
  func outcomes() throws {
    let tuner = TileTuner(
      try #require(Processors.openCL), candidates: [Self.wrong, Self.tooLarge, Self.refused, Self.good],
      trials: Self.trials, sources: Self.sources)
    #expect(!tuner.candidates.contains(Self.tooLarge))
    var told: [String] = []
    let report = try tuner.run(limit: .seconds(600)) { told.append($0) }
    #expect(told.count == 1 + tuner.candidates.count)
    #expect(report.results.count == Self.trials.count * tuner.candidates.count)
    #expect(report.leftOut == 0)
    for result in report.results {
      switch (result.outcome, result.tile) {
      case (.wrong, Self.wrong): break
      case (.refused(let reason), Self.refused): #expect(reason.contains("no tile of sixteen columns"))
      case (.seconds(let time), _): #expect(time > 0 && ![Self.wrong, Self.refused].contains(result.tile))
      default: Issue.record("\(result)")
      }
    }
    #expect(report.tiles.byKernel.count == 3)
    #expect(!report.tiles.byKernel.values.joined().contains { [Self.wrong, Self.refused].contains($0) })
    #expect(report.gains.count == 3 && report.gains.values.allSatisfy { $0 >= 1 })
  }

  @Test("no tile is begun after the time is up, and what is not measured stays as it is")
  func limit() throws {
    let tuner = TileTuner(try #require(Processors.openCL), candidates: [Self.good], trials: Self.trials)
    let report = try tuner.run(limit: .zero)
    #expect(report.results.isEmpty && report.leftOut == tuner.candidates.count && report.gains.isEmpty)
    #expect(report.tiles == tuner.inUse.tiles)
  }

  /// Measurements that nobody made: milliseconds of each tile on a large product and a thin one.
  @Test(
    "which tiles are kept",
    arguments: [
      // Each wins where a launch would take it; the better one alone is found first.
      ([10.0, 8.0], [20.0, 2.0], [32, 128]),
      // One wins everywhere.
      ([10.0, 8.0], [11.0, 9.0], [128]),
      // The second gains less than a fiftieth.
      ([10.0, 8.0], [20.0, 7.9], [128]),
    ])
  func choice(large: [Double], small: [Double], kept: [Int]) throws {
    let device = try #require(Processors.openCL)
    let tiles = [TileParameters((128, 128, 16), items: (16, 16)), TileParameters((128, 32, 16), items: (16, 8))]
    let trials =
      TuningCase.rows(batch: 64).filter { $0.name == "square 2048" }
      + TuningCase.rows(batch: 1).filter { $0.name == "image columns, 48 to 64" }
    #expect(trials.count == 2)
    let tuner = TileTuner(device, candidates: tiles, trials: trials)
    var report = TileTuner.Report(tiles: tuner.inUse.tiles)
    for (tile, times) in zip(tiles, [large, small]) {
      for (trial, time) in zip(trials, times) {
        report.results.append(
          .init(kernel: "matmul", trial: trial.name, flops: 1, tile: tile, outcome: .seconds(time / 1000)))
      }
    }
    tuner.choose(&report)
    #expect(report.tiles.byKernel["matmul"]?.map(\.nwg) == kept)
    #expect(report.tiles.byKernel["convolve"] == tuner.inUse.tiles.byKernel["convolve"])
  }

  /// Seconds of compiling both tuned programs with the slowest tile, as tools/test-gpu-compilers measures them.
  @Test(
    "compiling all tiles takes less than three of the five minutes that are the default",
    arguments: [(.nvidia, 2.4), (.amd, 1.9), (.intel, 3.1)] as [(Tiles.Vendor, Double)])
  func time(vendor: Tiles.Vendor, seconds: Double) {
    #expect(Double(TileTuner.listed(for: vendor).count) * seconds < 180)
  }

  @Test("what is kept is in use the next time")
  func save() throws {
    try withFolder { path in
      let device = try #require(Processors.openCL), folder = CacheFolder(path: path)
      let tiles = Tiles(Dictionary(uniqueKeysWithValues: Tiles.kernels.map { ($0, [Self.good]) }))
      #expect(TileTuner(device).save(tiles, in: folder) == "\(path)/tuning.json")
      #expect(device.tiles(from: folder).tiles == tiles)
      #expect(TileTuner(device).save(tiles, in: nil) == nil)
    }
  }
}
