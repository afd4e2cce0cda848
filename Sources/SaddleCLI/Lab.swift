import ArgumentParser
import Foundation
import Laboratory

struct Lab: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs a classic small experiment, and compares what it measures with what theory says.",
    discussion: """
      A first one:   saddle lab dirac              a table, and figures in lab/dirac
      All of them:   saddle lab --list             with a line each
      Only a look:   saddle lab dirac --scale 0.1  shorter; judges less
      In the table ✓ is as expected, ✗ is not (the command then fails), and · was only recorded.
      The folder holds result.json, with every number of the table, and the figures as SVG.
      """)

  @Argument(help: "The experiment.", completion: Completions.experiments) var name: String?
  @Flag(help: "Lists the experiments.") var list = false
  @Option(help: ArgumentHelp("Where the result goes; lab/NAME by default.", valueName: "folder")) var out: String?
  @Option("The seed of every random number.", .seed) var seed: UInt64 = 1
  @Option("How much of the experiment is done.", .positive(upTo: 1), valueName: "share") var scale = 1.0
  @OptionGroup var deviceOptions: DeviceOptions

  func validate() throws {
    if name == nil && !list {
      let names = Experiment.all.map(\.name).joined(separator: ", ")
      throw ValidationError("Name an experiment (\(names)), or --list them.")
    }
  }

  func run() throws {
    if list {
      let width = Experiment.all.map(\.name.count).max() ?? 0
      for experiment in Experiment.all {
        try show(experiment.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + experiment.summary)
      }
      return
    }
    let experiment = try Experiment.named(name ?? "")
    let folder = out ?? "lab/\(experiment.name)"
    let device = try deviceOptions.open()
    // Asked before minutes of work, not after.
    try Directory.create(folder)
    let status = StatusLine()
    let start = ContinuousClock.now
    let result = try experiment.run(on: device, seed: seed, scale: scale) { line in
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      status.show("\(experiment.name)  \(ProgressLine.duration(seconds))  \(line)")
    }
    status.clear()
    // Kept first: whoever reads the table may go away.
    try result.write(to: folder)
    try show(result.table)
    tell("\(ProgressLine.duration(result.seconds)); result.json and \(result.figures.count) figures are in \(folder)")
    if !result.failures.isEmpty { throw ExitCode(1) }
  }
}
