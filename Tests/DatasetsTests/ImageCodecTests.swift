import CImages
import Foundation
import Testing

@testable import Datasets

/// One PNG of every kind, two pixels wide and one high unless it says otherwise, and the RGBA bytes that it means.
struct PNGRow: CustomTestStringConvertible {
  var name: String
  var file: [UInt8]
  var pixels: [UInt8]
  var testDescription: String { name }

  static let palette: [(String, [UInt8])] = [("PLTE", [10, 20, 30, 40, 50, 60])]

  static let rows: [PNGRow] = [
    PNGRow(
      name: "grey 1 bit", file: Fixture.png(width: 2, height: 1, depth: 1, colorType: 0, passes: [[[0b0100_0000]]]),
      pixels: [0, 0, 0, 255, 255, 255, 255, 255]),
    PNGRow(
      name: "grey 4 bits", file: Fixture.png(width: 2, height: 1, depth: 4, colorType: 0, passes: [[[0x3a]]]),
      pixels: [51, 51, 51, 255, 170, 170, 170, 255]),
    PNGRow(
      name: "grey 8 bits", file: Fixture.png(width: 2, height: 1, colorType: 0, passes: [[[7, 200]]]),
      pixels: [7, 7, 7, 255, 200, 200, 200, 255]),
    // 16 bits to 8 is a division by 257, rounded: 0x8080 is 128 exactly, 0x1234 is 18.13.
    PNGRow(
      name: "grey 16 bits",
      file: Fixture.png(width: 2, height: 1, depth: 16, colorType: 0, passes: [[[0x80, 0x80, 0x12, 0x34]]]),
      pixels: [128, 128, 128, 255, 18, 18, 18, 255]),
    PNGRow(
      name: "grey and alpha", file: Fixture.png(width: 2, height: 1, colorType: 4, passes: [[[7, 100, 200, 0]]]),
      pixels: [7, 7, 7, 100, 200, 200, 200, 0]),
    PNGRow(
      name: "RGB", file: Fixture.png(width: 2, height: 1, colorType: 2, passes: [[[1, 2, 3, 4, 5, 6]]]),
      pixels: [1, 2, 3, 255, 4, 5, 6, 255]),
    PNGRow(
      name: "RGB 16 bits",
      file: Fixture.png(
        width: 2, height: 1, depth: 16, colorType: 2,
        passes: [[[1, 1, 2, 2, 3, 3, 0xff, 0xff, 0, 0, 0x80, 0x80]]]),
      pixels: [1, 2, 3, 255, 255, 0, 128, 255]),
    PNGRow(
      name: "RGB with one transparent colour",
      file: Fixture.png(
        width: 2, height: 1, colorType: 2, chunks: [("tRNS", [0, 1, 0, 2, 0, 3])], passes: [[[1, 2, 3, 4, 5, 6]]]),
      pixels: [1, 2, 3, 0, 4, 5, 6, 255]),
    PNGRow(
      name: "RGBA", file: Fixture.png(width: 2, height: 1, colorType: 6, passes: [[[1, 2, 3, 4, 5, 6, 7, 8]]]),
      pixels: [1, 2, 3, 4, 5, 6, 7, 8]),
    PNGRow(
      name: "palette 8 bits",
      file: Fixture.png(width: 2, height: 1, colorType: 3, chunks: palette, passes: [[[1, 0]]]),
      pixels: [40, 50, 60, 255, 10, 20, 30, 255]),
    PNGRow(
      name: "palette 2 bits with alpha",
      file: Fixture.png(
        width: 2, height: 1, depth: 2, colorType: 3, chunks: palette + [("tRNS", [9])], passes: [[[0b0100_0000]]]),
      pixels: [40, 50, 60, 255, 10, 20, 30, 9]),
    // Adam7 on 2 x 2: pass 1 has (0, 0), pass 6 has (1, 0), pass 7 has the second row.
    PNGRow(
      name: "grey, interlaced",
      file: Fixture.png(width: 2, height: 2, colorType: 0, passes: [[[1]], [[2]], [[3, 4]]], interlaced: true),
      pixels: [1, 1, 1, 255, 2, 2, 2, 255, 3, 3, 3, 255, 4, 4, 4, 255]),
    PNGRow(
      name: "grey 16 bits, interlaced",
      file: Fixture.png(
        width: 2, height: 2, depth: 16, colorType: 0, passes: [[[1, 1]], [[2, 2]], [[3, 3, 4, 4]]], interlaced: true),
      pixels: [1, 1, 1, 255, 2, 2, 2, 255, 3, 3, 3, 255, 4, 4, 4, 255]),
  ]
}

@Test(arguments: PNGRow.rows)
func pngDecodes(_ row: PNGRow) throws {
  #expect(try ImageCodec.decode(Data(row.file), path: row.name).pixels == row.pixels)
}

@Test(
  arguments: [
    ("grey", Fixture.greyJPEG, [77, 77, 77]),
    ("colour", Fixture.colorJPEG, [200, 100, 50]),
    ("CMYK", Fixture.cmykJPEG, [160, 80, 40]),
  ] as [(String, [UInt8], [Int])])
func jpegDecodes(name: String, file: [UInt8], color: [Int]) throws {
  let picture = try ImageCodec.decode(Data(file), path: name)
  #expect((picture.width, picture.height, picture.channels) == (8, 8, 3))
  let error = picture.pixels.indices.map { abs(Int(picture.pixels[$0]) - color[$0 % 3]) }.max()
  #expect(error ?? 255 <= 1)  // the quantisation of a flat colour
}

/// All sampling factors that the standard allows: flat grey is flat grey.
@Test(
  arguments: [
    [(1, 1)], [(1, 1), (1, 1), (1, 1)], [(2, 2), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)], [(1, 2), (1, 1), (1, 1)],
    [(4, 1), (1, 1), (1, 1)], [(4, 2), (1, 1), (1, 1)], [(3, 1), (1, 1), (1, 1)], [(1, 1), (2, 2), (2, 2)],
    [(2, 1), (2, 1), (2, 1)], [(2, 2), (1, 2), (1, 2)], [(2, 2), (2, 1), (1, 2)],
  ] as [[(Int, Int)]])
func everySamplingOfAJPEGIsRead(factors: [(Int, Int)]) throws {
  let file = Data(Fixture.flatJPEG(factors))
  let header = try ImageCodec.header(of: file, path: "flat")
  #expect((header.width, header.height, header.isGrey) == (48, 48, factors.count == 1))
  let picture = try ImageCodec.decode(file, path: "flat")
  #expect((picture.width, picture.height) == (48, 48) && picture.pixels.allSatisfy { $0 == 100 })
}

/// A JPEG that is not as it should be, and what libjpeg says of it; every viewer shows it, and Pillow reads it.
struct OddJPEG: CustomTestStringConvertible {
  var testDescription: String
  var file: [UInt8]
  var warning = ""
  /// Bytes behind the end.
  var tail = 0

  private static let plain = Fixture.flatJPEG([(2, 2), (1, 1), (1, 1)])
  private static let oldHeader: [UInt8] =
    [0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0]

  static let rows = [
    OddJPEG(testDescription: "as it should be", file: plain),
    OddJPEG(
      testDescription: "bytes before a table", file: Array(plain[..<2]) + [1, 2] + Array(plain[2...]),
      warning: "extraneous"),
    OddJPEG(
      testDescription: "bytes before the end",
      file: Array(plain.dropLast(2)) + [UInt8](repeating: 7, count: 40) + [0xff, 0xd9],
      warning: "extraneous"),
    OddJPEG(testDescription: "bytes behind the end", file: plain + [UInt8](repeating: 7, count: 500), tail: 500),
    OddJPEG(
      testDescription: "version 0.00", file: Array(plain[..<2]) + oldHeader + Array(plain[2...]),
      warning: "revision number 0.00"
    ),
  ]
}

@Test(arguments: OddJPEG.rows)
func oddJPEGFilesAreRead(row: OddJPEG) throws {
  let said = try ImageCodec.withDecoded(Data(row.file), path: row.testDescription) { picture, said in
    #expect(picture.pixels.count == 48 * 48 * 3 && picture.pixels.allSatisfy { $0 == 100 })
    return said
  }
  #expect(row.warning.isEmpty ? said == nil : said?.contains(row.warning) == true, "\(said ?? "")")
  // However odd, it must be whole.
  for cut in [1, 2, 5] {
    let error = #expect(throws: DatasetError.self) {
      try ImageCodec.decode(Data(row.file.dropLast(row.tail + cut)), path: row.testDescription)
    }
    #expect(error?.problem.contains("cut short") == true)
  }
}

/// After a warning TurboJPEG tells an error as a warning too: the rows that were never written give it away.
@Test func anErrorBehindAWarningIsAnError() throws {
  var file = Fixture.flatJPEG([(1, 1), (1, 1), (1, 1)])
  let scan = try #require(file.indices.first { file[$0] == 0xff && file[$0 + 1] == 0xda })
  file[scan + 5] = 9  // a component that there is not
  file.insert(contentsOf: [1, 2], at: 2)
  let error = #expect(throws: DatasetError.self) { try ImageCodec.decode(Data(file), path: "x") }
  #expect(error?.problem.contains("not a valid JPEG") == true)
}

@Test(arguments: [([(1, 1), (1, 1)], 8, "2 channels"), ([(1, 1)], 12, "12 bits")] as [([(Int, Int)], UInt8, String)])
func jpegFilesOfOtherKindsAreExplained(factors: [(Int, Int)], precision: UInt8, expected: String) {
  let error = #expect(throws: DatasetError.self) {
    try ImageCodec.header(of: Data(Fixture.flatJPEG(factors, precision: precision)), path: "x")
  }
  #expect(error?.problem.contains(expected) == true)
}

/// Samples are what the file stores, whatever it says of how they are to be shown (gAMA in hundred-thousandths).
@Test(
  arguments: [[], [("gAMA", 45_455)], [("gAMA", 100_000)], [("gAMA", 22_727)], [("sRGB", nil), ("gAMA", 45_455)]]
    as [[(String, Int?)]], [8, 16])
func gammaChangesNoSample(chunks: [(String, Int?)], depth: Int) throws {
  let file = Fixture.png(
    width: 1, height: 1, depth: UInt8(depth), colorType: 0,
    chunks: chunks.map { ($0, $1.map(Fixture.bigEndian) ?? [0]) }, passes: [[[128] + (depth == 16 ? [128] : [])]])
  #expect(try ImageCodec.decode(Data(file), path: "grey").pixels == [128, 128, 128, 255])
}

@Test(arguments: [1, 3])
func pngRoundTrip(channels: Int) throws {
  let pixels = (0..<7 * 5 * channels).map { UInt8(truncatingIfNeeded: $0 * 37) }
  let file = try ImageCodec.encodePNG(.init(width: 7, height: 5, channels: channels, pixels: pixels))
  let decoded = try ImageCodec.decode(Data(file), path: "round trip").pixels
  for i in 0..<35 {
    for c in 0..<3 { #expect(decoded[i * 4 + c] == pixels[i * channels + c % channels]) }
    #expect(decoded[i * 4 + 3] == 255)
  }
}

@Test func crcContinues() {
  var error = [CChar](repeating: 0, count: 256)
  var crc: UInt32 = 0
  #expect(image_crc32(&crc, "12345", 5, &error, error.count) == 0)
  #expect(image_crc32(&crc, "6789", 4, &error, error.count) == 0)
  #expect(crc == 0xcbf4_3926)  // the check value of CRC-32 in the catalogue of parametrised CRC algorithms
}

@Test(
  arguments: [
    ("one member", Fixture.gzip([1, 2, 3]), [1, 2, 3]),
    ("two members and padding", Fixture.gzip([1, 2]) + Fixture.gzip([3]) + [0, 0], [1, 2, 3]),
    ("empty", Fixture.gzip([]), []),
    ("not packed", [5, 6], [5, 6]),
    ("as long as is allowed", Fixture.gzip([UInt8](repeating: 9, count: 70_000)), [UInt8](repeating: 9, count: 70_000)),
  ] as [(String, [UInt8], [UInt8])])
func gzipUnpacks(name: String, file: [UInt8], contents: [UInt8]) throws {
  try Fixture.withFolder { folder in
    try Fixture.write(["file": file], in: folder)
    let unpacked = try ImageCodec.unpackedContents(of: folder.appending(path: "file"), limit: 70_000)
    #expect(unpacked == contents)
  }
}
