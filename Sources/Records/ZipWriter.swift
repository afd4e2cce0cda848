import Glibc

/// Writes a zip archive of stored files, one after the other: `zipfile` of Python, `unzip` and `numpy.load` read it.
///
/// Nothing is compressed (pictures are already, arrays of features hardly can be), and every date is the format's first
/// (1 January 1980), so that equal contents give equal bytes. The archive appears at its place with `finish`, whole; a
/// writer that goes away before leaves nothing. Archives above 4 GiB or 65,534 files have the fields of 64 bits
/// (Zip64).
///
/// Source: PKWARE's APPNOTE 6.3.10.
public final class ZipWriter {
  private let path: String
  private var draft: DraftFile
  private var position = 0
  private var directory: [UInt8] = []
  private var names: Set<String> = []
  private var isFinished = false

  /// Opens an archive for writing.
  ///
  /// - Throws: `RecordError` where the file cannot be made.
  public init(_ path: String) throws(RecordError) {
    self.path = path
    draft = try DraftFile(for: path)
  }

  /// Adds a file.
  ///
  /// - Parameter name: Its path in the archive, with `/` between folders.
  /// - Precondition: No file of this name was added, and the archive is not finished.
  public func add(_ name: String, _ contents: [UInt8]) throws(RecordError) {
    precondition(!isFinished, "\(path) is finished")
    precondition(names.insert(name).inserted, "two files are called \(name)")
    let entry = ZipEntry(
      name: Array(name.utf8), checksum: try Checksum(of: contents).value, size: contents.count, offset: position)
    try append(entry.header)
    try append(contents)
    directory += entry.directoryEntry
  }

  /// Adds a file of text.
  public func add(_ name: String, _ text: String) throws(RecordError) { try add(name, Array(text.utf8)) }

  /// Writes the archive's directory, waits for the disk, and puts the archive in its place.
  public func finish() throws(RecordError) {
    precondition(!isFinished, "\(path) is finished")
    let start = position
    try append(directory)
    try append(ZipEntry.end(count: names.count, start: start, size: directory.count))
    try draft.finish()
    isFinished = true
  }

  private func append(_ bytes: [UInt8]) throws(RecordError) {
    try draft.file.write(bytes)
    position += bytes.count
  }
}

/// What an archive says of one of its files: before the contents, and again in the directory.
private struct ZipEntry {
  let name: [UInt8]
  let checksum: UInt32
  let size: Int
  let offset: Int

  private var isWide: Bool { size >= Int(UInt32.max) }
  private var isFar: Bool { offset >= Int(UInt32.max) }

  /// Version, flags (names are UTF-8), method 0, time, date, checksum, sizes.
  private var common: [UInt8] {
    let size = isWide ? UInt32.max : UInt32(size)
    return littleEndian(version) + littleEndian(UInt16(1 << 11)) + littleEndian(UInt16(0)) + littleEndian(UInt16(0))
      + littleEndian(UInt16(1 << 5 | 1)) + littleEndian(checksum) + littleEndian(size) + littleEndian(size)
      + littleEndian(UInt16(name.count))
  }

  /// What a reader must understand: 2.0, or Zip64's 4.5.
  private var version: UInt16 { isWide || isFar ? 45 : 20 }

  private func extra(withOffset: Bool) -> [UInt8] {
    let fields = (isWide ? [size, size] : []) + (isFar && withOffset ? [offset] : [])
    if fields.isEmpty { return [] }
    return littleEndian(ZipRecord.wideExtra) + littleEndian(UInt16(8 * fields.count))
      + fields.flatMap { littleEndian(UInt64($0)) }
  }

  var header: [UInt8] {
    let extra = extra(withOffset: false)
    return littleEndian(ZipRecord.file) + common + littleEndian(UInt16(extra.count)) + name + extra
  }

  /// Like the header, with the writer's version, comment, disk, attributes (a file that all may read) and the offset.
  var directoryEntry: [UInt8] {
    let extra = extra(withOffset: true)
    return littleEndian(ZipRecord.directoryEntry) + littleEndian(UInt16(3) << 8 | version) + common
      + littleEndian(UInt16(extra.count)) + littleEndian(UInt16(0)) + littleEndian(UInt16(0))
      + littleEndian(UInt16(0)) + littleEndian(UInt32(0o100644) << 16)
      + littleEndian(isFar ? UInt32.max : UInt32(offset)) + name + extra
  }

  /// What follows the directory.
  static func end(count: Int, start: Int, size: Int) -> [UInt8] {
    let needsWide = count >= Int(UInt16.max) || start >= Int(UInt32.max) || size >= Int(UInt32.max)
    let shortCount = needsWide ? UInt16.max : UInt16(count)
    let (shortSize, shortStart) = needsWide ? (UInt32.max, UInt32.max) : (UInt32(size), UInt32(start))
    let (wideCount, wideSize, wideStart) = (UInt64(count), UInt64(size), UInt64(start))
    let wide =
      littleEndian(ZipRecord.wideEnd) + littleEndian(UInt64(44)) + littleEndian(UInt16(45)) + littleEndian(UInt16(45))
      + littleEndian(UInt32(0)) + littleEndian(UInt32(0)) + littleEndian(wideCount) + littleEndian(wideCount)
      + littleEndian(wideSize) + littleEndian(wideStart)
      + littleEndian(ZipRecord.locator) + littleEndian(UInt32(0)) + littleEndian(wideStart + wideSize)
      + littleEndian(UInt32(1))
    return (needsWide ? wide : []) + littleEndian(ZipRecord.end) + littleEndian(UInt16(0)) + littleEndian(UInt16(0))
      + littleEndian(shortCount) + littleEndian(shortCount) + littleEndian(shortSize) + littleEndian(shortStart)
      + littleEndian(UInt16(0))
  }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
