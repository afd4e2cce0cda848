import Foundation

/// Files made by hand, byte by byte from the formats' specifications, so that no library checks itself.
enum Fixture {
  /// Calls `body` with a folder that is removed afterwards.
  static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "datasets-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  /// Writes files under a folder; the names may have folders of their own.
  static func write(_ files: [String: [UInt8]], in folder: URL) throws {
    for (name, bytes) in files {
      let file = folder.appending(path: name)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
  }

  /// CRC-32 bit by bit (RFC 1952).
  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
  }

  static func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  private static func littleEndian(_ value: Int, bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// DEFLATE data in stored blocks (RFC 1951, section 3.2.4).
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes[...]
    repeat {
      let block = rest.prefix(65535)
      rest = rest.dropFirst(65535)
      result +=
        [rest.isEmpty ? 1 : 0] + littleEndian(block.count, bytes: 2) + littleEndian(~block.count, bytes: 2) + block
    } while !rest.isEmpty
    return result
  }

  /// A gzip member (RFC 1952).
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] + stored(bytes)
      + littleEndian(Int(crc32(bytes)), bytes: 4) + littleEndian(bytes.count, bytes: 4)
  }

  private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    return bigEndian(data.count) + body + bigEndian(Int(crc32(body)))
  }

  /// A PNG from the bytes of its rows, each to be preceded by the filter type 0. `passes` holds the rows of each pass,
  /// one pass where it is not interlaced.
  static func png(
    width: Int, height: Int, depth: UInt8 = 8, colorType: UInt8, chunks: [(String, [UInt8])] = [],
    passes: [[[UInt8]]], interlaced: Bool = false
  ) -> [UInt8] {
    let rows: [UInt8] = passes.joined().flatMap { (row: [UInt8]) -> [UInt8] in [0] + row }
    let (a, b) = rows.reduce((1, 0)) { sums, byte in
      let a = (sums.0 + Int(byte)) % 65521
      return (a, (sums.1 + a) % 65521)
    }
    let header = bigEndian(width) + bigEndian(height) + [depth, colorType, 0, 0, interlaced ? 1 : 0]
    return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + chunk("IHDR", header)
      + chunks.flatMap { chunk($0.0, $0.1) }
      + chunk("IDAT", [0x78, 0x01] + stored(rows) + bigEndian(b << 16 | a)) + chunk("IEND", [])
  }

  /// An RGB PNG whose pixels are given by a closure.
  static func png(_ width: Int, _ height: Int, _ pixel: (_ x: Int, _ y: Int) -> [UInt8]) -> [UInt8] {
    png(
      width: width, height: height, colorType: 2,
      passes: [(0..<height).map { y in (0..<width).flatMap { pixel($0, y) } }])
  }

  /// An IDX file of bytes.
  static func idx(_ sizes: [Int], _ bytes: [UInt8]) -> [UInt8] {
    [0, 0, 8, UInt8(sizes.count)] + sizes.flatMap(bigEndian) + bytes
  }

  /// A JPEG of 48 x 48 pixels of grey 100, by the sampling factors (horizontal, vertical) of its components (ITU-T
  /// T.81): the first coefficient of the first block is all there is.
  static func flatJPEG(_ factors: [(Int, Int)], precision: UInt8 = 8) -> [UInt8] {
    func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
      [0xff, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)] + body
    }
    let ids = (1...factors.count).map { UInt8($0) }
    let frame: [UInt8] =
      [precision, 0, 48, 0, 48, UInt8(factors.count)]
      + factors.indices.flatMap { i in [ids[i], UInt8(factors[i].0 << 4 | factors[i].1), 0] }
    // Codes of first coefficients: 0 for no difference, 10 for one of five bits. Of the others: 0, no more follow.
    let firstTable: [UInt8] = [0x00, 1, 1] + [UInt8](repeating: 0, count: 14) + [0, 5]
    let otherTable: [UInt8] = [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0]
    let scan: [UInt8] = [UInt8(factors.count)] + ids.flatMap { [$0, 0] } + [0, 63, 0]
    let (across, down) = (factors.map(\.0).max() ?? 1, factors.map(\.1).max() ?? 1)
    let units = ((48 + 8 * across - 1) / (8 * across)) * ((48 + 8 * down - 1) / (8 * down))
    let blocks = factors.count == 1 ? 36 : units * factors.map { $0.0 * $0.1 }.reduce(0, +)
    // (100 - 128) * 8, in steps of 8, is -28: 00011 in five bits. Grey has no difference of colours.
    var bits = [1, 0, 0, 0, 0, 1, 1, 0] + [Int](repeating: 0, count: 2 * (blocks - 1))
    while bits.count % 8 != 0 { bits.append(1) }
    let data = stride(from: 0, to: bits.count, by: 8).map { at in bits[at..<at + 8].reduce(0) { $0 << 1 | UInt8($1) } }
    return [0xff, 0xd8] + segment(0xdb, [0] + [UInt8](repeating: 8, count: 64)) + segment(0xc0, frame)
      + segment(0xc4, firstTable) + segment(0xc4, otherTable) + segment(0xda, scan) + data + [0xff, 0xd9]
  }

  /// JPEG files of 8 x 8 equal pixels, written by Pillow at quality 90: (77), (200, 100, 50), and CMYK whose inks in
  /// Adobe's inverted form are (200, 100, 50, 204).
  static let greyJPEG = base64(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYU"
      + "GBIUFRT/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AO7//2Q==")
  static let colorJPEG = base64(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYU"
      + "GBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAIAAgD"
      + "ASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABwj/xAAUEQEA"
      + "AAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCQAHqQf//Z")
  static let cmykJPEG = base64(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgS"
      + "FBUU/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAgH/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAA"
      + "PwBgJoF5lv/Z")

  private static func base64(_ text: String) -> [UInt8] {
    [UInt8](Data(base64Encoded: text) ?? Data())
  }
}
