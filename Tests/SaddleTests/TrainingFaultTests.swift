import Foundation
import Testing

@testable import Saddle

/// A rate that jumps beyond all bounds at step 14: the critic's next pass overflows, in the same step where the players
/// take turns, in the one after where both move at once. The run stops there and tells what broke first; the checkpoint
/// from before is there and whole.
@Test(arguments: [
  ("training.order=alternating", "in step 14, the generator's loss, layer 1 (Dense)"),
  ("training.order=simultaneous", "in step 15, both players' losses, layer 1 (Dense)"),
])
func aFaultIsFoundWhereItArose(order: String, place: String) throws {
  let folder = try TemporaryFolder()
  let device = try Device.cpu(threads: 1)
  let configuration = try Configuration(
    from: "ring",
    assignments: [
      "training.batch=32", "training.steps=50", "output.checkpoint-every=5", "output.sample-every=0",
      "optimizer.critic-rate=step 1e-3 to 1e38 by 14", order,
    ])
  let run = try TrainingRun(configuration, in: folder.path + "/run", on: device)
  let fault = try #require(throws: TrainingFault.self) { _ = try run.train(progress: .silent) }
  let finding = try #require(fault.finding)
  #expect(finding.contains(place) && place.contains("in step \(fault.step),"), "\(finding)")
  #expect(fault.checkpoint?.hasSuffix("step-00000010.safetensors") == true, "\(fault)")
  #expect(device.inspection == nil)
  let (step, file) = try CheckpointStore(readingFrom: run.directory.checkpoints).loadLatest()
  #expect(step == 10)
  #expect(
    try file.float32("critic.weights", shape: run.trainer.critic.network.weights.shape.sizes).allSatisfy(\.isFinite))
}

/// What is looked at is found at its place: the first result, and nothing after it.
@Test func inspectionsNameTheFirstResult() throws {
  let device = try Device.cpu(threads: 1)
  let inspection = Inspection()
  device.inspection = inspection
  defer { device.inspection = nil }
  inspection.place = ["step 3", "the critic's loss"]
  let x = Tensor([1.0, -1, 0], shape: [3], on: device)
  _ = x.squared()
  #expect(inspection.finding == nil)
  _ = x.logarithm()
  _ = x / Tensor(0, shape: [3], on: device)
  #expect(
    inspection.finding
      == "the result of logarithm, of shape [3], in step 3, the critic's loss: 2 of its 3 values are NaN and infinity")
}
