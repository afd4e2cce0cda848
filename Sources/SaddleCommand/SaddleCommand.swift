import ArgumentParser
import Foundation
import Saddle

@main
struct SaddleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saddle",
    abstract:
      "Trains generative adversarial networks on any OpenCL GPU, or on the processor: the same bits everywhere.",
    discussion: """
      A first run:   saddle train fashion          pictures in runs/fashion/samples
      Your images:   saddle train FOLDER           a preset is chosen; --dry-run says which, and its cost
      """,
    version: "0.1.0",
    subcommands: [
      Train.self, Runs.self, Sample.self, Evaluate.self, ReportCommand.self, Judge.self, Export.self, Import.self,
      DataCommand.self, Games.self, Lab.self, Devices.self, Check.self, Tune.self, Bench.self,
    ])

  /// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted after saving.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch  where exitCode(for: error) == .validationFailure {
      tell(fullMessage(for: error))
      Foundation.exit(2)
    } catch {
      exit(withError: error)
    }
  }
}

/// Where an option's device is chosen: the only place in Saddle.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "auto, cpu, opencl, opencl:PLATFORM:DEVICE or opencl:PART-OF-A-NAME.",
      discussion: "Else SADDLE_DEVICE, else auto: a GPU where there is one, else the processor.", valueName: "name"),
    completion: Completions.devices)
  var device: String?

  /// Opens the device and says which it is and why.
  func open(form: KernelForm? = nil) throws -> Device {
    let (device, reason) = try Device.open(device, form: form)
    tell("device: \(reason)")
    return device
  }
}

/// Writes a line for people, beside the results on the standard output.
func tell(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
