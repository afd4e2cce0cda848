import Foundation

/// The header of a file in the safetensors format: which arrays it promises, and where.
///
/// The format: 8 bytes hold the header's length (little-endian), then come the header (JSON) and the arrays' bytes, one
/// after the other without a gap. Source: https://huggingface.co/docs/safetensors.
package struct SafetensorsHeader: Sendable, Equatable {
  /// What is said of an array, before it is believed.
  package struct Entry: Sendable, Equatable {
    package let name: String
    /// A name, since files have arrays of more types than are read here.
    package let type: String
    package let shape: [Int]
    /// In bytes from the end of the header.
    package let range: Range<Int>
  }

  /// A metadata entry with a digest of the whole file, computed with the digest's own digits as zeros.
  package struct Seal: Sendable {
    package let key: String
    /// Digits of the digest.
    package let length: Int

    package static let crc32 = Seal(key: "crc32", length: 8)
    package static let sha256 = Seal(key: "sha256", length: 64)
  }

  /// By the place of their bytes; arrays without elements, which share a place, by name.
  package let entries: [Entry]
  package var metadata: [String: String]

  static let metadataKey = "__metadata__"
  /// The most bytes that the format allows a header to have.
  package static let limit = 100_000_000

  package subscript(name: String) -> Entry? { entries.first { $0.name == name } }
}

extension SafetensorsHeader.Entry {
  /// An array that begins at this byte of the data.
  package init(_ name: String, _ type: SafetensorsFile.ElementType, _ shape: [Int], at start: Int) {
    let end = start + shape.reduce(type.size, *)
    (self.name, self.type, self.shape, range) = (name, type.rawValue, shape, start..<end)
  }

  /// The element type, of which the bytes are as many as the shape says.
  ///
  /// - Throws: `SafetensorsFault` where it is none that is read, or they are not.
  package func checkedType() throws(SafetensorsFault) -> SafetensorsFile.ElementType {
    guard let type = SafetensorsFile.ElementType(rawValue: type) else { throw .unknownType(tensor: name, type: type) }
    var size: (partialValue: Int, overflow: Bool) = (type.size, shape.contains { $0 < 0 })
    for dimension in shape where !size.overflow { size = size.partialValue.multipliedReportingOverflow(by: dimension) }
    guard !size.overflow, size.partialValue == range.count else {
      throw .badOffsets(
        tensor: name, reason: "has \(range.count) bytes, which do not fill \(type.rawValue) \(shape)")
    }
    return type
  }
}

// MARK: Writing

extension SafetensorsHeader {
  /// The arrays in this order, which is that of their bytes.
  ///
  /// - Precondition: no two share a name, and none is called `__metadata__`.
  package init(_ entries: [Entry], metadata: [String: String]) {
    precondition(Set(entries.map(\.name)).count == entries.count, "two tensors of one name")
    precondition(!entries.contains { $0.name == Self.metadataKey }, "\(Self.metadataKey) is no name for a tensor")
    (self.entries, self.metadata) = (entries, metadata)
  }

  /// The length and the header, filled up with spaces until the byte at `offset` behind it is a multiple of `unit`; and
  /// where the seal's digits, zeros as yet, lie in them.
  package func encoded(
    with seal: Seal, aligning offset: Int = 0, to unit: Int
  ) -> (bytes: [UInt8], digits: Range<Int>) {
    var metadata = metadata
    metadata[seal.key] = String(repeating: "0", count: seal.length)
    let strings = metadata.sorted { $0.key < $1.key }.map { "\(JSON.quoted($0.key)):\(JSON.quoted($0.value))" }
    let objects =
      ["\"\(Self.metadataKey)\":{\(strings.joined(separator: ","))}"]
      + entries.map { entry in
        let shape = entry.shape.map(String.init).joined(separator: ",")
        return "\(JSON.quoted(entry.name)):{\"dtype\":\"\(entry.type)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(entry.range.lowerBound),\(entry.range.upperBound)]}"
      }
    var json = Array("{\(objects.joined(separator: ","))}".utf8)
    let excess = (8 + json.count + offset) % unit
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: excess == 0 ? 0 : unit - excess))
    guard let digits = seal.digits(in: json) else { preconditionFailure("the seal has a place") }
    let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) }
    return (length + json, 8 + digits.lowerBound..<8 + digits.upperBound)
  }
}

extension SafetensorsHeader.Seal {
  /// Where the digits lie in a header's JSON: behind `"key":"`. A string of JSON cannot hold these bytes, since its
  /// quotation marks are escaped, so only a key can.
  package func digits(in json: some RandomAccessCollection<UInt8>) -> Range<Int>? {
    let json = Data(json)
    guard let opening = json.firstRange(of: Data("\"\(key)\":\"".utf8)),
      opening.upperBound + length < json.endIndex, json[opening.upperBound + length] == UInt8(ascii: "\"")
    else { return nil }
    return opening.upperBound..<opening.upperBound + length
  }
}

// MARK: Reading

extension SafetensorsHeader {
  /// The header's JSON in a file.
  package static func place<File>(in file: File) throws(SafetensorsFault) -> Range<Int>
  where File: RandomAccessCollection<UInt8>, File.Index == Int {
    let length = try length(of: file.prefix(8))
    guard file.count > 8 else { throw .cutShort(promised: 8 + length, found: 8) }
    guard file[8] == UInt8(ascii: "{") else { throw .notSafetensors(reason: "its header does not begin with '{'") }
    guard file.count - 8 >= length else { throw .cutShort(promised: 8 + length, found: file.count) }
    return 8..<8 + length
  }

  /// The header's length, which a file's first eight bytes hold.
  static func length(of start: some Collection<UInt8>) throws(SafetensorsFault) -> Int {
    guard start.count >= 8 else { throw .cutShort(promised: 8, found: start.count) }
    let length = Array(start).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length >= 2, length <= limit else {
      throw .notSafetensors(reason: "its first 8 bytes promise a header of \(length) bytes")
    }
    return Int(length)
  }

  /// Reads a header's JSON.
  package init(json: some RandomAccessCollection<UInt8>) throws(SafetensorsFault) {
    let json = Data(json)
    let decoded: Decoded
    do {
      decoded = try JSONDecoder().decode(Decoded.self, from: json)
    } catch DecodingError.keyNotFound(let key, let context) {
      throw .badEntry(tensor: context.codingPath.first?.stringValue ?? "", reason: "has no '\(key.stringValue)'")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      throw Self.badType(at: context.codingPath)
    } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
      throw Self.badType(at: context.codingPath)
    } catch {
      throw .headerNotJSON(reason: Self.syntaxError(in: json))
    }
    metadata = decoded.metadata
    var entries: [Entry] = []
    for (name, array) in decoded.arrays {
      let offsets = array.data_offsets
      guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= Int.max - 8 - json.count else {
        throw .badOffsets(tensor: name, reason: "has the data_offsets \(offsets), which are no range")
      }
      entries.append(Entry(name: name, type: array.dtype, shape: array.shape, range: offsets[0]..<offsets[1]))
    }
    self.entries = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
    }
  }

  /// Checks that the arrays end inside a file of so many bytes, whose header ends at `start`.
  package func check(fileSize: Int, start: Int) throws(SafetensorsFault) {
    let promised = start + (entries.map(\.range.upperBound).max() ?? 0)
    if promised > fileSize { throw .cutShort(promised: promised, found: fileSize) }
  }

  private struct Decoded: Decodable {
    struct Array: Decodable {
      var dtype: String
      var shape: [Int]
      var data_offsets: [Int]
    }

    var arrays: [(name: String, array: Array)] = []
    var metadata: [String: String] = [:]

    private struct Name: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init?(intValue: Int) { nil }
      init(stringValue: String) { self.stringValue = stringValue }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for name in container.allKeys {
        if name.stringValue == metadataKey {
          metadata = try container.decode([String: String].self, forKey: name)
        } else {
          arrays.append((name.stringValue, try container.decode(Array.self, forKey: name)))
        }
      }
    }
  }

  /// What is wrong with JSON that could not be decoded: JSONDecoder does not say where, JSONSerialization does.
  private static func syntaxError(in json: Data) -> String {
    do {
      _ = try JSONSerialization.jsonObject(with: json)
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
}
