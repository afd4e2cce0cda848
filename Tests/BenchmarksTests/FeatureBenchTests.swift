import Saddle
import Testing

@testable import Benchmarks

/// torchvision publishes 5.71 thousand million multiplications with additions for Inception-v3.
@Test func inceptionHasItsPublishedSize() throws {
  let report = try FeatureBench(on: .cpu()).run(batch: 1, batches: 1)
  #expect(abs(Double(report.productFlops) / 2e9 - 5.71) < 0.02)
  #expect(report.imagesPerSecond > 0 && report.kernels.contains { $0.name == "convolve" })
}
