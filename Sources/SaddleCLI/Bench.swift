import ArgumentParser
import Benchmarks
import Foundation
import Saddle

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Measures kernels against the device's roofline, training steps, samples, and networks that judge images.",
    subcommands: [Kernels.self, Step.self, Sample.self, Features.self], defaultSubcommand: Step.self)

  struct Kernels: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every kind of kernel over the shapes of GANs, against the device's roofline; about a minute.",
      discussion: """
        Before a change and after it:
          saddle bench kernels --filter "dcgan64 forward" --json old.json
          saddle bench kernels --filter "dcgan64 forward" --compare old.json

        time      of one run in its kernels, the median; by the device's events where
                  it has them
        GFLOP/s   + - * / and roots; convolutions are counted directly, taps outside
                  the image included: a faster algorithm may pass 100%
        GB/s      every array once for each pass that the definition needs: in a
                  cache it may pass 100%
        roofline  the least time over the row's time. The least is at the device's
                  peak (fma: multiply-adds in registers) or its stream (memory: the
                  triad), whichever takes longer; both are measured before and
                  after each family of rows
        """)

    @Option(
      help: ArgumentHelp(
        "Only rows that hold every word of this text; may be repeated, for rows that hold those of any.",
        valueName: "text"))
    var filter: [String] = []
    @Option(
      help: ArgumentHelp("Writes a report there; - writes it to the standard output, and no table.", valueName: "file"))
    var json: String?
    @Flag(
      help: "Writes each row as a line of JSON as soon as it is measured, and no table: what is stopped loses none.")
    var lines = false
    @Option(help: ArgumentHelp("Adds each row's ratio of old to new time.", valueName: "old.json"))
    var compare: String?
    @Flag(help: "Lists the rows, and measures nothing.") var list = false
    @OptionGroup var deviceOptions: DeviceOptions

    func run() throws {
      let rows = KernelRow.table().filter { $0.matches(filter) }
      guard !rows.isEmpty else { throw BenchError.noRow(filters: filter) }
      if list { return try show(KernelRow.list(rows)) }
      let old = try compare.map { try KernelReport(readingFrom: $0) }
      if let json, json != "-", !Self.isWritable(json) { throw BenchError.notWritable(path: json) }
      let device = try deviceOptions.open()
      let status = StatusLine()
      let report = try KernelBench(on: device).run(rows, progress: status.show) { row in
        if lines { try show(try row.json()) }
      }
      status.clear()
      if lines { return }
      if json == "-" { return try show(try report.json()) }
      if let json {
        try AtomicFile.write(Array((try report.json() + "\n").utf8), to: json)
        tell("report: \(json)")
      }
      try show(report.text(comparedTo: old))
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

    @Option(help: "The preset.", completion: Completions.presets) var preset = "dcgan64"
    @Option("Images a batch.", .whole(1...65_536)) var batch = 64
    @Option("Steps that are counted, after two that are not.", .whole(1...1_000_000)) var steps = 10
    @Flag(help: "One line of JSON.") var json = false
    @OptionGroup var deviceOptions: DeviceOptions

    func run() throws {
      let configuration = try Saddle.Configuration(
        from: preset, assignments: ["training.batch=\(batch)"], registry: registry)
      let device = try deviceOptions.open()
      let status = StatusLine()
      let report = try StepBench(configuration, on: device).run(preset: preset, steps: steps, progress: status.show)
      status.clear()
      try show(json ? try report.json() : report.text)
    }
  }
}

extension Bench {
  struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Samples from a preset's generator with its first weights: images a second, and where the time goes.")

    @Option(help: "The preset.", completion: Completions.presets) var preset = "dcgan64"
    @Option("Images that are drawn together.", .whole(1...65_536)) var batch = 64
    @Option("Batches that are counted, after one that is not.", .whole(1...1_000_000)) var batches = 10
    @Flag(help: "One line of JSON.") var json = false
    @OptionGroup var deviceOptions: DeviceOptions

    func run() throws {
      let configuration = try Saddle.Configuration(from: preset, assignments: [], registry: registry)
      let device = try deviceOptions.open()
      let bench = try PassBench(samplesOf: configuration, preset: preset, batch: batch, on: device)
      let report = try bench.run(passes: batches)
      try show(json ? try report.json() : report.text)
    }
  }

  struct Features: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Inception-v3 on noise, with random weights: images a second, and where the time goes.")

    @Option("Images of 32 x 32 that are looked at together.", .whole(1...65_536)) var batch = 32
    @Option("Batches that are counted, after one that is not.", .whole(1...1_000_000)) var batches = 3
    @Flag(help: "One line of JSON.") var json = false
    @OptionGroup var deviceOptions: DeviceOptions

    func run() throws {
      let report = try PassBench(featuresOf: batch, on: deviceOptions.open()).run(passes: batches)
      try show(json ? try report.json() : report.text)
    }
  }
}
