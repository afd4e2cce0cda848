import Foundation
import Laboratory
import Testing

@testable import Saddle

/// A folder that goes when the test is over.
final class TemporaryFolder {
  let path = NSTemporaryDirectory() + "saddle-" + UUID().uuidString
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

let fashion = "/usr/share/datasets/fashion-mnist"

/// Trains in a new folder, or goes on there, and returns the last checkpoint's bytes.
func trained(_ assignments: [String], in folder: String, from step: Int? = nil, on device: Device) throws -> Data {
  let configuration = try Configuration(
    from: "fashion", assignments: ["output.sample-every=0", "output.checkpoint-every=0"] + assignments)
  let store = CheckpointStore(readingFrom: folder + "/checkpoints")
  let checkpoint = try step.map { (step: $0, file: try store.load(step: $0)) }
  let run = try TrainingRun(configuration, in: folder, from: checkpoint, on: device)
  #expect(try run.train(progress: .silent) == .finished)
  return try Data(contentsOf: URL(fileURLWithPath: store.path(step: configuration.training.steps)))
}

/// Every device that must give the same bits: the table in the README.
struct Contender: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let open: @Sendable () throws -> Device

  static let all: [Contender] = [
    Contender(testDescription: "CPU, AVX-512, 1 thread") { try .cpu(isa: "avx512", threads: 1) },
    Contender(testDescription: "CPU, AVX2, 2 threads") { try .cpu(isa: "avx2", threads: 2) },
    Contender(testDescription: "CPU, baseline, 2 threads") { try .cpu(isa: "baseline", threads: 2) },
    Contender(testDescription: "OpenCL, block form") { try Device.open("opencl", form: .block).device },
    Contender(testDescription: "OpenCL, tile form") { try Device.open("opencl", form: .tile).device },
  ]
}

/// Twenty steps of DCGAN-32, batch 8, on Fashion-MNIST: the checkpoints are the same files, byte for byte.
@Test(arguments: Contender.all)
func trainingGivesTheSameFileOnEveryDevice(contender: Contender) throws {
  let device: Device
  do {
    device = try contender.open()
  } catch DeviceError.unsupported(let isa, let processor) {
    try Test.cancel("this processor (\(processor)) has no \(isa)")
  }
  let (ours, theirs) = (try TemporaryFolder(), try TemporaryFolder())
  let small = ["training.batch=8", "training.steps=20", "ema.decay=0.99"]
  let file = try trained(small, in: ours.path + "/run", on: device)
  let reference = try trained(small, in: theirs.path + "/run", on: .cpu(threads: 2))
  // Weights and moments of both networks, and the generator's average: nothing was left out.
  #expect(file.count > 4 * (4 * 1_066_880 + 3 * 661_248))
  #expect(file == reference, "\(device.name) trains to other bits than the processor's own build")
}

/// Resuming is continuing: forty steps straight equal twenty, a stop, and twenty more.
@Test(arguments: [
  [],
  ["training.discriminator-steps=2", "objective.name=wasserstein", "objective.clip=0.01", "optimizer.name=rmsprop"],
  ["model.architecture=autoencoder", "objective.name=began", "objective.balance-rate=0.1"],
  [
    "training.discriminator-steps=step 1 to 2 by 10", "optimizer.generator-lr=linear 2e-4 to 0 by 60",
    "training.accumulation=2",
    "regularizers.historical-averaging=0.01", "input.noise-std=0.1", "regularizers.gradient-penalty=1",
    "model.norm=none",
  ],
  ["ema.decay=0.9", "data.flip=true", "optimizer.name=adamw", "optimizer.weight-decay=0.01"],
])
func resumingIsContinuing(assignments: [String]) throws {
  let small = ["training.batch=4", "model.width=8"] + assignments
  let folder = try TemporaryFolder()
  let device = try Device.cpu()
  let straight = try trained(small + ["training.steps=40"], in: folder.path + "/straight", on: device)
  let half = try trained(small + ["training.steps=20"], in: folder.path + "/parts", on: device)
  let whole = try trained(small + ["training.steps=40"], in: folder.path + "/parts", from: 20, on: device)
  #expect(half != whole)
  #expect(whole == straight)
}

/// A different seed is a different run; the same one is the same file.
@Test func seedsDecideEverything() throws {
  let folder = try TemporaryFolder()
  let device = try Device.cpu()
  let files = try [1, 1, 2].enumerated().map { number, seed in
    try trained(
      ["training.batch=4", "model.width=8", "training.steps=3", "training.seed=\(seed)"],
      in: folder.path + "/\(number)",
      on: device)
  }
  #expect(files[0] == files[1] && files[0] != files[2])
}

/// The discriminator and the generator learn: after a short run every mode has a share of the samples, and most are
/// within 0.15 of one, where neighbours are 0.77 apart. A generator that has collapsed misses modes.
@Test func theRingIsLearned() throws {
  let folder = try TemporaryFolder()
  let configuration = try Configuration(from: "ring", assignments: ["training.steps=1500", "output.sample-every=0"])
  let run = try TrainingRun(configuration, in: folder.path + "/ring", on: .cpu())
  let z = run.trainer.latents(1000)
  let near = PointMixture(name: "ring", centres: PointMixture.ring.centres, standardDeviation: 0.05)
  func coverage() throws -> ModeCoverage {
    let points: [Double] = try run.trainer.samples(z, configuration.samplingMode).scalars()
    return ModeCoverage(of: (0..<1000).map { (points[2 * $0], points[2 * $0 + 1]) }, near)
  }
  let before = try coverage()
  _ = try run.train(progress: .silent)
  let after = try coverage()
  #expect(after.modes == 8 && after.highQuality > 0.6, "\(after)")
  #expect(before.highQuality < after.highQuality / 2, "\(before)")
}

/// Each class is a mode: after a short run the samples of a class lie near its own Gaussian.
@Test func theRingIsLearnedClassByClass() throws {
  let folder = try TemporaryFolder()
  let short = ["training.steps=1500", "output.sample-every=0"]
  let configuration = try Configuration(from: "ring-cgan", assignments: short)
  let run = try TrainingRun(configuration, in: folder.path + "/ring", on: .cpu())
  _ = try run.train(progress: .silent)
  // Samples are of one class after the other.
  let points: [Double] = try run.trainer.samples(run.trainer.latents(800), configuration.samplingMode).scalars()
  let near = (0..<800).count { i in
    let centre = PointMixture.ring.centres[i % 8]
    let (x, y) = (points[2 * i] - centre.x, points[2 * i + 1] - centre.y)
    return x * x + y * y < 0.09  // neighbours are 0.77 apart
  }
  #expect(near > 700, "\(near) of 800 are near their mode")
}

/// A labelled point's class is the Gaussian that it comes from, and labels move no point.
@Test(arguments: [PointMixture.ring.name, PointMixture.grid.name])
func pointsCarryTheirMode(name: String) throws {
  let mixture = try #require(PointMixture.all.first { $0.name == name })
  let device = try Device.cpu()
  let source = PointSource(mixture, batch: 500, seed: 3, isLabelled: true, on: device)
  let batch = source.next()
  let points: [Double] = try batch.samples.scalars()
  let labels = try #require(batch.labels).scalars(as: Double.self)
  let isNear = labels.enumerated().map { i, label in
    let centre = mixture.centres[Int(label)]
    let distance = max(abs(points[2 * i] - centre.x), abs(points[2 * i + 1] - centre.y))
    return label == label.rounded() && distance < 6 * mixture.standardDeviation
  }
  #expect(!isNear.contains(false))
  #expect(Set(labels).count == mixture.centres.count)
  let plain = PointSource(mixture, batch: 500, seed: 3, on: device).next()
  #expect(try plain.labels == nil && plain.samples.scalars(as: Double.self) == points)
}
