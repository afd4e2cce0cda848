import CImages

/// The CRC-32 of zlib, gzip and PNG, continued piece by piece.
struct Checksum {
  private(set) var value: UInt32 = 0

  init() {}

  /// The checksum of these bytes; throws as `add`.
  init(of bytes: [UInt8]) throws(RecordError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(RecordError) in try add(UnsafeRawBufferPointer(bytes)) }
  }

  /// Adds bytes; throws `RecordError.library` on a machine without zlib.
  mutating func add(_ bytes: UnsafeRawBufferPointer) throws(RecordError) {
    let status = callImages { [count = bytes.count] message, capacity in
      image_crc32(&value, bytes.baseAddress, count, message, capacity)
    }
    if let status { throw .library(reason: status) }
  }

  /// Eight hexadecimal digits.
  static func digits(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}

/// Calls a function of CImages and returns its message where it fails.
func callImages(_ call: (UnsafeMutablePointer<CChar>?, Int) -> CInt) -> String? {
  var message = [CChar](repeating: 0, count: 512)
  let status = message.withUnsafeMutableBufferPointer { call($0.baseAddress, $0.count) }
  if status == 0 { return nil }
  return String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
