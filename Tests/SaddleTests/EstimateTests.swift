import Foundation
import Testing

@testable import Saddle

private let mebibyte = 1 << 20

/// What is there, and the words of what is said to be short.
struct Short: Sendable {
  let device, host, disk: Int?
  let words: [[String]]
}

@Test(arguments: [
  Short(device: nil, host: nil, disk: nil, words: []),
  Short(device: 10_000, host: 10_000, disk: 10_000, words: []),
  Short(device: 100, host: nil, disk: nil, words: [["of memory, and GPU has 100 MiB", "--set training.batch="]]),
  Short(device: 10_000, host: 100, disk: nil, words: [["this machine has 100 MiB free", "--set training.batch="]]),
  Short(device: 1, host: nil, disk: nil, words: [["GPU has 1.0 MiB", "smaller training.batch or model.width"]]),
  Short(device: nil, host: nil, disk: 1, words: [["runs/x has 1.0 MiB free", "output.keep=1", "--out"]]),
])
func whatIsShortIsSaid(short: Short) throws {
  let configuration = try Configuration(from: "fashion")
  let means = Estimate.Means(
    deviceName: "GPU", device: short.device.map { $0 * mebibyte }, host: short.host.map { $0 * mebibyte },
    folder: "runs/x", disk: short.disk.map { $0 * mebibyte })
  let shortages = configuration.shortages(try configuration.estimate(), means)
  #expect(shortages.count == short.words.count, "\(shortages)")
  for (shortage, words) in zip(shortages, short.words) {
    for word in words { #expect(shortage.contains(word), "\(shortage)") }
  }
}

/// The batch that is offered fits, and the next larger one does not.
@Test func theBatchThatIsOfferedFits() throws {
  let configuration = try Configuration(from: "fashion")
  let limit = 100 * mebibyte
  let means = Estimate.Means(deviceName: "GPU", device: limit, host: nil, folder: ".", disk: nil)
  let shortage = try #require(configuration.shortages(try configuration.estimate(), means).first)
  let batch = try #require(shortage.firstMatch(of: /training\.batch=(\d+)/).flatMap { Int($0.1) })
  func peak(_ batch: Int) throws -> Int {
    try Configuration(from: "fashion", assignments: ["training.batch=\(batch)"]).dryRun().peakBytes
  }
  #expect(try peak(batch) <= limit && peak(2 * batch) > limit)
}

/// A run takes no more of the disk than was said, and a good part of it.
@Test func theDiskIsEstimatedFromAbove() throws {
  let folder = try TemporaryFolder()
  let settings = [
    "model.width=8", "training.batch=8", "training.steps=40", "output.checkpoint-every=10", "output.keep=2",
    "output.sample-every=10", "data.path=\(fashion)",
  ]
  let configuration = try Configuration(from: "fashion", assignments: settings)
  let run = try TrainingRun(configuration, in: folder.path + "/run", on: Device.cpu())
  #expect(try run.train(progress: .silent) == .finished)
  let names = try #require(FileManager.default.enumerator(atPath: folder.path + "/run")).compactMap { $0 as? String }
  let bytes = try names.reduce(0) { sum, name in
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/run/" + name)
    return sum + (attributes[.type] as? FileAttributeType == .typeRegular ? attributes[.size] as? Int ?? 0 : 0)
  }
  let estimate = try configuration.estimate()
  #expect(bytes <= estimate.diskBytes && 3 * bytes > estimate.diskBytes, "\(bytes), \(estimate.diskBytes)")
  let checkpoint = try FileManager.default.attributesOfItem(
    atPath: folder.path + "/run/checkpoints/step-00000040.safetensors")
  let size = try #require(checkpoint[.size] as? Int)
  #expect(abs(size - estimate.dryRun.checkpointBytes) < 20_000, "\(size), \(estimate.dryRun.checkpointBytes)")
}

@Test(arguments: [
  (0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (10 << 20, "10 MiB"),
  ((1 << 30) - 1, "1.0 GiB"), (5 << 40, "5.0 TiB"),
])
func bytesAreReadable(bytes: Int, text: String) { #expect(Estimate.text(bytes) == text) }

@Test(arguments: [
  (0.5, 7200, "1:00:00", false), (2.0, 50_000, "27:46:40", true), (0.001, 1000, "about 1s", false),
])
func timeIsEstimated(seconds: Double, steps: Int, words: String, isLong: Bool) {
  let text = StepTimer.estimate(seconds, steps: steps, measured: 4)
  #expect(text.contains(words) && text.contains("\(steps) steps") && text.contains("model.width") == isLong, "\(text)")
}

@Test func aStepIsMeasured() throws {
  let configuration = try Configuration(from: "ring", assignments: ["training.batch=16"])
  let measured = try configuration.measuredStep(on: Device.cpu())
  #expect(measured.seconds > 0 && measured.seconds < 1 && measured.steps == 4)
  // Where time is up, one step is enough.
  #expect(try configuration.measuredStep(on: Device.cpu(), within: 0).steps == 1)
}

@Test func meansAreThoseOfTheMachine() throws {
  let means = Estimate.Means(try Device.cpu(), folder: "/tmp/not/there/yet")
  let (device, host, disk) = try (#require(means.device), #require(means.host), #require(means.disk))
  #expect(host > 0 && host <= device && disk > 0)
}

/// What is measured before a run does not grow with the step: of many micro-batches one, of a large batch a part.
@Test func largeStepsAreMeasuredInParts() throws {
  func launches(_ assignments: [String]) throws -> Int {
    let device = try Device.cpu()
    let measured = try Configuration(from: "ring", assignments: assignments).measuredStep(on: device, within: 0)
    #expect(measured.steps == 1)
    return device.launchCount
  }
  let small = try launches(["training.batch=64"])
  #expect(try launches(["training.batch=65536", "training.accumulation=4096"]) == small)
}

/// Launches of many micro-batches are told without a dry run of each.
@Test func microBatchesAreRehearsedByThree() throws {
  let configuration = try Configuration(
    from: "ring", assignments: ["training.batch=8", "training.accumulation=7"])
  let device = Device.dryRun(), trainer = try Trainer(configuration, on: device)
  func step() { _ = trainer.advance(measuring: false) { Batch(Tensor(uninitialized: [8, 2], on: device)) } }
  step()
  let launches = device.launchCount
  step()
  let dryRun = try configuration.dryRun()
  #expect(dryRun.launchesPerStep == device.launchCount - launches)
  #expect(abs(dryRun.peakBytes - device.peakBytesHeld) < device.peakBytesHeld / 50)
}
