/// Which images make up each batch: all of them once an epoch, in an order that is a function of (seed, epoch) alone.
///
/// The order is a Fisher-Yates shuffle drawn from Philox4x32-10 with the seed as its key. Images left over after the
/// last whole batch of an epoch are passed over; another epoch leaves out others.
public struct BatchSampler: Equatable, Sendable {
  /// The place of a batch in the run: what a checkpoint keeps.
  public struct Cursor: Codable, Equatable, Hashable, Sendable {
    public var epoch, batch: Int

    public init(epoch: Int = 0, batch: Int = 0) {
      (self.epoch, self.batch) = (epoch, batch)
    }
  }

  /// Whether images are mirrored left to right at random.
  public enum Flips: String, CaseIterable, Codable, Sendable {
    case none, horizontal
  }

  public let count, batchSize: Int
  public let seed: UInt64
  public let flips: Flips

  public var batchesPerEpoch: Int { count / batchSize }

  /// Samples `count` images.
  ///
  /// - Throws: `DatasetError` where a batch would have no image, or there are too few for one.
  public init(count: Int, batchSize: Int, seed: UInt64, flips: Flips = .none) throws(DatasetError) {
    guard batchSize >= 1 else {
      throw DatasetError(path: "", problem: "a batch cannot have \(batchSize) images", remedy: "give at least 1")
    }
    guard batchSize <= count else {
      throw DatasetError(
        path: "", problem: "the data set has \(count) images, too few for a batch of \(batchSize)",
        remedy: "lower the batch size (--set training.batch=\(count)), or give more images")
    }
    precondition(count <= UInt32.max, "a data set has fewer than 2^32 images")
    (self.count, self.batchSize, self.seed, self.flips) = (count, batchSize, seed, flips)
  }

  /// All indices 0..<count in the order of an epoch.
  public func order(epoch: Int) -> [Int] {
    var order = Array(0..<count)
    var random = PhiloxStream(seed: seed, epoch: epoch, purpose: .order)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(random.nextInteger(below: UInt32(last + 1))))
    }
    return order
  }

  /// The images of one batch. (It draws the order of the whole epoch; `order(epoch:)` serves many batches at once.)
  public func indices(epoch: Int, batch: Int) -> [Int] {
    Array(order(epoch: epoch)[range(ofBatch: batch)])
  }

  /// Which images of a batch are mirrored: one bit of the seed's stream for each place in the epoch.
  public func flips(epoch: Int, batch: Int) -> [Bool] {
    guard flips == .horizontal else { return [Bool](repeating: false, count: batchSize) }
    let stream = PhiloxStream(seed: seed, epoch: epoch, purpose: .flips)
    return range(ofBatch: batch).map { stream.word($0 / 32) >> UInt32($0 % 32) & 1 == 1 }
  }

  /// The cursor of the batch that follows.
  public func cursor(after cursor: Cursor) -> Cursor {
    cursor.batch + 1 < batchesPerEpoch
      ? Cursor(epoch: cursor.epoch, batch: cursor.batch + 1) : Cursor(epoch: cursor.epoch + 1, batch: 0)
  }

  func range(ofBatch batch: Int) -> Range<Int> {
    precondition((0..<batchesPerEpoch).contains(batch), "batch \(batch) of an epoch of \(batchesPerEpoch)")
    return batch * batchSize..<(batch + 1) * batchSize
  }
}
