import Dispatch
import Glibc
import Kernels
import Synchronization

/// Threads that live as long as their device and share out the items of one launch at a time.
///
/// Which thread runs an item changes nothing in its result, so that neither does the number of threads.
final class ThreadPool: Sendable {
  /// What every thread looks at.
  private final class Board: Sendable {
    // Written by the launching thread before `launch` is raised, read by the workers after.
    nonisolated(unsafe) var run: Kernel.Run?
    nonisolated(unsafe) var arguments: UnsafePointer<KernelArgument>?
    nonisolated(unsafe) var end = 0
    nonisolated(unsafe) var grain = 1
    /// The next item that nobody has taken.
    let next = Atomic(0)
    /// Counts launches; negative once the pool closes.
    let launch = Atomic(0)
    /// Workers still busy with the present launch.
    let busy = Atomic(0)
    /// Workers that sleep, to be woken by a signal.
    let sleeping = Atomic(0)
    let wake = DispatchSemaphore(value: 0)

    func work() {
      guard let run else { return }
      while true {
        let begin = next.wrappingAdd(grain, ordering: .relaxed).oldValue
        if begin >= end { return }
        run(arguments, UInt64(begin), UInt64(min(begin + grain, end)))
      }
    }
  }

  /// Threads in all, the launching one included.
  let count: Int
  private let board = Board()

  init(count: Int) {
    self.count = count
    for _ in 1..<max(count, 1) { Self.startWorker(board) }
  }

  deinit {
    board.launch.store(-1, ordering: .releasing)
    for _ in 1..<max(count, 1) { board.wake.signal() }
  }

  /// Runs the items of a range, at least `grain` at a time, and returns when all are done.
  func run(_ run: Kernel.Run, _ arguments: UnsafePointer<KernelArgument>, _ items: Range<Int>, grain: Int) {
    let mode = kernel_enter_floating_point_mode()
    defer { kernel_leave_floating_point_mode(mode) }
    let share = max(grain, items.count / (count * 16))
    if count == 1 || items.count <= grain {
      run(arguments, UInt64(items.lowerBound), UInt64(items.upperBound))
      return
    }
    board.run = run
    board.arguments = arguments
    board.end = items.upperBound
    board.grain = share
    board.next.store(items.lowerBound, ordering: .relaxed)
    board.busy.store(count - 1, ordering: .relaxed)
    board.launch.wrappingAdd(1, ordering: .sequentiallyConsistent)
    for _ in 0..<board.sleeping.exchange(0, ordering: .sequentiallyConsistent) { board.wake.signal() }
    board.work()
    // A worker that has not looked yet will find nothing left; the arguments must outlive its look.
    var spins = 0
    while board.busy.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins > 2000 { sched_yield() }
    }
  }

  private static func startWorker(_ board: Board) {
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        let board = Unmanaged<Board>.fromOpaque(context!).takeRetainedValue()
        _ = kernel_enter_floating_point_mode()
        var seen = 0
        while true {
          var launch = board.launch.load(ordering: .acquiring)
          var spins = 0
          while launch == seen {
            spins += 1
            if spins > 20_000 {  // about 50 microseconds: then sleep, and be woken
              board.sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
              if board.launch.load(ordering: .sequentiallyConsistent) == seen { board.wake.wait() }
              spins = 0
            }
            launch = board.launch.load(ordering: .acquiring)
          }
          if launch < 0 { return nil }
          seen = launch
          board.work()
          board.busy.wrappingSubtract(1, ordering: .releasing)
        }
      }, Unmanaged.passRetained(board).toOpaque())
    precondition(status == 0, "pthread_create failed: no more threads can be had")
    pthread_detach(thread)
  }
}
