import Features
import Foundation
import Testing

@testable import Evaluation

@Suite struct MultiscaleSimilarityTests {
  @Test func agreesWithPytorchMSSSIM() throws {
    for row in try MetricReference.load().similarity {
      let images = ImageBytes.drawn(2, row.height, row.width, row.channels, seed: row.seed)
      #expect(similarityScales(height: row.height, width: row.width) == row.scales)
      // Its window is of floats.
      #expect(abs(similarity(images, 0, 1, scales: row.scales) - row.value) < 1e-7)
      #expect(similarity(images, 0, 1, scales: row.scales) == similarity(images, 1, 0, scales: row.scales))
      // The only pair there is.
      #expect(abs(try multiscaleSimilarity(images, pairs: 3, seed: 1) - row.value) < 1e-7)
    }
  }

  @Test func equalImagesAreOne() throws {
    let one = ImageBytes.drawn(1, 29, 35, 3, seed: 1)
    let equal = ImageBytes(one.bytes + one.bytes + one.bytes, count: 3, height: 29, width: 35, channels: 3)
    #expect(abs(try multiscaleSimilarity(equal, pairs: 10, seed: 1) - 1) < 1e-12)
    // Black and white have no structure to compare, and luminance 0: c1 / (255² + c1), at one scale of it.
    let flat = ImageBytes(
      [UInt8](repeating: 0, count: 144) + [UInt8](repeating: 255, count: 144), count: 2, height: 12, width: 12,
      channels: 1)
    #expect(abs(similarity(flat, 0, 1, scales: 1) - pow(0.0001 / 1.0001, 1.0001)) < 1e-9)
  }

  @Test(arguments: [
    (10, 0), (11, 1), (21, 1), (22, 2), (28, 2), (32, 2), (64, 3), (128, 4), (175, 4), (176, 5), (4000, 5),
  ])
  func scalesFitTheWindow(side: Int, scales: Int) {
    #expect(similarityScales(height: side, width: 4000) == scales)
    #expect(similarityScales(height: 4000, width: side) == scales)
  }

  @Test func pairsDependOnTheSeedAlone() throws {
    let images = ImageBytes.drawn(6, 16, 16, 1, seed: 3)
    let value = { (seed: UInt64) in try multiscaleSimilarity(images, pairs: 4, seed: seed) }
    #expect(try value(1) == value(1))
    #expect(try value(1) != value(2))
  }

  @Test func faultsAreTold() {
    let one = ImageBytes.drawn(1, 16, 16, 1, seed: 1)
    #expect(message { _ = try multiscaleSimilarity(one, seed: 1) }.contains("pairs of images, and there are 1"))
    let small = ImageBytes.drawn(2, 10, 30, 1, seed: 1)
    #expect(message { _ = try multiscaleSimilarity(small, seed: 1) }.contains("11 x 11 pixels or more"))
  }
}
