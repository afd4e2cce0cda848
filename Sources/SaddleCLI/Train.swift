import ArgumentParser
import Foundation
import Saddle

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a GAN.",
    discussion: """
      SOURCE is a preset (--list shows them), a YAML file, or a folder of images, for which a preset is chosen:
        saddle train FOLDER
      What flags say prevails over the preset or the file, and any setting can be given:
        saddle train fashion --steps 4000 --set objective.name=hinge
      --dry-run prints every setting with its meaning; saddle options lists objectives, penalties and networks.
      A run is a folder: config.yaml, metrics.jsonl, samples/, checkpoints/; report.html shows it, also while it goes on.
      Ctrl-C saves; --resume goes on, to the bit.
      """)

  @Argument(help: "A preset's name, a YAML file, or a folder of images.", completion: Completions.sources)
  var source: String?
  @Flag(help: "Lists the presets.") var list = false
  @Option(
    help: ArgumentHelp(
      "Images: a folder of PNG and JPEG files, of IDX files or of CIFAR-10 batches; ring or grid for points.",
      valueName: "path"),
    completion: .directory)
  var data: String?
  @Option(
    help: ArgumentHelp("The run's folder; runs/SOURCE by default, such as runs/fashion.", valueName: "folder"),
    completion: .directory)
  var out: String?
  @Option("Steps of the generator, in all.", .whole(0...1_000_000_000)) var steps: Int?
  @Option("The seed of every random number.", .seed) var seed: Int?
  @Option(
    "Number of runs, with seeds 1, 2, ... (or from --seed on); compares them.", .whole(1...10_000), valueName: "count")
  var seeds: Int?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Gives any setting a value, such as training.batch=32; may be repeated.", valueName: "key=value"),
    completion: Completions.assignments)
  var assignments: [String] = []
  @Flag(help: "Goes on with the run in --out, from its latest checkpoint.") var resume = false
  @Option(
    help: ArgumentHelp("With --resume: the checkpoint to go on from, such as step-00000500.", valueName: "checkpoint"))
  var from: String?
  @Flag(help: "Prints the whole configuration and what it will take: parameters, memory, disk, time; and stops.")
  var dryRun = false
  @OptionGroup var deviceOptions: DeviceOptions

  func validate() throws {
    if let seeds, let seed, seed > Int.max - seeds {
      throw ValidationError("--seed is \(seed): there are no \(seeds) seeds from there on.")
    }
    if seeds != nil && from != nil { throw ValidationError("--from is of one run: leave --seeds away.") }
    if from != nil && !resume { throw ValidationError("--from goes with --resume.") }
    if source == nil && data == nil && !resume && !list {
      throw ValidationError(
        "Name a preset, such as fashion (--list shows them all), a YAML file, or a folder of images.")
    }
    if resume && out == nil && source == nil { throw ValidationError("Say with --out which run to go on with.") }
  }

  func run() throws {
    if list { return try show(PresetList()) }
    let folder = out ?? "runs/" + TrainPlan.name(source ?? data ?? "")
    if let seeds, !dryRun { return try trainSeeds(seeds, in: folder) }
    // A run that goes on has its configuration; a run that begins may need one chosen for its data.
    let plan =
      try resume
      ? nil
      : TrainPlan(
        source: source, data: data, skipsUnreadable: assignments.contains("data.skip-unreadable=true"))
    let existing = resume ? try RunDirectory(opening: folder) : nil
    // Taken before anything of the run is read. A plan changes nothing.
    let lock = dryRun ? nil : try existing.map { try RunLock($0) }
    if !resume && !dryRun {
      try RunDirectory.checkIsFree(folder)
      if (try? RunDirectory(opening: folder)) != nil { tell("run: the one in \(folder) saved nothing; it begins anew") }
    }
    let configuration = try Saddle.Configuration(
      from: existing?.configuration ?? plan?.source, assignments: (plan?.assignments ?? []) + assignments,
      flags: flags(data: data ?? plan?.data), registry: registry)
    for caution in configuration.cautions { tell("warning: \(caution)") }

    let checkpoint = try existing.flatMap { try from == nil && $0.savedNothing() ? nil : $0.checkpoint(named: from) }
    let steps = configuration.training.steps
    if let step = checkpoint?.step, step >= steps, existing?.lastState?.state == .finished {
      return tell("\(folder) is already at step \(step) of \(steps): give --steps, more than that, to go on")
    }
    let device = try deviceOptions.open()
    let estimate = try TrainEstimate(configuration, images: plan?.count, from: checkpoint?.step ?? 0, on: device)
    if dryRun { return try estimate.describe(folder: folder) }
    let told = estimate.tellMeans(folder: folder)
    let status = StatusLine()
    let run = try TrainingRun(
      configuration, in: folder, from: checkpoint, holding: lock, on: device, reporter: .terminal
    ) {
      done, count in
      status.show("reading images: \(done)/\(count)")
    }
    status.clear()
    tell("data: \(run.dataSummary)")
    // Images that were not counted before are in memory now.
    if plan?.count == nil { estimate.tellShortages(folder: folder, after: told) }
    let start =
      checkpoint.map { ", going on from step \($0.step)" } ?? (resume ? ", from its start: nothing was saved" : "")
    tell("run: \(run.directory.path)" + start)
    for caution in run.cautions { tell("warning: \(caution)") }
    let ending = try Interruption.saving { try run.train(isInterrupted: { Interruption.isAsked }) }
    if ending == .interrupted {
      tell(
        "interrupted and saved at step \(run.trainer.step); go on with: saddle train --resume --out "
          + run.directory.path.shellWord)
      throw ExitCode(130)
    }
    tell("done: pictures in \(run.directory.samples), weights in \(run.directory.checkpoints)")
    if configuration.output.report { tell("report: \(run.directory.report)") }
  }

  private func flags(data: String?) -> [Saddle.Configuration.Flag] {
    [
      ("--data", "data.path", data), ("--steps", "training.steps", steps.map(String.init)),
      ("--seed", "training.seed", seed.map(String.init)),
    ]
    .compactMap { name, key, value in value.map { .init(name, key: key, value: $0) } }
  }
}
