import Foundation
import Saddle

/// Times training steps on noise.
public struct StepBench {
  private let configuration: Configuration
  private let device: Device
  private let trainer: Trainer
  private let batch: Batch

  /// - Throws: `NetworkError` where the architecture does not fit the configuration, `DeviceError`.
  public init(_ configuration: Configuration, on device: Device) throws {
    (self.configuration, self.device) = (configuration, device)
    trainer = try Trainer(configuration, on: device)
    let shape = Shape([configuration.training.batch] + configuration.sampleShape.sizes)
    let classes = configuration.model.classes
    batch = Batch(
      2 * RandomStream(seed: 1, stream: 0).uniform(shape, step: 0, on: device) - 1,
      labels: classes > 0
        ? Tensor((0..<shape[0]).map { Double($0 % classes) }, shape: [shape[0]], on: device) : nil)
  }

  /// One training step.
  func step() { _ = trainer.advance(measuring: false) { batch } }

  /// Measures some steps, after two that are not counted; then, in a few more, the kernels.
  ///
  /// - Parameter progress: Told in words what is being measured.
  /// - Throws: The device's first failure.
  public func run(preset: String, steps: Int, progress: (String) -> Void = { _ in }) throws -> StepReport {
    // A run does not wait for a step's end before it begins the next: neither does a group of steps.
    func run(_ steps: Int) throws -> (seconds: Double, waits: Int) {
      let (start, waits) = (ContinuousClock.now, device.waitCount)
      for _ in 0..<steps { step() }
      let waited = device.waitCount - waits
      try device.synchronize()
      return (start.duration(to: .now) / .seconds(steps), waited)
    }
    progress("roofline")
    let peak = try Roofline.peak(of: device)
    progress("two steps that are not counted")
    _ = try run(2)
    let before = (device.launchCount, device.allocationCount, device.allocatedByteCount, device.productFLOPs)
    let groups = min(steps, 5)
    let counted = try (0..<groups).map { number in
      progress("step \(number * steps / groups + 1)/\(steps)")
      return try run((number + 1) * steps / groups - number * steps / groups)
    }
    let after = (device.launchCount, device.allocationCount, device.allocatedByteCount, device.productFLOPs)
    let seconds = counted.map(\.seconds).sorted()[groups / 2]
    let (residentMiB, deviceMiB) = (Self.peakResidentMiB, device.peakBytesHeld >> 20)

    progress("kernels")
    let kernels = try kernels(steps: 3)
    progress("host time")
    let host = try hostSecondsPerLaunch()
    progress("roofline, once more")
    return StepReport(
      device: device.name, preset: preset, batch: configuration.training.batch,
      imagesPerSecond: Double(configuration.training.batch) / seconds, seconds: seconds, peakRssMib: residentMiB,
      deviceMib: deviceMiB, launches: (after.0 - before.0) / steps, allocations: after.1 - before.1,
      allocatedBytes: after.2 - before.2, waits: counted.map(\.waits).reduce(0, +),
      hostMicrosecondsPerLaunch: 1e6 * host, handoverMicrosecondsPerLaunch: 1e6 * (try handoverSecondsPerLaunch()),
      productFlops: (after.3 - before.3) / steps, peakFlopsPerSecond: max(peak, try Roofline.peak(of: device)),
      kernels: kernels.rows, slowest: kernels.slowest, secondsBetweenKernels: kernels.between)
  }

  /// The time of each kernel in a step, of its slowest launches, and of what is in none.
  private func kernels(
    steps: Int
  ) throws -> (rows: [StepReport.Kernel], slowest: [StepReport.Kernel], between: Double) {
    let start = ContinuousClock.now
    let times = try device.launchTimes { for _ in 0..<steps { step() } }
    let wall = start.duration(to: .now) / .seconds(steps)
    func shares(by name: (LaunchTime) -> String) -> [StepReport.Kernel] {
      Dictionary(grouping: times, by: name).map { name, launches in
        StepReport.Kernel(
          name: name, launches: launches.count / steps,
          seconds: launches.reduce(Duration.zero) { $0 + $1.time } / .seconds(steps))
      }.sorted { $0.seconds > $1.seconds }
    }
    let rows = shares { $0.kernel }
    return (rows, Array(shares(by: Self.name).prefix(40)), max(0, wall - rows.map(\.seconds).reduce(0, +)))
  }

  private static func name(_ launch: LaunchTime) -> String {
    let extent = launch.extent, batches = extent.batches > 1 ? " x \(extent.batches)" : ""
    return "\(launch.kernel) \(extent.rows) x \(extent.columns)\(batches)" + (launch.tile.map { ", \($0)" } ?? "")
  }

  /// What the host does for a launch before a device sees it: shapes, tape, pool, arguments. The same step on a device
  /// that computes nothing takes this and no more.
  private func hostSecondsPerLaunch() throws -> Double {
    let dryRun = Device.dryRun(like: device)
    let bench = try StepBench(configuration, on: dryRun)
    for _ in 0..<3 { bench.step() }
    let launches = dryRun.launchCount
    let times = (0..<21).map { _ in ContinuousClock().measure(bench.step) / .seconds(1) }
    return times.sorted()[10] / (Double(dryRun.launchCount - launches) / 21)
  }

  /// What handing over a launch costs on this device beyond that: a kernel over one element, which nobody waits for,
  /// here and on a device that computes nothing.
  private func handoverSecondsPerLaunch() throws -> Double {
    func seconds(on device: Device) throws -> Double {
      let x = Tensor(0, shape: [1], on: device)
      // The least of some rounds, each short enough for any driver's queue.
      return try (0..<20).map { _ in
        try device.synchronize()
        return ContinuousClock().measure { for _ in 0..<200 { x.fill(1) } } / .seconds(200)
      }.min() ?? 0
    }
    return max(0, try seconds(on: device) - seconds(on: .dryRun()))
  }

  private static var peakResidentMiB: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  }
}
