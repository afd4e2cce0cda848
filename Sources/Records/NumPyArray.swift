import Glibc

/// Numbers with a shape, in NumPy's format: `numpy.load` reads the file.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html; version 1.0 is written, all are
/// read.
public struct NumPyArray: Sendable, Equatable {
  public typealias Values = SafetensorsFile.Values

  public let shape: [Int]
  /// Row-major.
  public let values: Values

  /// - Precondition: `values` has as many elements as `shape` says.
  public init(shape: [Int], _ values: Values) {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values do not fill the shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// - Precondition: `values` has as many elements as `shape` says.
  public init(shape: [Int], values: [UInt8]) { self.init(shape: shape, .uint8(values)) }

  /// Element types by their names in a file.
  private static let types: KeyValuePairs<String, SafetensorsFile.ElementType> = [
    "|u1": .uint8, "<f4": .float32, "<f8": .float64, "<i8": .int64,
  ]

  /// The file's beginning: magic, version, length and the description, padded so that the values begin at a multiple of
  /// 64 bytes.
  var header: [UInt8] { Self.header(shape, values.type) }

  static func header(_ shape: [Int], _ element: SafetensorsFile.ElementType) -> [UInt8] {
    // A tuple of one is written "(3,)" in Python.
    let tuple = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let type = types.first { $0.value == element }?.key ?? ""
    let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(tuple)), }"
    let prefix = 10
    let padding = 63 - (prefix + text.utf8.count) % 64
    let length = UInt16(text.utf8.count + padding + 1)
    return magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)]
      + Array("\(text)\(String(repeating: " ", count: padding))\n".utf8)
  }

  /// The whole file.
  public var bytes: [UInt8] {
    var bytes = header
    values.withBytes { bytes += $0 }
    return bytes
  }

  /// Writes the file, whole or not at all.
  public func write(to path: String) throws(RecordError) {
    try AtomicFile.write(to: path) { (file) throws(RecordError) in
      try header.withUnsafeBufferPointer { (bytes) throws(RecordError) in
        try file.write(UnsafeRawBufferPointer(bytes))
      }
      try values.withBytes { (bytes) throws(RecordError) in try file.write(bytes) }
    }
  }
}

// MARK: Reading
extension NumPyArray {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Reads a file of bytes, 64-bit integers, or numbers of 32 or 64 bits; in Fortran's order too.
  ///
  /// - Throws: `RecordError` that says what is wrong with it.
  public init(readingFrom path: String) throws(RecordError) {
    try self.init(bytes: OpenFile.bytes(of: path), path: path)
  }

  /// Reads a file's bytes; `path` serves the error's message.
  public init(bytes: [UInt8], path: String) throws(RecordError) {
    let reader = LittleEndianBytes(bytes: bytes, path: path)
    guard bytes.starts(with: Self.magic) else {
      throw .archive(path: path, reason: "it is no array of NumPy: its first bytes are others")
    }
    let isShort = try reader.slice(from: 6, count: 1).first == 1
    let start = isShort ? 10 : 12
    let length = try isShort ? reader.size(UInt16.self, at: 8) : reader.size(UInt32.self, at: 8)
    let description = String(decoding: try reader.slice(from: start, count: length), as: UTF8.self)
    guard let type = description.firstMatch(of: /'descr': *'([^']*)'/)?.1,
      let order = description.firstMatch(of: /'fortran_order': *(True|False)/)?.1,
      let tuple = description.firstMatch(of: /'shape': *\(([0-9, ]*)\)/)?.1
    else { throw .archive(path: path, reason: "its description is not understood: \(description)") }
    guard let element = Self.types.first(where: { $0.key == type })?.value else {
      let known = Self.types.map(\.key).joined(separator: ", ")
      throw .archive(path: path, reason: "its elements are '\(type)'; \(known) are read")
    }
    var (shape, size) = ([Int](), element.size)
    for number in tuple.split(whereSeparator: { $0 == "," || $0 == " " }) {
      let (product, overflow) = size.multipliedReportingOverflow(by: Int(number) ?? .max)
      guard !overflow else { throw .archive(path: path, reason: "its shape is (\(tuple))") }
      shape.append(Int(number) ?? 0)
      size = product
    }
    let data = try reader.slice(from: start + length, count: bytes.count - start - length)
    guard data.count == size else {
      throw .archive(path: path, reason: "\(data.count) bytes do not fill \(type) of shape (\(tuple)), \(size) do")
    }
    let values = Values(element, copying: data)
    self.init(shape: shape, order == "True" ? values.transposed(from: shape) : values)
  }
}

extension NumPyArray.Values {
  /// Elements of an array whose first axis is contiguous, put so that the last one is.
  fileprivate func transposed(from shape: [Int]) -> Self {
    func places<Element>(_ elements: [Element]) -> [Element] {
      let strides = shape.reduce(into: [1]) { $0.append($0[$0.count - 1] * $1) }
      return elements.indices.map { index in
        var (rest, place) = (index, 0)
        for axis in shape.indices.reversed() {
          place += rest % shape[axis] * strides[axis]
          rest /= shape[axis]
        }
        return elements[place]
      }
    }
    return switch self {
    case .float32(let elements): .float32(places(elements))
    case .float64(let elements): .float64(places(elements))
    case .int64(let elements): .int64(places(elements))
    case .uint8(let elements): .uint8(places(elements))
    }
  }

  /// The elements as double numbers.
  public var doubles: [Double] {
    switch self {
    case .float32(let elements): elements.map(Double.init)
    case .float64(let elements): elements
    case .int64(let elements): elements.map(Double.init)
    case .uint8(let elements): elements.map(Double.init)
    }
  }
}
