/// The samples of one line that go into each sample of a shorter or longer line, with integer weights, so that every
/// machine gets the same bytes.
struct Taps {
  /// For each new sample: the first old sample that it takes.
  private(set) var starts: [Int] = []

  /// For each new sample: where its weights lie in `weights`.
  private(set) var ranges: [Range<Int>] = []
  private(set) var weights: [UInt32] = []

  /// The sum of the weights of any one new sample.
  let total: Int

  /// Box filter: each new sample is the mean of what it covers. Old sample j covers [j n, (j + 1) n) and new sample i
  /// covers [i s, (i + 1) s), for s old and n new samples; a weight is the length that both share.
  static func area(from old: Int, to new: Int) -> Taps {
    var taps = Taps(total: old)
    for i in 0..<new {
      let (low, high) = (i * old, (i + 1) * old)
      let covered = low / new...(high - 1) / new
      taps.append(
        start: covered.lowerBound, weights: covered.map { min(high, ($0 + 1) * new) - max(low, $0 * new) })
    }
    return taps
  }

  /// Straight lines between the centres of samples, constant beyond the outermost: the centre of new sample i lies at
  /// (i + 1/2) s / n - 1/2 old samples.
  static func bilinear(from old: Int, to new: Int) -> Taps {
    var taps = Taps(total: 2 * new)
    for i in 0..<new {
      let position = min(max((2 * i + 1) * old - new, 0), (old - 1) * 2 * new)  // in units of 1 / (2 new)
      let (start, fraction) = position.quotientAndRemainder(dividingBy: 2 * new)
      taps.append(start: start, weights: fraction == 0 ? [2 * new] : [2 * new - fraction, fraction])
    }
    return taps
  }

  private init(total: Int) {
    self.total = total
  }

  private mutating func append(start: Int, weights new: [Int]) {
    starts.append(start)
    ranges.append(weights.count..<weights.count + new.count)
    weights += new.map(UInt32.init)
  }
}

/// A square part of [height][width][channels] bytes.
struct Square {
  var pixels: UnsafeBufferPointer<UInt8>
  var width, channels: Int
  var x, y, side: Int

  /// The largest square in the middle; an odd pixel is cut off at the bottom or the right.
  init(centreOf pixels: UnsafeBufferPointer<UInt8>, width: Int, height: Int, channels: Int) {
    (self.pixels, self.width, self.channels) = (pixels, width, channels)
    side = min(width, height)
    (x, y) = ((width - side) / 2, (height - side) / 2)
  }

  /// The bytes of one row.
  func row(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    let start = ((y + index) * width + x) * channels
    return UnsafeBufferPointer(rebasing: pixels[start..<start + side * channels])
  }

  /// Writes [size][size][channels] bytes, each the weighted mean rounded to the nearest integer, halves upwards.
  ///
  /// Sums stay exact: across a row below 2^32, as 255 x side is, then down the columns in 64 bits.
  func resample(_ taps: Taps, into output: UnsafeMutableBufferPointer<UInt8>) {
    let size = taps.starts.count
    let rowLength = size * channels
    var rows = [UInt32](repeating: 0, count: side * rowLength)
    for y in 0..<side {
      let source = row(y)
      for x in 0..<size {
        for c in 0..<channels {
          var sum: UInt32 = 0
          var at = taps.starts[x] * channels + c
          for tap in taps.ranges[x] {
            sum += taps.weights[tap] * UInt32(source[at])
            at += channels
          }
          rows[y * rowLength + x * channels + c] = sum
        }
      }
    }
    let total = UInt64(taps.total) * UInt64(taps.total)
    for y in 0..<size {
      for x in 0..<rowLength {
        var sum: UInt64 = 0
        var at = taps.starts[y] * rowLength + x
        for tap in taps.ranges[y] {
          sum += UInt64(taps.weights[tap]) * UInt64(rows[at])
          at += rowLength
        }
        output[y * rowLength + x] = UInt8((2 * sum + total) / (2 * total))
      }
    }
  }

  /// Writes the square in the middle of [size][size][channels] bytes of the colour `border`; an odd pixel of border is
  /// at the bottom or the right.
  func pad(with border: [UInt8], size: Int, into output: UnsafeMutableBufferPointer<UInt8>) {
    for at in output.indices { output[at] = border[at % channels] }
    let margin = (size - side) / 2
    for y in 0..<side {
      let start = ((margin + y) * size + margin) * channels
      _ = UnsafeMutableBufferPointer(rebasing: output[start..<start + side * channels]).update(fromContentsOf: row(y))
    }
  }

  /// Writes the square as it is.
  func copy(into output: UnsafeMutableBufferPointer<UInt8>) {
    pad(with: [UInt8](repeating: 0, count: channels), size: side, into: output)
  }
}
