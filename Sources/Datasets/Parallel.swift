import Devices
import Synchronization

/// What is called as files are read: how many are done, out of how many. Calls come one at a time, from any thread.
public typealias ReadingProgress = @Sendable (_ done: Int, _ total: Int) -> Void

/// The results of `body` for 0..<count, called on all processors. One that throws stops no other.
func mapInParallel<Value: Sendable>(
  _ count: Int, progress: ReadingProgress? = nil, _ body: @Sendable (Int) throws(DatasetError) -> Value
) -> [Result<Value, DatasetError>] {
  [Result<Value, DatasetError>](unsafeUninitializedCapacity: count) { results, filled in
    nonisolated(unsafe) let results = results
    let done = Mutex(0)
    performConcurrently(count) { index in
      results.initializeElement(at: index, to: Result { () throws(DatasetError) in try body(index) })
      if let progress {
        done.withLock { done in
          done += 1
          progress(done, count)
        }
      }
    }
    filled = count
  }
}

/// Calls `body` for 0..<count on all processors. Where several calls throw, the error of the lowest index is thrown,
/// with the number of the others, so that the message does not depend on chance. Calls may write to memory that they
/// share where each writes to a part of its own.
func forEachInParallel(
  _ count: Int, progress: ReadingProgress? = nil, _ body: @Sendable (Int) throws(DatasetError) -> Void
) throws(DatasetError) {
  if let error = DatasetError(mapInParallel(count, progress: progress, body).compactMap(\.failure)) { throw error }
}

extension Result {
  /// The error of one that failed.
  var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
