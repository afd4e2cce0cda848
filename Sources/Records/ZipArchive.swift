import CImages
import Glibc

/// A zip archive that is read: named files, stored or deflated, as `zipfile` of Python and `numpy.savez` write them.
///
/// Source: PKWARE's APPNOTE 6.3.10, with the fields of 64 bits (Zip64). The file is held in memory, packed.
public struct ZipArchive: Sendable {
  public let path: String
  /// The files' names, in the order of the archive's directory.
  public var names: [String] { entries.map(\.name) }

  private let bytes: [UInt8]
  private let entries: [Entry]

  /// What the directory says of one file.
  private struct Entry {
    let name: String
    let method: Int
    let checksum: UInt32
    let packedSize: Int
    let size: Int
    let offset: Int
  }

  /// Reads the archive's directory.
  ///
  /// - Throws: `RecordError` that says what is damaged, or what the archive has that is not read here.
  public init(readingFrom path: String) throws(RecordError) {
    try self.init(bytes: OpenFile.bytes(of: path), path: path)
  }

  /// Reads an archive's bytes; `path` serves the error's message.
  init(bytes: [UInt8], path: String) throws(RecordError) {
    (self.bytes, self.path) = (bytes, path)
    entries = try Self.entries(of: LittleEndianBytes(bytes: bytes, path: path))
  }

  /// Unpacks one file and checks its CRC-32.
  ///
  /// - Throws: `RecordError` where there is no file of this name, or it is damaged.
  public func contents(of name: String) throws(RecordError) -> [UInt8] {
    guard let entry = entries.first(where: { $0.name == name }) else {
      throw .archive(path: path, reason: "it has no '\(name)'; it has \(names.joined(separator: ", "))")
    }
    let reader = LittleEndianBytes(bytes: bytes, path: path)
    guard try reader.field(UInt32.self, at: entry.offset) == ZipRecord.file else {
      throw .archive(path: path, reason: "'\(name)' is not where the archive's directory says")
    }
    // The lengths of name and extra fields may differ from the directory's.
    let start =
      try entry.offset + 30 + reader.size(UInt16.self, at: entry.offset + 26)
      + reader.size(UInt16.self, at: entry.offset + 28)
    let packed = try reader.slice(from: start, count: entry.packedSize)
    let contents = try entry.method == 0 ? Array(packed) : inflated(packed, entry)
    guard contents.count == entry.size, try Checksum(of: contents).value == entry.checksum else {
      throw .archive(path: path, reason: "'\(name)' has changed since it was written (checksum or length)")
    }
    return contents
  }

  private func inflated(_ packed: ArraySlice<UInt8>, _ entry: Entry) throws(RecordError) -> [UInt8] {
    var unpacked: UnsafeMutablePointer<UInt8>?
    var count = 0
    let problem = packed.withUnsafeBufferPointer { packed in
      callImages { image_inflate(packed.baseAddress, packed.count, entry.size, &unpacked, &count, $0, $1) }
    }
    if let problem { throw .archive(path: path, reason: "'\(entry.name)' \(problem)") }
    defer { image_free(unpacked) }
    return Array(UnsafeBufferPointer(start: unpacked, count: count))
  }

  /// The directory's entries.
  private static func entries(of reader: LittleEndianBytes) throws(RecordError) -> [Entry] {
    let end = try endOfDirectory(reader)
    var count = try reader.size(UInt16.self, at: end + 10)
    var place = try reader.size(UInt32.self, at: end + 16)
    // Fields that do not fit are all ones, and stand in a record of 64 bits that a locator before this one finds.
    if count == Int(UInt16.max) || place == Int(UInt32.max) {
      guard end >= 20, try reader.field(UInt32.self, at: end - 20) == ZipRecord.locator else {
        throw .archive(path: reader.path, reason: "its directory of 64 bits is missing")
      }
      let wide = try reader.size(UInt64.self, at: end - 12)
      count = try reader.size(UInt64.self, at: wide + 32)
      place = try reader.size(UInt64.self, at: wide + 48)
    }
    var entries: [Entry] = []
    for _ in 0..<count {
      guard try reader.field(UInt32.self, at: place) == ZipRecord.directoryEntry else {
        throw .archive(path: reader.path, reason: "its directory is damaged after \(entries.count) of \(count) entries")
      }
      let nameCount = try reader.size(UInt16.self, at: place + 28)
      let extraCount = try reader.size(UInt16.self, at: place + 30)
      entries.append(try entry(reader, place, nameCount: nameCount, extraCount: extraCount))
      place += 46 + nameCount + extraCount + (try reader.size(UInt16.self, at: place + 32))
    }
    return entries
  }

  private static func entry(
    _ reader: LittleEndianBytes, _ place: Int, nameCount: Int, extraCount: Int
  ) throws(RecordError) -> Entry {
    let name = String(decoding: try reader.slice(from: place + 46, count: nameCount), as: UTF8.self)
    let method = try reader.size(UInt16.self, at: place + 10)
    guard try reader.field(UInt16.self, at: place + 8) & 1 == 0 else {
      throw .archive(path: reader.path, reason: "'\(name)' is encrypted")
    }
    guard method == 0 || method == 8 else {
      throw .archive(
        path: reader.path, reason: "'\(name)' is packed by method \(method); stored (0) and deflated (8) are read")
    }
    // Size, packed size, offset: those that are all ones stand in the extra field 1, in this order.
    var sizes = [
      try reader.size(UInt32.self, at: place + 24), try reader.size(UInt32.self, at: place + 20),
      try reader.size(UInt32.self, at: place + 42),
    ]
    var extra = place + 46 + nameCount
    let end = extra + extraCount
    while extra + 4 <= end {
      let count = try reader.size(UInt16.self, at: extra + 2)
      if try reader.field(UInt16.self, at: extra) == ZipRecord.wideExtra {
        var field = extra + 4
        for i in sizes.indices where sizes[i] == Int(UInt32.max) {
          sizes[i] = try reader.size(UInt64.self, at: field)
          field += 8
        }
      }
      extra += 4 + count
    }
    return Entry(
      name: name, method: method, checksum: try reader.field(UInt32.self, at: place + 16), packedSize: sizes[1],
      size: sizes[0], offset: sizes[2])
  }

  /// Where the record lies that ends an archive; a comment of up to 65,535 bytes may follow it.
  private static func endOfDirectory(_ reader: LittleEndianBytes) throws(RecordError) -> Int {
    let last = reader.bytes.count - 22
    if last >= 0 {
      for place in stride(from: last, through: max(0, last - Int(UInt16.max)), by: -1)
      where try reader.field(UInt32.self, at: place) == ZipRecord.end {
        return place
      }
    }
    throw .archive(path: reader.path, reason: "it is no zip archive, or its end is missing")
  }
}

/// The signatures that records of an archive begin with.
enum ZipRecord {
  static let file: UInt32 = 0x0403_4B50
  static let directoryEntry: UInt32 = 0x0201_4B50
  static let end: UInt32 = 0x0605_4B50
  static let wideEnd: UInt32 = 0x0606_4B50
  static let locator: UInt32 = 0x0706_4B50
  /// The extra field with sizes of 64 bits.
  static let wideExtra: UInt16 = 1
}

/// Numbers at places of a file's bytes; what lies outside is an error of the archive.
struct LittleEndianBytes {
  let bytes: [UInt8]
  let path: String

  func slice(from start: Int, count: Int) throws(RecordError) -> ArraySlice<UInt8> {
    guard start >= 0, count >= 0, start <= bytes.count, count <= bytes.count - start else {
      throw .archive(path: path, reason: "it is cut short: \(count) bytes at \(start) are promised, of \(bytes.count)")
    }
    return bytes[start..<start + count]
  }

  func field<Field: FixedWidthInteger & UnsignedInteger>(_: Field.Type, at place: Int) throws(RecordError) -> Field {
    try slice(from: place, count: Field.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Field($1) }
  }

  /// A field that counts bytes or entries.
  func size<Field: FixedWidthInteger & UnsignedInteger>(_: Field.Type, at place: Int) throws(RecordError) -> Int {
    // A quarter of the range leaves room for sums.
    let value = try field(Field.self, at: place)
    guard value < UInt64(Int.max / 4) else {
      throw .archive(path: path, reason: "it is damaged: a size of \(value) bytes at byte \(place)")
    }
    return Int(value)
  }
}
