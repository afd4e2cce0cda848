import Saddle
import Testing

@testable import Benchmarks

/// torchvision publishes 5.71 thousand million multiplications with additions for Inception-v3.
@Test func inceptionHasItsPublishedSize() throws {
  let report = try PassBench(featuresOf: 1, on: .cpu()).run(passes: 1)
  #expect(abs(Double(report.productFlops) / 2e9 - 5.71) < 0.02)
  #expect(report.imagesPerSecond > 0 && report.kernels.contains { $0.name == "convolve" })
}

/// DCGAN-64's generator by hand, in multiplications: 100 latents to 4x4x512, then a 4x4 filter over what each layer
/// reads.
@Test func aGeneratorHasItsSize() throws {
  let configuration = try Configuration(from: "dcgan64", assignments: [])
  let report = try PassBench(samplesOf: configuration, preset: "dcgan64", batch: 2, on: .cpu()).run(passes: 2)
  let layers = [(4, 512, 256), (8, 256, 128), (16, 128, 64), (32, 64, 3)]
  let one = 100 * 4 * 4 * 512 + layers.map { size, c, k in size * size * 16 * c * k }.reduce(0, +)
  #expect(report.productFlops == 2 * 2 * one)
  #expect(report.batch == 2 && report.seconds > 0 && report.kernels.contains { $0.name == "tanh_forward" })
}
