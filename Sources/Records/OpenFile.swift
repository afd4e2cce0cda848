import Glibc

/// An open file, closed when the value ends. Errors name the path.
struct OpenFile: ~Copyable {
  let path: String
  private let descriptor: CInt

  /// Opens a file; `flags` are those of open(2).
  init(_ path: String, _ flags: CInt) throws(RecordError) {
    self.path = path
    descriptor = open(path, flags | O_CLOEXEC, 0o644)
    if descriptor < 0 {
      let action = flags & (O_WRONLY | O_RDWR) == 0 ? "opened" : "opened for writing"
      throw .system(path: path, action: action, code: errno)
    }
  }

  deinit { close(descriptor) }

  func write(_ bytes: UnsafeRawBufferPointer) throws(RecordError) {
    var rest = bytes[...]
    while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
      let written = Glibc.write(descriptor, start, rest.count)
      if written > 0 {
        rest = rest.dropFirst(written)
      } else if written == 0 || errno != EINTR {
        throw .system(path: path, action: "written", code: written == 0 ? ENOSPC : errno)
      }
    }
  }

  func write(_ text: String) throws(RecordError) {
    try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(RecordError) in
      try write(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Reads the file from where it stands to its end.
  func readAll() throws(RecordError) -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, action: "read", code: errno) }
    var code: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
      while count < buffer.count {
        let found = read(descriptor, buffer.baseAddress! + count, buffer.count - count)
        if found > 0 {
          count += found
        } else if found == 0 {
          break
        } else if errno != EINTR {
          code = errno
          break
        }
      }
    }
    if code != 0 { throw .system(path: path, action: "read", code: code) }
    return bytes
  }

  /// Waits until the contents are on the disk.
  func synchronize() throws(RecordError) {
    if fsync(descriptor) != 0 { throw .system(path: path, action: "written to the disk", code: errno) }
  }
}

/// Files that appear whole or not at all.
package enum AtomicFile {
  /// Writes a file of these bytes.
  package static func write(_ bytes: [UInt8], to path: String) throws(RecordError) {
    try write(to: path) { (file) throws(RecordError) in
      try bytes.withUnsafeBufferPointer { (bytes) throws(RecordError) in try file.write(UnsafeRawBufferPointer(bytes)) }
    }
  }

  /// What a file is called until it is complete; a run that is killed leaves it behind.
  static let temporarySuffix = ".tmp"

  /// Writes a file beside its final place, waits for the disk, and renames it: a reader, or a machine that loses its
  /// power, sees the old file or the new one.
  static func write(
    to path: String, _ body: (borrowing OpenFile) throws(RecordError) -> Void
  ) throws(RecordError) {
    let temporary = path + temporarySuffix
    Unfinished.begin(temporary)
    defer { Unfinished.end(temporary) }
    do {
      let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_TRUNC)
      try body(file)
      try putInPlace(file, path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// The end of `write`, for a file that was opened under the temporary name.
  static func putInPlace(_ file: borrowing OpenFile, _ path: String) throws(RecordError) {
    try file.synchronize()
    guard rename(file.path, path) == 0 else {
      throw .system(path: path, action: "put in its place", code: errno)
    }
    // The rename itself is on the disk only when the folder is.
    try OpenFile(Directory.parent(of: path), O_RDONLY | O_DIRECTORY).synchronize()
  }
}

/// Folders, by path.
package enum Directory {
  /// The folder that `path` lies in.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes a folder and those above it; one that is there already is kept.
  package static func create(_ path: String) throws(RecordError) {
    if mkdir(path, 0o755) == 0 { return }
    let code = errno
    var status = stat()
    if code == EEXIST {
      if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
      throw .system(path: path, action: "created as a folder", code: code)
    }
    let parent = parent(of: path)
    guard code == ENOENT, parent != path, parent != "." else {
      throw .system(path: path, action: "created", code: code)
    }
    try create(parent)
    if mkdir(path, 0o755) != 0, errno != EEXIST { throw .system(path: path, action: "created", code: errno) }
  }

  /// The names in a folder, sorted, or nil where there is no such folder.
  static func names(in path: String) throws(RecordError) -> [String]? {
    guard let stream = opendir(path) else {
      if errno == ENOENT { return nil }
      throw .system(path: path, action: "listed", code: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(entry.pointee.d_reclen)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func remove(_ path: String) throws(RecordError) {
    if unlink(path) != 0, errno != ENOENT { throw .system(path: path, action: "removed", code: errno) }
  }
}
