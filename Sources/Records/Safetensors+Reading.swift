import Foundation

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
    try self.init(bytes: OpenFile(path, O_RDONLY).readAll(), path: path, strict: strict)
  }

  /// A file's bytes, for those who need their hash too.
  package static func bytes(of path: String) throws(RecordError) -> [UInt8] { try OpenFile(path, O_RDONLY).readAll() }

  /// Reads a file's bytes; `path` serves the error's message.
  package init(bytes: [UInt8], path: String, strict: Bool) throws(RecordError) {
    let header: ArraySlice<UInt8>
    let entries: Result<Header, SafetensorsFault>
    do throws(SafetensorsFault) {
      header = try Self.header(of: bytes)
      entries = Header.parsed(header)
      if case .success(let header) = entries { try header.checkLength(of: bytes) }
    } catch {
      throw .safetensors(path: path, fault: error)
    }
    // Before anything else is said about the header: where a bit has flipped, its oddities are a consequence.
    let computed = try Self.checkChecksum(of: bytes, header: header, path: path, strict: strict)
    do throws(SafetensorsFault) {
      let header = try entries.get()
      tensors = try header.tensors(in: bytes)
      metadata = header.metadata
      if computed { metadata[Self.checksumKey] = nil }
    } catch {
      throw .safetensors(path: path, fault: error)
    }
  }

  /// The most bytes that the format allows a header to have.
  private static let headerLimit: UInt64 = 100_000_000

  private static func header(of bytes: [UInt8]) throws(SafetensorsFault) -> ArraySlice<UInt8> {
    guard bytes.count >= 8 else { throw .cutShort(promised: 8, found: bytes.count) }
    let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length >= 2, length <= headerLimit else {
      throw .notSafetensors(reason: "its first 8 bytes promise a header of \(length) bytes")
    }
    guard bytes.count > 8 else { throw .cutShort(promised: 8 + Int(length), found: 8) }
    guard bytes[8] == UInt8(ascii: "{") else { throw .notSafetensors(reason: "its header does not begin with '{'") }
    guard bytes.count - 8 >= Int(length) else { throw .cutShort(promised: 8 + Int(length), found: bytes.count) }
    return bytes[8..<8 + Int(length)]
  }

  /// Compares the checksum; false where there is none and none is needed.
  private static func checkChecksum(
    of bytes: [UInt8], header: ArraySlice<UInt8>, path: String, strict: Bool
  ) throws(RecordError) -> Bool {
    guard let digits = checksumDigits(in: header) else {
      if strict { throw .safetensors(path: path, fault: .noChecksum) }
      return false
    }
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
}

/// What the header says, before any of it is believed.
private struct Header: Decodable {
  struct Entry: Decodable {
    var dtype: String
    var shape: [Int]
    var data_offsets: [Int]
  }

  /// By the place of their bytes; tensors without elements, which share a place, by name.
  var entries: [(name: String, entry: Entry)] = []
  var metadata: [String: String] = [:]
  /// The file's bytes up to the end of the header.
  var prefix = 0

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(intValue: Int) { nil }
    init(stringValue: String) { self.stringValue = stringValue }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for name in container.allKeys {
      if name.stringValue == SafetensorsFile.metadataKey {
        metadata = try container.decode([String: String].self, forKey: name)
      } else {
        entries.append((name.stringValue, try container.decode(Entry.self, forKey: name)))
      }
    }
  }

  static func parsed(_ bytes: ArraySlice<UInt8>) -> Result<Header, SafetensorsFault> {
    do {
      var header = try JSONDecoder().decode(Header.self, from: Data(bytes))
      header.prefix = bytes.endIndex
      try header.arrange()
      return .success(header)
    } catch let fault as SafetensorsFault {
      return .failure(fault)
    } catch DecodingError.keyNotFound(let key, let context) {
      return .failure(
        .badEntry(tensor: context.codingPath.first?.stringValue ?? "", reason: "has no '\(key.stringValue)'"))
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      return .failure(badType(at: context.codingPath))
    } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
      return .failure(badType(at: context.codingPath))
    } catch {
      return .failure(.headerNotJSON(reason: syntaxError(in: bytes)))
    }
  }

  /// What is wrong with JSON that could not be decoded: JSONDecoder does not say where, JSONSerialization does.
  private static func syntaxError(in bytes: ArraySlice<UInt8>) -> String {
    do {
      _ = try JSONSerialization.jsonObject(with: Data(bytes))
      return "a number in it is not a whole one of 64 bits"
    } catch {
      let text = (error as NSError).userInfo["NSDebugDescription"] as? String ?? error.localizedDescription
      return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
  }

  private static func badType(at path: [any CodingKey]) -> SafetensorsFault {
    let names = path.map(\.stringValue)
    let place = names.count > 1 ? "has a value of the wrong type for '\(names[1])'" : "is no object of the format"
    return .badEntry(tensor: names.first ?? "", reason: place)
  }

  /// Puts the entries in the order of their bytes.
  private mutating func arrange() throws(SafetensorsFault) {
    for (name, entry) in entries {
      let offsets = entry.data_offsets
      guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= Int.max - prefix else {
        throw .badOffsets(tensor: name, reason: "has the data_offsets \(offsets), which are no range")
      }
    }
    entries.sort {
      ($0.entry.data_offsets[0], $0.entry.data_offsets[1], $0.name)
        < ($1.entry.data_offsets[0], $1.entry.data_offsets[1], $1.name)
    }
  }

  func checkLength(of bytes: [UInt8]) throws(SafetensorsFault) {
    let promised = prefix + (entries.map { $0.entry.data_offsets[1] }.max() ?? 0)
    if promised > bytes.count { throw .cutShort(promised: promised, found: bytes.count) }
  }

  func tensors(in bytes: [UInt8]) throws(SafetensorsFault) -> [SafetensorsFile.Tensor] {
    var tensors: [SafetensorsFile.Tensor] = []
    var end = 0
    for (name, entry) in entries {
      guard let type = SafetensorsFile.ElementType(rawValue: entry.dtype) else {
        throw .unknownType(tensor: name, type: entry.dtype)
      }
      let range = entry.data_offsets[0]..<entry.data_offsets[1]
      guard range.lowerBound == end else {
        throw .badOffsets(
          tensor: name,
          reason: range.lowerBound < end
            ? "overlaps the one before it (from byte \(range.lowerBound), which ends at \(end))"
            : "leaves a gap before it (bytes \(end) to \(range.lowerBound) of the data belong to no tensor)")
      }
      end = range.upperBound
      guard Self.size(of: entry.shape, type) == range.count else {
        throw .badOffsets(tensor: name, reason: "has \(range.count) bytes, which do not fill \(type) \(entry.shape)")
      }
      let values = SafetensorsFile.Values(type, copying: bytes[prefix + range.lowerBound..<prefix + range.upperBound])
      tensors.append(SafetensorsFile.Tensor(name, shape: entry.shape, values))
    }
    guard prefix + end == bytes.count else { throw .trailing(bytes: bytes.count - prefix - end) }
    return tensors
  }

  /// Bytes, or nil where a dimension is negative or their product is too large to be one.
  private static func size(of shape: [Int], _ type: SafetensorsFile.ElementType) -> Int? {
    var size = type.size
    for dimension in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: dimension)
      if dimension < 0 || overflow { return nil }
      size = product
    }
    return size
  }
}
