import Foundation
import Records

extension PackedDataset {
  /// Writes a data set as one file, whole or not at all, in memory that does not grow with it.
  ///
  /// - Parameters:
  ///   - fileNames: The file of each image, or none.
  ///   - metadata: What else the file shall say about itself.
  ///   - progress: Called as images are written.
  /// - Returns: The file's SHA-256, with which it names itself.
  /// - Throws: `DatasetError` where an image cannot be read, or the file not be written.
  @discardableResult
  public static func write(
    _ dataset: any ImageDataset, fileNames: [String] = [], metadata: [String: String] = [:], to url: URL,
    progress: ReadingProgress? = nil
  ) throws(DatasetError) -> String {
    precondition(fileNames.isEmpty || fileNames.count == dataset.count, "one name for each image")
    let labels: [UInt8] = (dataset.labels ?? []).flatMap { withUnsafeBytes(of: Int64($0).littleEndian) { Array($0) } }
    let names: [UInt8] = fileNames.flatMap { Array($0.utf8) + [0] }
    let (size, isTooMuch) = dataset.count.multipliedReportingOverflow(by: dataset.imageSize)
    guard !isTooMuch, size < 1 << 62 else {
      throw DatasetError(path: url.path, problem: "would take more bytes than a file has", remedy: "lower the size")
    }
    // Labels first, as the writers of Python have it: the larger elements stay aligned.
    var arrays: [SafetensorsHeader.Entry] = []
    if !labels.isEmpty { arrays.append(.init("labels", .int64, [dataset.count], at: 0)) }
    let shape = [dataset.count, dataset.height, dataset.width, dataset.channels]
    arrays.append(.init("images", .uint8, shape, at: labels.count))
    if !names.isEmpty { arrays.append(.init("names", .uint8, [names.count], at: labels.count + size)) }
    var metadata = metadata
    if dataset.labels != nil, let names = try? JSONEncoder().encode(dataset.classNames) {
      metadata["class_names"] = String(decoding: names, as: UTF8.self)
    }
    let (header, digits) = SafetensorsHeader(arrays, metadata: metadata)
      .encoded(with: Self.seal, aligning: labels.count, to: Self.page)
    guard header.count <= SafetensorsHeader.limit else {
      throw DatasetError(
        path: url.path, problem: "the names of the classes take \(header.count) bytes, more than a header may have",
        remedy: "give the classes shorter names")
    }
    let file = try DraftFile(url, size: header.count + labels.count + size + names.count)
    var hash = SHA256()
    func append(_ bytes: [UInt8]) throws(DatasetError) {
      hash.add(bytes)
      try file.append(bytes)
    }
    try append(header)
    try append(labels)
    // So few at once that progress is seen where decoding is slow, and memory stays small where images are large.
    let page = min(256, max(1, (32 << 20) / dataset.imageSize))
    for start in stride(from: 0, to: dataset.count, by: page) {
      let end = min(start + page, dataset.count)
      try append(try dataset.read(Array(start..<end)))
      progress?(end, dataset.count)
    }
    try append(names)
    let digest = hash.digest.description
    try file.overwrite(Array(digest.utf8), at: digits.lowerBound)
    try file.finish()
    return digest
  }

  /// Where memory is mapped to, on every processor that Linux runs on up to this size.
  private static let page = 4096
}

/// A file that is written beside its place, and put there when it is whole.
private final class DraftFile {
  private let path, draft: String
  private let descriptor: CInt
  private let mark: UnfinishedFiles.Mark?
  private var isFinished = false

  /// - Parameter size: The bytes that will be written, for which there must be room.
  init(_ url: URL, size: Int) throws(DatasetError) {
    path = url.path
    draft = path + "." + String(UInt32.random(in: 0 ... .max), radix: 16) + ".tmp"
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw DatasetError(path: path, problem: "is a folder or no ordinary file", remedy: "give another name with --out")
    }
    descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw .system(path, "cannot be written", remedy: "give a file in a folder that is there and may be written to")
    }
    mark = UnfinishedFiles.add(draft)
    var disk = statvfs()
    if fstatvfs(descriptor, &disk) == 0 {
      let room = UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize))
      let free = room.overflow ? Int.max : Int(clamping: room.partialValue)
      guard free >= size else {
        throw DatasetError(
          path: path, problem: "takes \(Self.text(size)), and its disk has \(Self.text(free)) left",
          remedy: "make room, lower the size, or write to another disk")
      }
    }
  }

  private static func text(_ bytes: Int) -> String {
    bytes < 10 << 30 ? "\(bytes >> 20) MiB" : "\(bytes >> 30) GiB"
  }

  deinit {
    close(descriptor)
    mark?.take()
    if !isFinished { unlink(draft) }
  }

  func append(_ bytes: [UInt8]) throws(DatasetError) {
    try put(bytes) { [descriptor] rest, _ in write(descriptor, rest.baseAddress, rest.count) }
  }

  func overwrite(_ bytes: [UInt8], at offset: Int) throws(DatasetError) {
    try put(bytes) { [descriptor] rest, done in pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done)) }
  }

  func finish() throws(DatasetError) {
    guard fsync(descriptor) == 0, rename(draft, path) == 0 else { throw failure }
    isFinished = true
    do throws(RecordError) { try Directory.synchronize(Directory.parent(of: path)) } catch {
      throw DatasetError(path: path, problem: "\(error)", remedy: "")
    }
  }

  /// Calls `body` with what is left to write and the number of bytes that are done, until all are.
  private func put(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer, Int) -> Int) throws(DatasetError) {
    let isWritten = bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let written = body(UnsafeRawBufferPointer(rebasing: bytes[done...]), done)
        if written > 0 {
          done += written
        } else if written == 0 || errno != EINTR {
          return false
        }
      }
      return true
    }
    if !isWritten { throw failure }
  }

  private var failure: DatasetError {
    .system(path, "cannot be written", remedy: "check that the disk has room and no fault")
  }
}
