import Dispatch
import Synchronization

/// What is called as files are read: how many are done, out of how many. Calls come one at a time, from any thread.
public typealias ReadingProgress = @Sendable (_ done: Int, _ total: Int) -> Void

/// Calls `body` for 0..<count on all processors. Where several calls throw, the error of the lowest index is thrown,
/// with the number of the others, so that the message does not depend on chance. Calls may write to memory that they
/// share where each writes to a part of its own.
func forEachInParallel(
  _ count: Int, progress: ReadingProgress? = nil, _ body: @Sendable (Int) throws(DatasetError) -> Void
) throws(DatasetError) {
  let failures = Mutex<(first: (index: Int, error: DatasetError)?, count: Int)>((nil, 0))
  let done = Mutex(0)
  DispatchQueue.concurrentPerform(iterations: count) { index in
    do throws(DatasetError) {
      try body(index)
    } catch {
      failures.withLock { failures in
        failures.count += 1
        if index < failures.first?.index ?? .max { failures.first = (index, error) }
      }
    }
    if let progress {
      done.withLock { done in
        done += 1
        progress(done, count)
      }
    }
  }
  let (first, failureCount) = failures.withLock { $0 }
  guard var error = first?.error else { return }
  if failureCount > 1 { error.problem += " (and \(failureCount - 1) more files cannot be read)" }
  throw error
}
