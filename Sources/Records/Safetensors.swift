import Glibc

/// A file of named arrays in the safetensors format, for checkpoints and exchange.
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
    var (header, digits) = header.encoded(with: Self.seal, to: 8)
    var checksum = Checksum()
    try header.withUnsafeBufferPointer { (bytes) throws(RecordError) in
      try checksum.add(UnsafeRawBufferPointer(bytes))
    }
    for tensor in tensors {
      try tensor.values.withBytes { (bytes) throws(RecordError) in try checksum.add(bytes) }
    }
    header.replaceSubrange(digits, with: Checksum.digits(checksum.value).utf8)
    try AtomicFile.write(to: path) { (file) throws(RecordError) in
      try file.write(header)
      for tensor in tensors {
        try tensor.values.withBytes { (bytes) throws(RecordError) in try file.write(bytes) }
      }
    }
  }

  private var header: SafetensorsHeader {
    var end = 0
    let entries = tensors.map { tensor in
      defer { end += tensor.values.count * tensor.values.type.size }
      return SafetensorsHeader.Entry(tensor.name, tensor.values.type, tensor.shape, at: end)
    }
    return SafetensorsHeader(entries, metadata: metadata)
  }

  static let seal = SafetensorsHeader.Seal.crc32
}

extension SafetensorsFile {
  /// The element types that are read and written, by their names in a file.
  package enum ElementType: String {
    case float32 = "F32"
    case float64 = "F64"
    case int64 = "I64"
    case uint8 = "U8"

    /// Bytes an element.
    package var size: Int {
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
