import ArgumentParser
import Foundation
import Saddle

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a run's page, or one page that compares several runs.",
    discussion: """
      A page is one file that opens without a network: curves, pictures through time, configuration, warnings.
        saddle report runs/fashion                   runs/fashion/report.html
        saddle report runs/a runs/b --out a-b.html   side by side
      Runs that differ in nothing but their seed are drawn as their mean, in a band. Training writes a run's page too.
      """)

  @Argument(help: "The runs' folders.") var folders: [String]
  @Option(
    help: ArgumentHelp(
      "The file; report.html in the run's folder by default, compare.html for several.", valueName: "file"))
  var out: String?

  func validate() throws {
    if let out, !out.hasSuffix(".html") { throw ValidationError("--out must end in .html, not '\(out)'.") }
    if Set(folders).count < folders.count { throw ValidationError("A run is named twice.") }
  }

  func run() throws {
    // Pages of sets lie among the runs: `saddle report runs/*` does not mean them.
    let runs = folders.filter { !$0.hasSuffix(".html") }
    let path = try Self.write(runs.isEmpty ? folders : runs, to: out)
    tell("report: \(path)")
  }

  /// Writes the page of one run or of several, and returns its path.
  static func write(_ folders: [String], to out: String?, title: String? = nil) throws -> String {
    let directories = try folders.map { try RunDirectory(opening: $0) }
    let runs = try directories.map { try Report.Run(reading: $0, registry: registry) }
    let path = out ?? (runs.count == 1 ? directories[0].report : "compare.html")
    let names = runs.map(\.name)
    let several = names.count > 3 ? "\(names.count) runs" : names.joined(separator: ", ")
    try Report(title: title ?? several, runs: runs).write(to: path)
    return path
  }
}
