import Foundation
import Testing

@testable import Saddle

/// Presets as small as they get: what they are about stays, width and batch do not.
private func tiny(_ preset: String) throws -> [String] {
  let configuration = try Configuration(from: preset)
  let width = configuration.model.architecture == "r3gan" ? 16 : 8
  return ["model.width=\(width)", "training.batch=4", "output.sample-every=0", "output.checkpoint-every=0"]
    + (configuration.data.path.isEmpty ? ["data.path=\(fashion)"] : [])
}

/// The checkpoint after training a preset in its tiny form.
private func checkpoint(_ preset: String, steps: Int, on device: Device) throws -> SafetensorsFile {
  let folder = try TemporaryFolder()
  let configuration = try Configuration(from: preset, assignments: tiny(preset) + ["training.steps=\(steps)"])
  let run = try TrainingRun(configuration, in: folder.path + "/run", on: device)
  #expect(try run.train(progress: .silent) == .finished)
  return try run.trainer.checkpoint()
}

/// Every preset trains, all its numbers stay finite, and OpenCL gives the same bits.
@Test(arguments: Preset.all.map(\.name))
func everyPresetTrainsToTheSameBits(preset: String) throws {
  let ours = try checkpoint(preset, steps: 20, on: .cpu(threads: 2))
  let theirs = try checkpoint(preset, steps: 20, on: Device.open("opencl").device)
  #expect(ours.tensors.map(\.name) == theirs.tensors.map(\.name) && !ours.tensors.isEmpty)
  for (tensor, other) in zip(ours.tensors, theirs.tensors) {
    let values = try ours.float32(tensor.name, shape: tensor.shape)
    #expect(values.allSatisfy { $0.isFinite }, "\(tensor.name) is not finite")
    let bits = try theirs.float32(other.name, shape: other.shape).map(\.bitPattern)
    #expect(values.map(\.bitPattern) == bits, "\(tensor.name) differs between CPU and OpenCL")
  }
}

/// A preset does nothing that Saddle itself warns of.
@Test(arguments: Preset.all)
func presetsAreSound(preset: Preset) throws {
  #expect(!preset.summary.isEmpty)
  #expect(try Configuration(from: preset.name).cautions == [])
  #expect(Preset.all.count { $0.name == preset.name } == 1)
}

/// One column for each class that the generator knows.
@Test(arguments: [("fashion", nil), ("cgan", 10), ("semi-supervised", nil), ("projection", 10)])
func classesHaveColumns(preset: String, columns: Int?) throws {
  #expect(try Configuration(from: preset).gridColumns == columns)
}
