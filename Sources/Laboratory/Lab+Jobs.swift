import Foundation
import Saddle
import Synchronization

extension Lab {
  /// Does jobs that are independent of each other: on the processor each on a device of one thread, as many at a time
  /// as the lab's device has threads, since launches over a few hundred numbers gain nothing from a second thread; on
  /// another device one after the other. Every device gives the same bits, so that this changes no result.
  ///
  /// - Returns: What the jobs gave, in their order.
  /// - Throws: The first job's error, in their order.
  func forEach<Job: Sendable, Output: Sendable>(
    _ jobs: [Job], named name: (Job) -> String, _ body: @escaping @Sendable (Job, Device) throws -> Output
  ) throws -> [Output] {
    let workers = min(device.threadCount, jobs.count)
    let board = Board<Output>(count: jobs.count)
    var started = 0
    while workers > 1, started < workers,
      let thread = try? WorkerThread({
        while let number = board.take() {
          board.put(Result { try body(jobs[number], .cpu(threads: 1)) }, at: number)
        }
      })
    {
      thread.detach()
      started += 1
    }
    guard started > 0 else {
      return try jobs.enumerated().map { number, job in
        progress("\(number) of \(jobs.count) done; \(name(job))")
        return try body(job, device)
      }
    }
    for done in 0..<jobs.count {
      progress("\(done) of \(jobs.count) done")
      board.finished.wait()
    }
    return try board.results.map { try $0.get() }
  }

  /// What the workers share.
  private final class Board<Output: Sendable>: Sendable {
    private let next = Atomic(0)
    private let places: Mutex<[Result<Output, any Error>?]>
    /// Signalled once a job.
    let finished = DispatchSemaphore(value: 0)

    init(count: Int) { places = Mutex(Array(repeating: nil, count: count)) }

    /// A job that nobody has taken.
    func take() -> Int? {
      let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
      return places.withLock { number < $0.count ? number : nil }
    }

    func put(_ result: Result<Output, any Error>, at number: Int) {
      places.withLock { $0[number] = result }
      finished.signal()
    }

    var results: [Result<Output, any Error>] { places.withLock { $0.compactMap(\.self) } }
  }
}
