import Glibc

/// What is wrong with a file that others made, and what to do about it.
package struct FileFault: Error, Equatable, Sendable {
  package var problem: String
  package var remedy: String

  package init(_ problem: String, remedy: String) { (self.problem, self.remedy) = (problem, remedy) }
}

/// The memory that reading one file may take: what a file declares is no reason to give it more.
package enum FileMemory {
  /// The environment variable that says how many MiB.
  package static let variable = "SADDLE_FILE_MEMORY"

  /// Bytes.
  package static var limit: Int { get throws(FileFault) { try setting.get() } }

  private static let setting: Result<Int, FileFault> = {
    guard let text = getenv(variable).map({ String(cString: $0) }), !text.isEmpty else { return .success(1 << 30) }
    guard let mebibytes = Int(text), (1...1 << 30).contains(mebibytes) else {
      return .failure(FileFault("\(variable) is '\(text)'", remedy: "give a number of MiB, 1 or more"))
    }
    return .success(mebibytes << 20)
  }()

  /// - Parameter what: What takes `bytes` bytes of memory, in the plural.
  /// - Throws: `FileFault` with what to set, where that is more than a file may take.
  package static func allow(_ bytes: Int, for what: String) throws(FileFault) {
    let limit = try limit
    guard bytes > limit else { return }
    let needed = bytes >> 20 + (bytes & (1 << 20 - 1) == 0 ? 0 : 1)
    throw FileFault(
      "\(what) take \(needed) MiB of memory, and one file may take \(limit >> 20)",
      remedy: "make it smaller, or allow more with \(variable)=\(needed)")
  }

  /// The fault of data that were still unpacking at the limit.
  package static func exceeded(_ problem: String) -> FileFault {
    let limit = ((try? limit) ?? 1 << 30) >> 20
    return FileFault(
      problem, remedy: "where it is meant to be so large, allow more with \(variable)=\(2 * limit) (MiB) or above")
  }
}

/// A file that others made, open for reading. Only ordinary files are opened: a pipe would wait for its writer.
package struct ForeignFile: ~Copyable {
  private let descriptor: CInt
  /// Bytes.
  package let size: Int

  package init(_ path: UnsafePointer<CChar>) throws(FileFault) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.fault(errno) }
    var status = stat()
    let found = fstat(descriptor, &status) == 0 ? nil : Self.fault(errno)
    let problem = found ?? Self.fault(kind: status.st_mode & S_IFMT)
    if let problem {
      close(descriptor)
      throw problem
    }
    (self.descriptor, size) = (descriptor, Int(status.st_size))
  }

  deinit { close(descriptor) }

  private static func fault(_ code: CInt) -> FileFault {
    switch code {
    case ENOENT: FileFault("there is no such file", remedy: "check the path")
    case EACCES: FileFault("may not be read by this user", remedy: "chmod +r it")
    case ENXIO: special
    default: FileFault("cannot be read: \(String(cString: strerror(code)))", remedy: "check the path and its disk")
    }
  }

  private static func fault(kind: mode_t) -> FileFault? {
    switch kind {
    case S_IFREG: nil
    case S_IFDIR: FileFault("is a folder, where a file is needed", remedy: "give a file, or another name to the folder")
    default: special
    }
  }

  private static let special = FileFault("is \(notOrdinary)", remedy: "move it away, or give an ordinary file")
  /// What may have no end, in words.
  package static let notOrdinary = "no ordinary file but a pipe, a socket or a device"

  /// Reads from `offset` on until `buffer` is full or the file ends, and says how many bytes that were.
  package func read(into buffer: UnsafeMutableRawBufferPointer, from offset: Int = 0) throws(FileFault) -> Int {
    var count = 0
    while let start = buffer.baseAddress, count < buffer.count {
      let found = pread(descriptor, start + count, buffer.count - count, off_t(offset + count))
      if found > 0 {
        count += found
      } else if found == 0 {
        break
      } else if errno != EINTR {
        throw Self.fault(errno)
      }
    }
    return count
  }

  /// All bytes.
  package func contents() throws(FileFault) -> [UInt8] {
    try FileMemory.allow(size, for: "its bytes")
    var fault: FileFault?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(FileFault) {
        count = try read(into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        fault = error
      }
    }
    if let fault { throw fault }
    return bytes
  }

  /// The bytes as memory, which is read from the disk when it is looked at; nil for an empty file. Whoever takes it
  /// gives it back to munmap.
  package func mapped() throws(FileFault) -> UnsafeMutableRawBufferPointer? {
    guard size > 0 else { return nil }
    guard let start = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
      throw FileFault(
        "cannot be mapped into memory: \(String(cString: strerror(errno)))", remedy: "put it on a local disk")
    }
    return UnsafeMutableRawBufferPointer(start: start, count: size)
  }
}

/// A file as memory: its bytes are read from the disk when they are looked at, and given up when memory is short.
package final class MappedFile: Sendable {
  package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  package init(_ path: String) throws(FileFault) {
    bytes = UnsafeRawBufferPointer(try ForeignFile(path).mapped() ?? .init(start: nil, count: 0))
    // What lies beside an image that is read is not needed next: they come in a shuffled order.
    if bytes.count > 0 { madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, CInt(MADV_RANDOM)) }
  }

  /// Memory of these bytes, without a file.
  init(copying contents: [UInt8]) {
    let copy = mmap(nil, max(1, contents.count), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    let memory = UnsafeMutableRawBufferPointer(start: copy == MAP_FAILED ? nil : copy, count: contents.count)
    memory.copyBytes(from: contents)
    bytes = UnsafeRawBufferPointer(memory)
  }

  deinit {
    if bytes.count > 0 { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
  }

  /// Has these bytes fetched from the disk, and does not wait for them.
  package func willRead(_ range: Range<Int>) {
    guard let base = bytes.baseAddress else { return }
    let page = Int(getpagesize())
    let start = range.lowerBound / page * page
    madvise(UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, CInt(MADV_WILLNEED))
  }
}
