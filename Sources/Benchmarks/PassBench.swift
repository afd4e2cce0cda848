import Features
import Foundation
import Saddle

/// Times passes of one network over a batch: a judge of images, or a generator.
public struct PassBench {
  private let device: Device
  private let what: String
  private let batch: Int
  private let pass: () throws -> Void

  /// Inception-v3 with random weights, on noise of 32 x 32.
  public init(featuresOf batch: Int, on device: Device) throws {
    let extractor = Inception(untrained: 1, on: device)
    let noise = RandomStream(seed: 1, stream: 0).uniform([batch, 32, 32, 3], step: 0, on: device)
    let images = ImageBytes(try (2 * noise - 1).imageBytes(), count: batch, height: 32, width: 32, channels: 3)
    (self.device, self.batch, what) = (device, batch, "Inception-v3")
    pass = { _ = try extractor.features(of: images) }
  }

  /// The generator of a preset with its first weights: from latents to samples on the device, batch norm by its running
  /// moments.
  ///
  /// - Throws: `NetworkError` where the architecture does not fit the configuration, `DeviceError`.
  public init(samplesOf configuration: Configuration, preset: String, batch: Int, on device: Device) throws {
    let trainer = try Trainer(configuration, on: device)
    let latents = trainer.latents(batch)
    (self.device, self.batch, what) = (device, batch, preset)
    pass = {
      _ = trainer.samples(latents, Trainer.Sampling(usesEMA: false, usesRunningStatistics: true))
      try device.synchronize()
    }
  }

  /// Measures some passes, after one that is not counted; then, in one more, the kernels.
  ///
  /// - Throws: The device's first failure.
  public func run(passes: Int) throws -> PassReport {
    func once() throws -> Double {
      let start = ContinuousClock.now
      try pass()
      return start.duration(to: .now) / .seconds(1)
    }
    _ = try once()
    let before = device.productFLOPs
    let seconds = try (0..<passes).map { _ in try once() }.sorted()[passes / 2]
    let operations = (device.productFLOPs - before) / passes
    let kernels = Dictionary(grouping: try device.launchTimes { _ = try once() }, by: \.kernel).map { name, launches in
      StepReport.Kernel(
        name: name, launches: launches.count,
        seconds: launches.reduce(Duration.zero) { $0 + $1.time } / .seconds(1))
    }
    return PassReport(
      device: device.name, network: what, batch: batch, imagesPerSecond: Double(batch) / seconds, seconds: seconds,
      productFlops: operations, kernels: kernels.sorted { $0.seconds > $1.seconds })
  }
}

/// What the bench of a network's passes found: one line of JSON, or a page of text.
public struct PassReport: Codable, Sendable {
  public let device: String
  public let network: String
  public let batch: Int
  public let imagesPerSecond: Double
  /// Of a batch, the median.
  public let seconds: Double
  /// Floating-point operations of a batch's products and convolutions, counted directly.
  public let productFlops: Int
  /// Every kernel of a batch, the longest first.
  public let kernels: [StepReport.Kernel]

  /// One line.
  public func json() throws -> String { try encoded() }

  public var text: String {
    let rows = kernels.map { kernel in
      String(format: "%9.2f ms  %5d launches  ", 1000 * kernel.seconds, kernel.launches) + kernel.name
    }
    let speed = String(
      format: "%.2f images/s, %.2f ms a batch of %d images, %.0f GFLOP/s in products", imagesPerSecond, 1000 * seconds,
      batch, Double(productFlops) / seconds / 1e9)
    return ([speed, ""] + rows).joined(separator: "\n")
  }
}
