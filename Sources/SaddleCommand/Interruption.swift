import Glibc
import Synchronization

/// SIGINT and SIGTERM ask a run to save and stop; a second one stops at once.
enum Interruption {
  private static let asked = Atomic(false)

  static var isAsked: Bool { asked.load(ordering: .relaxed) }

  static func listen() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if Interruption.asked.exchange(true, ordering: .relaxed) { _exit(128 + number) }
      }
    }
  }
}
