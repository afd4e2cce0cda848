import Testing

@testable import Datasets

/// Brings one grey row-by-row image to a size.
private func fitted(_ pixels: [UInt8], width: Int, to size: Int, fit: Fit = .pad) throws -> [UInt8] {
  try ImageArray(name: "test", height: pixels.count / width, width: width, channels: 1, pixels: pixels)
    .fitted(size: size, fit: fit, background: RGB(red: 9, green: 9, blue: 9)).pixels
}

@Test(
  arguments: [
    // A quarter of four pixels each.
    ("4 to 2", 4, [0, 4, 8, 8, 0, 4, 8, 8, 1, 1, 2, 2, 1, 1, 2, 4], 2, Fit.pad, [2, 8, 1, 3]),
    // Each covers 3/2 x 3/2 pixels: (9 + 0/2 + 90/2 + 180/4) / (9/4) = 44, (36 + 0/2 + 9/2 + 180/4) / (9/4) = 38, ...
    ("3 to 2", 3, [9, 0, 36, 90, 180, 9, 18, 27, 45], 2, .pad, [44, 38, 54, 48]),
    ("same", 2, [1, 2, 3, 4], 2, .pad, [1, 2, 3, 4]),
    ("all to 1", 2, [1, 2, 3, 4], 1, .pad, [3]),  // 2.5, halves upwards
    ("crop of 4 x 2", 4, [50, 1, 2, 60, 70, 3, 4, 80], 2, .pad, [1, 2, 3, 4]),
    ("pad 2 to 4", 2, [1, 2, 3, 4], 4, .pad, [9, 9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9, 9, 9, 9]),
    ("pad 1 to 2", 1, [5], 2, .pad, [5, 9, 9, 9]),
    // Centres of 2 at 1/4 and 3/4, of 4 at 1/8, 3/8, 5/8, 7/8: weights (1, 0), (3/4, 1/4), (1/4, 3/4), (0, 1).
    ("bilinear 2 to 4", 2, [0, 16, 0, 16], 4, .resize, [0, 4, 12, 16, 0, 4, 12, 16, 0, 4, 12, 16, 0, 4, 12, 16]),
  ] as [(String, Int, [UInt8], Int, Fit, [UInt8])])
func resampling(name: String, width: Int, pixels: [UInt8], size: Int, fit: Fit, expected: [UInt8]) throws {
  #expect(try fitted(pixels, width: width, to: size, fit: fit) == expected)
}

@Test(arguments: [(100, 64), (64, 100), (5312, 64), (7, 7), (1, 5), (128, 1)])
func weightsAddUp(old: Int, new: Int) {
  for taps in [Taps.area(from: old, to: new), .bilinear(from: old, to: new)] {
    #expect(taps.starts.count == new)
    for (start, range) in zip(taps.starts, taps.ranges) {
      #expect(taps.weights[range].reduce(0) { $0 + Int($1) } == taps.total)
      #expect(start >= 0 && start + range.count <= old)
    }
  }
}

@Test func areaKeepsTheMean() throws {
  // Every source pixel is covered by the same length in all.
  let taps = Taps.area(from: 100, to: 64)
  var covered = [Int](repeating: 0, count: 100)
  for (start, range) in zip(taps.starts, taps.ranges) {
    for (offset, tap) in range.enumerated() { covered[start + offset] += Int(taps.weights[tap]) }
  }
  #expect(covered == [Int](repeating: 64, count: 100))
}

@Test func colorsBecomeGreyAndBack() throws {
  let colors = try ImageArray(
    name: "test", height: 1, width: 3, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 10, 10, 10])
  #expect(try colors.fitted(size: nil, channels: 1).pixels == [76, 150, 10])  // 76.245, 149.685
  let greys = try ImageArray(name: "test", height: 1, width: 2, channels: 1, pixels: [3, 4])
  #expect(try greys.fitted(size: nil, channels: 3).pixels == [3, 3, 3, 4, 4, 4])
}

@Test func mirroring() throws {
  let images = try ImageArray(
    name: "test", height: 2, width: 4, channels: 1, pixels: Array(0..<8) + [10, 11, 12, 13, 14, 15, 16, 17])
  #expect(
    try images.read([1, 0], flipped: [true, false]) == [13, 12, 11, 10, 17, 16, 15, 14] + Array(0..<8))
  let colors = try ImageArray(name: "test", height: 1, width: 3, channels: 3, pixels: Array(0..<9))
  #expect(try colors.read([0], flipped: [true]) == [6, 7, 8, 3, 4, 5, 0, 1, 2])
}
