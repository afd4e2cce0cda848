import ArgumentParser
import Foundation
import Saddle

struct Runs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists runs: how far they are, and how they go.",
    discussion: """
      STATE is running, finished, interrupted (by a signal, or killed: --resume goes on) or failed (the reason is below).
      PRESET is the nearest one, and +2 says that two of its settings were changed. The best value of a metric stands in a
      column of its protocol, so that only what was measured alike is side by side.
      """)

  @Argument(help: "The folder that the runs lie in, or one run.", completion: .directory) var folder = "runs"
  @Flag(help: "Prints JSON.") var json = false

  func run() throws {
    let (runs, errors) = try RunSummary.all(in: folder, registry: registry)
    for error in errors { tell("warning: \(error)") }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      encoder.dateEncodingStrategy = .iso8601
      try show(String(decoding: try encoder.encode(runs), as: UTF8.self))
    } else {
      try show(RunList(runs, now: Date()))
    }
  }
}

/// The table of `saddle runs`.
struct RunList: CustomStringConvertible {
  private let runs: [RunSummary]
  private let now: Date

  init(_ runs: [RunSummary], now: Date) { (self.runs, self.now) = (runs, now) }

  /// A column for each metric and protocol: numbers of two protocols never stand in one.
  private var measures: [(metric: String, rules: String)] {
    runs.compactMap(\.best).reduce(into: []) { measures, best in
      if !measures.contains(where: { $0 == (best.metric, best.protocol) }) {
        measures.append((best.metric, best.protocol))
      }
    }
  }

  var description: String {
    let measures = measures
    let mark = { (index: Int) in measures.count > 1 ? " [\(index + 1)]" : "" }
    var table = [["RUN", "STATE", "STEP", "PRESET", "DATA", "IMAGES/S", "CHANGED", "WARNINGS"]]
    table[0] += measures.enumerated().map { "BEST \($1.metric)" + mark($0) }
    for run in runs {
      let data = URL(fileURLWithPath: run.data).lastPathComponent
      table.append([
        run.name, run.state.rawValue, "\(run.step)/\(run.steps)",
        run.preset + (run.changedSettings > 0 ? " +\(run.changedSettings)" : ""), data,
        run.imagesPerSecond.map { String(format: $0 < 10 ? "%.1f" : "%.0f", $0) } ?? "",
        Self.age(now.timeIntervalSince(run.lastChange)), run.warnings > 0 ? "\(run.warnings)" : "",
      ])
      table[table.count - 1] += measures.map { metric, rules in
        guard let best = run.best, best.metric == metric, best.protocol == rules else { return "" }
        return String(format: "%.4g", best.value) + " at \(best.step)"
      }
    }
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    var lines = table.map { row in
      var line = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
    for (index, measure) in measures.enumerated() where !measure.rules.isEmpty {
      lines.append((measures.count > 1 ? "[\(index + 1)] " : "") + "\(measure.metric): \(measure.rules)")
    }
    lines += runs.compactMap { run in run.reason.map { "\(run.name) failed: \($0)" } }
    return lines.joined(separator: "\n")
  }

  /// How long ago, in one unit.
  static func age(_ seconds: Double) -> String {
    let units: [(Double, String)] = [(86_400, "d"), (3600, "h"), (60, "min")]
    guard let (size, name) = units.first(where: { seconds >= $0.0 }) else { return "now" }
    return "\(Int(nearest: (seconds / size).rounded(.down))) \(name) ago"
  }
}
