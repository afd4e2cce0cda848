import Glibc
import Saddle
import Synchronization

/// SIGINT, SIGTERM and SIGHUP end a command: at once and with no half-written file, or, where a run trains, after its
/// step and saved.
enum Interruption {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]
  /// Signals in so short a time are one request: `timeout -s INT` sends two, and a terminal sends one to each process
  /// of a pipeline, which may pass it on.
  private static let oneRequest: Int64 = 1_000_000_000

  private static let isSaving = Atomic(false)
  /// Nanoseconds of the clock at the first signal; 0 before it.
  private static let asked = Atomic<Int64>(0)
  /// What is told at the first signal, in bytes that a handler may write.
  nonisolated(unsafe) private static var notice = UnsafeMutableBufferPointer<CChar>(start: nil, count: 0)

  static var isAsked: Bool { asked.load(ordering: .sequentiallyConsistent) != 0 }

  /// Ends the process at a signal, in whatever it does; call it once, before all else.
  static func listen() {
    // What is made at its first use is made now, not in the handler.
    UnfinishedFiles.removeAll()
    _ = (isSaving.load(ordering: .relaxed), asked.load(ordering: .relaxed))
    let text =
      (isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : "")
      + "stopping after this step; Ctrl-C again stops at once without saving\n"
    if let copy = strdup(text) { notice = UnsafeMutableBufferPointer(start: copy, count: strlen(copy)) }
    var mask = sigset_t()
    sigemptyset(&mask)
    for number in signals {
      // nohup ignores it, for its command to outlive the terminal.
      if number == SIGHUP, isIgnored(number) { continue }
      sigaddset(&mask, number)
      signal(number) { Interruption.handle($0) }
    }
    // A parent may have blocked them, and a child inherits that.
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  private static func isIgnored(_ number: CInt) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Does something that looks at `isAsked`, and saves: a first signal only asks it to.
  static func saving<Result>(_ body: () throws -> Result) rethrows -> Result {
    isSaving.store(true, ordering: .sequentiallyConsistent)
    defer { isSaving.store(false, ordering: .sequentiallyConsistent) }
    return try body()
  }

  /// Runs between any two instructions of the program: it may call only what a handler may.
  private static func handle(_ number: CInt) {
    let code = errno
    if isSaving.load(ordering: .sequentiallyConsistent) {
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
      let first = asked.compareExchange(expected: 0, desired: now, ordering: .sequentiallyConsistent)
      if first.exchanged { _ = write(STDERR_FILENO, notice.baseAddress, notice.count) }
      if first.exchanged || now - first.original < oneRequest {
        errno = code
        return
      }
    }
    UnfinishedFiles.removeAll()
    _exit(128 + number)
  }
}
