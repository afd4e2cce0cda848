import Foundation
import Testing

@testable import Saddle

/// A rate that jumps beyond all bounds at step 14: the discriminator's next pass overflows, in the same step where the
/// players take turns, in the one after where both move at once. The run stops there and tells what broke first; the
/// checkpoint from before is there and whole.
@Test(arguments: [
  ("training.order=alternating", "in step 14, the generator's loss, layer 1 (Dense)"),
  ("training.order=simultaneous", "in step 15, both networks' losses, layer 1 (Dense)"),
])
func aFaultIsFoundWhereItArose(order: String, place: String) throws {
  let folder = try TemporaryFolder()
  let device = try Device.cpu(threads: 1)
  let configuration = try Configuration(
    from: "ring",
    assignments: [
      "training.batch=32", "training.steps=50", "output.checkpoint-every=5", "output.sample-every=0",
      "optimizer.discriminator-lr=step 1e-3 to 1e38 by 14", order,
    ])
  let run = try TrainingRun(configuration, in: folder.path + "/run", on: device)
  let fault = try #require(throws: TrainingFault.self) { _ = try run.train(progress: .silent) }
  let finding = try #require(fault.finding)
  #expect(finding.contains(place) && place.contains("in step \(fault.step),"), "\(finding)")
  #expect(fault.checkpoint?.hasSuffix("step-00000010.safetensors") == true, "\(fault)")
  #expect(device.anomalyDetector == nil)
  let (step, file) = try CheckpointStore(readingFrom: run.directory.checkpoints).loadLatest()
  #expect(step == 10)
  #expect(
    try file.float32("discriminator.weights", shape: run.trainer.discriminator.network.weights.shape.sizes).allSatisfy(
      \.isFinite))
}

/// Whatever a checkpoint holds is looked at before it is saved: a run whose losses stay finite stops too, and the good
/// checkpoints stay the last ones.
@Test(arguments: [
  "generator.statistics", "discriminator.statistics", "generator.weights", "discriminator.optimizer",
  "generator.optimizer",
  "generator.ema",
])
func brokenNumbersAreNotSaved(part: String) throws {
  let folder = try TemporaryFolder()
  let configuration = try Configuration(
    from: "fashion",
    assignments: [
      "training.batch=4", "model.width=8", "training.steps=2", "output.checkpoint-every=1", "output.sample-every=0",
      "output.keep=2", "ema.decay=0.9",
    ])
  let path = folder.path + "/run", device = try Device.cpu()
  #expect(try TrainingRun(configuration, in: path, on: device).train(progress: .silent) == .finished)
  let store = CheckpointStore(readingFrom: path + "/checkpoints")
  let good = try store.steps().map { try Data(contentsOf: URL(fileURLWithPath: store.path(step: $0))) }

  var longer = configuration
  longer.training.steps = 10
  let run = try TrainingRun(longer, in: path, from: try store.loadLatest(), on: device)
  let (name, tensor) = try #require(run.trainer.saved.first { $0.name.hasPrefix(part) })
  // The step overwrites a part of it, never its first number, which is moved by a rate or a decay.
  tensor.view(from: 0, shape: [1]).fill(.infinity)
  let fault = try #require(throws: TrainingFault.self) { _ = try run.train(progress: .silent) }
  #expect(fault.checkpoint?.hasSuffix("step-00000002.safetensors") == true, "\(name): \(fault)")
  #expect(try store.steps() == [1, 2])
  #expect(try store.steps().map { try Data(contentsOf: URL(fileURLWithPath: store.path(step: $0))) } == good)
}

/// What is looked at is found at its place: the first result, and nothing after it.
@Test func inspectionsNameTheFirstResult() throws {
  let device = try Device.cpu(threads: 1)
  let anomalyDetector = AnomalyDetector()
  device.anomalyDetector = anomalyDetector
  defer { device.anomalyDetector = nil }
  anomalyDetector.place = ["step 3", "the discriminator's loss"]
  let x = Tensor([1.0, -1, 0], shape: [3], on: device)
  _ = x.squared()
  #expect(anomalyDetector.finding == nil)
  _ = x.logarithm()
  _ = x / Tensor(0, shape: [3], on: device)
  #expect(
    anomalyDetector.finding
      == "the result of logarithm, of shape [3], in step 3, the discriminator's loss: 2 of its 3 values are NaN and infinity"
  )
}
