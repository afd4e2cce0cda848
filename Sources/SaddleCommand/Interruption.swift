import Glibc
import Synchronization

/// SIGINT and SIGTERM ask a run to save and stop; a second one stops at once.
enum Interruption {
  private static let asked = Atomic(false)

  static var isAsked: Bool { asked.load(ordering: .relaxed) }

  static func listen() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      signal(number) { number in
        if Interruption.asked.exchange(true, ordering: .relaxed) { _exit(128 + number) }
      }
    }
    // A parent may have blocked them, and a child inherits that.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
