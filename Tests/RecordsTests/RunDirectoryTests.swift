import Foundation
import Testing

@testable import Records

@Suite struct RunDirectoryTests {
  @Test func aRunIsAFolder() throws {
    let folder = try TemporaryFolder()
    let run = try RunDirectory(creating: "\(folder.path)/runs/first//", configuration: "a: 1\n")
    #expect(run.path == "\(folder.path)/runs/first")
    #expect(try folder.text("runs/first/config.yaml") == "a: 1\n")
    #expect(try CheckpointStore(readingFrom: run.checkpoints).steps() == [])
    #expect(run.sample(step: 200) == "\(run.path)/samples/step-00000200.png")
    #expect(run.metrics == "\(run.path)/metrics.jsonl")
    #expect(try RunDirectory(opening: run.path) == run)
    // An empty folder is as good as none.
    #expect(
      try RunDirectory(creating: folder.path + "/runs/first/samples", configuration: "").path.hasSuffix("samples"))
  }

  @Test(arguments: [
    ("run", "run already holds a run: choose another --out, or continue this one with --resume --out "),
    ("other", "other is not empty: choose another --out."),
    ("file", "file could not be listed: Not a directory."),
  ])
  func nothingIsOverwritten(name: String, part: String) throws {
    let folder = try TemporaryFolder()
    let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "mine")
    try RunLock(run).end(.finished)
    _ = try RunDirectory(creating: "\(folder.path)/other/inner", configuration: "")
    try folder.write("", to: "file")
    #expect(message { _ = try RunDirectory(creating: "\(folder.path)/\(name)", configuration: "") }.contains(part))
    #expect(try folder.text("run/config.yaml") == "mine")
  }

  @Test func noRunIsTold() throws {
    let folder = try TemporaryFolder()
    #expect(
      message { _ = try RunDirectory(opening: folder.path) }
        == "\(folder.path) holds no run: \(folder.path)/config.yaml is missing. saddle runs lists the runs there are.")
  }

  /// Runs that ended in every way, with and without a checkpoint, and whether a new one may begin in their place.
  @Test(
    arguments: [
      (nil, false, false), (.running, false, true), (.failed, false, true), (.interrupted, false, false),
      (.finished, false, false), (nil, true, false), (.running, true, false), (.failed, true, false),
    ] as [(RunState.Phase?, Bool, Bool)])
  func runsThatSavedNothingBeginAgain(phase: RunState.Phase?, isSaved: Bool, mayBegin: Bool) throws {
    let folder = try TemporaryFolder()
    let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "first")
    if let phase { try RunLock(run).end(phase) } else { try FileManager.default.removeItem(atPath: run.state) }
    if isSaved { try CheckpointStore(directory: run.checkpoints).save(SafetensorsFile(), step: 3) }
    let left = [
      "metrics.jsonl", "warnings.txt", "report.html", "facts.json", "evaluations.jsonl", "samples/step-00000003.png",
      "config-step-00000002.yaml", "report.html.0123abcd.tmp",
    ]
    for name in left + ["mine.txt"] { try folder.write("{}", to: "run/\(name)") }
    #expect(try run.savedNothing() == mayBegin)
    let found = message { _ = try RunLock(creating: run.path, configuration: "second") }
    #expect(mayBegin ? found == "" : found.contains("already holds a run"), "\(found)")
    #expect(try folder.text("run/config.yaml") == (mayBegin ? "second" : "first"))
    let there = Set(try FileManager.default.subpathsOfDirectory(atPath: run.path))
    // An empty list of evaluations is none.
    #expect(there.intersection(left).subtracting(["evaluations.jsonl"]).isEmpty == mayBegin, "\(there)")
    #expect(there.contains("mine.txt"))
  }

  /// A folder that a run left half made is taken over; another's folder is not, whatever its files are called.
  @Test(arguments: [
    (["run/state.json", "run/checkpoints/"], ""), (["run/state.json"], ""), ([], ""),
    (["run/state.json", "run/samples/", "run/config.yaml.00ff00ff.tmp"], ""),
    (["run/state.json", "run/thesis.tex"], "not empty"), (["run/samples/"], "not empty"),
    (["run/config.yaml"], "already holds a run"),
  ])
  func whatAFailedCreationLeftIsTakenOver(files: [String], words: String) throws {
    let folder = try TemporaryFolder()
    for file in files {
      let url = URL(fileURLWithPath: "\(folder.path)/\(file)")
      let parent = file.hasSuffix("/") ? url : url.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      if !file.hasSuffix("/") { try folder.write("", to: file) }
    }
    let found = message { _ = try RunDirectory(creating: "\(folder.path)/run", configuration: "") }
    #expect(words.isEmpty ? found.isEmpty : found.contains(words), "\(found)")
  }

  /// Of two that make one folder, one holds it and the other is told.
  @Test func twoCreatorsNeverBothWrite() throws {
    let folder = try TemporaryFolder()
    let lock = try RunLock(creating: "\(folder.path)/run", configuration: "first")
    #expect(
      message { _ = try RunLock(creating: "\(folder.path)/run", configuration: "second") }
        .contains("is being trained by process \(getpid())"))
    #expect(try folder.text("run/config.yaml") == "first")
    withExtendedLifetime(lock) {}
  }

  /// A link to another run's lock, or a folder in the place of a file, is told.
  @Test(arguments: ["config.yaml", "state.json", "metrics.jsonl", "warnings.txt", "evaluation/a.json"])
  func pipesAndFoldersInAFilesPlaceAreTold(name: String) throws {
    for isPipe in [true, false] {
      let folder = try TemporaryFolder()
      let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "")
      let path = "\(run.path)/\(name)"
      try FileManager.default.createDirectory(
        atPath: run.evaluationFolder, withIntermediateDirectories: true)
      try? FileManager.default.removeItem(atPath: path)
      if isPipe { #expect(mkfifo(path, 0o600) == 0) } else { #expect(mkdir(path, 0o700) == 0) }
      let readers: [String: () throws -> Void] = [
        "config.yaml": { _ = try RunDirectory(opening: run.path) },
        "state.json": { try RunLock(run).begin() },
        "metrics.jsonl": { _ = try MetricsStream.rows(of: run.metrics) },
        "warnings.txt": { _ = try run.warningLines() },
        "evaluation/a.json": { _ = try run.evaluationReports { $0 } },
      ]
      let found = message { try readers[name]?() }
      #expect(found.contains(path), "\(found)")
      #expect((run.lastState == nil) == (name == "state.json"))
    }
  }
}
