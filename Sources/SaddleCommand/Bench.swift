import ArgumentParser
import Benchmarks
import Foundation
import Saddle

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures kernels against the device's roofline, and training steps.",
    subcommands: [Kernels.self, Step.self], defaultSubcommand: Step.self)

  struct Kernels: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every kind of kernel over the shapes of GANs, against the device's roofline; about a minute.",
      discussion: """
        Before and after comparing a change:
          saddle bench kernels --filter "dcgan64 forward" --filter product --json old.json
          saddle bench kernels --filter "dcgan64 forward" --filter product --compare old.json

        time      median of one run inside its kernels, by the device's own events where it has them
        GFLOP/s   additions, multiplications, divisions and roots; convolutions are counted directly, taps outside the
                  image included, so that a faster algorithm may show more than 100%
        GB/s      every array once for each pass that the definition needs; in a cache it may be more than 100%
        roofline  the least time at the device's peak (multiply-adds in registers: fma) or stream (memory), whichever
                  bounds the row, over the row's time; both measured in this run
        """)

    @Option(
      help: ArgumentHelp(
        "Only rows that hold every word of this text; may be repeated, for rows that hold those of any.",
        valueName: "text"))
    var filter: [String] = []
    @Option(
      help: ArgumentHelp("Writes a report there; - writes it to the standard output, and no table.", valueName: "file"))
    var json: String?
    @Option(help: ArgumentHelp("Adds each row's ratio of old to new time.", valueName: "old.json"))
    var compare: String?
    @Flag(help: "Lists the rows, and measures nothing.") var list = false
    @OptionGroup var deviceOptions: DeviceOptions

    func run() throws {
      let rows = KernelRow.table().filter { $0.matches(filter) }
      guard !rows.isEmpty else { throw BenchError.noRow(filters: filter) }
      if list { return show(KernelRow.list(rows)) }
      let old = try compare.map { try KernelReport(readingFrom: $0) }
      if let json, json != "-", !Self.isWritable(json) { throw BenchError.notWritable(path: json) }
      let device = try deviceOptions.open()
      let status = StatusLine()
      let report = try KernelBench(on: device).run(rows, progress: status.show)
      status.clear()
      if json != "-" { show(report.text(comparedTo: old)) }
      guard let json else { return }
      if json == "-" { return show(try report.json()) }
      try Data((try report.json() + "\n").utf8).write(to: URL(fileURLWithPath: json))
      tell("report: \(json)")
    }

    /// Asked before a minute of measuring, not after.
    private static func isWritable(_ path: String) -> Bool {
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      let files = FileManager.default
      return files.isWritableFile(atPath: files.fileExists(atPath: path) ? path : folder)
    }
  }

  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Training steps on noise: images a second, memory, launches, and where the time goes.",
      discussion: """
        Host time is that of the same step on a device that computes nothing; handing over is what a launch costs on this
        device besides. The share of the roofline counts products and convolutions directly, at the device's peak.
        """)

    @Option(help: "The preset.") var preset = "dcgan64"
    @Option(help: "Images a batch.") var batch = 64
    @Option(help: "Steps that are counted, after two that are not.") var steps = 10
    @Flag(help: "One line of JSON.") var json = false
    @OptionGroup var deviceOptions: DeviceOptions

    func validate() throws {
      if steps < 1 { throw ValidationError("--steps is \(steps); it must be 1 or more.") }
    }

    func run() throws {
      let configuration = try Saddle.Configuration(from: preset, assignments: ["training.batch=\(batch)"])
      let device = try deviceOptions.open()
      let status = StatusLine()
      let report = try StepBench(configuration, on: device).run(preset: preset, steps: steps, progress: status.show)
      status.clear()
      show(json ? try report.json() : report.text)
    }
  }
}

/// Writes a result to the standard output, at once.
private func show(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
