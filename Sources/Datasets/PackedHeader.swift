import Foundation

/// The header of a file of named arrays in the safetensors format: 8 bytes hold its length (lowest first), then it
/// comes as JSON, then the arrays' bytes without a gap. Source: https://huggingface.co/docs/safetensors.
struct PackedHeader: Codable, Equatable {
  struct Array: Codable, Equatable {
    var dtype: String
    var shape: [Int]
    /// First byte and end, counted from the end of the header.
    var data_offsets: [Int]

    var range: Range<Int> { data_offsets[0]..<data_offsets[1] }

    init(_ dtype: String, _ shape: [Int], at start: Int, bytes: Int) {
      (self.dtype, self.shape, data_offsets) = (dtype, shape, [start, start + bytes])
    }
  }

  var arrays: [String: Array] = [:]
  var metadata: [String: String] = [:]

  private static let metadataKey = "__metadata__"
  /// The digest of the whole file with its own digits as zeros.
  static let digestKey = "sha256"
  static let digestLength = 64

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(intValue: Int) { nil }
    init(stringValue: String) { self.stringValue = stringValue }
  }

  init(arrays: [String: Array], metadata: [String: String]) {
    (self.arrays, self.metadata) = (arrays, metadata)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in container.allKeys {
      if key.stringValue == Self.metadataKey {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        arrays[key.stringValue] = try container.decode(Array.self, forKey: key)
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(metadata, forKey: Key(stringValue: Self.metadataKey))
    for (name, array) in arrays { try container.encode(array, forKey: Key(stringValue: name)) }
  }

  /// The length and the JSON with the digest's digits as zeros, filled up with spaces until the byte at `offset` behind
  /// it begins a page; and where the digits lie.
  func encoded(aligning offset: Int) throws(DatasetError) -> (bytes: [UInt8], digits: Range<Int>) {
    var header = self
    header.metadata[Self.digestKey] = String(repeating: "0", count: Self.digestLength)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard var json = try? encoder.encode(header), let digits = Self.digits(in: json) else {
      preconditionFailure("names and numbers are always JSON")
    }
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -(8 + json.count + offset) & (Self.page - 1)))
    guard json.count <= Self.limit else {
      throw DatasetError(
        path: "", problem: "the names of the classes take \(json.count) bytes, more than a header may have",
        remedy: "give the classes shorter names")
    }
    return (
      withUnsafeBytes(of: UInt64(json.count).littleEndian) { [UInt8]($0) + json },
      8 + digits.lowerBound..<8 + digits.upperBound
    )
  }

  /// Where memory is mapped to, on every processor that Linux runs on up to this size.
  private static let page = 4096
  /// The most bytes that the format allows.
  private static let limit = 100_000_000

  /// The digits behind `"sha256":"`. A string of JSON cannot hold these bytes, since its quotation marks are escaped, so
  /// only a key can.
  private static func digits(in json: Data) -> Range<Int>? {
    guard let key = json.firstRange(of: Data("\"\(digestKey)\":\"".utf8)),
      key.upperBound + digestLength < json.endIndex,
      json[key.upperBound + digestLength] == UInt8(ascii: "\"")
    else { return nil }
    return key.upperBound..<key.upperBound + digestLength
  }

  /// Reads the header of a file and checks that its arrays lie inside; also where the arrays begin, and where the digits
  /// of the digest are, if it has one.
  static func read(_ file: MappedFile) throws(DatasetError) -> (header: PackedHeader, start: Int, digits: Range<Int>?) {
    func failure(_ problem: String) -> DatasetError {
      DatasetError(path: file.path, problem: problem, remedy: "make it again with saddle data pack")
    }
    let bytes = file.bytes
    guard bytes.count > 8 else { throw failure("is cut short: it has \(bytes.count) bytes") }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length >= 2, length <= limit, bytes[8] == UInt8(ascii: "{") else {
      throw failure("is not a safetensors file: its header makes no sense")
    }
    let start = 8 + Int(length)
    guard start <= bytes.count else { throw failure("is cut short inside its header") }
    let json = Data(bytes[8..<start])
    guard let header = try? JSONDecoder().decode(PackedHeader.self, from: json) else {
      throw failure("is not a safetensors file: its header is not the JSON that it should be")
    }
    for (name, array) in header.arrays.sorted(by: { $0.key < $1.key }) {
      let size = ["U8": 1, "I8": 1, "I64": 8][array.dtype]
      var wanted = (partialValue: size ?? 0, overflow: false)
      for length in array.shape where !wanted.overflow {
        wanted = wanted.partialValue.multipliedReportingOverflow(by: length)
      }
      let offsets = array.data_offsets
      guard offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1],
        array.shape.allSatisfy({ $0 >= 0 }), !wanted.overflow,
        size == nil || offsets[1] - offsets[0] == wanted.partialValue
      else { throw failure("is damaged: the places of its array '\(name)' make no sense") }
      guard offsets[1] <= bytes.count - start else {
        throw failure("is cut short: its array '\(name)' ends at byte \(offsets[1]) of \(bytes.count - start)")
      }
    }
    return (header, start, digits(in: json).map { 8 + $0.lowerBound..<8 + $0.upperBound })
  }
}
