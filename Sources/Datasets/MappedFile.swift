import Foundation

/// A file as memory: its bytes are read from the disk when they are looked at, and given up when memory is short.
final class MappedFile: Sendable {
  let path: String
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// - Throws: `DatasetError` where the file cannot be opened, or is empty.
  init(_ file: URL) throws(DatasetError) {
    path = file.path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, "cannot be opened", remedy: "check the path and its permissions") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .system(path, "cannot be read", remedy: "check the path and its permissions")
    }
    let count = Int(status.st_size)
    guard count > 0 else { throw DatasetError(path: path, problem: "is empty", remedy: "pack the data set again") }
    guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
      throw .system(path, "cannot be mapped into memory", remedy: "put it on a local disk")
    }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
    // Images are read in a shuffled order: what lies beside one is not needed next.
    madvise(start, count, CInt(MADV_RANDOM))
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
  }

  /// Has these bytes fetched from the disk, and does not wait for them.
  func willRead(_ range: Range<Int>) {
    let page = Int(getpagesize())
    let start = range.lowerBound / page * page
    madvise(
      UnsafeMutableRawPointer(mutating: bytes.baseAddress! + start), range.upperBound - start, CInt(MADV_WILLNEED))
  }
}

extension DatasetError {
  /// A call of the system that failed, with its reason.
  static func system(_ path: String, _ problem: String, remedy: String) -> DatasetError {
    DatasetError(path: path, problem: "\(problem): \(String(cString: strerror(errno)))", remedy: remedy)
  }
}
