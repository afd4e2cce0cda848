import Foundation
import Testing

@testable import Records
@testable import Saddle

/// A short run of small networks, and its folder.
private func trainedRun(_ assignments: [String] = [], in folder: String, from step: Int? = nil) throws -> RunDirectory {
  let small = [
    "model.width=8", "training.batch=4", "training.steps=6", "output.log-every=2", "output.sample-every=3",
    "output.checkpoint-every=3", "output.grid=9",
  ]
  let configuration = try Configuration(from: "fashion", assignments: small + assignments)
  let store = CheckpointStore(readingFrom: folder + "/checkpoints")
  let checkpoint = try step.map { (step: $0, file: try store.load(step: $0)) }
  let run = try TrainingRun(configuration, in: folder, from: checkpoint, on: .cpu())
  #expect(try run.train(progress: .silent) == .finished)
  return run.directory
}

/// The page of a run, what it was trained with, and its pictures are there when it ends.
@Test func aRunHasAPage() throws {
  let folder = try TemporaryFolder()
  let directory = try trainedRun(in: folder.path + "/run")
  let page = try String(contentsOfFile: directory.report, encoding: .utf8)
  for words in ["finished", "CPU (", "60000 images", "data-step=\"6\"", "Interpolation", "Preset fashion, but for"] {
    #expect(page.contains(words), "\(words)")
  }
  let run = try Report.Run(reading: directory)
  #expect((run.step, run.steps, run.rows.count) == (6, 6, 3))
  #expect(run.pictures.map(\.step) == [0, 3, 6])
  #expect(run.figures.map(\.title) == ["Interpolation", "Through training"])
  #expect(run.preset == "fashion" && run.state == .finished)
  // Four convolutions of 4 x 4, two batch normalizations between them.
  #expect(RunFacts(of: directory)?.discriminatorParameters == 16 * (8 + 8 * 16 + 16 * 32 + 32) + 2 * (16 + 32))
}

/// What is switched off is not written.
@Test func pagesAndEventsCanBeSwitchedOff() throws {
  let folder = try TemporaryFolder()
  let directory = try trainedRun(["output.report=false", "output.events=false"], in: folder.path + "/run")
  let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
  #expect(Set(names) == ["config.yaml", "metrics.jsonl", "facts.json", "state.json", "samples", "checkpoints"])
}

/// A run that goes on from step 3 begins a new event file, and forgets the steps after it.
@Test func eventsGoOnWhereTheRunDoes() throws {
  let folder = try TemporaryFolder()
  let directory = try trainedRun(["output.keep=0"], in: folder.path + "/run")
  _ = try trainedRun(["output.keep=0"], in: folder.path + "/run", from: 3)
  _ = try trainedRun(["output.keep=0", "training.steps=8"], in: folder.path + "/run", from: 3)
  #expect(try String(contentsOfFile: directory.report, encoding: .utf8).contains("step 8 of 8"))
  let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.contains("tfevents") }
  #expect(names.sorted() == ["events.out.tfevents.0000000000.saddle", "events.out.tfevents.0000000003.saddle"])
}

/// What cannot be written for people's eyes stops no run, and is told once.
@Test func aPageThatCannotBeWrittenStopsNothing() throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/run"
  let configuration = try Configuration(
    from: "fashion", assignments: ["model.width=8", "training.batch=4", "training.steps=2", "output.log-every=1"])
  let run = try TrainingRun(configuration, in: path, on: .cpu())
  try FileManager.default.createDirectory(
    atPath: run.directory.report + "/in-the-way", withIntermediateDirectories: true)
  #expect(try run.train(progress: .silent) == .finished)
  #expect(try run.directory.warningLines().count { $0.contains("report.html") } == 1)
}

/// Evaluations as `saddle evaluate` keeps them.
@Test func evaluationsAreRead() throws {
  let folder = try TemporaryFolder()
  let directory = try trainedRun(["output.report=false"], in: folder.path + "/run")
  let kept = directory.path + "/evaluation"
  try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
  let text = """
    {"run": "run", "step": 6, "data": "x", "report": {"conditions": {"entries": [{"name": "resizer", "value": "none"}]},
     "figures": [{"name": "FD-classifier", "value": 12.5, "better": "smaller"}, {"name": "IS", "value": 3, "standardDeviation": 0.5},
     {"name": "odd", "value": "nan"}], "baseline": [{"name": "IS", "value": 9}],
     "defects": [{"name": "blur", "says": "too soft", "severity": 2}]}}
    """
  try text.write(toFile: kept + "/step-00000006-abc.json", atomically: true, encoding: .utf8)
  let evaluation = try #require(try Report.Run(reading: directory).evaluations.first)
  #expect(evaluation.step == 6 && evaluation.method.map(\.value) == ["none"])
  #expect(evaluation.values.map(\.name) == ["FD-classifier", "IS"])
  #expect(evaluation.values.map(\.value) == [12.5, 3] && evaluation.values[1].standardDeviation == 0.5)
  #expect(evaluation.values.map(\.isBetterSmaller) == [true, nil])
  #expect(evaluation.baseline.map(\.value) == [9] && evaluation.defects == ["blur: too soft"])
  try "{}".write(toFile: kept + "/step-00000006-def.json", atomically: true, encoding: .utf8)
  #expect(throws: RecordError.self) { try Report.Run(reading: directory) }
}

// MARK: Figures of samples

/// Every picture has its size; what a run has nothing for is refused with a reason.
@Test(arguments: [
  ("interpolation", 60, 10), ("classes", 100, 10), ("truncation", 60, 10), ("neighbours", 60, 10), ("history", 18, 3),
])
func exhibitsAreDrawn(name: String, count: Int, columns: Int) throws {
  let folder = try TemporaryFolder()
  let labelled = ["model.classes=10", "model.conditioning=concat", "output.grid=20"]
  let directory = try trainedRun(labelled, in: folder.path + "/run")
  let configuration = try Configuration(from: directory.configuration)
  let trainer = try Trainer(configuration, on: .cpu())
  let checkpoint = try CheckpointStore(readingFrom: directory.checkpoints).loadLatest()
  try trainer.restore(checkpoint.file, step: checkpoint.step)
  let figure = try #require(SampleFigure.all.first { $0.name == name })
  let grid = try figure.picture(of: trainer, configuration, in: directory)
  #expect((grid.count, grid.columns, grid.height) == (count, columns, 32))

  /// Whether images of the grid are given ones among others.
  func shows(_ images: [Int], _ places: [Int], of others: [UInt8]) -> Bool {
    zip(images, places).allSatisfy {
      grid.pixels[$0 * 1024..<($0 + 1) * 1024].elementsEqual(others[$1 * 1024..<($1 + 1) * 1024])
    }
  }
  func samples(_ latents: Tensor, classes: [Double]) throws -> [UInt8] {
    let labels = Tensor(classes, shape: [classes.count], on: latents.device)
    return try trainer.samples(latents, labels: labels, configuration.samplingMode).imageBytes()
  }
  switch name {
  case "interpolation":  // a row begins at one latent and ends at another
    let ends = try samples(trainer.latents(12), classes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(shows([0, 9], [0, 6], of: ends))
  case "classes":  // the third row's second: class 2, the second latent
    let expected = try samples(trainer.latents(10), classes: [Double](repeating: 2, count: 10))
    #expect(shows([21], [1], of: expected))
  case "truncation":  // the last row is free
    let expected = try samples(trainer.latents(10), classes: (0..<10).map { Double($0) })
    #expect(shows([50, 51], [0, 1], of: expected))
  case "neighbours":
    let expected = try samples(trainer.latents(6), classes: (0..<6).map { Double($0) })
    #expect(shows([10], [1], of: expected))
  default:  // rows of the same latent: the last column is the last picture's
    let expected = try samples(trainer.latents(20), classes: (0..<20).map { Double($0 % 10) })
    #expect(shows([2, 5], [0, 1], of: expected))
  }
}

@Test(arguments: [("ring", "interpolation", "points"), ("fashion", "classes", "no classes")])
func exhibitsThatCannotBeAreRefused(preset: String, name: String, words: String) throws {
  let folder = try TemporaryFolder()
  let configuration = try Configuration(from: preset, assignments: ["training.steps=1", "model.width=8"])
  let run = try TrainingRun(configuration, in: folder.path + "/run", on: .cpu())
  let figure = try #require(SampleFigure.all.first { $0.name == name })
  #expect {
    try figure.picture(of: run.trainer, configuration, in: run.directory)
  } throws: { "\($0)".contains(words) }
}

/// Against all distances sorted; a training image is its own neighbour at distance 0.
@Test func neighboursAreTheNearest() throws {
  let dataset = try openDataset(at: URL(fileURLWithPath: fashion), split: .heldOut, size: 32, channels: 1)
  let some = [17, 4242, 9999]
  let noise = (0..<1024).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31) }
  let found = try PixelNeighbours(of: try dataset.read(some) + noise, count: 4, among: dataset, nearest: 5)
  #expect(found.indices.prefix(3).map { $0[0] } == some && found.distances.prefix(3).allSatisfy { $0[0] == 0 })
  let distances = try (0..<dataset.count).map { index in
    zip(try dataset.read([index]), noise).reduce(0.0) {
      $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
    }
  }
  let sorted = distances.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }.prefix(5)
  #expect(found.indices[3] == sorted.map(\.offset))
  #expect(found.distances[3] == sorted.map { Int($0.element) })
}
