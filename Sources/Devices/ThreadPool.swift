import Dispatch
import Glibc
import Kernels
import Synchronization

/// Threads that live as long as their device and share out the items of one launch at a time.
///
/// Which thread runs an item changes nothing in its result, so that neither does the number of threads.
final class ThreadPool: Sendable {
  /// How one worker sleeps. Each has a semaphore of its own: a signal of a shared one, meant for a worker that is slow
  /// to wake, could be taken by one that is already done, and the slow one would sleep on.
  private final class Alarm: Sendable {
    let isSet = Atomic(false)
    let wake = DispatchSemaphore(value: 0)

    /// Sleeps unless the board shows a new launch.
    func sleep(until board: Board, hasPassed seen: Int) {
      isSet.store(true, ordering: .sequentiallyConsistent)
      let isNew = board.launch.load(ordering: .sequentiallyConsistent) != seen
      // An alarm that is not set any more has rung in between: its signal must be taken.
      if isNew && isSet.exchange(false, ordering: .sequentiallyConsistent) { return }
      wake.wait()
    }

    func ring() {
      if isSet.exchange(false, ordering: .sequentiallyConsistent) { wake.signal() }
    }
  }

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
    let alarms: [Alarm]

    init(workers: Int) { alarms = (0..<workers).map { _ in Alarm() } }

    func work() {
      guard let run else { return }
      while true {
        let begin = next.wrappingAdd(grain, ordering: .relaxed).oldValue
        if begin >= end { return }
        run(arguments, UInt64(begin), UInt64(min(begin + grain, end)))
      }
    }
  }

  /// What a new thread is told.
  private final class Worker: Sendable {
    let board: Board
    let alarm: Alarm

    init(board: Board, alarm: Alarm) { (self.board, self.alarm) = (board, alarm) }
  }

  /// Threads in all, the launching one included.
  let count: Int
  private let board: Board

  init(count: Int) {
    self.count = count
    board = Board(workers: count - 1)
    for alarm in board.alarms { Self.startWorker(Worker(board: board, alarm: alarm)) }
  }

  deinit {
    board.launch.store(-1, ordering: .sequentiallyConsistent)
    for alarm in board.alarms { alarm.ring() }
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
    for alarm in board.alarms { alarm.ring() }
    board.work()
    // A worker that has not looked yet will find nothing left; the arguments must outlive its look.
    var spins = 0
    while board.busy.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins > 2000 { sched_yield() }
    }
  }

  private static func startWorker(_ worker: Worker) {
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        let worker = Unmanaged<Worker>.fromOpaque(context!).takeRetainedValue()
        let board = worker.board
        _ = kernel_enter_floating_point_mode()
        var seen = 0
        while true {
          var launch = board.launch.load(ordering: .acquiring)
          var spins = 0
          while launch == seen {
            spins += 1
            if spins > 20_000 {  // about 50 microseconds: then sleep, and be woken
              worker.alarm.sleep(until: board, hasPassed: seen)
              spins = 0
            }
            launch = board.launch.load(ordering: .acquiring)
          }
          if launch < 0 { return nil }
          seen = launch
          board.work()
          board.busy.wrappingSubtract(1, ordering: .releasing)
        }
      }, Unmanaged.passRetained(worker).toOpaque())
    precondition(status == 0, "pthread_create failed: no more threads can be had")
    pthread_detach(thread)
  }
}
