import ArgumentParser
import Foundation
import Saddle

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a GAN.",
    discussion: """
      SOURCE is a preset (--list shows them) or a YAML file. Flags go before the file's values, and any key can be set:
        saddle train fashion --steps 4000 --set model.width=32 --set sampling.statistics=batch
      A run is a folder: config.yaml, metrics.jsonl, samples/, checkpoints/. Ctrl-C saves; --resume goes on, to the bit.
      """)

  @Argument(help: "A preset's name, or a YAML file.") var source: String?
  @Flag(help: "Lists the presets.") var list = false
  @Option(
    help: ArgumentHelp(
      "Images: a folder of PNG and JPEG files, of IDX files or of CIFAR-10 batches.", valueName: "path"))
  var data: String?
  @Option(help: ArgumentHelp("The run's folder; runs/NAME by default.", valueName: "folder")) var out: String?
  @Option(help: "Steps of the generator, in all.") var steps: Int?
  @Option(help: "The seed of every random number.") var seed: Int?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Sets any key of the configuration; may be repeated.", valueName: "key=value"))
  var assignments: [String] = []
  @Flag(help: "Goes on with the run in --out, from its latest checkpoint.") var resume = false
  @Option(
    help: ArgumentHelp("With --resume: the checkpoint to go on from, such as step-00000500.", valueName: "checkpoint"))
  var from: String?
  @Flag(help: "Prints the resolved configuration, the parameters and the memory it will take, and stops.") var dryRun =
    false
  @OptionGroup var deviceOptions: DeviceOptions

  func validate() throws {
    if from != nil && !resume { throw ValidationError("--from goes with --resume.") }
    if source == nil && !resume && !list {
      throw ValidationError("Name a preset, such as fashion (--list shows them all), or a YAML file.")
    }
    if resume && out == nil && source == nil { throw ValidationError("Say with --out which run to go on with.") }
  }

  func run() throws {
    if list { return print(PresetList()) }
    let folder = out ?? "runs/" + runName
    let existing = resume ? try RunDirectory(opening: folder) : nil
    let configuration = try Saddle.Configuration(
      from: existing?.configuration ?? source, assignments: assignments, flags: flags)
    for caution in configuration.cautions { tell("warning: \(caution)") }
    if dryRun { return try describe(configuration) }

    let checkpoint = try existing.map { run in
      let store = CheckpointStore(readingFrom: run.checkpoints)
      return try from.map { try store.load(named: $0) } ?? store.loadLatest()
    }
    let device = try deviceOptions.open()
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
  }

  /// A preset's name, or that of the file.
  private var runName: String {
    let source = source ?? ""
    if Preset.all.contains(where: { $0.name == source }) { return source }  // fgan-alpha-0.5 has no file extension
    return URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent
  }

  private var flags: [Saddle.Configuration.Flag] {
    [
      ("--data", "data.path", data), ("--steps", "training.steps", steps.map(String.init)),
      ("--seed", "training.seed", seed.map(String.init)),
    ]
    .compactMap { name, key, value in value.map { .init(name, key: key, value: $0) } }
  }

  private func describe(_ configuration: Saddle.Configuration) throws {
    let rehearsal = try configuration.rehearse()
    print(configuration.yaml())
    print("# generator: \(rehearsal.generatorParameters) parameters, critic: \(rehearsal.criticParameters)")
    print("# device memory: \(rehearsal.peakBytes >> 20) MiB at most, \(rehearsal.launchesPerStep) launches a step")
  }
}
