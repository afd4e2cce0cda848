import Testing

@testable import Saddle

/// The parameters of DCGAN by hand: filters 16 in out, and two numbers a normalized channel.
@Test(arguments: [
  (
    "fashion", 16 * (100 * 256 + 256 * 128 + 128 * 64 + 64) + 2 * (256 + 128 + 64),
    16 * (64 + 64 * 128 + 128 * 256 + 256) + 2 * (128 + 256)
  ),
  (
    "dcgan64", 16 * (100 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 2 * (512 + 256 + 128 + 64),
    16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 2 * (128 + 256 + 512)
  ),
])
func presetsHaveDCGANsParameters(preset: String, generator: Int, critic: Int) throws {
  let rehearsal = try Configuration(from: preset).rehearse()
  #expect(rehearsal.generatorParameters == generator && rehearsal.criticParameters == critic)
}

/// What the rehearsal says is what the run takes; and a steady step asks the device for nothing.
@Test func rehearsalTellsTheMemory() throws {
  let configuration = try Configuration(from: "fashion", assignments: ["training.batch=16", "model.width=16"])
  let rehearsal = try configuration.rehearse()
  let device = try Device.cpu()
  let trainer = try Trainer(configuration, on: device)
  func step() { _ = trainer.advance { Tensor(0, shape: [16, 32, 32, 1], on: device) } }
  step()
  step()
  let (allocations, launches) = (device.allocationCount, device.launchCount)
  step()
  #expect(device.allocationCount == allocations)
  #expect(abs(device.launchCount - launches - rehearsal.launchesPerStep) <= 1)  // the zeros of this test's batch
  #expect(abs(device.peakBytesHeld - rehearsal.peakBytes) < rehearsal.peakBytes / 50)
}

/// Every preset's networks fit together, forwards and backwards.
@Test(arguments: Preset.all.map(\.name))
func everyPresetCanBeBuilt(name: String) throws {
  let rehearsal = try Configuration(from: name, assignments: ["training.batch=4"]).rehearse()
  #expect(rehearsal.generatorParameters > 0 && rehearsal.launchesPerStep > 20)
}
