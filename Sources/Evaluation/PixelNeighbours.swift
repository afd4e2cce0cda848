import Datasets

/// The images of a data set that are nearest to some samples, by the sum of squared differences of their pixels.
public struct PixelNeighbours: Sendable {
  /// For each sample, images of the data set, the nearest first; of equally near ones the first in the set's order.
  public let indices: [[Int]]
  /// Their squared distances, in units of a byte's step.
  public let distances: [[Int]]

  /// - Parameters:
  ///   - samples: Images of the set's size, as bytes [count][height][width][channels].
  ///   - count: How many they are.
  ///   - dataset: Where neighbours are looked for.
  ///   - nearest: Images for each sample; all where the set has fewer.
  /// - Throws: `DatasetError` where the set cannot be read.
  public init(
    of samples: [UInt8], count: Int, among dataset: any ImageDataset, nearest: Int
  ) throws {
    let size = dataset.imageSize
    precondition(samples.count == count * size, "\(samples.count) bytes are not \(count) images of \(size)")
    var found = [[(index: Int, distance: Int)]](repeating: [], count: count)
    let page = 256
    for start in stride(from: 0, to: dataset.count, by: page) {
      let indices = Array(start..<min(start + page, dataset.count))
      let images = try dataset.read(indices)
      for sample in 0..<count {
        for (place, index) in indices.enumerated() {
          let distance = Self.distance(samples, at: sample * size, images, at: place * size, size)
          guard found[sample].count < nearest || distance < found[sample][nearest - 1].distance else { continue }
          let rank = found[sample].firstIndex { $0.distance > distance } ?? found[sample].count
          found[sample].insert((index, distance), at: rank)
          if found[sample].count > nearest { found[sample].removeLast() }
        }
      }
    }
    indices = found.map { $0.map(\.index) }
    distances = found.map { $0.map(\.distance) }
  }

  private static func distance(_ a: [UInt8], at i: Int, _ b: [UInt8], at j: Int, _ count: Int) -> Int {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var sum: UInt64 = 0
        // 66,000 squares of a byte fit in 32 bits: those are added in lanes, the sums of stretches in 64.
        for start in stride(from: 0, to: count, by: 1 << 15) {
          var part: UInt32 = 0
          for k in start..<min(start + (1 << 15), count) {
            let difference = Int32(a[i + k]) - Int32(b[j + k])
            part &+= UInt32(bitPattern: difference &* difference)
          }
          sum += UInt64(part)
        }
        return Int(sum)
      }
    }
  }
}
