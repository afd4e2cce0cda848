import ArgumentParser
import Foundation
import Saddle

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures a run's samples against its data: FID and its kin, each number with its protocol.",
    discussion: """
      The same metrics of held-out images stand beside them, as a yardstick. Known defects are named.
        saddle evaluate runs/fashion
        saddle evaluate runs/fashion --metrics fid,kid --count 2000
        saddle evaluate runs/a runs/b            side by side, a table a protocol
        saddle evaluate runs/fashion --history   what was measured before
        saddle evaluate --list                   metrics, features and defects
      FEATURES decide what the numbers are called: FID, KID and IS are by Inception-v3 with the papers' weights alone;
      others are FD-classifier, KD-lite0 and so on. Numbers compare only within one protocol: the reference images and
      their hash, the features and theirs, counts, resizer, seed, weights. Reports are kept in RUN/evaluation, and a line
      of each in RUN/evaluations.jsonl. Features of real images are kept in the cache (SADDLE_CACHE).
      """)

  @Argument(help: "The runs' folders.") var folders: [String] = []
  @Option(help: ArgumentHelp("The images; those the run was trained on by default.", valueName: "path"))
  var data: String?
  @Option(
    help: ArgumentHelp("Images that it was not trained on; the data's own test part by default.", valueName: "path"))
  var heldOut: String?
  @Option(
    help: ArgumentHelp(
      "Some of \(registry.metrics.map(\.name).joined(separator: ",")); all by default.", valueName: "names"))
  var metrics: String?
  @Option(
    help: ArgumentHelp(
      "auto, \(FeatureSource.all.map { $0.takesFile ? "\($0.name):FILE" : $0.name }.joined(separator: ", ")).",
      valueName: "features"))
  var features = "auto"
  @Option("How many samples.", .whole(2...1_000_000)) var count = 10_000
  @Option(
    "How many training images they are compared with, spread evenly; as many as samples by default.",
    .whole(2...Int(UInt32.max)), valueName: "count")
  var reference: Int?
  @Option("The seed of the latents and of random subsets.", .seed) var seed: UInt64 = 1
  @Option(
    help: ArgumentHelp("The checkpoint, such as step-00000500; the latest by default.", valueName: "checkpoint"))
  var from: String?
  @Option(help: ArgumentHelp("ema or raw; as the run's pictures by default.", valueName: "weights"))
  var weights: String?
  @Option(help: ArgumentHelp("Writes the reports there too.", valueName: "file")) var json: String?
  @Option(
    help: ArgumentHelp(
      "How images get the size that features want: \(Resizer.all.map(\.name).joined(separator: ", ")).",
      valueName: "name"))
  var resizer: String?
  @Option(
    help: ArgumentHelp(
      "Compares with a mean and a covariance (pytorch-fid's .npz) in the images' place.", valueName: "file"))
  var statistics: String?
  @Option(help: ArgumentHelp("Writes the reference's mean and covariance as such a file.", valueName: "file"))
  var exportStatistics: String?
  @Flag(help: "Shows what was measured before, and measures nothing.") var history = false
  @Flag(help: "Lists metrics, features and defects.") var list = false
  @OptionGroup var deviceOptions: DeviceOptions

  func validate() throws {
    if list { return }
    if folders.isEmpty {
      throw ValidationError("Name a run's folder, such as runs/fashion (--list shows the metrics).")
    }
    if statistics != nil && exportStatistics != nil {
      throw ValidationError("--export-statistics writes those of images: leave --statistics away.")
    }
    if from != nil && folders.count > 1 { throw ValidationError("--from goes with one run.") }
    if let weights, SampleWeights(rawValue: weights) == nil {
      throw ValidationError("--weights is '\(weights)'; it must be ema or raw.")
    }
    do {
      if let metrics { _ = try Metric.named(metrics, of: registry.metrics) }
      try FeatureSource.check(features)
    } catch {
      throw ValidationError("\(error).")
    }
  }

  func run() throws {
    if list { return try show(EvaluationList()) }
    if history { return try showHistory(try folders.map { try RunDirectory(opening: $0) }) }
    // Every run is opened before the first one is measured.
    let runs = try folders.map { try SavedRun(opening: $0, from: from, registry: registry) }
    let device = try deviceOptions.open()
    var evaluator: RunEvaluator?
    var records: [EvaluationRecord] = []
    for run in runs {
      let trainer = try run.trainer(on: device)
      if evaluator?.serves(run.configuration) != true {
        evaluator = try RunEvaluator(run.configuration, options, on: device, .terminal)
        if let exportStatistics { try evaluator?.evaluator.reference.moments.write(to: exportStatistics) }
      }
      guard let evaluator else { continue }
      let record = try evaluator.evaluate(trainer, run.configuration, run: run.directory.path)
      try run.directory.append(record)
      records.append(record)
    }
    if let json {
      let text =
        records.count == 1 ? try records[0].json() : "[\(try records.map { try $0.json() }.joined(separator: ","))]\n"
      try AtomicFile.write(Array(text.utf8), to: json)
    }
    try show(records.count == 1 ? records[0].text : EvaluationTable(records).text)
    if records.count > 1 {
      for record in records { tell("\(record.run): " + record.defectLines.joined(separator: "\n  ")) }
    }
  }

  private var options: RunEvaluator.Options {
    var options = RunEvaluator.Options()
    (options.data, options.heldOut, options.metrics, options.features) = (data, heldOut, metrics, features)
    (options.count, options.reference, options.seed) = (count, reference, seed)
    (options.resizer, options.statistics) = (resizer, statistics)
    options.weights = weights.flatMap { .init(rawValue: $0) }
    return options
  }

  private func showHistory(_ directories: [RunDirectory]) throws {
    let records = try directories.flatMap { try $0.records() }
    guard !records.isEmpty else {
      throw EvaluationError("\(folders.joined(separator: ", ")): nothing was measured yet; leave --history away")
    }
    try show(EvaluationTable(records).text)
  }
}

extension RunEvaluator.ProgressReporter {
  /// Lines for people, beside the results on the standard output.
  static var terminal: RunEvaluator.ProgressReporter {
    let status = StatusLine()
    return RunEvaluator.ProgressReporter(say: tell) { $0.isEmpty ? status.clear() : status.show($0) }
  }
}

/// The tables behind `saddle evaluate`, as its user sees them.
struct EvaluationList: CustomStringConvertible {
  var description: String {
    var lines = ["Metrics"]
    for metric in registry.metrics {
      let figures = metric.columns.map { $0.name(metric.needs.contains(.features) ? "FEATURES" : nil) }
      lines.append("  \(metric.name.padding(toLength: 18, withPad: " ", startingAt: 0))\(metric.summary)")
      lines.append(
        "".padding(toLength: 20, withPad: " ", startingAt: 0) + figures.joined(separator: ", ") + "; \(metric.paper)")
    }
    lines += ["", "Features (auto takes the first that is there)"]
    for source in FeatureSource.all {
      let name = source.takesFile ? "\(source.name):FILE" : source.name
      lines.append("  \(name.padding(toLength: 18, withPad: " ", startingAt: 0))\(source.summary)")
    }
    lines += ["", "Defects that are named"]
    for defect in Defect.all {
      lines.append("  \(defect.name.padding(toLength: 18, withPad: " ", startingAt: 0))\(defect.sign)")
    }
    return lines.joined(separator: "\n")
  }
}
