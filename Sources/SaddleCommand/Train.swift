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
      --dry-run prints every setting with its meaning; saddle games lists objectives, penalties and networks.
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
  @Option(help: "Steps of the generator, in all.") var steps: Int?
  @Option(help: "The seed of every random number.") var seed: Int?
  @Option(
    help: ArgumentHelp(
      "Trains so many times, from seeds 1, 2, ... (or --seed on), and compares.", valueName: "count"))
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
    if let seeds, seeds < 1 { throw ValidationError("--seeds is \(seeds); it must be 1 or more.") }
    if seeds != nil && from != nil { throw ValidationError("--from is of one run: leave --seeds away.") }
    if from != nil && !resume { throw ValidationError("--from goes with --resume.") }
    if source == nil && data == nil && !resume && !list {
      throw ValidationError(
        "Name a preset, such as fashion (--list shows them all), a YAML file, or a folder of images.")
    }
    if resume && out == nil && source == nil { throw ValidationError("Say with --out which run to go on with.") }
  }

  func run() throws {
    if list { return print(PresetList()) }
    let folder = out ?? "runs/" + TrainPlan.name(source ?? data ?? "")
    if let seeds, !dryRun { return try trainSeeds(seeds, in: folder) }
    // A run that goes on has its configuration; a run that begins may need one chosen for its data.
    let plan =
      try resume
      ? nil
      : TrainPlan(
        source: source, data: data, skipsUnreadable: assignments.contains("data.skip-unreadable=true"))
    let existing = resume ? try RunDirectory(opening: folder) : nil
    let configuration = try Saddle.Configuration(
      from: existing?.configuration ?? plan?.source, assignments: (plan?.assignments ?? []) + assignments,
      flags: flags(data: data ?? plan?.data))
    for caution in configuration.cautions { tell("warning: \(caution)") }

    let checkpoint = try existing.map { run in
      let store = CheckpointStore(readingFrom: run.checkpoints)
      return try from.map { try store.load(named: $0) } ?? store.loadLatest()
    }
    let estimate = try TrainEstimate(configuration, images: plan?.count, from: checkpoint?.step ?? 0)
    let device = try deviceOptions.open()
    if dryRun { return try estimate.describe(device, folder: folder) }
    estimate.tellMeans(device, folder: folder)
    let run = try TrainingRun(configuration, in: folder, from: checkpoint, on: device, voice: .terminal) {
      done, count in
      if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\rreading images: \(done)/\(count)".utf8)) }
    }
    if isatty(STDERR_FILENO) == 1 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    tell("data: \(run.dataSummary)")
    tell("run: \(run.directory.path)" + (checkpoint.map { ", going on from step \($0.step)" } ?? ""))
    if let contract = checkpoint?.file.metadata["contract"], contract != TrainingRun.contract {
      tell(
        "warning: the checkpoint was made under numerical contract \(contract), this is \(TrainingRun.contract): "
          + "the run goes on, but not to the bit")
    }
    Interruption.listen()
    let ending = try run.train(isInterrupted: { Interruption.isAsked })
    if ending == .interrupted {
      tell(
        "interrupted and saved at step \(run.trainer.step); go on with: saddle train --resume --out \(run.directory.path)"
      )
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
