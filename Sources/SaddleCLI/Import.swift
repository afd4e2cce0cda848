import ArgumentParser
import Foundation
import Saddle

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes a run of a PyTorch state dict.",
    discussion: """
      FILE is the generator's state dict (safetensors.torch.save_file), named as in
      PyTorch's DCGAN example: main.0.weight, main.1.running_mean ... Weights under
      spectral_norm (weight_orig, weight_u) are read, too.
        saddle import netG.safetensors --discriminator netD.safetensors \\
          --preset dcgan64 --out runs/imported
        saddle sample runs/imported
        saddle train --resume --out runs/imported
      """)

  @Argument(help: "The generator's state dict, a safetensors file.") var file: String
  @Option(help: ArgumentHelp("The discriminator's state dict; a fresh discriminator by default.", valueName: "file"))
  var discriminator: String?
  @Option(help: ArgumentHelp("The preset, or YAML file, that describes both networks.", valueName: "source"))
  var preset: String
  @Option(help: ArgumentHelp("Images to train on later: data.path.", valueName: "path")) var data: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Sets any key of the configuration; may be repeated.", valueName: "key=value"))
  var assignments: [String] = []
  @Option(help: ArgumentHelp("The new run's folder.", valueName: "folder")) var out: String
  @OptionGroup var deviceOptions: DeviceOptions

  func run() throws {
    let flags = data.map { [Saddle.Configuration.Flag("--data", key: "data.path", value: $0)] } ?? []
    let configuration = try Saddle.Configuration(
      from: preset, assignments: assignments, flags: flags, registry: registry)
    let device = try deviceOptions.open()
    let run = try TrainingRun.importing(
      generator: file, discriminator: discriminator, configuration, in: out, on: device)
    tell("run: \(run.path), at step 0" + (discriminator == nil ? "; its discriminator is untrained" : ""))
    let word = run.path.shellWord
    tell("Samples: saddle sample \(word)    Training on: saddle train --resume --out \(word)")
  }
}
