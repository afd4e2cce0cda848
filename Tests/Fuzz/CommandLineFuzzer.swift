import Foundation
import Saddle

/// Runs the command with arguments that are nearly right, each in a process of its own.
///
/// Which commands and options there are is asked of the command itself, so that a new one is tried without a word here.
struct CommandLineFuzzer {
  static let name = "command-line"
  static let summary = "arguments and environment of every command, a process each"

  /// The path of `saddle`.
  let binary: String
  let seed: UInt64
  private let commands: [Subcommand]

  private struct Subcommand {
    let path: [String]
    let arguments: [Help.Argument]
  }

  /// What `--experimental-dump-help` tells.
  private struct Help: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        let kind, name: String
      }
      let kind: String
      let preferredName: Name?
    }
    struct Command: Decodable {
      let commandName: String
      let arguments: [Argument]?
      let subcommands: [Command]?
    }
    let command: Command
  }

  init(_ binary: String, seed: UInt64) throws {
    (self.binary, self.seed) = (binary, seed)
    let help = try JSONDecoder().decode(
      Help.self, from: Data(try Self.run(binary, ["--experimental-dump-help"], in: "/", environment: [:]).output.utf8))
    func all(_ command: Help.Command, _ path: [String]) -> [Subcommand] {
      [Subcommand(path: path, arguments: command.arguments ?? [])]
        + (command.subcommands ?? []).flatMap { all($0, path + [$0.commandName]) }
    }
    commands = all(help.command, [])
  }

  /// The values of variables that Saddle reads.
  private static let variables = [
    "SADDLE_DEVICE", "SADDLE_FORM", "SADDLE_ISA", "SADDLE_THREADS", "SADDLE_MEMORY", "SADDLE_CACHE",
    "SADDLE_OPENCL_LIBRARY", "HOME", "XDG_CACHE_HOME", "COLUMNS", "TERM", "TMPDIR",
  ]

  /// Values that are right somewhere.
  private static let values = [
    "ring", "fashion", "images", "run", "run/config.yaml", "images/0.png", "nowhere", "out.png", "out.zip", "out.npy",
    "out.html", "out.json", "out.safetensors", "cpu", "auto", "random", "pixels", "fid", "kid", "step-00000003", "raw",
    "ema", "neighbours", "training.batch=4", "model.width=4", "training.steps=4", "data.fit=pad", "0.5", "3", "4",
    "16", "hinge", "onnx", "pytorch", "white", "lab", "dirac", "block", "generator",
  ]

  /// What commands are about: a run, images, a preset, a file.
  private static let subjects = ["run", "run", "images", "ring", "fashion", "dirac", "run/config.yaml", "images/0.png"]

  private static let settings = [
    "training.batch", "training.steps", "model.width", "model.latent", "output.grid", "output.scale", "data.path",
  ]

  /// Arguments and environment of an input.
  func input(_ index: Int) -> (arguments: [String], environment: [String: String]) {
    var random = FuzzRandom(seed: seed, index: index)
    func value() -> String {
      switch random.below(8) {
      case 0...3: random.pick(Mutator.numbers)
      case 4: random.pick(Mutator.texts)
      case 5: random.pick(Self.settings) + "=" + random.pick(Mutator.numbers)
      default: random.pick(Self.values)
      }
    }
    // What a command is about is mostly right, so that its options are looked at.
    func subject() -> String { random.below(5) > 0 ? random.pick(Self.subjects) : value() }
    let command = random.pick(commands)
    var arguments = command.path
    for argument in command.arguments where argument.preferredName == nil && random.below(8) > 0 {
      arguments.append(subject())
    }
    let options = command.arguments.filter { $0.preferredName != nil }
    for _ in 0..<random.below(4) {
      guard let option = options.randomElement(using: &random), let name = option.preferredName else { continue }
      let dashed = (name.kind == "short" ? "-" : "--") + name.name
      if option.kind == "flag" {
        arguments.append(dashed)
      } else {
        // A value that begins with a dash is one only behind an equals sign.
        arguments += random.below(3) > 0 ? ["\(dashed)=\(value())"] : [dashed, value()]
      }
    }
    if random.below(20) == 0 { arguments.insert(value(), at: random.below(arguments.count + 1)) }
    var environment: [String: String] = [:]
    if random.below(6) == 0 { environment[random.pick(Self.variables)] = value() }
    // An argument ends at a zero byte.
    func cut(_ text: String) -> String { String(decoding: text.utf8.prefix { $0 != 0 }, as: UTF8.self) }
    return (arguments.map(cut), environment.mapValues(cut))
  }

  /// How a call ended.
  enum Ending: Equatable { case exited, tookLong }

  /// Runs an input.
  ///
  /// - Throws: `FuzzFinding` where the process was ended by a signal of its own making, waited for ever, or said what
  ///   is not for people.
  func run(_ index: Int, in folder: String) throws -> Ending {
    let (arguments, environment) = input(index)
    try Self.prepare(folder)
    let outcome = try Self.run(binary, arguments, in: folder + "/a/b/c", environment: environment)
    func finding(_ what: String) -> FuzzFinding {
      let variables = environment.map { "\($0)=\($1.debugDescription) " }.joined()
      return FuzzFinding(
        description: "\(Self.name): input \(index): \(what): \(variables)saddle "
          + arguments.map(\.debugDescription).joined(separator: " ") + "\n" + outcome.output.suffix(600))
    }
    // prlimit ends what computes for long; a shell gives signals as 128 + number.
    if let signal = outcome.signal {
      guard [SIGXCPU, SIGKILL].contains(signal) else { throw finding("ended by signal \(signal)") }
      if outcome.isOverdue { throw finding("waited for ever") }
      return .tookLong
    }
    guard [0, 1, 2, 130, 141].contains(outcome.status) else { throw finding("exit \(outcome.status)") }
    if outcome.status != 0, outcome.output.isEmpty { throw finding("exit \(outcome.status) without a word") }
    if let word = Fuzzer.rawWord(in: outcome.output) { throw finding("not for people (\(word))") }
    return .exited
  }

  /// The files that the values name, so deep that `../..` stays in the folder.
  private static func prepare(_ folder: String) throws {
    let files = try seedFiles.get()
    try Fuzzer.write(Dictionary(uniqueKeysWithValues: files.map { ("a/b/c/" + $0.key, $0.value) }), to: folder)
  }

  private static let seedFiles = Result {
    var files = try FuzzRow.trainedRun().reduce(into: [:]) { $0["run/" + $1.key] = $1.value }
    for (number, name) in ["colour.png", "grey.png", "alpha.png", "colour.jpg"].enumerated() {
      files["images/\(number)" + name.suffix(4)] = try FuzzRow.corpusFile(name)
    }
    return files
  }

  private struct Outcome {
    let status: Int32
    let signal: Int32?
    let isOverdue: Bool
    let output: String
  }

  /// Seconds of a processor that a call may take, and seconds at all.
  private static let (computing, waiting) = (2, 120)

  private static func run(
    _ binary: String, _ arguments: [String], in folder: String, environment: [String: String]
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/prlimit")
    process.arguments = ["--cpu=\(computing)", "--core=0", "--as=\(8 << 30)", "--", binary] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = [
      "PATH": "/usr/bin:/bin", "HOME": folder, "SADDLE_DEVICE": "cpu", "SADDLE_CACHE": folder + "/cache",
      "TMPDIR": folder,
      "SWIFT_BACKTRACE": "enable=no",
    ].merging(environment) { $1 }
    let log = folder == "/" ? NSTemporaryDirectory() + "fuzz-help-\(getpid())" : folder + "/../log"
    guard FileManager.default.createFile(atPath: log, contents: nil), let handle = FileHandle(forWritingAtPath: log)
    else {
      throw FuzzFinding(description: "\(log) cannot be written")
    }
    (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, handle, handle)
    try process.run()
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    let isOverdue = ended.wait(timeout: .now() + .seconds(waiting)) == .timedOut
    if isOverdue { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    let isSignal = process.terminationReason == .uncaughtSignal
    return Outcome(
      status: process.terminationStatus, signal: isSignal ? process.terminationStatus : nil,
      isOverdue: isOverdue,
      output: String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: log))) ?? Data(), as: UTF8.self))
  }
}
