import CImages
import Foundation
import Records

/// Checksums made right again after a change.
enum Repair {
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var value: UInt32 = 0
    var message = [CChar](repeating: 0, count: 64)
    _ = image_crc32(&value, bytes, bytes.count, &message, message.count)
    return value
  }

  /// The CRC of each chunk of a PNG.
  static let png: @Sendable (inout [UInt8]) -> Void = { bytes in
    var start = 8
    while start + 12 <= bytes.count {
      let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = start + 8 + length
      guard end + 4 <= bytes.count else { return }
      let value = checksum(Array(bytes[start + 4..<end]))
      for place in 0..<4 { bytes[end + place] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * place)) }
      start = end + 4
    }
  }

  /// The length of a safetensors header and the checksum that Saddle's own files carry.
  static let safetensors: @Sendable (inout [UInt8]) -> Void = { bytes in
    guard let key = Data(bytes).firstRange(of: Data("\"crc32\":\"".utf8)), key.upperBound + 8 <= bytes.count else {
      return
    }
    let digits = key.upperBound..<key.upperBound + 8
    bytes.replaceSubrange(digits, with: repeatElement(48, count: 8))
    let value = String(checksum(bytes), radix: 16)
    bytes.replaceSubrange(digits, with: Array((String(repeating: "0", count: 8 - value.count) + value).utf8))
  }

  /// The header's length before the change of a safetensors header: so many bytes as it has up to its data.
  static let headerLength: @Sendable (inout [UInt8]) -> Void = { bytes in
    guard bytes.count > 8, let end = Data(bytes).firstRange(of: Data("}}".utf8)) else { return }
    // Spaces may follow.
    var length = end.upperBound
    while length < bytes.count, bytes[length] == 32 { length += 1 }
    for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: (length - 8) >> (8 * place)) }
  }

  /// The CRC of each stored file of a zip, in its own header and the archive's directory.
  static let zip: @Sendable (inout [UInt8]) -> Void = { bytes in
    func number(_ start: Int, _ size: Int) -> Int { (0..<size).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) } }
    for start in stride(from: 0, to: bytes.count - 46, by: 1) where bytes[start..<start + 4] == [80, 75, 1, 2] {
      let (size, offset) = (number(start + 20, 4), number(start + 42, 4))
      guard offset + 30 <= bytes.count else { continue }
      let data = offset + 30 + number(offset + 26, 2) + number(offset + 28, 2)
      guard data + size <= bytes.count, offset + 18 <= bytes.count else { continue }
      let value = checksum(Array(bytes[data..<data + size]))
      for place in 0..<4 {
        let byte = UInt8(truncatingIfNeeded: value >> UInt32(8 * place))
        (bytes[start + 16 + place], bytes[offset + 14 + place]) = (byte, byte)
      }
    }
  }
}
