import Features
import Foundation
import Testing

@testable import Evaluation

/// Answers of torch-fidelity, prdc and pytorch-msssim, made by tools/reference/metrics.py.
struct MetricReference: Decodable {
  struct Frechet: Decodable { let plain, singular, both: Double }
  struct Kernel: Decodable {
    let mean, standardDeviation: Double
    /// Of each subset, those of the first set and those of the second.
    let indices: [[[Int]]]?
  }
  struct Score: Decodable {
    let splits: Int
    let mean, standardDeviation: Double
  }
  struct Neighbours: Decodable {
    let neighbours: Int
    let precision, recall, density, coverage: Double
  }
  struct Similarity: Decodable {
    let height, width, channels, scales: Int
    let seed: UInt32
    let value: Double
  }
  let frechet: Frechet
  let kernel: [String: Kernel]
  let inception: [Score]
  let neighbours: [Neighbours]
  let similarity: [Similarity]

  static func load() throws -> MetricReference {
    let url = try #require(Bundle.module.url(forResource: "metrics", withExtension: "json", subdirectory: "Reference"))
    return try JSONDecoder().decode(MetricReference.self, from: Data(contentsOf: url))
  }
}

/// The bytes that tools/reference/metrics.py draws: the upper ones of Numerical Recipes' generator.
struct StepRandom {
  private var state: UInt32

  init(_ seed: UInt32) { state = seed }

  mutating func next() -> Int {
    state = state &* 1_664_525 &+ 1_013_904_223
    return Int(state >> 24)
  }
}

extension Features {
  /// The script's `features`: whole numbers over powers of two, so that floats hold them exactly.
  static func drawn(_ count: Int, _ width: Int, seed: UInt32, scale: Double = 1, shift: Double = 0) -> Features {
    var draws = StepRandom(seed)
    var values: [Float] = []
    for _ in 0..<count {
      var previous = 0
      for _ in 0..<width {
        let own = (0..<4).reduce(-510) { sum, _ in sum + draws.next() }
        values.append(Float((Double(own) + Double(previous) / 2) / 64 * scale + shift))
        previous = own
      }
    }
    return Features(count: count, width: width, values: values)
  }

  /// Rows written out.
  init(_ rows: [[Float]]) {
    self.init(count: rows.count, width: rows.first?.count ?? 1, values: rows.flatMap { $0 })
  }

  /// Points on a line.
  init(line: [Float]) { self.init(line.map { [$0] }) }

  /// Logits alone.
  init(logits: [[Float]]) {
    self.init(
      count: logits.count, width: 1, values: logits.map { _ in 0 }, classes: logits.first?.count ?? 0,
      logits: logits.flatMap { $0 })
  }
}

extension ImageBytes {
  /// The script's `images`: squares of equal pixels, images after the first half mixed with the first.
  static func drawn(_ count: Int, _ height: Int, _ width: Int, _ channels: Int, seed: UInt32) -> ImageBytes {
    var draws = StepRandom(seed)
    let size = height * width * channels
    var pixels = [Int](repeating: 0, count: count * size)
    for i in 0..<count {
      for y in 0..<height {
        for x in 0..<width {
          for c in 0..<channels {
            let corner = i * size + ((y - y % 4) * width + x - x % 4) * channels + c
            pixels[i * size + (y * width + x) * channels + c] = y % 4 == 0 && x % 4 == 0 ? draws.next() : pixels[corner]
          }
        }
      }
      if i > 0 { for k in 0..<size { pixels[i * size + k] = (pixels[i * size + k] + 3 * pixels[k]) / 4 } }
    }
    return ImageBytes(pixels.map { UInt8($0) }, count: count, height: height, width: width, channels: channels)
  }
}

/// What a call throws, as text, or an empty text where it succeeds.
func message(_ call: () throws -> Void) -> String {
  do {
    try call()
    return ""
  } catch {
    return "\(error)"
  }
}
