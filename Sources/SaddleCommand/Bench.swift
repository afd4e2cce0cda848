import ArgumentParser
import Foundation
import Saddle

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures.", subcommands: [Step.self], defaultSubcommand: Step.self)

  struct Step: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Training steps on noise: images a second, memory, launches, and where the time goes.")

    @Option(help: "The preset.") var preset = "dcgan64"
    @Option(help: "Images a batch.") var batch = 64
    @Option(help: "Steps that are counted, after two that are not.") var steps = 10
    @Flag(help: "One line of JSON.") var json = false
    @Flag(help: "Lists the time by kernel; each launch is then waited for.") var kernels = false
    @OptionGroup var deviceOptions: DeviceOptions

    private struct Result: Codable {
      let device: String
      let preset: String
      let batch: Int
      let images_per_second: Double
      let peak_rss_mib: Double
      let device_mib: Int
      let launches: Int
      let allocations: Int
    }

    func run() throws {
      let configuration = try Saddle.Configuration(from: preset, assignments: ["training.batch=\(batch)"])
      let device = try deviceOptions.open()
      let trainer = try Trainer(configuration, on: device)
      let shape = Shape([batch] + configuration.sampleShape.sizes)
      let noise = 2 * RandomStream(seed: 1, stream: 0).uniform(shape, step: 0, on: device) - 1
      func step() throws -> Duration {
        let start = ContinuousClock.now
        _ = trainer.advance { noise }
        try device.synchronize()
        return start.duration(to: .now)
      }
      for _ in 0..<2 { _ = try step() }
      if kernels { device.profile = [:] }
      let (launches, allocations) = (device.launchCount, device.allocationCount)
      let times = try (0..<steps).map { _ in try step() }.sorted()
      let seconds = times[steps / 2] / .seconds(1)
      var usage = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      let result = Result(
        device: device.name, preset: preset, batch: batch, images_per_second: Double(batch) / seconds,
        peak_rss_mib: Double(usage.ru_maxrss) / 1024, device_mib: device.peakBytesHeld >> 20,
        launches: (device.launchCount - launches) / steps, allocations: device.allocationCount - allocations)
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(result), as: UTF8.self))
      } else {
        print(
          String(
            format: "%.1f images/s, %.0f ms a step (median of %d)", result.images_per_second, 1000 * seconds, steps))
        print("\(result.device_mib) MiB on the device, \(Int(result.peak_rss_mib)) MiB in the process at most")
        print("\(result.launches) launches a step, \(result.allocations) device allocations in \(steps) steps")
      }
      for (name, row) in (device.profile ?? [:]).sorted(by: { $0.value.time > $1.value.time }).prefix(10) {
        print(String(format: "%8.2f ms  %4d launches  %@", row.time / .milliseconds(steps), row.launches / steps, name))
      }
    }
  }
}
