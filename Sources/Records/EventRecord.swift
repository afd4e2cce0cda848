/// One `Event` (tensorflow/core/util/event.proto) and the few messages of TensorBoard inside it.
struct Event {
  enum What {
    /// The first record of every file.
    case version
    /// Whatever was told of this step and later ones is void: the run went back.
    case restart
    case scalars([(tag: String, value: Float)])
    case image(tag: String, PNGHeader, [UInt8])
  }

  let seconds: Double
  var step = 0
  let what: What

  var encoded: [UInt8] {
    var event = ProtocolBuffer()
    event.add(1, seconds)
    event.add(2, step)
    switch what {
    case .version: event.add(3, Array("brain.Event:2".utf8))
    case .restart:
      var log = ProtocolBuffer()
      log.add(1, 1)  // SessionLog.status: START
      event.add(7, log.bytes)
    case .scalars(let values):
      var summary = ProtocolBuffer()
      for (tag, value) in values {
        var entry = ProtocolBuffer()
        entry.add(1, Array(tag.utf8))
        entry.add(2, value)
        summary.add(1, entry.bytes)
      }
      event.add(5, summary.bytes)
    case .image(let tag, let header, let png):
      var (image, entry, summary) = (ProtocolBuffer(), ProtocolBuffer(), ProtocolBuffer())
      image.add(1, header.height)
      image.add(2, header.width)
      image.add(3, header.channels)
      image.add(4, png)
      entry.add(1, Array(tag.utf8))
      entry.add(4, image.bytes)
      summary.add(1, entry.bytes)
      event.add(5, summary.bytes)
    }
    return event.bytes
  }
}

/// A message of Protocol Buffers, field after field. Numbers that are 0 are left out where they are integers, as
/// readers expect of proto3; a scalar's value is always there.
struct ProtocolBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ field: Int, _ value: Int) {
    guard value != 0 else { return }
    varint(UInt64(field << 3))
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func add(_ field: Int, _ value: Double) {
    varint(UInt64(field << 3 | 1))
    bytes += littleEndian(value.bitPattern)
  }

  mutating func add(_ field: Int, _ value: Float) {
    varint(UInt64(field << 3 | 5))
    bytes += littleEndian(value.bitPattern)
  }

  mutating func add(_ field: Int, _ value: [UInt8]) {
    varint(UInt64(field << 3 | 2))
    varint(UInt64(value.count))
    bytes += value
  }

  /// Seven bits a byte, the lowest first; the highest bit says that more follow.
  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 128 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// A record of a TFRecord file.
enum EventRecord {
  static func framed(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(data.count))
    return length + littleEndian(masked(crc32c(length))) + data + littleEndian(masked(crc32c(data)))
  }

  /// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the reflected polynomial 0x82F63B78.
  static func crc32c(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
  }

  /// A checksum of bytes that hold checksums is weak: TensorFlow turns and shifts those it stores.
  static func masked(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xA282_EAD8 }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
  }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
