import Glibc
import Synchronization

/// The temporary files of this process, for whoever ends it: a signal's handler may call `removeAll`, which takes no
/// lock and allocates nothing.
package enum UnfinishedFiles {
  /// Addresses of their paths, 0 where a place is free. As many as are written at once; those beyond are left to
  /// `DraftFile.removeAbandoned`.
  private static let paths = InlineArray<16, Atomic<UInt>> { _ in Atomic(0) }

  /// The place of one of them.
  package struct Mark: Sendable {
    fileprivate let index: Int

    /// Takes the file off the list.
    package func take() { if let path = taken(index) { free(path) } }
  }

  package static func add(_ path: String) -> Mark? {
    guard let copy = strdup(path) else { return nil }
    for index in paths.indices
    where paths[index].compareExchange(expected: 0, desired: UInt(bitPattern: copy), ordering: .acquiringAndReleasing)
      .exchanged
    {
      return Mark(index: index)
    }
    free(copy)
    return nil
  }

  /// Removes the temporary files, just before the process ends.
  package static func removeAll() {
    for index in paths.indices { if let path = taken(index) { unlink(path) } }
  }

  /// A path goes to one of those who ask for it.
  private static func taken(_ index: Int) -> UnsafeMutablePointer<CChar>? {
    UnsafeMutablePointer(bitPattern: paths[index].exchange(0, ordering: .acquiringAndReleasing))
  }
}
