import Foundation
import Testing

@testable import Records
@testable import Saddle

/// A run as an older Saddle wrote it: today's names replaced by those of then.
private func age(_ directory: RunDirectory) throws {
  let store = CheckpointStore(readingFrom: directory.checkpoints)
  for step in try store.steps() {
    var file = try store.load(step: step)
    file.tensors = file.tensors.map {
      let name = $0.name.replacing("discriminator.", with: "critic.").replacing(".ema", with: ".average")
      return SafetensorsFile.Tensor(name, shape: $0.shape, $0.values)
    }
    file.metadata["critic-step"] = file.metadata.removeValue(forKey: "discriminator-step")
    try file.write(to: store.path(step: step))
  }
  let names = [
    ("\n  discriminator-steps:", "\n  critic-steps:"), ("discriminator-tolerance:", "critic-tolerance:"),
    ("generator-lr:", "generator-rate:"), ("discriminator-lr:", "critic-rate:"), ("\nregularizers:", "\nterms:"),
    ("\ninput:", "\nviews:"), ("noise-std:", "noise-deviation:"), ("\nema:", "\naverage:"),
    ("weights: ema\n", "weights: average\n"), ("\n  alpha:", "\n  decay:"),
    ("minibatch: stddev", "minibatch: deviation"),
  ]
  for (path, names) in [
    (directory.configuration, names),
    (directory.metrics, [("\"discriminator_", "\"critic_"), ("_norm_std", "_norm_deviation")]),
  ] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try names.reduce(text) { $0.replacing($1.0, with: $1.1) }.write(toFile: path, atomically: true, encoding: .utf8)
  }
}

/// A run of older names is refused with the new ones; converted, it goes on to the bit.
@Test func aConvertedRunGoesOnToTheBit() throws {
  let folder = try TemporaryFolder()
  func configuration(_ steps: Int) throws -> Configuration {
    try Configuration(
      from: "ring",
      assignments: [
        "model.width=8", "training.batch=8", "training.steps=\(steps)", "output.sample-every=0", "output.log-every=1",
        "ema.decay=0.9", "sampling.weights=ema", "model.minibatch=stddev", "regularizers.orthogonal=0.1",
      ])
  }
  func train(_ steps: Int, in path: String, resuming: Bool = false) throws -> RunDirectory {
    let run = try TrainingRun(
      configuration(steps), in: path, from: resuming ? RunDirectory(opening: path).checkpoint() : nil,
      on: .cpu(threads: 1))
    #expect(try run.train(progress: .silent) == .finished)
    return run.directory
  }
  let whole = try train(4, in: folder.path + "/whole"), old = try train(2, in: folder.path + "/old")
  let before = try folderContents(old.path)
  try age(old)
  let error = #expect(throws: ConfigurationError.self) { _ = try SavedRun(opening: old.path) }
  #expect(try #require(error).description.contains("saddle convert RUN"))

  let changed = try RunConversion.convert(old.path)
  #expect(
    changed.map { URL(fileURLWithPath: $0).lastPathComponent } == [
      "step-00000002.safetensors", "metrics.jsonl", "config.yaml",
    ])
  #expect(try folderContents(old.path) == before)
  #expect(try RunConversion.convert(old.path).isEmpty)
  let resumed = try train(4, in: old.path, resuming: true)
  #expect(try resumed.checkpoint().file == whole.checkpoint().file)
}

@Test func whatIsNoRunIsNotConverted() throws {
  let folder = try TemporaryFolder()
  #expect(throws: RecordError.self) { _ = try RunConversion.convert(folder.path) }
}
