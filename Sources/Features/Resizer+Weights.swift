import Foundation
import Tensors

/// A filter of Pillow: what a neighbour weighs at some distance, in pixels of the larger image.
struct AntialiasingFilter: Sendable {
  /// Beyond this distance nothing weighs anything.
  let support: Double
  let weight: @Sendable (_ distance: Double) -> Double

  /// Keys' cubic convolution with a = -1/2 (Keys 1981).
  static let bicubic = AntialiasingFilter(support: 2) { distance in
    let (x, a) = (abs(distance), -0.5)
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
  }

  static let box = AntialiasingFilter(support: 0.5) { $0 > -0.5 && $0 <= 0.5 ? 1 : 0 }
}

extension AxisFilter {
  /// Linear interpolation where output i lies at i inputs / outputs: the first pixels' corners coincide. Places are
  /// rounded to float (tensorflow/core/kernels/resize_bilinear_op.cc, legacy scaler).
  init(cornersOf inputs: Int, outputs: Int) {
    let scale = Float(inputs) / Float(outputs)
    self.init(interpolating: inputs, at: (0..<outputs).map { Float($0) * scale })
  }

  /// Linear interpolation where the images' edges coincide, in float (aten/src/ATen/native/UpSample.h).
  init(centresOf inputs: Int, outputs: Int) {
    let scale = Float(inputs) / Float(outputs)
    self.init(interpolating: inputs, at: (0..<outputs).map { max(scale * (Float($0) + 0.5) - 0.5, 0) })
  }

  private init(interpolating inputs: Int, at places: [Float]) {
    self.init(
      inputs: inputs,
      runs: places.map { place -> Run in
        let low = min(Int(place), inputs - 1)
        let share = Double(place - Float(low))
        return low + 1 < inputs ? (low, [1 - share, share]) : (low, [1])
      })
  }

  /// A filter that is stretched where the image shrinks, so that every pixel counts (Pillow's
  /// src/libImaging/Resample.c).
  init(antialiasing inputs: Int, outputs: Int, by filter: AntialiasingFilter) {
    let scale = Double(inputs) / Double(outputs)
    let stretch = max(scale, 1)
    let support = filter.support * stretch
    self.init(
      inputs: inputs,
      runs: (0..<outputs).map { output -> Run in
        let centre = (Double(output) + 0.5) * scale
        let first = max(Int(centre - support + 0.5), 0)
        let end = min(Int(centre + support + 0.5), inputs)
        let weights = (first..<end).map { filter.weight((Double($0) - centre + 0.5) * (1 / stretch)) }
        let total = weights.reduce(0, +)
        return (first, total == 0 ? weights : weights.map { $0 / total })
      })
  }
}
