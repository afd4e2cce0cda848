import Glibc

/// An open file, closed when the value ends. Errors name the path.
package struct OpenFile: ~Copyable {
  /// As messages call it.
  let path: String
  let descriptor: CInt

  /// Opens a file; `flags` are those of open(2). No pipe makes it wait for somebody at the other end.
  init(_ path: String, _ flags: CInt) throws(RecordError) {
    self.path = path
    descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o644)
    if descriptor < 0 {
      let action = flags & (O_WRONLY | O_RDWR) == 0 ? "opened" : "opened for writing"
      throw .system(path: path, action: action, code: errno)
    }
  }

  /// Takes over a descriptor.
  init(_ descriptor: CInt, called path: String) { (self.path, self.descriptor) = (path, descriptor) }

  deinit { close(descriptor) }

  // MARK: Writing

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

  func write(_ bytes: [UInt8]) throws(RecordError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(RecordError) in try write(UnsafeRawBufferPointer(bytes)) }
  }

  func write(_ text: String) throws(RecordError) { try write(Array(text.utf8)) }

  /// Waits until the contents are on the disk.
  func synchronize() throws(RecordError) {
    if fsync(descriptor) != 0 { throw .system(path: path, action: "written to the disk", code: errno) }
  }

  // MARK: Reading

  /// The bytes of a file.
  ///
  /// - Throws: `RecordError` where it is none, such as a folder or a pipe, or larger than the memory.
  package static func bytes(of path: String) throws(RecordError) -> [UInt8] {
    try OpenFile(path, O_RDONLY).readAll()
  }

  /// The last bytes of a file, at most so many.
  package static func end(of path: String, most count: Int) throws(RecordError) -> [UInt8] {
    let file = try OpenFile(path, O_RDONLY)
    let size = try file.size()
    return try file.read(min(size, count), from: max(0, size - count))
  }

  /// Its bytes in all.
  ///
  /// - Throws: `RecordError.unreadable` where it is no ordinary file: a pipe may have no end.
  func size() throws(RecordError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path: path, action: "read", code: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int(status.st_size)
    case S_IFDIR: throw .unreadable(path: path, reason: "it is a folder, not a file")
    default: throw .unreadable(path: path, reason: "it is \(ForeignFile.notOrdinary)")
    }
  }

  /// Reads the whole file.
  func readAll() throws(RecordError) -> [UInt8] { try read(size(), from: 0) }

  /// Reads `count` bytes, or those there are.
  func read(_ count: Int, from start: Int) throws(RecordError) -> [UInt8] {
    try checkMemory(count)
    var code: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      while done < count, let base = buffer.baseAddress {
        let found = pread(descriptor, base + done, count - done, off_t(start + done))
        if found > 0 {
          done += found
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

  /// An array that does not fit would end the process. A file with holes may be larger than any disk.
  private func checkMemory(_ count: Int) throws(RecordError) {
    guard count > 1 << 20 else { return }
    let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    guard memory <= 0 || count <= memory else {
      throw .unreadable(
        path: path, reason: "it has \(count >> 20) MiB, and this machine has \(memory >> 20) MiB of memory")
    }
    let room = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let room, room != MAP_FAILED else { throw .system(path: path, action: "read", code: ENOMEM) }
    munmap(room, count)
  }
}

/// Folders, by path.
package enum Directory {
  /// The folder that `path` lies in.
  package static func parent(of path: String) -> String {
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

  /// Waits until the names in a folder are on the disk: a rename is only then.
  package static func synchronize(_ path: String) throws(RecordError) {
    try OpenFile(path, O_RDONLY | O_DIRECTORY).synchronize()
  }
}
