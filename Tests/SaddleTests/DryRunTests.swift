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
func presetsHaveDCGANsParameters(preset: String, generator: Int, discriminator: Int) throws {
  let dryRun = try Configuration(from: preset).dryRun()
  #expect(dryRun.generatorParameters == generator && dryRun.discriminatorParameters == discriminator)
}

/// What the dry run says is what the run takes, also where a device computes chains apart; and a steady step asks the
/// device for nothing and waits for nothing.
@Test(arguments: [nil, KernelForm.tile])
func rehearsalTellsTheMemory(form: KernelForm?) throws {
  let configuration = try Configuration(from: "fashion", assignments: ["training.batch=16", "model.width=16"])
  let device = try form.map { try Device.open("opencl", form: $0).device } ?? Device.cpu()
  let dryRun = try configuration.dryRun(on: device)
  let trainer = try Trainer(configuration, on: device)
  func step() { _ = trainer.advance(measuring: false) { Batch(Tensor(0, shape: [16, 32, 32, 1], on: device)) } }
  step()
  step()
  let (allocations, launches) = (device.allocationCount, device.launchCount)
  let waits = device.waitCount
  for _ in 0..<3 { step() }
  #expect(device.allocationCount == allocations && device.waitCount == waits)
  // The zeros of this test's batch are a launch of their own.
  #expect(abs(device.launchCount - launches - 3 * dryRun.launchesPerStep) <= 3)
  #expect(abs(device.peakBytesHeld - dryRun.peakBytes) < dryRun.peakBytes / 50)
}

/// The products of a step of DCGAN-64 by hand, two operations for each tap, channel and filter of each output pixel.
@Test func aStepsProductsAreCounted() throws {
  let device = Device.dryRun()
  let trainer = try Trainer(Configuration(from: "dcgan64", assignments: ["training.batch=3"]), on: device)
  let first = 2 * 32 * 32 * 64 * 16 * 3, middle = 3 * 2 * 16 * 16 * 128 * 16 * 64, last = 2 * 16 * 512
  let discriminator = first + middle + last, latents = 2 * 100 * 16 * 512, generator = latents + middle + first
  // The discriminator's step: samples; two passes; their weight gradients, and input gradients but for the images.
  let discriminatorStep = generator + 2 * discriminator + 2 * discriminator + 2 * (discriminator - first)
  // The generator's: the discriminator forwards and back to the images; weight gradients, input gradients but the
  // latents'.
  let generatorStep = 2 * discriminator + generator + generator - latents
  _ = trainer.advance(measuring: false) { Batch(Tensor(uninitialized: [3, 64, 64, 3], on: device)) }
  #expect(device.productFLOPs == 3 * (discriminatorStep + generatorStep))
}

/// Every preset's networks fit together, forwards and backwards.
@Test(arguments: Preset.all.map(\.name))
func everyPresetCanBeBuilt(name: String) throws {
  let dryRun = try Configuration(from: name, assignments: ["training.batch=4"]).dryRun()
  expectWholeStep(dryRun)
}

/// Both players' weights and the gradient of the larger one lie in memory at one time, and a checkpoint holds the
/// weights.
func expectWholeStep(_ dryRun: Configuration.DryRun) {
  let (generator, discriminator) = (dryRun.generatorParameters, dryRun.discriminatorParameters)
  #expect(generator > 0 && discriminator > 0)
  #expect(dryRun.peakBytes >= 4 * (generator + discriminator + max(generator, discriminator)))
  #expect(dryRun.checkpointBytes >= 4 * (generator + discriminator))
}
