import Devices
import Foundation
import Synchronization

/// A batch of images as bytes.
public struct ImageBatch: Equatable, Sendable {
  /// [batchSize][height][width][channels].
  public var bytes: [UInt8]

  /// The class of each image, where the data set has classes.
  public var labels: [Int]?

  /// The place of this batch; a run that has used it goes on at `BatchSampler.cursor(after:)`.
  public var cursor: BatchSampler.Cursor

  /// The image's index in the data set.
  public var indices: [Int]
}

/// Assembles the next batches on a thread of its own while the last one is used.
///
/// What it hands out is a function of the data set, the sampler and the cursor that it starts at, so that a resumed run
/// gets the batches that it would have got.
public final class BatchPrefetcher: Sendable {
  private let queue: BatchQueue

  /// Starts at `cursor`, and keeps up to `depth` batches ready.
  public init(
    _ dataset: any ImageDataset, _ sampler: BatchSampler, from cursor: BatchSampler.Cursor = .init(), depth: Int = 2
  ) {
    precondition(dataset.count == sampler.count, "a sampler of \(sampler.count) images for \(dataset.count)")
    precondition(cursor.epoch >= 0 && (0..<sampler.batchesPerEpoch).contains(cursor.batch), "no such batch: \(cursor)")
    let queue = BatchQueue(depth: max(depth, 1))
    self.queue = queue
    // The thread holds the exchange and not the prefetcher, whose end is what stops it.
    do throws(ThreadFailure) {
      try WorkerThread { Self.assemble(dataset, sampler, from: cursor, into: queue) }.detach()
    } catch {
      queue.end(
        with: DatasetError(
          path: dataset.name, problem: "no thread can be started that reads it: \(error)",
          remedy: "raise the limits of processes and memory (ulimit -u, ulimit -v)"))
    }
  }

  deinit {
    stop()
  }

  /// The next batch, as soon as it is there.
  ///
  /// - Throws: The `DatasetError` of a file that could not be read, after all batches before it; also once stopped.
  public func next() throws(DatasetError) -> ImageBatch {
    guard let batch = try next(unless: { false }) else { preconditionFailure("nobody asked to stop waiting") }
    return batch
  }

  /// The next batch, as soon as it is there; nil where somebody asks to stop waiting before: what lies on a disk that
  /// does not answer may never come. No batch is to be had afterwards.
  ///
  /// - Parameter isInterrupted: Asked every tenth of a second while nothing is there.
  /// - Throws: As `next()`.
  public func next(unless isInterrupted: () -> Bool) throws(DatasetError) -> ImageBatch? {
    try queue.take(unless: isInterrupted)
  }

  /// Ends the thread, and returns when it has ended, unless somebody gave up waiting for it. Stopping twice does no
  /// harm.
  public func stop() {
    queue.stop()
  }

  private static func assemble(
    _ dataset: any ImageDataset, _ sampler: BatchSampler, from start: BatchSampler.Cursor, into queue: BatchQueue
  ) {
    var cursor = start
    var order = sampler.order(epoch: cursor.epoch)
    // Of a part of a data set they are put together at each look.
    let classes = dataset.labels
    do throws(DatasetError) {
      while queue.waitForRoom() {
        let indices = Array(order[sampler.range(ofBatch: cursor.batch)])
        let bytes = try dataset.read(indices, flipped: sampler.flips(epoch: cursor.epoch, batch: cursor.batch))
        let labels = classes.map { classes in indices.map { classes[$0] } }
        queue.put(ImageBatch(bytes: bytes, labels: labels, cursor: cursor, indices: indices))
        let next = sampler.cursor(after: cursor)
        if next.epoch != cursor.epoch { order = sampler.order(epoch: next.epoch) }
        cursor = next
      }
      queue.end(with: nil)
    } catch {
      queue.end(with: error)
    }
  }
}

/// The batches that wait between the thread and its user. The condition tells of changes; the mutex holds the state.
private final class BatchQueue: Sendable {
  private struct State {
    var batches: [ImageBatch] = []
    var error: DatasetError?
    var isStopping = false
    var hasEnded = false
    /// Nobody waits for the thread any more, which may hang in a file.
    var isAbandoned = false
  }

  private let depth: Int
  private let changed = NSCondition()
  private let state = Mutex(State())

  init(depth: Int) {
    self.depth = depth
  }

  /// Returns true when another batch may be put, and false when the thread shall end.
  func waitForRoom() -> Bool {
    wait { $0.isStopping ? false : $0.batches.count < depth ? true : nil }
  }

  func put(_ batch: ImageBatch) {
    change { $0.batches.append(batch) }
  }

  func end(with error: DatasetError?) {
    change {
      $0.error = error
      $0.hasEnded = true
    }
  }

  func take(unless isInterrupted: () -> Bool) throws(DatasetError) -> ImageBatch? {
    let result: Result<ImageBatch?, DatasetError> = wait(waking: 0.1) { state in
      if state.isStopping {
        return .failure(DatasetError(path: "", problem: "the reading of batches was stopped", remedy: ""))
      }
      if !state.batches.isEmpty { return .success(state.batches.removeFirst()) }
      if let error = state.error { return .failure(error) }
      guard isInterrupted() else { return nil }
      (state.isStopping, state.isAbandoned) = (true, true)
      return .success(nil)
    }
    return try result.get()
  }

  func stop() {
    change {
      $0.isStopping = true
      $0.batches = []
    }
    wait { $0.hasEnded || $0.isAbandoned ? () : nil }
  }

  /// Changes the state and wakes those who wait for it.
  private func change(_ body: (inout sending State) -> Void) {
    changed.lock()
    state.withLock { body(&$0) }
    changed.broadcast()
    changed.unlock()
  }

  /// Waits until `answer` is not nil. It may change the state, of which the others are then told.
  ///
  /// - Parameter interval: In seconds, after which it is asked again though nothing has changed.
  private func wait<Answer: Sendable>(
    waking interval: Double? = nil, for answer: (inout State) -> Answer?
  ) -> Answer {
    changed.lock()
    defer { changed.unlock() }
    while true {
      if let found = state.withLock({ answer(&$0) }) {
        changed.broadcast()
        return found
      }
      if let interval { _ = changed.wait(until: Date(timeIntervalSinceNow: interval)) } else { changed.wait() }
    }
  }
}
