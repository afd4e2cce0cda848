import Testing

@testable import Records

@Suite struct EventStreamTests {
  /// Test vectors of RFC 3720 (iSCSI), appendix B.4, and the check value of the CRC catalogue.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C), (Array("123456789".utf8), 0xE306_9283),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func checksums(bytes: [UInt8], crc: UInt32) {
    #expect(EventRecord.crc32c(bytes) == crc)
  }

  /// The mask of TensorFlow's crc32c.h: turned right by 15, plus 0xa282ead8.
  @Test func masks() {
    #expect(EventRecord.masked(0) == 0xA282_EAD8)
    #expect(EventRecord.masked(1) == 0xA284_EAD8)
    #expect(EventRecord.masked(0x8000) == 0xA282_EAD9)
  }

  /// Messages laid out by hand: a key is (field << 3 | kind), 0 varint, 1 eight bytes, 2 length and bytes, 5 four
  /// bytes.
  @Test(
    arguments: [
      (
        Event(seconds: 1.5, what: .version),
        [0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F] + [0x1A, 13] + Array("brain.Event:2".utf8)
      ),
      // Session log: START.
      (
        Event(seconds: 0, step: 501, what: .restart),
        [0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0xF5, 0x03, 0x3A, 2, 0x08, 1]
      ),
      // Two values: tag (field 1), simple_value (field 2).
      (
        Event(seconds: 0, step: 7, what: .scalars([("a", 1), ("b", -2)])),
        [0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 7, 0x2A, 20]
          + [0x0A, 8, 0x0A, 1, 0x61, 0x15, 0, 0, 0x80, 0x3F] + [0x0A, 8, 0x0A, 1, 0x62, 0x15, 0, 0, 0, 0xC0]
      ),
      // Image (field 4): height, width, colorspace, bytes.
      (
        Event(seconds: 0, step: 7, what: .image(tag: "s", PNGHeader(width: 3, height: 200, channels: 1), [9])),
        [0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 7, 0x2A, 17]
          + [0x0A, 15, 0x0A, 1, 0x73, 0x22, 10, 0x08, 0xC8, 0x01, 0x10, 3, 0x18, 1, 0x22, 1, 9]
      ),
    ] as [(Event, [UInt8])])
  func messages(event: Event, bytes: [UInt8]) {
    #expect(event.encoded == bytes)
  }

  /// Length, its masked checksum, the bytes, theirs. Checksums by Python: tensorboard's `crc32c` of these bytes.
  @Test func recordsAreFramed() {
    let framed = EventRecord.framed(Array("123456789".utf8))
    #expect(framed.prefix(8) == [9, 0, 0, 0, 0, 0, 0, 0])
    #expect(framed[12..<21] == Array("123456789".utf8)[...])
    // 0xE3069283 turned right by 15 is 0x2507C60D; with the mask's delta 0xC78AB0E5.
    #expect(framed.suffix(4) == [0xE5, 0xB0, 0x8A, 0xC7])
    #expect(framed.count == 25)
  }

  /// The files of a folder after a run goes on from a step: those that begin there or later are gone.
  @Test(
    arguments: [
      (nil, ["events.out.tfevents.0000000000.saddle"]),
      (500, ["events.out.tfevents.0000000000.saddle", "events.out.tfevents.0000000500.saddle"]),
      (400, ["events.out.tfevents.0000000000.saddle", "events.out.tfevents.0000000400.saddle"]),
    ] as [(Int?, [String])])
  func filesThatBeginLaterGo(step: Int?, names: [String]) throws {
    let folder = try TemporaryFolder()
    _ = try EventStream(directory: folder.path)
    _ = try EventStream(directory: folder.path, resumingAt: 500)
    _ = try EventStream(directory: folder.path, resumingAt: step)
    #expect(try folder.names() == names)
    // The version, and on resumption the word that what comes after is void.
    let last = try folder.bytes(names[names.count - 1])
    #expect(last.count == (step == nil ? 16 + 24 : 16 + 24 + 16 + 16))
  }

  /// Width, height, and channels by the colour type (PNG specification, 11.2.2).
  @Test(arguments: [(0, 1), (2, 3), (3, 3), (4, 2), (6, 4)] as [(UInt8, Int)])
  func headersOfPNG(kind: UInt8, channels: Int) throws {
    let png: [UInt8] =
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
      + [0, 0, 1, 2, 0, 0, 3, 4, 8, kind] + [UInt8](repeating: 0, count: 20)
    let header = try PNGHeader(png, of: "")
    #expect((header.width, header.height, header.channels) == (258, 772, channels))
  }

  @Test func whatIsNoPNGIsRefused() throws {
    let folder = try TemporaryFolder()
    let stream = try EventStream(directory: folder.path)
    #expect(message { try stream.append(step: 1, tag: "s", png: Array("GIF89a".utf8)) }.contains("no PNG"))
  }
}
