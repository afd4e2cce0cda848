/// Some images of a data set, in an order of their own.
public struct DatasetPart: ImageDataset {
  public let base: any ImageDataset
  /// The places in `base`.
  public let indices: [Int]

  /// - Throws: `DatasetError` where no image is left.
  public init(_ base: any ImageDataset, _ indices: [Int], called part: String) throws(DatasetError) {
    guard !indices.isEmpty else {
      throw DatasetError(
        path: base.name, problem: "its \(base.count) images leave none for the \(part) part",
        remedy: "give more images, or another share")
    }
    (self.base, self.indices) = (base, indices)
  }

  public var name: String { base.name }
  public var count: Int { indices.count }
  public var height: Int { base.height }
  public var width: Int { base.width }
  public var channels: Int { base.channels }
  public var labels: [Int]? { base.labels.map { labels in indices.map { labels[$0] } } }
  public var classNames: [String] { base.classNames }
  public var notes: [String] { base.notes }
  public var decodesWhenRead: Bool { base.decodesWhenRead }

  public func willRead(_ places: [Int]) {
    base.willRead(places.map { indices[$0] })
  }

  public func read(_ index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) throws(DatasetError) {
    try base.read(indices[index], into: pixels)
  }
}

extension ImageDataset {
  /// Two parts of the data set: a share of its images, spread evenly over their order and so over their classes, and
  /// the others. The same images always come to the same part.
  ///
  /// - Throws: `DatasetError` where one of them would be empty.
  public func divided(share: Double) throws(DatasetError) -> (share: DatasetPart, rest: DatasetPart) {
    // Where the share's multiple passes a whole number, an image is taken.
    let isTaken = { (index: Int) in (Double(index + 1) * share).rounded(.down) > (Double(index) * share).rounded(.down)
    }
    return (
      try DatasetPart(self, (0..<count).filter(isTaken), called: "first"),
      try DatasetPart(self, (0..<count).filter { !isTaken($0) }, called: "second")
    )
  }
}

/// The images of a data set in batches of any size: each image once before any comes again, in an order that is a
/// function of (seed, epoch).
public struct ImageDraws {
  public let dataset: any ImageDataset
  private let sampler: BatchSampler
  private var orders: [Int: [Int]] = [:]

  public init(_ dataset: any ImageDataset, seed: UInt64) throws(DatasetError) {
    self.dataset = dataset
    sampler = try BatchSampler(count: dataset.count, batchSize: 1, seed: seed)
  }

  /// Draw 1, 2, ...: [count][height][width][channels] bytes.
  ///
  /// - Throws: `DatasetError` where an image's file has gone or changed.
  public mutating func callAsFunction(_ draw: Int, _ count: Int) throws(DatasetError) -> [UInt8] {
    let first = (draw - 1) * count
    var indices: [Int] = []
    for place in first..<first + count {
      let (epoch, index) = place.quotientAndRemainder(dividingBy: dataset.count)
      if orders[epoch] == nil {
        // Only one epoch is read from at a time, and draws seldom go back.
        orders = [epoch: sampler.order(epoch: epoch)]
      }
      indices.append(orders[epoch]?[index] ?? 0)
    }
    return try dataset.read(indices)
  }
}
