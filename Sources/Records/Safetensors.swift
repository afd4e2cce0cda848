import Glibc

/// A file of named arrays in the safetensors format, for checkpoints and exchange.
///
/// The format: 8 bytes hold the header's length (little-endian), then come the header (JSON) and the arrays' bytes, one
/// after the other without a gap. Source: https://huggingface.co/docs/safetensors.
///
/// Writing is deterministic: equal contents give equal bytes. A file from here carries a CRC-32 of itself as the
/// metadata entry `crc32`, computed with that entry's eight digits as zeros, so that every flipped bit is found.
public struct SafetensorsFile: Sendable, Equatable {
  /// An array with a name; its elements lie in row-major order.
  public struct Tensor: Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    public let values: Values

    /// - Precondition: `values` has as many elements as `shape` says.
    public init(_ name: String, shape: [Int], _ values: Values) {
      precondition(
        shape.reduce(1, *) == values.count, "'\(name)': \(values.count) values do not fill the shape \(shape)")
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// The elements of an array.
  public enum Values: Sendable, Equatable {
    case float32([Float])
    case float64([Double])
    case int64([Int64])
    case uint8([UInt8])
  }

  /// In the order of their bytes in the file.
  public var tensors: [Tensor]
  /// What the file says about itself. `crc32` is reserved: writing replaces it, reading checks it and takes it away.
  public var metadata: [String: String]

  public init(tensors: [Tensor] = [], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The array of this name.
  public subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }

  /// The elements of an array that must be there as F32 in this shape.
  public func float32(_ name: String, shape: [Int]) throws(SafetensorsFault) -> [Float] {
    guard let tensor = self[name] else { throw .missing(tensor: name) }
    guard case .float32(let elements) = tensor.values, tensor.shape == shape else {
      throw .unexpected(
        tensor: name, found: "\(tensor.values.type.rawValue) \(tensor.shape)", wanted: "F32 \(shape)")
    }
    return elements
  }

  /// Writes the file: whole or not at all.
  ///
  /// - Precondition: no two arrays share a name, and none is called `__metadata__`.
  public func write(to path: String) throws(RecordError) {
    var (header, digits) = header()
    var checksum = Checksum()
    try header.withUnsafeBufferPointer { (bytes) throws(RecordError) in
      try checksum.add(UnsafeRawBufferPointer(bytes))
    }
    for tensor in tensors {
      try tensor.values.withBytes { (bytes) throws(RecordError) in try checksum.add(bytes) }
    }
    header.replaceSubrange(digits, with: Checksum.digits(checksum.value).utf8)
    try AtomicFile.write(to: path) { (file) throws(RecordError) in
      try header.withUnsafeBufferPointer { (bytes) throws(RecordError) in
        try file.write(UnsafeRawBufferPointer(bytes))
      }
      for tensor in tensors {
        try tensor.values.withBytes { (bytes) throws(RecordError) in try file.write(bytes) }
      }
    }
  }

  /// The length and the header, and where the checksum's digits, zeros as yet, lie in them.
  private func header() -> (bytes: [UInt8], digits: Range<Int>) {
    precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
    precondition(self[Self.metadataKey] == nil, "\(Self.metadataKey) is no name for a tensor")
    var metadata = metadata
    metadata[Self.checksumKey] = String(repeating: "0", count: 8)
    let strings = metadata.sorted { $0.key < $1.key }.map { "\(JSON.quoted($0.key)):\(JSON.quoted($0.value))" }
    var entries = ["\"\(Self.metadataKey)\":{\(strings.joined(separator: ","))}"]
    var offset = 0
    for tensor in tensors {
      let type = tensor.values.type
      let end = offset + tensor.values.count * type.size
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(JSON.quoted(tensor.name)):{\"dtype\":\"\(type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var json = Array("{\(entries.joined(separator: ","))}".utf8)
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) }
    let bytes = length + json
    guard let digits = Self.checksumDigits(in: bytes[8...]) else { preconditionFailure("the checksum has a place") }
    return (bytes, digits)
  }

  static let metadataKey = "__metadata__"
  static let checksumKey = "crc32"

  /// Finds the eight digits behind `"crc32":"`. A string of JSON cannot hold these bytes, since its quotation marks are
  /// escaped, so only a key can.
  static func checksumDigits(in header: ArraySlice<UInt8>) -> Range<Int>? {
    let opening = Array("\"\(checksumKey)\":\"".utf8)
    guard header.count > opening.count else { return nil }
    let start = header.withUnsafeBytes { bytes in
      (0...bytes.count - opening.count).first { memcmp(bytes.baseAddress! + $0, opening, opening.count) == 0 }
    }
    guard let start else { return nil }
    let digits = header.startIndex + start + opening.count
    let end = digits + 8
    guard end < header.endIndex, header[end] == UInt8(ascii: "\"") else { return nil }
    return digits..<end
  }
}

extension SafetensorsFile {
  /// The element types that are read and written, by their names in a file.
  enum ElementType: String {
    case float32 = "F32"
    case float64 = "F64"
    case int64 = "I64"
    case uint8 = "U8"

    /// Bytes an element.
    var size: Int {
      switch self {
      case .float32: 4
      case .float64, .int64: 8
      case .uint8: 1
      }
    }
  }
}

extension SafetensorsFile.Values {
  public var count: Int {
    switch self {
    case .float32(let elements): elements.count
    case .float64(let elements): elements.count
    case .int64(let elements): elements.count
    case .uint8(let elements): elements.count
    }
  }

  var type: SafetensorsFile.ElementType {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .int64: .int64
    case .uint8: .uint8
    }
  }

  /// Lends the bytes as they lie in memory, which is as they lie in the file: every host of Swift on Linux is
  /// little-endian.
  func withBytes<Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
    switch self {
    case .float32(let elements): try Self.lend(elements, body)
    case .float64(let elements): try Self.lend(elements, body)
    case .int64(let elements): try Self.lend(elements, body)
    case .uint8(let elements): try Self.lend(elements, body)
    }
  }

  private static func lend<Element, Failure: Error>(
    _ elements: [Element], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    try elements.withUnsafeBufferPointer { (buffer) throws(Failure) in try body(UnsafeRawBufferPointer(buffer)) }
  }

  /// Copies elements out of a file's bytes, which need not be aligned.
  init(_ type: SafetensorsFile.ElementType, copying bytes: ArraySlice<UInt8>) {
    switch type {
    case .float32: self = .float32(Self.copy(bytes))
    case .float64: self = .float64(Self.copy(bytes))
    case .int64: self = .int64(Self.copy(bytes))
    case .uint8: self = .uint8(Array(bytes))
    }
  }

  private static func copy<Element: BitwiseCopyable>(_ bytes: ArraySlice<UInt8>) -> [Element] {
    let count = bytes.count / MemoryLayout<Element>.stride
    return [Element](unsafeUninitializedCapacity: count) { buffer, filled in
      bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      filled = count
    }
  }
}
