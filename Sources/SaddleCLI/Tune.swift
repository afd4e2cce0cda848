import ArgumentParser
import Foundation
import Saddle

struct Tune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds the fastest tiles of matrix products and convolutions on an OpenCL device.",
    discussion: """
      Each tile is built, compared with the processor to the bit, and timed on launches
      of GANs; wrong ones are dropped and named. What is found is kept for this device,
      driver and version of the kernels in tuning.json of the cache folder. Tiles make no
      difference to any number that is computed.
      """)

  @Option("Time limit; no new tile starts after it.", .positive(upTo: 1e6), valueName: "minutes") var minutes = 5.0
  @Flag(help: "Lists the tiles in use and those that would be tried, and measures nothing.") var list = false
  @Flag(help: "Shows every measurement, not only the fastest.") var verbose = false
  @OptionGroup var deviceOptions: DeviceOptions

  func run() throws {
    guard let tuner = try TileTuner(deviceOptions.device) else {
      try show("There is nothing to tune: the device computes in blocks, whose sizes are fixed.")
      return
    }
    try show("\(tuner.deviceName): \(tuner.inUse.origin)")
    if list { return try describe(tuner) }
    let status = StatusLine()
    let report = try tuner.run(limit: .seconds(60 * minutes), progress: status.show)
    status.clear()
    try describe(report)
    guard report.results.contains(where: { $0.isTimed }) else {
      try show("No tile could be timed; nothing is kept.")
      throw ExitCode(1)
    }
    guard let path = tuner.save(report.tiles) else {
      try show("Nothing is kept: there is no cache folder that can be written (SADDLE_CACHE).")
      throw ExitCode(1)
    }
    try show("kept in \(path)")
  }

  private func describe(_ tuner: TileTuner) throws {
    for kernel in Tiles.kernels {
      try show("\n\(kernel) uses")
      for tile in tuner.inUse.tiles.byKernel[kernel] ?? [] { try show("  \(tile)") }
    }
    try show("\n\(tuner.candidates.count) tiles would be tried (rows x columns x steps)")
    for tile in tuner.candidates { try show("  \(tile)") }
  }

  private func describe(_ report: TileTuner.Report) throws {
    let trials = report.results.map { [$0.kernel, $0.trial] }
    var shown: Set<[String]> = []
    for trial in trials where shown.insert(trial).inserted {
      try show("\n\(trial[0]), \(trial[1])")
      let results = report.results.filter { [$0.kernel, $0.trial] == trial }.filter(\.isTimed)
        .sorted { $0.flopsPerSecond > $1.flopsPerSecond }
      for result in verbose ? results[...] : results.prefix(3) {
        try show(String(format: "  %9.1f GFLOP/s  %@", result.flopsPerSecond / 1e9, "\(result.tile)"))
      }
    }
    let failed = report.results.filter { !$0.isTimed }
    if !failed.isEmpty { try show("") }
    for result in failed {
      switch result.outcome {
      case .seconds: continue
      case .wrong:
        try show("WRONG: \(result.kernel), \(result.tile), on \(result.trial): other bits than the processor's")
      case .refused(let reason):
        let line = reason.split(separator: "\n").prefix(2).joined(separator: " ")
        try show("refused: \(result.kernel), \(result.tile), on \(result.trial): \(line)")
      }
    }
    if report.leftOut > 0 { try show("\n\(report.leftOut) tiles were left out for want of time (--minutes)") }
    for kernel in Tiles.kernels {
      let gain = report.gains[kernel].map { String(format: " (%.2f times as fast as before)", $0) } ?? ""
      try show("\n\(kernel) now uses\(gain)")
      for tile in report.tiles.byKernel[kernel] ?? [] { try show("  \(tile)") }
    }
    try show("")
  }
}

extension TileTuner.Result {
  fileprivate var isTimed: Bool { flopsPerSecond > 0 }

  /// 0 where there is no time.
  fileprivate var flopsPerSecond: Double {
    if case .seconds(let time) = outcome { return Double(flops) / time }
    return 0
  }
}
