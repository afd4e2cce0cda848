import Glibc
import Synchronization

/// A thread that a process could not start, in the system's words.
package struct ThreadFailure: Error, CustomStringConvertible {
  package let description: String
}

/// A thread of the system's. Those of Foundation and Dispatch do not say where one cannot start: they wait for ever.
package struct WorkerThread {
  private let handle: pthread_t

  /// What a new thread is told.
  private final class Start: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts at once; `join` or `detach` is to follow.
  package init(_ body: @escaping @Sendable () -> Void) throws(ThreadFailure) {
    let start = Unmanaged.passRetained(Start(body))
    var handle = pthread_t()
    let status = pthread_create(
      &handle, nil,
      { context in
        if let context { Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, start.toOpaque())
    guard status == 0 else {
      start.release()
      throw ThreadFailure(description: String(cString: strerror(status)))
    }
    self.handle = handle
  }

  /// Returns when the thread has ended.
  package func join() { pthread_join(handle, nil) }

  /// Nobody waits for it.
  package func detach() { pthread_detach(handle) }
}

/// Calls `body` for 0..<count on as many processors as the process may use, and returns when all calls are done. Where
/// no more threads can be had, those that there are do the work.
package func performConcurrently(_ count: Int, _ body: @Sendable (Int) -> Void) {
  final class Counter: Sendable { let next = Atomic(0) }
  let counter = Counter()
  withoutActuallyEscaping(body) { body in
    let work: @Sendable () -> Void = {
      while true {
        let index = counter.next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count { return }
        body(index)
      }
    }
    var others: [WorkerThread] = []
    while others.count + 1 < min(HostLimits.threads, count), let thread = try? WorkerThread(work) {
      others.append(thread)
    }
    work()
    for thread in others { thread.join() }
  }
}
