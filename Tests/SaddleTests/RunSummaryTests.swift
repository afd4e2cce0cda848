import Foundation
import Testing

@testable import Saddle

/// A run's folder made by hand.
private func makeRun(
  _ path: String, _ configuration: Configuration, checkpoint step: Int? = nil, files: [String: String] = [:]
) throws -> RunDirectory {
  let run = try RunDirectory(creating: path, configuration: configuration.yaml())
  for (name, text) in files { try text.write(toFile: "\(run.path)/\(name)", atomically: true, encoding: .utf8) }
  if let step {
    _ = try CheckpointStore(directory: run.checkpoints).save(SafetensorsFile(tensors: [], metadata: [:]), step: step)
  }
  return run
}

/// How a training ended, and what is said of it.
@Test(
  arguments: [
    (nil, nil, RunState.Phase.interrupted), (nil, 2000, .finished), (.finished, 2000, .finished),
    (.interrupted, 7, .interrupted), (.failed, 7, .failed),
    // Killed: it says that it runs, and nobody holds the lock.
    (.running, 7, .interrupted),
  ] as [(RunState.Phase?, Int?, RunState.Phase)])
func theStateIsKnown(written: RunState.Phase?, saved: Int?, state: RunState.Phase) throws {
  let folder = try TemporaryFolder()
  let run = try makeRun(folder.path + "/run", try Configuration(from: "fashion"), checkpoint: saved)
  // Runs from before the state was written down have none.
  try FileManager.default.removeItem(atPath: run.state)
  if let written { try RunLock(run).end(written, reason: written == .failed ? "no \"power\"" : nil) }
  let summary = try RunSummary(of: run.path)
  #expect(summary.state == state && summary.step == saved ?? 0 && summary.steps == 2000)
  #expect((summary.pid == getpid()) == (written != nil))
  #expect(summary.reason == (written == .failed ? "no \"power\"" : nil))
}

@Test func aRunThatIsTrainedIsRunning() throws {
  let folder = try TemporaryFolder()
  let run = try makeRun(folder.path + "/run", try Configuration(from: "fashion"))
  let lock = try RunLock(run)
  try lock.begin()
  #expect(try RunSummary(of: run.path).state == .running)
  #expect(throws: RecordError.self) { try RunLock(run) }
  // Whoever was refused has not taken the lock away.
  #expect(try RunSummary(of: run.path).state == .running)
  try lock.end(.finished)
  #expect(try RunSummary(of: run.path).state == .finished)
}

@Test(arguments: [
  ("fashion", [], "fashion", 0), ("fashion", ["training.steps=7", "data.path=/x", "output.keep=9"], "fashion", 0),
  ("wgan-gp", ["model.width=32", "training.discriminator-steps=1"], "wgan-gp", 2),
  ("ring", ["model.width=64"], "ring", 1),
])
func theNearestPresetIsFound(preset: String, changes: [String], name: String, count: Int) throws {
  let found = RunSummary.nearestPreset(to: try Configuration(from: preset, assignments: changes))
  #expect(found == (name, count))
}

private func line(_ step: Int, _ values: String, _ rules: String) -> String {
  "{\"step\":\(step),\"metrics\":{\(values)},\"protocol\":\(rules)}\n"
}

/// Evaluations, and the best of them: metric, value and step.
@Test(
  arguments: [
    ("", nil), (line(1, "\"FID\":5,\"IS\":2", "\"a\""), ("FID", 5, 1)),
    (line(1, "\"FID\":5", "\"a\"") + line(2, "\"FID\":3", "\"a\"") + line(3, "\"FID\":4", "\"a\""), ("FID", 3, 2)),
    // What was measured otherwise is no part of the comparison.
    (line(1, "\"FID\":1", "\"b\"") + line(2, "\"FID\":3", "\"a\""), ("FID", 3, 2)),
    (line(1, "\"FD-x\":9", "{\"b\":1,\"a\":2}") + line(2, "\"FD-x\":10", "{\"a\":2,\"b\":1}"), ("FD-x", 9, 1)),
    (line(1, "\"recall\":0.4,\"IS\":3", "1") + line(2, "\"recall\":0.9,\"IS\":2.5", "1"), ("IS", 3, 1)),
    // A line that is being written.
    (line(1, "\"KD-lite0\":2", "1") + "{\"step\":2,\"met", ("KD-lite0", 2, 1)),
    (line(1, "\"loss\":2", "1"), nil), (line(1, "\"FID\":null,\"KID\":4", "1"), ("KID", 4, 1)),
  ] as [(String, (String, Double, Int)?)])
func theBestEvaluationIsFound(lines: String, best: (metric: String, value: Double, step: Int)?) {
  let found = RunSummary.best(of: Data(lines.utf8))
  #expect(found?.metric == best?.metric && found?.value == best?.value && found?.step == best?.step)
}

@Test func metricsAreReadFromTheirEnd() throws {
  let folder = try TemporaryFolder()
  let rows = (1...2000).map { "{\"step\":\($0),\"epoch\":0.1,\"images_per_second\":\($0 % 7 == 0 ? 1 : 50)}\n" }
    .joined()
  let run = try makeRun(
    folder.path + "/run", try Configuration(from: "fashion"), checkpoint: 1500,
    files: ["metrics.jsonl": rows + "{\"step\":20", "warnings.txt": "one\ntwo\n"])
  let summary = try RunSummary(of: run.path)
  #expect(summary.step == 2000 && summary.imagesPerSecond == 50 && summary.warnings == 2)
  #expect(summary.name == "run" && summary.preset == "fashion" && abs(summary.lastChange.timeIntervalSinceNow) < 60)
}

@Test func runsAreListedLastChangedFirst() throws {
  let folder = try TemporaryFolder()
  for (name, age) in [("old", 100.0), ("new", 1), ("middle", 50)] {
    let run = try makeRun(folder.path + "/" + name, try Configuration(from: "ring"))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: run.configuration)
  }
  try FileManager.default.createDirectory(atPath: folder.path + "/other", withIntermediateDirectories: true)
  _ = try RunDirectory(creating: folder.path + "/broken", configuration: "trainin: {batch: 3}")
  let (runs, errors) = try RunSummary.all(in: folder.path)
  #expect(runs.map(\.name) == ["new", "middle", "old"])
  #expect(errors.count == 1 && errors[0].contains("broken/config.yaml:1"), "\(errors)")
  #expect(try RunSummary.all(in: folder.path + "/old").runs.count == 1)
  #expect(throws: RecordError.noRuns(path: folder.path + "/other")) { try RunSummary.all(in: folder.path + "/other") }
}
