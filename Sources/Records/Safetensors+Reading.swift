import Glibc

/// What can be wrong with a safetensors file; the text completes "cannot be read: ...".
public enum SafetensorsFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file ends before what its header promises. In bytes of the whole file.
  case cutShort(promised: Int, found: Int)
  /// The file is not what was written.
  case checksum(stored: String, computed: String)
  /// The file carries no checksum, and one was asked for.
  case noChecksum
  case notSafetensors(reason: String)
  case headerNotJSON(reason: String)
  /// A tensor's entry in the header makes no sense.
  case badEntry(tensor: String, reason: String)
  case unknownType(tensor: String, type: String)
  /// Tensors overlap, leave a gap, or do not fit their shapes.
  case badOffsets(tensor: String, reason: String)
  /// Bytes follow the last tensor.
  case trailing(bytes: Int)
  case missing(tensor: String)
  /// A number of the metadata is none that a run can come to.
  case badCount(name: String, value: String, wanted: String)
  case unexpected(tensor: String, found: String, wanted: String)

  public var description: String {
    switch self {
    case .cutShort(let promised, let found): "it is cut short: \(promised) bytes are promised, \(found) are there"
    case .checksum(let stored, let computed):
      "its contents have changed since it was written (checksum \(computed), written as \(stored))"
    case .noChecksum: "it carries no checksum (metadata entry crc32)"
    case .notSafetensors(let reason): "it is not a safetensors file: \(reason)"
    case .headerNotJSON(let reason): "its header is not JSON as it should be: \(reason)"
    case .badEntry(let tensor, let reason): "the header's entry '\(tensor)' \(reason)"
    case .unknownType(let tensor, let type):
      "tensor '\(tensor)' has the element type '\(type)'; F32, F64, I64 and U8 are read"
    case .badOffsets(let tensor, let reason): "tensor '\(tensor)' \(reason)"
    case .trailing(let bytes): "\(bytes) bytes follow its last tensor"
    case .missing(let tensor): "it has no tensor '\(tensor)'"
    case .badCount(let name, let value, let wanted):
      "its metadata say \(name)=\(value), but \(wanted) is needed"
    case .unexpected(let tensor, let found, let wanted): "tensor '\(tensor)' is \(found), but \(wanted) is needed"
    }
  }
}

extension SafetensorsFile {
  /// Reads a file.
  ///
  /// - Parameter strict: whether the file must carry a checksum. Other programs' files carry none; in those of this
  ///   program it could only be missing by damage.
  public init(readingFrom path: String, strict: Bool = false) throws(RecordError) {
    let file = try OpenFile(path, O_RDONLY)
    try Self.checkLength(of: file)
    try self.init(bytes: file.readAll(), path: path, strict: strict)
  }

  /// A file's bytes, for those who need their hash too.
  package static func bytes(of path: String) throws(RecordError) -> [UInt8] { try OpenFile.bytes(of: path) }

  /// Refuses a file that is far longer than its header says before it is read: its length costs nothing where it has
  /// holes, memory does.
  private static func checkLength(of file: borrowing OpenFile) throws(RecordError) {
    let (size, slack) = (try file.size(), 1 << 20)
    guard size > slack else { return }
    let start = try file.read(8, from: 0)
    let length: Int
    do throws(SafetensorsFault) { length = try SafetensorsHeader.length(of: start) } catch {
      throw .safetensors(path: file.path, fault: error)
    }
    // What else is wrong with a header is told by the one that reads it.
    guard let header = try? SafetensorsHeader(json: file.read(min(length, size - 8), from: 8)) else { return }
    let excess = size - 8 - length - (header.entries.map(\.range.upperBound).max() ?? 0)
    if excess > slack { throw .safetensors(path: file.path, fault: .trailing(bytes: excess)) }
  }

  /// Reads a file's bytes; `path` serves the error's message.
  package init(bytes: [UInt8], path: String, strict: Bool) throws(RecordError) {
    let place: Range<Int>
    let parsed: Result<SafetensorsHeader, SafetensorsFault>
    do throws(SafetensorsFault) {
      place = try SafetensorsHeader.place(in: bytes)
      parsed = Result { () throws(SafetensorsFault) in try SafetensorsHeader(json: bytes[place]) }
      if case .success(let header) = parsed { try header.check(fileSize: bytes.count, start: place.upperBound) }
    } catch {
      throw .safetensors(path: path, fault: error)
    }
    // Before anything else is said about the header: where a bit has flipped, its oddities are a consequence.
    let isSealed = try Self.checkSeal(of: bytes, header: place, path: path, strict: strict)
    do throws(SafetensorsFault) {
      let header = try parsed.get()
      tensors = try Self.tensors(header, in: bytes[place.upperBound...])
      metadata = header.metadata
      if isSealed { metadata[Self.seal.key] = nil }
    } catch {
      throw .safetensors(path: path, fault: error)
    }
  }

  /// Compares the checksum; false where there is none and none is needed.
  private static func checkSeal(
    of bytes: [UInt8], header: Range<Int>, path: String, strict: Bool
  ) throws(RecordError) -> Bool {
    guard let place = seal.digits(in: bytes[header]) else {
      if strict { throw .safetensors(path: path, fault: .noChecksum) }
      return false
    }
    let digits = header.lowerBound + place.lowerBound..<header.lowerBound + place.upperBound
    var checksum = Checksum()
    let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: digits.count)
    for piece in [bytes[..<digits.lowerBound], zeros[...], bytes[digits.upperBound...]] {
      try piece.withUnsafeBufferPointer { (bytes) throws(RecordError) in
        try checksum.add(UnsafeRawBufferPointer(bytes))
      }
    }
    let stored = String(decoding: bytes[digits], as: UTF8.self)
    let computed = Checksum.digits(checksum.value)
    guard stored == computed else {
      throw .safetensors(path: path, fault: .checksum(stored: stored, computed: computed))
    }
    return true
  }

  private static func tensors(
    _ header: SafetensorsHeader, in data: ArraySlice<UInt8>
  ) throws(SafetensorsFault) -> [Tensor] {
    var tensors: [Tensor] = []
    var end = 0
    for entry in header.entries {
      guard entry.range.lowerBound == end else {
        throw .badOffsets(
          tensor: entry.name,
          reason: entry.range.lowerBound < end
            ? "overlaps the one before it (from byte \(entry.range.lowerBound), which ends at \(end))"
            : "leaves a gap before it (bytes \(end) to \(entry.range.lowerBound) of the data belong to no tensor)")
      }
      end = entry.range.upperBound
      let place = data.startIndex + entry.range.lowerBound..<data.startIndex + end
      tensors.append(Tensor(entry.name, shape: entry.shape, Values(try entry.checkedType(), copying: data[place])))
    }
    guard end == data.count else { throw .trailing(bytes: data.count - end) }
    return tensors
  }
}
