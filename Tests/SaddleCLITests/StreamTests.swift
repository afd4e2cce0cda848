import Foundation
import Testing

// Every command, with streams that are closed, full or read by nobody.

/// What is done to a stream of a command, in the words of a shell, and how a command ends that has results.
struct StreamFault: Sendable {
  let redirection: String
  let status: Int32

  static let all = [
    StreamFault(redirection: ">&-", status: 1), StreamFault(redirection: ">/dev/full", status: 1),
    StreamFault(redirection: "2>&-", status: 0), StreamFault(redirection: "2>/dev/full", status: 0),
    StreamFault(redirection: "<&-", status: 0), StreamFault(redirection: "2>&-  <&-", status: 0),
  ]
}

/// A call of each command that succeeds soon. `%` in its arguments is another name each time.
struct StreamCall: Sendable, CustomTestStringConvertible {
  let command: String
  let arguments: String
  /// Whether it writes to the standard output.
  var hasResults = true
  var testDescription: String { "\(command) \(arguments)" }

  static let all = [
    StreamCall(command: "train", arguments: "ring --steps 3 --out train-% --device cpu", hasResults: false),
    StreamCall(command: "train", arguments: "--list"),
    StreamCall(command: "train", arguments: "ring --dry-run --device cpu"),
    StreamCall(command: "runs", arguments: "."), StreamCall(command: "runs", arguments: "run --json"),
    StreamCall(command: "sample", arguments: "run --out sample-%.png --device cpu", hasResults: false),
    StreamCall(command: "evaluate", arguments: "--list"),
    StreamCall(command: "report", arguments: "run --out report-%.html", hasResults: false),
    StreamCall(command: "judge", arguments: "run --steps 2 --samples 64 --device cpu"),
    StreamCall(command: "export", arguments: "run --format onnx --out export-%.onnx --device cpu", hasResults: false),
    StreamCall(
      command: "import",
      arguments: "state.safetensors --preset dcgan32 --set model.width=8 --out import-% --device cpu", hasResults: false
    ),
    StreamCall(command: "convert", arguments: "run", hasResults: false),
    StreamCall(command: "data inspect", arguments: "pictures"),
    StreamCall(command: "data inspect", arguments: "pictures --json -"),
    StreamCall(command: "data pack", arguments: "pictures --out pack-%.safetensors"),
    StreamCall(command: "data split", arguments: "pictures --out split-%"),
    StreamCall(command: "options", arguments: ""),
    StreamCall(command: "options", arguments: "--markdown"), StreamCall(command: "lab", arguments: "--list"),
    StreamCall(command: "devices", arguments: ""),
    StreamCall(command: "check", arguments: "--tiny --filter add --device cpu"),
    StreamCall(command: "tune", arguments: "--device cpu"), StreamCall(command: "bench kernels", arguments: "--list"),
    StreamCall(command: "bench step", arguments: "--preset ring --batch 8 --steps 1 --device cpu"),
    StreamCall(command: "bench sample", arguments: "--preset dcgan64 --batch 1 --batches 1 --device cpu"),
    StreamCall(command: "bench features", arguments: "--batch 1 --batches 1 --device cpu"),
    StreamCall(command: "help", arguments: "data pack"), StreamCall(command: "", arguments: "--version"),
    StreamCall(command: "", arguments: "--generate-completion-script bash"),
  ]
}

private let preparedFolder = NSTemporaryDirectory() + "saddle-streams-\(getpid())"

/// A folder with a run, pictures and a state dict, for all rows.
private let prepared: Result<String, any Error> = Result {
  let folder = preparedFolder
  try? FileManager.default.removeItem(atPath: folder)
  atexit { try? FileManager.default.removeItem(atPath: preparedFolder) }
  try FileManager.default.createDirectory(atPath: folder + "/pictures", withIntermediateDirectories: true)
  for number in 0..<4 {
    try Picture.png(width: 8, height: 8, colour: number).write(
      to: URL(fileURLWithPath: "\(folder)/pictures/\(number).png"))
  }
  for line in [
    "train ring --steps 2 --out run --device cpu",
    "train dcgan32 --data pictures --set data.fit=resize --set training.batch=4 --set model.width=8 --steps 1 "
      + "--out images --device cpu",
    "export images --format pytorch --out state.safetensors --device cpu",
  ] {
    let outcome = try Command.run(line.split(separator: " ").map(String.init), in: folder)
    try #require(outcome.status == 0, "\(outcome.output)")
  }
  return folder
}

/// Messages that nobody can read are no reason to stop; results that cannot be written are, and a word says so. A
/// reader of results that goes away ends the command as quietly as it ends others.
@Test(arguments: StreamCall.all)
func streamsMayBeClosedFullOrBroken(call: StreamCall) throws {
  let folder = try prepared.get()
  let words = (call.command + " " + call.arguments).split(separator: " ").map(String.init)
  func arguments() -> [String] {
    let name = UUID().uuidString
    return words.map { $0.replacingOccurrences(of: "%", with: name) }
  }
  for fault in StreamFault.all {
    let ending = try Shell.run("exec \"$0\" \"$@\" \(fault.redirection)", arguments(), in: folder)
    let expected = call.hasResults ? fault.status : 0
    #expect(ending.isExit && ending.status == expected, "\(fault.redirection): \(ending.status), \(ending.errors)")
    if expected == 1 {
      #expect(ending.errors.contains("could not be written to the standard output"), "\(ending.errors)")
    }
  }
  // Pipes that nobody reads any more.
  let results = try Shell.run("exec \"$0\" \"$@\"", arguments(), in: folder, output: .broken)
  #expect(results.isExit && results.status == (call.hasResults ? 141 : 0), "\(results.status), \(results.errors)")
  #expect(!results.errors.contains("Error"), "\(results.errors)")
  let messages = try Shell.run("exec \"$0\" \"$@\"", arguments(), in: folder, errors: .broken)
  #expect(messages.isExit && messages.status == 0, "\(messages.status)")
}

/// A command that is not in the table would not be tried.
@Test func everyCommandIsTriedWithBadStreams() throws {
  struct Tree: Decodable {
    struct Node: Decodable {
      let commandName: String
      let subcommands: [Node]?
      var leaves: [String] {
        guard let subcommands, !subcommands.isEmpty else { return [commandName] }
        return subcommands.flatMap { child in child.leaves.map { "\(commandName) \($0)" } }
      }
    }
    let command: Node
  }
  let help = try Command.run(["--experimental-dump-help"]).output
  let leaves = try JSONDecoder().decode(Tree.self, from: Data(help.utf8)).command.leaves
  #expect(leaves.count > 15)
  #expect(Set(leaves.map { $0.dropFirst("saddle ".count) }).isSubset(of: Set(StreamCall.all.map { $0.command[...] })))
}

/// A descriptor that was closed is not given to a file: what is told would be written into it.
@Test func messagesNeverGetIntoFiles() throws {
  let folder = try TemporaryFolder()
  let train = ["train", "ring", "--steps", "3", "--out", "run", "--device", "cpu", "--set", "output.log-every=1"]
  let ending = try Shell.run("exec \"$0\" \"$@\" <&- >&- 2>&-", train, in: folder.path)
  #expect(ending.isExit && ending.status == 0)
  let metrics = try String(contentsOfFile: folder.path + "/run/metrics.jsonl", encoding: .utf8)
  #expect(metrics.split(separator: "\n").count == 3 && metrics.split(separator: "\n").allSatisfy { $0.hasPrefix("{") })
}

/// The command under a shell, with its two outputs apart.
struct Shell {
  enum Stream { case log, broken }
  let status: Int32
  /// Not by a signal.
  let isExit: Bool
  let errors: String

  static func run(
    _ script: String, _ arguments: [String], in folder: String, output: Stream = .log, errors: Stream = .log
  ) throws -> Shell {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script, Command.binary.path] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let log = URL(fileURLWithPath: NSTemporaryDirectory() + "saddle-errors-" + UUID().uuidString)
    try Data().write(to: log)
    defer { try? FileManager.default.removeItem(at: log) }
    func handle(_ stream: Stream) throws -> FileHandle {
      if stream == .log { return try FileHandle(forWritingTo: log) }
      let pipe = Pipe()
      try pipe.fileHandleForReading.close()
      return pipe.fileHandleForWriting
    }
    process.standardInput = FileHandle.nullDevice
    // Results are looked at by their exit code alone.
    process.standardOutput = output == .log ? FileHandle.nullDevice : try handle(output)
    process.standardError = try handle(errors)
    try process.run()
    process.waitUntilExit()
    return Shell(
      status: process.terminationStatus, isExit: process.terminationReason == .exit,
      errors: try String(contentsOf: log, encoding: .utf8))
  }
}
