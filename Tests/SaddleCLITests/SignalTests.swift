import Foundation
import Testing

// Commands that are asked to end.

/// Signals that are sent one after the other, at once, to a run that trains.
struct SignalCase: Sendable, CustomTestStringConvertible {
  let name: String
  let signals: [Int32]
  /// Put before the command by a shell.
  var before = ""
  var testDescription: String { name }

  static let all = [
    SignalCase(name: "SIGINT", signals: [SIGINT]), SignalCase(name: "SIGTERM", signals: [SIGTERM]),
    SignalCase(name: "SIGHUP", signals: [SIGHUP]),
    SignalCase(name: "SIGINT twice, as timeout sends it", signals: [SIGINT, SIGINT]),
    SignalCase(name: "SIGHUP and SIGTERM, as a session's end sends them", signals: [SIGHUP, SIGTERM]),
    SignalCase(name: "SIGINT, ignored by a shell that put it behind", signals: [SIGINT], before: "trap '' INT; "),
  ]
}

private func train(_ run: String, steps: Int) -> [String] {
  [
    "train", "ring", "--steps", "\(steps)", "--out", run, "--set", "output.log-every=1", "--set", "training.batch=8",
    "--device", "cpu",
  ]
}

/// How many lines a file has; 0 where there is none.
private func lines(_ path: String) -> Int {
  (try? Data(contentsOf: URL(fileURLWithPath: path)))?.count { $0 == UInt8(ascii: "\n") } ?? 0
}

/// Waits for something, for as long as the process runs.
private func wait(_ process: Process, until isThere: () -> Bool) {
  while process.isRunning, !isThere() { Thread.sleep(forTimeInterval: 0.01) }
}

/// Each request ends a run after its step, saved; it is told once, and the run goes on from there.
@Test(arguments: SignalCase.all)
func signalsSaveARun(row: SignalCase) throws {
  let folder = try TemporaryFolder()
  let run = folder.path + "/run"
  let outcome = try Command.run(
    ["-c", row.before + "exec \"$0\" \"$@\"", Command.binary.path] + train(run, steps: 1_000_000_000),
    by: URL(fileURLWithPath: "/bin/sh")
  ) { process in
    wait(process) { lines(run + "/metrics.jsonl") > 2 }
    for signal in row.signals { kill(process.processIdentifier, signal) }
  }
  #expect(outcome.status == 130, "\(outcome.output)")
  let notices = outcome.output.components(separatedBy: "stopping after this step; Ctrl-C again stops at once")
  #expect(notices.count == 2, "\(outcome.output)")
  #expect(outcome.output.contains("interrupted and saved at step"))
  #expect(try FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints").count == 1)
  let resumed = try Command.run(["train", "--resume", "--out", run, "--steps", "1", "--device", "cpu"])
  #expect(resumed.status == 0, "\(resumed.output)")  // it is past step 1: nothing is left to do
}

/// What nohup ignores stays ignored: the run goes on without its terminal.
@Test func nohupIsRespected() throws {
  let folder = try TemporaryFolder()
  let run = folder.path + "/run"
  let outcome = try Command.run(
    ["-c", "trap '' HUP; exec \"$0\" \"$@\"", Command.binary.path] + train(run, steps: 1_000_000_000),
    by: URL(fileURLWithPath: "/bin/sh")
  ) { process in
    let metrics = run + "/metrics.jsonl"
    wait(process) { lines(metrics) > 2 }
    kill(process.processIdentifier, SIGHUP)
    let before = lines(metrics)
    wait(process) { lines(metrics) > before + 100 }
    #expect(process.isRunning)
    kill(process.processIdentifier, SIGTERM)
  }
  #expect(outcome.status == 130, "\(outcome.output)")
}

/// A reader of the messages that goes away ends nothing.
@Test func aBrokenPipeOfMessagesEndsNothing() throws {
  let folder = try TemporaryFolder()
  let script = "\"$0\" \"$@\" 2>&1 | head -1 >head; exit 0"
  _ = try Shell.run(script, train(folder.path + "/run", steps: 500), in: folder.path)
  #expect(lines(folder.path + "/run/metrics.jsonl") == 500)
}

/// Other commands end at once, and leave no file that is not whole.
@Test(arguments: [SIGINT, SIGTERM, SIGHUP])
func signalsEndOtherCommands(signal: Int32) throws {
  let folder = try TemporaryFolder()
  let tiny = ["--set", "model.width=8", "--set", "training.batch=4", "--device", "cpu"]
  #expect(
    try Command.run(["train", "fashion", "--steps", "1", "--out", "run"] + tiny, in: folder.path).status == 0)
  let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  let sampled = try Command.run(
    ["sample", "run", "--count", "1000000", "--out", "all.zip", "--device", "cpu"], in: folder.path
  ) { process in
    wait(process) {
      (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.contains { $0.hasPrefix("all.zip") } ?? false
    }
    kill(process.processIdentifier, signal)
  }
  #expect(sampled.status == 128 + signal, "\(sampled.output)")
  #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)

  let measured = try Command.run(["lab", "dirac", "--device", "cpu"], in: folder.path) { process in
    wait(process) { FileManager.default.fileExists(atPath: folder.path + "/lab/dirac") }
    kill(process.processIdentifier, signal)
  }
  #expect(measured.status == 128 + signal, "\(measured.output)")
  #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/lab/dirac").isEmpty)
}
