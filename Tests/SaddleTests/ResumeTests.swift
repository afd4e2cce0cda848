import Foundation
import Testing

@testable import Records
@testable import Saddle

private func configuration(_ preset: String = "ring", _ assignments: [String] = []) throws -> Configuration {
  try Configuration(
    from: preset,
    assignments: [
      "model.width=8", "training.batch=8", "training.steps=4", "output.sample-every=0", "output.checkpoint-every=2",
      "output.log-every=1", "output.keep=0",
    ] + assignments)
}

/// Trains a run on, from its latest checkpoint where there is one.
private func train(_ configuration: Configuration, in path: String) throws -> TrainingRun {
  let run = try TrainingRun(
    configuration, in: path, from: try? RunDirectory(at: path).checkpoint(), on: .cpu(threads: 1))
  #expect(try run.train(progress: .silent) == .finished)
  return run
}

/// What a run goes on with stands in its configuration, for whoever reads that or goes on once more; what it was
/// trained with before is kept.
@Test func settingsOfAResumeAreKept() throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/run"
  let first = try configuration()
  _ = try train(first, in: path)
  let second = try configuration("ring", ["training.steps=6", "optimizer.discriminator-lr=1e-5"])
  let directory = try train(second, in: path).directory
  #expect(try Configuration(from: directory.configuration) == second)
  #expect(try Configuration(from: directory.formerConfiguration(step: 4)) == first)
  #expect(try RunSummary(of: path).steps == 6)
  // Nothing has changed: nothing is kept.
  _ = try train(second, in: path)
  let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".yaml") }
  #expect(names.sorted() == ["config-step-00000004.yaml", "config.yaml"])
  // A run that goes back further has no such future any more.
  let third = try configuration("ring", ["training.steps=3"])
  _ = try TrainingRun(third, in: path, from: directory.checkpoint(named: "2"), on: .cpu(threads: 1))
  #expect(!FileManager.default.fileExists(atPath: directory.formerConfiguration(step: 4)))
  #expect(try Configuration(from: directory.formerConfiguration(step: 2)) == second)
}

/// Settings that the checkpoint's tensors do not fit are named, and nothing is changed.
@Test(arguments: [
  (["model.width=16"], "model.width=16 (it was trained with 8)"),
  (["optimizer.name=sgd"], "optimizer.name=sgd (it was trained with adam)"),
  (["ema.decay=0.9", "sampling.weights=ema"], "ema.decay=0.9 (it was trained with 0)"),
  (["optimizer.discriminator-lr=1e-5", "training.steps=9"], ""),
])
func settingsThatDoNotFitAreNamed(changes: [String], words: String) throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/run"
  let directory = try train(try configuration(), in: path).directory
  let before = try folderContents(path)
  do {
    _ = try TrainingRun(
      try configuration("ring", changes), in: path, from: directory.checkpoint(), on: .cpu(threads: 1))
    #expect(words.isEmpty)
  } catch {
    #expect("\(error)".contains(words) && "\(error)".contains("step-00000004.safetensors"), "\(error)")
    #expect(!words.isEmpty && "\(error)".contains("another --out"), "\(error)")
    #expect(try folderContents(path) == before)
  }
}

func folderContents(_ path: String) throws -> [String: Data] {
  Dictionary(
    uniqueKeysWithValues: try FileManager.default.subpathsOfDirectory(atPath: path).compactMap { name in
      FileManager.default.contents(atPath: "\(path)/\(name)").map { (name, $0) }
    })
}

/// What keeps a run from going on to the bit is said.
@Test(arguments: ["nothing", "seed", "one more", "other pixels", "another name", "moved"])
func whatIsNotToTheBitIsSaid(change: String) throws {
  let folder = try TemporaryFolder()
  var data = folder.path + "/data"
  func write(_ name: String, grey: UInt8) throws {
    try SampleGrid(
      pixels: [UInt8](repeating: grey, count: 32 * 32), count: 1, height: 32, width: 32, channels: 1
    ).writePNG(to: "\(data)/\(name).png", scale: 1)
  }
  try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
  for number in 0..<9 { try write("\(number)", grey: UInt8(20 * number)) }
  let path = folder.path + "/run"
  _ = try train(try configuration("fashion", ["data.path=\(data)"]), in: path)
  switch change {
  case "one more": try write("9", grey: 5)
  case "other pixels": try write("3", grey: 5)
  case "another name": try FileManager.default.moveItem(atPath: data + "/3.png", toPath: data + "/4b.png")
  case "moved":
    try FileManager.default.moveItem(atPath: data, toPath: data + "-2")
    data += "-2"
  default: break
  }
  let seed = change == "seed" ? 7 : 0
  let next = try configuration("fashion", ["data.path=\(data)", "training.steps=5", "training.seed=\(seed)"])
  let run = try train(next, in: path)
  let warnings = try run.directory.warningLines()
  if ["nothing", "moved"].contains(change) {
    #expect(run.cautions == [])
  } else {
    let words =
      change == "seed" ? "training.seed is 7, and the run was begun with 0" : "the data in \(data) are not those"
    #expect(run.cautions.count == 1)
    for texts in [run.cautions, warnings] { #expect(texts.contains { $0.contains(words) }, "\(texts)") }
  }
}

/// Counts that no run comes to, in a checkpoint whose seal is right: one message, nothing is drawn, nothing changed.
@Test(
  arguments: ["drawn", "discriminator-step", "step"],
  ["-5", "4611686018427387904", "9223372036854775807", "9223372036854775808", "nan", "", "1e3"])
func countsOfACheckpointAreChecked(name: String, value: String) throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/run"
  let directory = try train(try configuration(), in: path).directory
  var (step, file) = try directory.checkpoint()
  file.metadata[name] = value
  try file.write(to: CheckpointStore(readingFrom: directory.checkpoints).path(step: step))
  let words = ["step-00000004.safetensors is damaged", "say \(name)=\(value), but", "--from step-00000002"]
  for open in [{ _ = try SavedRun(opening: path) }, { _ = try directory.checkpoint() }] as [() throws -> Void] {
    #expect(throws: RecordError.self) {
      do { try open() } catch {
        for word in words { #expect("\(error)".contains(word), "\(error)") }
        throw error
      }
    }
  }
  // Nor by whoever has the file from elsewhere.
  #expect(throws: SafetensorsFault.self) {
    _ = try TrainingRun(try configuration(), in: path, from: (step, file), on: .cpu(threads: 1))
  }
}

/// While somebody holds a run's lock, another reads, removes and writes nothing of it.
@Test func nothingIsTouchedWithoutTheLock() throws {
  let folder = try TemporaryFolder()
  let path = folder.path + "/run"
  let directory = try train(try configuration(), in: path).directory
  let checkpoint = try directory.checkpoint(named: "2")
  let before = try folderContents(path)
  let lock = try RunLock(directory)
  for changes in [[], ["training.steps=9"], ["model.width=16"], ["data.path=nowhere"]] {
    #expect {
      _ = try TrainingRun(try configuration("ring", changes), in: path, from: checkpoint, on: .cpu(threads: 1))
    } throws: { "\($0)".contains("is being trained") }
  }
  #expect(try folderContents(path) == before)
  withExtendedLifetime(lock) {}
}

/// A run that was killed before it saved anything begins again, as new and as one that goes on, with the same bits.
@Test(arguments: [false, true])
func whatSavedNothingBeginsAgain(isResumed: Bool) throws {
  let folder = try TemporaryFolder()
  let whole = try train(try configuration(), in: folder.path + "/whole")
  let path = folder.path + "/run"
  do {
    // As a process that is killed leaves it: `running`, and a row of metrics.
    let run = try TrainingRun(try configuration(), in: path, on: .cpu(threads: 1))
    try "{\"step\":1,\"epoch\":0.5}\n".write(toFile: run.directory.metrics, atomically: true, encoding: .utf8)
  }
  #expect(try RunDirectory(opening: path).lastState?.state == .interrupted)
  let lock = isResumed ? try RunLock(RunDirectory(opening: path)) : nil
  let run = try TrainingRun(try configuration(), in: path, holding: lock, on: .cpu(threads: 1))
  #expect(try run.train(progress: .silent) == .finished)
  #expect(try run.directory.checkpoint().file == whole.directory.checkpoint().file)
  #expect(try MetricsStream.rows(of: run.directory.metrics).count == 4)
}

/// A run that was killed between its checkpoint and what follows that has it all once it goes on.
@Test func whatAKillCutOffIsMadeUp() throws {
  let folder = try TemporaryFolder()
  for part in ["train", "held-out"] {
    let path = "\(folder.path)/pictures/\(part)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for number in 0..<20 {
      let pixels = (0..<32 * 32).map { UInt8(truncatingIfNeeded: $0 * (number + 3)) }
      try SampleGrid(pixels: pixels, count: 1, height: 32, width: 32, channels: 1)
        .writePNG(to: "\(path)/\(number).png", scale: 1)
    }
  }
  let settings = try configuration(
    "fashion",
    [
      "data.path=\(folder.path)/pictures", "output.sample-every=2", "evaluation.every=2", "evaluation.features=random",
      "evaluation.metrics=fid", "evaluation.count=20",
    ])
  let directory = try train(settings, in: folder.path + "/run").directory
  func contents() throws -> [String: Data] {
    try FileManager.default.contentsOfDirectory(atPath: directory.pictures).reduce(into: [:]) { files, name in
      files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(directory.pictures)/\(name)"))
    }
  }
  let (pictures, figures) = (try contents(), try directory.records().map { $0.report.figures })
  #expect(!pictures.isEmpty && figures.count == 2)

  try FileManager.default.removeItem(atPath: directory.pictures)
  try directory.removeEvaluations(after: 2)
  _ = try train(settings, in: directory.path)
  #expect(try contents() == pictures)
  #expect(try directory.records().map { $0.report.figures } == figures)
}
