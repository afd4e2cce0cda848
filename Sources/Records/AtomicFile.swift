import Glibc

/// Files that appear whole or not at all.
package enum AtomicFile {
  /// Writes a file of these bytes.
  package static func write(_ bytes: [UInt8], to path: String) throws(RecordError) {
    try write(to: path) { (file) throws(RecordError) in try file.write(bytes) }
  }

  /// Writes a file beside its final place, waits for the disk, and renames it: a reader, or a machine that loses its
  /// power, sees the old file or the new one. Of several writers at once, the last one's file stays.
  static func write(
    to path: String, _ body: (borrowing OpenFile) throws(RecordError) -> Void
  ) throws(RecordError) {
    var draft = try DraftFile(for: path)
    try body(draft.file)
    try draft.finish()
  }
}

/// A file that is written under a temporary name of its own beside its place, and goes away with the value unless it
/// was finished. Its writer holds a lock on it: what nobody holds was left by a process that was killed.
struct DraftFile: ~Copyable {
  private let place, temporary: String
  let file: OpenFile
  private let mark: UnfinishedFiles.Mark?
  private var isFinished = false

  /// Begins a file that is to lie at `place`, which messages name.
  init(for place: String) throws(RecordError) {
    self.place = place
    while true {
      let digits = String(UInt32.random(in: 0 ... .max), radix: 16)
      let temporary = place + "." + String(repeating: "0", count: 8 - digits.count) + digits + Self.suffix
      // A name that is taken, by a file or a link, is another's.
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
      if descriptor < 0 && errno == EEXIST { continue }
      guard descriptor >= 0 else { throw .system(path: place, action: "opened for writing", code: errno) }
      let file = OpenFile(descriptor, called: place)
      // Whoever clears the folder may have come between both calls.
      var status = stat()
      guard FileLock.take(descriptor) != .heldByAnother, fstat(descriptor, &status) == 0, status.st_nlink > 0 else {
        continue
      }
      self.temporary = temporary
      self.file = file
      mark = UnfinishedFiles.add(temporary)
      return
    }
  }

  deinit {
    mark?.take()
    if !isFinished { unlink(temporary) }
  }

  /// Waits for the disk and puts the file in its place.
  mutating func finish() throws(RecordError) {
    try file.synchronize()
    guard rename(temporary, place) == 0 else { throw .system(path: place, action: "put in its place", code: errno) }
    isFinished = true
    mark?.take()
    try Directory.synchronize(Directory.parent(of: place))
  }

  // MARK: What was left

  private static let suffix = ".tmp"
  /// The kinds of files that former versions wrote as NAME.tmp.
  private static let kinds: Set<Substring> = ["safetensors", "png", "html", "yaml", "json", "jsonl"]

  /// Whether a name is one that drafts have.
  static func isDraft(_ name: String) -> Bool {
    guard name.hasSuffix(suffix) else { return false }
    let parts = name.dropLast(suffix.count).split(separator: ".")
    guard parts.count > 1, let last = parts.last else { return false }
    return kinds.contains(last) || (last.count == 8 && last.allSatisfy(\.isHexDigit))
  }

  /// Removes the drafts in a folder that nobody writes any more. Links are removed, not what they lead to.
  static func removeAbandoned(in folder: String) throws(RecordError) {
    for name in try Directory.names(in: folder) ?? [] where isDraft(name) {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { continue }
      guard status.st_mode & S_IFMT == S_IFREG else {
        try Directory.remove(path)
        continue
      }
      let descriptor = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      defer { close(descriptor) }
      // Where a file system has no locks, nobody can know.
      if FileLock.take(descriptor) == .taken { try Directory.remove(path) }
    }
  }
}

/// Locks of an open file, which the system takes back when its process ends, however it ends.
enum FileLock {
  enum Outcome { case taken, heldByAnother, unsupported }

  // Linux's F_OFD_GETLK and F_OFD_SETLK, which the headers show to GNU's C only. A lock of the open file, not of the
  // process: closing another descriptor of the file does not lose it.
  private static let getLock: CInt = 36
  private static let setLock: CInt = 37

  /// Takes the lock of a file that is open for writing, without waiting.
  static func take(_ descriptor: CInt) -> Outcome {
    var lock = whole(F_WRLCK)
    if fcntl(descriptor, setLock, &lock) == 0 { return .taken }
    return [EAGAIN, EACCES].contains(errno) ? .heldByAnother : .unsupported
  }

  /// Whether somebody holds the lock. Asking takes none, so that it never stands in anybody's way.
  static func isHeld(_ descriptor: CInt) -> Bool {
    var lock = whole(F_RDLCK)
    return fcntl(descriptor, getLock, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
  }

  private static func whole(_ type: CInt) -> flock {
    flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
  }
}
