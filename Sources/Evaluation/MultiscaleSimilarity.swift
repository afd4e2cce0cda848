import Datasets
import Devices
import Features
import Foundation

/// The mean multi-scale structural similarity (MS-SSIM) of random pairs of images: 1 where all are equal, lower the
/// more they differ, so that a generator that collapsed lies above the real images' own value.
///
/// SSIM of luminance l, contrast and structure c s under a Gaussian window of 11 pixels and deviation 1.5, valid places
/// alone; the next scale is the mean of 2 x 2 pixels (the last row or column of an odd side is left out). MS-SSIM is
/// the product over the scales of (c s)^w, with l at the last one; a negative factor counts as 0. Channels are
/// averaged.
///
/// Sources: Wang, Simoncelli and Bovik 2003, "Multiscale structural similarity for image quality assessment"; for
/// diversity Odena, Olah and Shlens 2017, "Conditional image synthesis with auxiliary classifier GANs" (arXiv
/// 1610.09585). Five scales need sides of 176 pixels; smaller images have `similarityScales` of them, their weights
/// scaled to the sum of all five (1.0001, as printed). Name the scales with the number.
///
/// - Parameters:
///   - pairs: How many pairs of different images are drawn.
///   - seed: Draws them by Philox.
/// - Throws: `MetricError` where there are fewer than two images, or they are smaller than 11 pixels.
public func multiscaleSimilarity(
  _ images: ImageBytes, pairs: Int = 1000, seed: UInt64
) throws(MetricError) -> Double {
  precondition(pairs > 0, "\(pairs) pairs")
  let scales = similarityScales(height: images.height, width: images.width)
  guard images.count > 1 else {
    throw MetricError("MS-SSIM compares pairs of images, and there are \(images.count): give 2 or more")
  }
  guard scales > 0 else {
    throw MetricError(
      "MS-SSIM needs images of 11 x 11 pixels or more, and these have \(images.height) x \(images.width)")
  }
  var stream = PhiloxStream(seed: seed, epoch: 0, purpose: .pairs)
  let drawn = (0..<pairs).map { _ in
    let first = Int(stream.nextInteger(below: UInt32(images.count)))
    let other = Int(stream.nextInteger(below: UInt32(images.count - 1)))
    return (first, other < first ? other : other + 1)
  }
  let values = [Double](unsafeUninitializedCapacity: pairs) { values, count in
    nonisolated(unsafe) let values = values
    performConcurrently(pairs) { pair in
      values[pair] = similarity(images, drawn[pair].0, drawn[pair].1, scales: scales)
    }
    count = pairs
  }
  return values.reduce(0, +) / Double(pairs)
}

/// How many of the five scales images of a size have: at the last one the window must fit.
public func similarityScales(height: Int, width: Int) -> Int {
  scaleWeights.indices.count { min(height, width) >> $0 >= window.count }
}

/// Of the scales, as the paper's observers weighed them.
private let scaleWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

private let window: [Double] = {
  let weights = (-5...5).map { (pixel: Int) -> Double in exp(-Double(pixel * pixel) / 4.5) }  // 2 times 1.5 squared
  let sum = weights.reduce(0, +)
  return weights.map { $0 / sum }
}()

/// MS-SSIM of two images, by their numbers.
func similarity(_ images: ImageBytes, _ first: Int, _ other: Int, scales: Int) -> Double {
  let share = scaleWeights[..<scales].reduce(0, +) / scaleWeights.reduce(0, +)
  let weights = scaleWeights[..<scales].map { $0 / share }
  let channels = (0..<images.channels).map { channel in
    var (x, y) = (Plane(images, first, channel), Plane(images, other, channel))
    return weights.enumerated().reduce(1.0) { product, scale in
      if scale.offset > 0 { (x, y) = (x.halved, y.halved) }
      let (structure, whole) = structuralSimilarity(x, y)
      return product * pow(max(scale.offset == scales - 1 ? whole : structure, 0), scale.element)
    }
  }
  return channels.reduce(0, +) / Double(images.channels)
}

/// The means over all places of c s, and of l c s.
private func structuralSimilarity(_ x: Plane, _ y: Plane) -> (structure: Double, whole: Double) {
  let (c1, c2) = (2.55 * 2.55, 7.65 * 7.65)  // (K L)² with K .01 and .03, L 255
  let (mx, my) = (x.blurred, y.blurred)
  let (xx, yy, xy) = ((x * x).blurred, (y * y).blurred, (x * y).blurred)
  var (structures, wholes) = (0.0, 0.0)
  for i in mx.values.indices {
    let (a, b) = (mx.values[i], my.values[i])
    let structure =
      (2 * (xy.values[i] - a * b) + c2) / ((xx.values[i] - a * a) + (yy.values[i] - b * b) + c2)
    structures += structure
    wholes += structure * (2 * a * b + c1) / (a * a + b * b + c1)
  }
  return (structures / Double(mx.values.count), wholes / Double(mx.values.count))
}

/// One channel of an image.
private struct Plane {
  let height: Int
  let width: Int
  let values: [Double]

  init(height: Int, width: Int, _ values: [Double]) { (self.height, self.width, self.values) = (height, width, values) }

  init(_ images: ImageBytes, _ number: Int, _ channel: Int) {
    let start = number * images.height * images.width * images.channels + channel
    self.init(
      height: images.height, width: images.width,
      (0..<images.height * images.width).map { Double(images.bytes[start + $0 * images.channels]) })
  }

  static func * (x: Plane, y: Plane) -> Plane {
    Plane(height: x.height, width: x.width, zip(x.values, y.values).map { $0 * $1 })
  }

  /// Under the window along rows, then along columns, where it fits.
  var blurred: Plane {
    let (height, width, taps) = (self.height - window.count + 1, self.width - window.count + 1, window)
    var rows = [Double](repeating: 0, count: self.height * width)
    var blurred = [Double](repeating: 0, count: height * width)
    values.withUnsafeBufferPointer { values in
      for y in 0..<self.height {
        for (k, weight) in taps.enumerated() {
          for x in 0..<width { rows[y * width + x] += weight * values[y * self.width + x + k] }
        }
      }
    }
    for y in 0..<height {
      for (k, weight) in taps.enumerated() {
        for x in 0..<width { blurred[y * width + x] += weight * rows[(y + k) * width + x] }
      }
    }
    return Plane(height: height, width: width, blurred)
  }

  /// The means of 2 x 2 pixels.
  var halved: Plane {
    let (height, width) = (self.height / 2, self.width / 2)
    return Plane(
      height: height, width: width,
      (0..<height * width).map { i in
        let corner = i / width * 2 * self.width + i % width * 2
        return
          (values[corner] + values[corner + 1] + values[corner + self.width] + values[corner + self.width + 1]) / 4
      })
  }
}
