/// A message of Protocol Buffers under construction: fields one after the other, in the order in which they are added.
///
/// Source: https://protobuf.dev/programming-guides/encoding.
struct ProtobufMessage {
  private(set) var bytes: [UInt8] = []

  /// How a field's bytes are to be read.
  private enum WireType: UInt64 { case varint = 0, lengthDelimited = 2, fourBytes = 5 }

  /// A whole number; negative ones as the 64 bits of their two's complement, as `int64` has them.
  mutating func add(_ field: Int, _ value: Int) {
    addTag(field, .varint)
    addVarint(UInt64(bitPattern: Int64(value)))
  }

  mutating func add(_ field: Int, _ value: Float) {
    addTag(field, .fourBytes)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func add(_ field: Int, _ text: String) { add(field, bytes: text.utf8) }

  mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, bytes: message.bytes) }

  mutating func add(_ field: Int, bytes content: some Collection<UInt8>) {
    addTag(field, .lengthDelimited)
    addVarint(UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  private mutating func addTag(_ field: Int, _ type: WireType) { addVarint(UInt64(field) << 3 | type.rawValue) }

  /// Seven bits a byte, the lowest first; the highest bit of a byte says that more follow.
  private mutating func addVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
