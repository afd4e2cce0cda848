/// Bytes with a shape, in NumPy's format: `numpy.load` reads the file.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0.
public struct NumPyArray: Sendable {
  public let shape: [Int]
  /// Row-major.
  public let values: [UInt8]

  /// - Precondition: `values` has as many elements as `shape` says.
  public init(shape: [Int], values: [UInt8]) {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values do not fill the shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// The file's beginning: magic, version, length and the description, padded so that the values begin at a multiple of
  /// 64 bytes.
  var header: [UInt8] {
    // A tuple of one is written "(3,)" in Python.
    let tuple = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (\(tuple)), }"
    let prefix = 10
    let padding = 63 - (prefix + text.utf8.count) % 64
    let length = UInt16(text.utf8.count + padding + 1)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)]
      + Array("\(text)\(String(repeating: " ", count: padding))\n".utf8)
  }

  /// Writes the file, whole or not at all.
  public func write(to path: String) throws(RecordError) {
    try AtomicFile.write(to: path) { (file) throws(RecordError) in
      for piece in [header, values] {
        try piece.withUnsafeBufferPointer { (bytes) throws(RecordError) in
          try file.write(UnsafeRawBufferPointer(bytes))
        }
      }
    }
  }
}
