import Foundation
import Testing

@testable import Evaluation
@testable import Saddle

private let tiny = [
  "training.batch=4", "model.width=8", "output.sample-every=0", "output.checkpoint-every=4",
]
private let evaluated = [
  "evaluation.every=2", "evaluation.features=random", "evaluation.metrics=fid,detail", "evaluation.count=250",
]

private func lines(_ run: RunDirectory) throws -> [[String: Any]] {
  try String(contentsOfFile: run.evaluations, encoding: .utf8).split(separator: "\n").map {
    try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
  }
}

/// Evaluating a run changes none of its bits, and going on with it drops no evaluation and doubles none.
@Test func evaluatingChangesNothing() throws {
  let folder = try TemporaryFolder()
  let device = try Device.cpu(threads: 2)
  func train(_ name: String, _ assignments: [String], steps: Int, from step: Int? = nil) throws -> TrainingRun {
    let configuration = try Configuration(
      from: "fashion", assignments: tiny + ["training.steps=\(steps)"] + assignments)
    let path = folder.path + "/" + name
    let checkpoint = try step.map {
      (step: $0, file: try CheckpointStore(readingFrom: path + "/checkpoints").load(step: $0))
    }
    let run = try TrainingRun(configuration, in: path, from: checkpoint, on: device)
    #expect(try run.train(progress: .silent) == .finished)
    return run
  }
  func bytes(_ run: TrainingRun) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: run.store.path(step: 8)))
  }
  let plain = try train("plain", [], steps: 8)
  let whole = try train("whole", evaluated, steps: 8)
  #expect(try bytes(whole) == bytes(plain))
  _ = try train("resumed", evaluated, steps: 6)
  let resumed = try train("resumed", evaluated, steps: 8, from: 4)
  #expect(try bytes(resumed) == bytes(plain))

  for run in [whole.directory, resumed.directory] {
    #expect(try lines(run).compactMap { $0["step"] as? Int } == [2, 4, 6, 8])
    #expect(try run.records().map(\.step) == [2, 4, 6, 8])
  }
  let figures = try #require(try lines(whole.directory).last?["figures"] as? [String: Double])
  #expect(figures.keys.sorted() == ["FD-random", "detail"])
  let again = try #require(try lines(resumed.directory).last?["figures"] as? [String: Double])
  #expect(again == figures)
  #expect(!FileManager.default.fileExists(atPath: plain.directory.evaluations))
}

/// Runs that could not be evaluated stop before their first step, and leave nothing behind.
@Test(arguments: [
  (["evaluation.metrics=fidd"], ["'fidd'", "there are fid"]),
  (["evaluation.features=inceptoin:x"], ["'inceptoin'", "did you mean inception?"]),
  (["evaluation.features=inception"], ["inception:FILE"]),
  (["evaluation.features=random:x"], ["take no file"]),
  (["evaluation.features=inception:/nowhere"], ["/nowhere"]),
  (["evaluation.metrics=is"], ["is needs a classifier"]),
  (["evaluation.metrics=copying", "data.path=UNLABELLED"], ["images that training did not see"]),
  (["evaluation.features=classifier", "data.path=UNLABELLED"], ["no labels", "--features random"]),
])
func evaluationsThatCannotBeAreRefusedAtOnce(assignments: [String], words: [String]) throws {
  let folder = try TemporaryFolder()
  // Sixteen pictures without classes.
  let pictures = folder.path + "/pictures"
  try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
  for number in 0..<16 {
    try SampleGrid(
      pixels: (0..<32 * 32).map { UInt8(($0 * number) % 256) }, count: 1, height: 32, width: 32, channels: 1, columns: 1
    ).writePNG(to: "\(pictures)/\(number).png", scale: 1)
  }
  let own = assignments.map { $0.replacingOccurrences(of: "UNLABELLED", with: pictures) }
  let configuration = try Configuration(
    from: "fashion", assignments: tiny + evaluated + ["evaluation.count=16"] + own)
  let path = folder.path + "/run"
  do {
    _ = try TrainingRun(configuration, in: path, on: .cpu(threads: 1))
    Issue.record("it was begun")
  } catch {
    for word in words { #expect("\(error)".contains(word), "\(error)") }
  }
  #expect(!FileManager.default.fileExists(atPath: path))
}

/// Records of two protocols never share a table.
@Test func protocolsAreNotMixed() throws {
  func record(_ run: String, _ step: Int, seed: Int) -> EvaluationRecord {
    let figure = MetricValue(
      name: "FD-random", metric: "fid", value: Double(step), standardDeviation: nil, better: .smaller, real: 10,
      generated: 10,
      note: nil)
    return EvaluationRecord(
      run: run, step: step, data: "", heldOutData: nil, features: "random", seconds: 1,
      report: EvaluationReport(
        conditions: EvaluationProtocol([("seed", "\(seed)")]), figures: [figure], baseline: [], defects: []))
  }
  let table = EvaluationTable([record("a", 5, seed: 1), record("b", 6, seed: 2), record("c", 7, seed: 1)])
  #expect(table.groups.map { $0.records.map(\.run) } == [["a", "c"], ["b"]])
  let parts = table.text.components(separatedBy: "protocol ").dropFirst()
  #expect(parts.count == 2, "\(table.text)")
  #expect(table.text.contains("2 protocols") && table.text.contains("must not be compared"))
  // Records come back from JSON as they were, numbers that are not finite too.
  var odd = record("a", 5, seed: 1)
  odd = try EvaluationRecord(json: odd.json())
  #expect(odd.report.conditions == table.records[0].report.conditions && odd.step == 5)
}
