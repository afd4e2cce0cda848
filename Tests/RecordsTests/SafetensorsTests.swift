import Foundation
import Testing

@testable import Records

@Suite struct SafetensorsTests {
  static let example = SafetensorsFile(
    tensors: [
      .init("weights", shape: [2, 3], .float32([1, -2, 0.5, .infinity, 0x1p-149, 0])),
      .init("moments", shape: [2], .float64([.pi, -0.0])),
      .init("empty", shape: [0, 4], .float32([])),
      .init("step", shape: [], .int64([.min])),
      .init("pixels \"é\n\u{1}", shape: [3], .uint8([0, 128, 255])),
    ],
    metadata: ["contract": "1", "text": "a \"quoted\" \\ line\nand\ttab, é 🙂", "zebra": ""])

  /// The CRC-32 of ISO 3309 bit by bit, for comparison: the reversed polynomial 0xEDB88320.
  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  @Test func checksumIsThePublishedOne() throws {
    // The check value of CRC-32/ISO-HDLC.
    #expect(Self.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    var checksum = Checksum()
    for piece in ["1234", "", "56789"] {
      try Array(piece.utf8).withUnsafeBytes { try checksum.add($0) }
    }
    #expect(checksum.value == 0xCBF4_3926)
    #expect(Checksum.digits(0xAB) == "000000ab")
  }

  @Test func readsBackWhatItWrote() throws {
    let folder = try TemporaryFolder()
    for (name, strict) in [("a", true), ("b", false)] {
      try Self.example.write(to: "\(folder.path)/\(name)")
      let read = try SafetensorsFile(readingFrom: "\(folder.path)/\(name)", strict: strict)
      #expect(read == Self.example)
    }
    #expect(try folder.bytes("a") == folder.bytes("b"))
    #expect(try folder.names() == ["a", "b"])
    try SafetensorsFile().write(to: "\(folder.path)/nothing")
    #expect(try SafetensorsFile(readingFrom: "\(folder.path)/nothing", strict: true) == SafetensorsFile())
  }

  /// The published layout, taken apart by hand.
  @Test func layoutIsThePublishedOne() throws {
    let folder = try TemporaryFolder()
    let file = SafetensorsFile(
      tensors: [.init("b", shape: [2], .float32([1, -2])), .init("a", shape: [1, 1], .int64([258]))],
      metadata: ["z": "1", "b": "2"])
    try file.write(to: "\(folder.path)/file")
    let bytes = try folder.bytes("file")
    let length = bytes[..<8].reversed().reduce(0) { $0 * 256 + Int($1) }
    let data: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 2, 1, 0, 0, 0, 0, 0, 0]
    #expect(length % 8 == 0)
    #expect(Array(bytes[(8 + length)...]) == data)

    var zeroed = bytes
    let place = try #require(Data(bytes).range(of: Data("\"crc32\":\"".utf8))).upperBound
    zeroed.replaceSubrange(place..<place + 8, with: Array("00000000".utf8))
    let digits = String(Self.crc32(zeroed), radix: 16)
    let checksum = String(repeating: "0", count: 8 - digits.count) + digits
    let json =
      #"{"__metadata__":{"b":"2","crc32":"\#(checksum)","z":"1"},"#
      + #""b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      + #""a":{"dtype":"I64","shape":[1,1],"data_offsets":[8,16]}}"#
    let header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
    #expect(header.trimmingCharacters(in: [" "]) == json)
    #expect(length - json.utf8.count < 8)
  }

  /// A file as another program writes it: no checksum, entries not in the order of their bytes.
  static func foreign(
    _ header: String = #"""
    {"y":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}
    """#,
    data: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 7, 8, 9], length: Int? = nil
  ) -> [UInt8] {
    let length = length ?? header.utf8.count
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + data
  }

  @Test func readsForeignFiles() throws {
    let file = try SafetensorsFile(bytes: Self.foreign(), path: "x", strict: false)
    let wanted = SafetensorsFile(tensors: [
      .init("x", shape: [2], .float32([1, -2])), .init("y", shape: [3], .uint8([7, 8, 9])),
    ])
    #expect(file == wanted)
    #expect(message { _ = try SafetensorsFile(bytes: Self.foreign(), path: "x", strict: true) }.contains("no checksum"))
  }

  struct Fault: CustomTestStringConvertible, Sendable {
    let bytes: [UInt8]
    let message: String
    var testDescription: String { message }
  }

  private static func entry(_ dtype: String = "U8", _ shape: String = "[2]", _ offsets: String = "[0,2]") -> String {
    #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  static let faults: [Fault] = [
    Fault(bytes: [], message: "cut short: 8 bytes are promised, 0 are there"),
    Fault(bytes: [9, 0, 0], message: "cut short: 8 bytes are promised, 3 are there"),
    Fault(bytes: [9, 0, 0, 0, 0, 0, 0, 0], message: "cut short: 17 bytes are promised, 8 are there"),
    Fault(bytes: Array(foreign().prefix(40)), message: "cut short: 115 bytes are promised, 40 are there"),
    Fault(bytes: foreign().dropLast(2), message: "cut short: 126 bytes are promised, 124 are there"),
    Fault(bytes: Array("\u{89}PNG\r\n\u{1A}\n and so on".utf8), message: "not a safetensors file"),
    Fault(bytes: foreign("[]", data: []), message: "does not begin with '{'"),
    Fault(bytes: foreign("{", data: []), message: "promise a header of 1 bytes"),
    Fault(bytes: foreign(#"{"a":}"#, data: []), message: "not JSON as it should be: Invalid value around character 5."),
    Fault(bytes: foreign(#"{"a":1}"#, data: []), message: "entry 'a' is no object"),
    Fault(bytes: foreign(#"{"a":{"shape":[],"data_offsets":[0,1]}}"#, data: [1]), message: "entry 'a' has no 'dtype'"),
    Fault(bytes: foreign(#"{"a":\#(entry("U8", "[1.5]"))}"#), message: "a number in it is not a whole one"),
    Fault(
      bytes: foreign(#"{"a":\#(entry("U8", "\"2\""))}"#), message: "entry 'a' has a value of the wrong type for 'shape'"
    ),
    Fault(bytes: foreign(#"{"__metadata__":{"k":1}}"#, data: []), message: "wrong type for 'k'"),
    Fault(bytes: foreign(#"{"a":\#(entry("BF16"))}"#, data: [1, 2]), message: "element type 'BF16'"),
    Fault(bytes: foreign(#"{"a":\#(entry("U8", "[2]", "[2,0]"))}"#, data: [1, 2]), message: "no range"),
    Fault(bytes: foreign(#"{"a":\#(entry("U8", "[2]", "[0]"))}"#, data: [1, 2]), message: "no range"),
    Fault(bytes: foreign(#"{"a":\#(entry("U8", "[2]", "[-2,0]"))}"#, data: [1, 2]), message: "no range"),
    Fault(bytes: foreign(#"{"a":\#(entry("U8", "[2]", "[0,9223372036854775807]"))}"#), message: "no range"),
    Fault(
      bytes: foreign(#"{"a":\#(entry("U8", "[3]"))}"#, data: [1, 2]), message: "2 bytes, which do not fill U8 [3]"),
    Fault(bytes: foreign(#"{"a":\#(entry("U8", "[-1,-2]"))}"#, data: [1, 2]), message: "do not fill"),
    Fault(
      bytes: foreign(#"{"a":\#(entry("F64", "[4294967296,4294967296]", "[0,0]"))}"#, data: []), message: "do not fill"),
    Fault(
      bytes: foreign(#"{"a":\#(entry()),"b":\#(entry("U8", "[2]", "[1,3]"))}"#, data: [1, 2, 3]),
      message: "'b' overlaps the one before it"),
    Fault(
      bytes: foreign(#"{"a":\#(entry()),"b":\#(entry("U8", "[2]", "[3,5]"))}"#, data: [1, 2, 3, 4, 5]),
      message: "'b' leaves a gap before it (bytes 2 to 3"),
    Fault(bytes: foreign(#"{"a":\#(entry())}"#, data: [1, 2, 3]), message: "1 bytes follow its last tensor"),
  ]

  @Test(arguments: faults)
  func namesTheFault(_ row: Fault) {
    let found = message { _ = try SafetensorsFile(bytes: row.bytes, path: "some.safetensors", strict: false) }
    #expect(found.hasPrefix("some.safetensors cannot be read: "))
    #expect(found.contains(row.message), "\(found)")
  }

  /// Every bit of a small file, one after the other.
  @Test func findsEveryFlippedBit() throws {
    let folder = try TemporaryFolder()
    try SafetensorsFile(tensors: [.init("w", shape: [2], .float32([1, 2]))]).write(to: "\(folder.path)/file")
    let bytes = try folder.bytes("file")
    var unseen: [Int] = []
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      if message({ _ = try SafetensorsFile(bytes: flipped, path: "", strict: true) }).isEmpty { unseen.append(bit) }
    }
    #expect(unseen.isEmpty)
    var flipped = bytes
    flipped[bytes.count - 1] ^= 1
    #expect(
      message { _ = try SafetensorsFile(bytes: flipped, path: "", strict: true) }
        .contains("contents have changed since it was written"))
  }

  @Test func handsOutWhatIsAskedFor() throws {
    #expect(try Self.example.float32("weights", shape: [2, 3]).count == 6)
    #expect(message { _ = try Self.example.float32("w", shape: []) } == "it has no tensor 'w'")
    #expect(
      message { _ = try Self.example.float32("weights", shape: [3, 2]) }
        == "tensor 'weights' is F32 [2, 3], but F32 [3, 2] is needed")
    #expect(message { _ = try Self.example.float32("step", shape: []) }.contains("is I64 []"))
  }
}
