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
    _ = try RunDirectory(creating: "\(folder.path)/run", configuration: "mine")
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
}
