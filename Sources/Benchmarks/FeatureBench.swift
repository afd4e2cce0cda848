import Features
import Foundation
import Saddle

/// Times Inception-v3 on noise.
public struct FeatureBench {
  private let device: Device
  private let extractor: any FeatureExtractor

  public init(on device: Device) {
    self.device = device
    extractor = Inception(untrained: 1, on: device)
  }

  /// Measures some batches, after one that is not counted; then, in one more, the kernels.
  ///
  /// - Throws: The device's first failure.
  public func run(batch: Int, batches: Int) throws -> FeatureReport {
    let noise = RandomStream(seed: 1, stream: 0).uniform([batch, 32, 32, 3], step: 0, on: device)
    let images = ImageBytes(try (2 * noise - 1).imageBytes(), count: batch, height: 32, width: 32, channels: 3)
    func look() throws -> Double {
      let start = ContinuousClock.now
      _ = try extractor.features(of: images)
      return start.duration(to: .now) / .seconds(1)
    }
    _ = try look()
    let before = device.productFLOPs
    let seconds = try (0..<batches).map { _ in try look() }.sorted()[batches / 2]
    let operations = (device.productFLOPs - before) / batches
    let times = try device.launchTimes { _ = try look() }
    let kernels = Dictionary(grouping: times, by: \.kernel).map { name, launches in
      StepReport.Kernel(
        name: name, launches: launches.count,
        seconds: launches.reduce(Duration.zero) { $0 + $1.time } / .seconds(1))
    }
    return FeatureReport(
      device: device.name, batch: batch, imagesPerSecond: Double(batch) / seconds, seconds: seconds,
      productFlops: operations, kernels: kernels.sorted { $0.seconds > $1.seconds })
  }
}

/// What the bench of features found: one line of JSON, or a page of text.
public struct FeatureReport: Codable, Sendable {
  public let device: String
  public let batch: Int
  public let imagesPerSecond: Double
  /// Of a batch, the median.
  public let seconds: Double
  /// Floating-point operations of a batch's products and convolutions, counted directly.
  public let productFlops: Int
  /// Every kernel of a batch, the longest first.
  public let kernels: [StepReport.Kernel]

  /// One line.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  public var text: String {
    let rows = kernels.map { kernel in
      String(format: "%9.1f ms  %5d launches  ", 1000 * kernel.seconds, kernel.launches) + kernel.name
    }
    let speed = String(
      format: "%.2f images/s, %.1f ms a batch of %d images, %.0f GFLOP/s in products", imagesPerSecond, 1000 * seconds,
      batch, Double(productFlops) / seconds / 1e9)
    return ([speed, ""] + rows).joined(separator: "\n")
  }
}
