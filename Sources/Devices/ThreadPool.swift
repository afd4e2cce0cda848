import Dispatch
import Glibc
import Kernels
import Synchronization

/// Threads that live as long as their device and share out the items of one launch at a time.
///
/// Which thread runs an item changes nothing in its result, so that neither does the number of threads. A launch waits
/// for those threads only that took part in it: on a crowded machine one that has no processor delays nothing.
final class ThreadPool: Sendable {
  /// The most threads that a pool may have.
  static let limit = 1024

  /// Turns of a loop that looks for a change, some 50 microseconds: then it is time to sleep, and be woken.
  private static let patience = 20_000

  /// How one thread sleeps. Each has a semaphore of its own: a signal of a shared one, meant for a thread that is slow
  /// to wake, could be taken by one that is already done, and the slow one would sleep on.
  private final class Alarm: Sendable {
    private let isSet = Atomic(false)
    private let wake = DispatchSemaphore(value: 0)

    /// Looks for a while, then sleeps, until something is so. Who makes it so rings afterwards.
    func wait(until isSo: () -> Bool) {
      var turns = 0
      while !isSo() {
        turns += 1
        if turns < ThreadPool.patience { continue }
        turns = 0
        isSet.store(true, ordering: .sequentiallyConsistent)
        // An alarm that is not set any more has rung in between: its signal must be taken.
        if isSo() && isSet.exchange(false, ordering: .sequentiallyConsistent) { return }
        wake.wait()
      }
    }

    func ring() {
      if isSet.exchange(false, ordering: .sequentiallyConsistent) { wake.signal() }
    }
  }

  /// What the state of a pool says, in one word that changes as a whole.
  private struct State: RawRepresentable {
    let rawValue: Int
    /// While it stands, workers may join the launch.
    static let open = 1 << 16
    static let nextLaunch = 1 << 17
    /// The pool ends.
    static let closed = State(rawValue: -1)

    /// Workers that are busy with the present launch.
    var active: Int { rawValue & (Self.open - 1) }
    var isOpen: Bool { rawValue & Self.open != 0 }
    var launch: Int { rawValue / Self.nextLaunch }
    var isClosed: Bool { rawValue < 0 }
  }

  /// What every thread looks at.
  private final class Board: Sendable {
    // Written by the launching thread while no worker is active, read by workers that have joined.
    nonisolated(unsafe) var run: Kernel.Run?
    nonisolated(unsafe) var arguments: UnsafePointer<KernelArgument>?
    nonisolated(unsafe) var end = 0
    nonisolated(unsafe) var grain = 1
    /// The next item that nobody has taken.
    let next = Atomic(0)
    private let word = Atomic(0)
    /// Of the workers, and of the launching thread.
    let alarms: [Alarm]
    let done = Alarm()

    init(workers: Int) { alarms = (0..<workers).map { _ in Alarm() } }

    private var state: State { State(rawValue: word.load(ordering: .sequentiallyConsistent)) }

    func open() {
      word.store((state.launch + 1) * State.nextLaunch + State.open, ordering: .sequentiallyConsistent)
      for alarm in alarms { alarm.ring() }
    }

    /// No worker joins any more; returns when those that did are done.
    func close() {
      word.wrappingSubtract(State.open, ordering: .sequentiallyConsistent)
      done.wait { state.active == 0 }
    }

    func shut() {
      word.store(State.closed.rawValue, ordering: .sequentiallyConsistent)
      for alarm in alarms { alarm.ring() }
    }

    func work() {
      guard let run else { return }
      while true {
        let begin = next.wrappingAdd(grain, ordering: .relaxed).oldValue
        if begin >= end { return }
        run(arguments, UInt64(begin), UInt64(min(begin + grain, end)))
      }
    }

    /// What a worker does until the pool ends.
    func serve(_ alarm: Alarm) {
      var seen = 0
      while true {
        alarm.wait { state.launch != seen || state.isClosed }
        let found = state
        if found.isClosed { return }
        seen = found.launch
        guard found.isOpen, join(found) else { continue }
        work()
        if State(rawValue: word.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue).active == 0 {
          done.ring()
        }
      }
    }

    /// Joins a launch unless it is over.
    private func join(_ launch: State) -> Bool {
      var expected = launch
      while expected.isOpen && expected.launch == launch.launch {
        let (joined, original) = word.weakCompareExchange(
          expected: expected.rawValue, desired: expected.rawValue + 1, ordering: .sequentiallyConsistent)
        if joined { return true }
        expected = State(rawValue: original)
        if expected.isClosed { return false }
      }
      return false
    }
  }

  /// Threads in all, the launching one included.
  let count: Int
  private let board: Board

  /// - Throws: `DeviceError.noThreads` where they cannot all be started.
  init(count: Int) throws(DeviceError) {
    self.count = count
    board = Board(workers: count - 1)
    for (started, alarm) in board.alarms.enumerated() {
      do throws(ThreadFailure) {
        try WorkerThread { [board] in
          _ = kernel_enter_floating_point_mode()
          board.serve(alarm)
        }.detach()
      } catch {
        throw .noThreads(asked: count, started: started + 1, reason: error.description)
      }
    }
  }

  deinit { board.shut() }

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
    board.open()
    board.work()
    // The arguments must outlive those who read them.
    board.close()
  }
}
