import ArgumentParser
import Foundation
@_exported import Saddle

/// The command line, with the tables that its commands look names up in.
public enum SaddleCLI {
  /// Set once, before any command runs.
  nonisolated(unsafe) private(set) static var registry = Registry.standard

  /// Runs the command that the arguments name, and ends the process.
  ///
  /// - Parameter registry: A user's own networks, objectives, metrics and presets beside those of Saddle.
  public static func main(registry: Registry = .standard) -> Never {
    self.registry = registry
    SaddleCommand.start()
  }
}

/// The tables that commands look names up in.
var registry: Registry { SaddleCLI.registry }

struct SaddleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saddle",
    abstract:
      "Trains generative adversarial networks on the processor and on OpenCL devices, with equal bits.",
    discussion: """
      A first run:   saddle train fashion          pictures in runs/fashion/samples
      Your images:   saddle train FOLDER           a preset is chosen
                     saddle train FOLDER --dry-run which one, and what it costs
      """,
    version: "0.1.0",
    subcommands: [
      Train.self, Runs.self, Sample.self, Evaluate.self, ReportCommand.self, Judge.self, Export.self, Import.self,
      Convert.self,
      DataCommand.self, OptionsCommand.self, Lab.self, Devices.self, Check.self, Tune.self, Bench.self,
    ])

  /// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted after saving, 128 + N ended by signal N, of which 141
  /// is a reader of the results that went away.
  fileprivate static func start() -> Never {
    Console.open()
    Interruption.listen()
    // Where help is narrower than its columns, the parser traps.
    setenv("COLUMNS", "\(min(max(Console.columns, 40), 1000))", 1)
    Foundation.exit(run(Arguments.expanded(Array(CommandLine.arguments.dropFirst()))))
  }

  private static func run(_ arguments: [String]) -> Int32 {
    do {
      try CommandName.check(arguments, under: self)
      var command = try parseAsRoot(arguments)
      try command.run()
      return 0
    } catch {
      return report(error)
    }
  }

  /// Tells what ended a command, and returns the exit code that says it.
  private static func report(_ error: any Error) -> Int32 {
    if case RecordError.output(EPIPE) = error { return 128 + SIGPIPE }
    let error = SystemError.plain(error)
    let code = exitCode(for: error)
    let message = fullMessage(for: error)
    // Help, the version, a script for a shell: asked for, so a result.
    guard code == .success else {
      if !message.isEmpty { tell(message) }
      return code == .validationFailure ? 2 : code.rawValue
    }
    do { try show(message) } catch { return report(error) }
    return 0
  }
}

/// Where an option's device is chosen: the only place in Saddle.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      Device.selectors.dropLast().joined(separator: ", ") + " or " + (Device.selectors.last ?? "") + ".",
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

/// Writes a result, and ends its line.
func show(_ result: some CustomStringConvertible) throws { try Console.show(result.description) }

/// Writes a line for people, beside the results on the standard output.
func tell(_ line: String) { Console.tell(line) }
