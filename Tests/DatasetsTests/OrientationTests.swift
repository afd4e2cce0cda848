import Foundation
import Testing

@testable import Datasets

/// What Pillow's ImageOps.exif_transpose makes of the rows (1, 2), (3, 4), (5, 6).
@Test(
  arguments: [
    (1, [[1, 2], [3, 4], [5, 6]]), (2, [[2, 1], [4, 3], [6, 5]]), (3, [[6, 5], [4, 3], [2, 1]]),
    (4, [[5, 6], [3, 4], [1, 2]]), (5, [[1, 3, 5], [2, 4, 6]]), (6, [[5, 3, 1], [6, 4, 2]]),
    (7, [[6, 4, 2], [5, 3, 1]]), (8, [[2, 4, 6], [1, 3, 5]]),
  ] as [(Int, [[UInt8]])], [1, 3])
func picturesAreTurned(row: (value: Int, seen: [[UInt8]]), channels: Int) throws {
  func pixels(_ rows: [[UInt8]]) -> [UInt8] {
    rows.joined().flatMap { pixel in (0..<channels).map { pixel + 10 * UInt8($0) } }
  }
  let orientation = try #require(Orientation(rawValue: row.value))
  let seen = orientation.applied(
    to: .init(width: 2, height: 3, channels: channels, pixels: pixels([[1, 2], [3, 4], [5, 6]])))
  #expect((seen.width, seen.height) == (row.seen[0].count, row.seen.count))
  #expect(seen.pixels == pixels(row.seen))
}

extension Fixture {
  /// 16 x 8 stored pixels, (200, 0, 0) to the left and (0, 0, 200) to the right, orientation 6, big-endian; by Pillow
  /// at quality 90. Seen, it is 8 x 16 with red above.
  static let turnedJPEG = [UInt8](
    Data(
      base64Encoded:
        "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgF"
        + "BQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQU"
        + "FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAIABADAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAA"
        + "Bwj/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAACQf/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIR"
        + "AxEAPwCSkkIWHCzDJf/Z"
    ) ?? Data())

  /// The same picture with other bytes from the start of the TIFF header on, which lies at byte 30.
  static func turnedJPEG(_ changes: [Int: UInt8]) -> [UInt8] {
    var bytes = turnedJPEG
    for (offset, byte) in changes { bytes[30 + offset] = byte }
    return bytes
  }
}

@Test func jpegFilesAreSeenAsTheirCameraWasHeld() throws {
  let header = try ImageCodec.header(of: Data(Fixture.turnedJPEG), path: "turned")
  #expect((header.width, header.height, header.orientation) == (8, 16, .rightTop))
  let picture = try ImageCodec.decode(Data(Fixture.turnedJPEG), path: "turned")
  #expect((picture.width, picture.height) == (8, 16))
  for (pixel, color) in [(3 * 8 + 3, [200, 0, 0]), (12 * 8 + 3, [0, 0, 200])] {
    for c in 0..<3 { #expect(abs(Int(picture.pixels[3 * pixel + c]) - color[c]) <= 2) }
  }
}

/// Little-endian files are read too; damaged EXIF is as good as none, and never read beyond its end.
@Test(
  arguments: [
    (
      "little-endian",
      [
        0: 0x49, 1: 0x49, 2: 42, 3: 0, 4: 8, 7: 0, 8: 1, 9: 0, 10: 0x12, 11: 1, 12: 3, 13: 0, 14: 1, 17: 0, 18: 8,
        19: 0,
      ],
      .leftBottom
    ),
    ("no TIFF", [2: 1], .topLeft), ("a directory far away", [4: 0xff], .topLeft),
    ("a directory at the end", [7: 25], .topLeft), ("many entries", [8: 0xff, 10: 2], .topLeft),
    ("no SHORT", [13: 4], .topLeft), ("orientation 9", [19: 9], .topLeft), ("orientation 0", [19: 0], .topLeft),
    ("another tag", [11: 0x13], .topLeft), ("not Exif", [-6: 0], .topLeft),
    ("a segment too long", [-8: 0xff], .topLeft),
  ] as [(String, [Int: UInt8], Orientation)])
func orientationsAreFound(name: String, changes: [Int: UInt8], expected: Orientation) {
  #expect(Orientation(Data(Fixture.turnedJPEG(changes)), of: .jpeg) == expected)
}

@Test func cutFilesHaveNoOrientation() {
  for count in 0..<Fixture.turnedJPEG.count {
    let found = Orientation(Data(Fixture.turnedJPEG.prefix(count)), of: .jpeg)
    #expect(found == (count < 56 ? .topLeft : .rightTop))  // where its segment ends
  }
}

/// PNG files keep the same directory in a chunk of its own, before the pixels.
@Test(arguments: [("eXIf", 6), ("zXIf", 1)])
func pngFilesAreTurnedToo(chunk: String, value: Int) throws {
  let exif: [UInt8] = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]
  let file = Fixture.png(width: 2, height: 1, colorType: 0, chunks: [(chunk, exif)], passes: [[[7, 9]]])
  let header = try ImageCodec.header(of: Data(file), path: "turned")
  #expect(header.orientation.rawValue == value && header.width == (value == 6 ? 1 : 2))
  let picture = try ImageCodec.decode(Data(file), path: "turned")
  #expect((picture.width, picture.height) == (header.width, header.height))
  #expect(picture.pixels == [7, 7, 7, 255, 9, 9, 9, 255])
}
