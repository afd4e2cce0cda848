import Glibc
import Synchronization

/// Files that are being written under a temporary name, so that a signal that ends the process leaves none behind.
package enum Unfinished {
  private typealias Slot = Atomic<UnsafeMutablePointer<CChar>?>

  /// Threads take turns; the handler of a signal, which may not wait, goes by the slots alone.
  private static let turn = Mutex(())
  /// More are never written at once; one beyond would only stay behind.
  private static let count = 64
  nonisolated(unsafe) private static let slots: UnsafeMutablePointer<Slot> = {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
    for slot in 0..<count { (slots + slot).initialize(to: Slot(nil)) }
    return slots
  }()

  /// Notes a file that is begun.
  package static func begin(_ path: String) {
    guard let copy = strdup(path) else { return }
    turn.withLock { _ in
      let isTaken = (0..<count).contains { slot in
        slots[slot].compareExchange(expected: nil, desired: copy, ordering: .sequentiallyConsistent).exchanged
      }
      if !isTaken { free(copy) }
    }
  }

  /// Forgets a file that has its name, or is gone.
  package static func end(_ path: String) {
    turn.withLock { _ in
      for slot in 0..<count {
        // Whoever takes the path out owns it: this, or the handler.
        guard let copy = slots[slot].load(ordering: .sequentiallyConsistent), strcmp(copy, path) == 0,
          slots[slot].compareExchange(expected: copy, desired: nil, ordering: .sequentiallyConsistent).exchanged
        else { continue }
        return free(copy)
      }
    }
  }

  /// Makes `removeAll` safe to be called by a signal's handler: what is made at its first use is made now.
  package static func prepare() { _ = slots }

  /// Removes them all. A signal's handler may call it.
  package static func removeAll() {
    for slot in 0..<count {
      if let path = slots[slot].exchange(nil, ordering: .sequentiallyConsistent) { unlink(path) }
    }
  }
}
