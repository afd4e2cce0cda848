import CImages
import Foundation

/// Reading and writing picture files, with errors that name the file.
package enum ImageCodec {
  /// Pixels [height][width][channels]; 4 channels are red, green, blue and straight alpha.
  package struct Picture: Equatable, Sendable {
    package var width, height, channels: Int
    package var pixels: [UInt8]
  }

  /// What a picture's header says; width and height as it is seen.
  package struct Header: Equatable, Sendable {
    package var width, height: Int
    package var isGrey, hasAlpha: Bool
    /// Bits of a stored sample: 1 to 16.
    package var depth = 8
    package var format = Format.png
    package var orientation = Orientation.topLeft
  }

  package enum Format: String, Sendable {
    case png = "PNG"
    case jpeg = "JPEG"

    fileprivate init(_ bytes: Data, path: String) throws(DatasetError) {
      switch bytes.prefix(2) {
      case Data([0x89, 0x50]): self = .png
      case Data([0xff, 0xd8]): self = .jpeg
      default:
        throw DatasetError(
          path: path, problem: bytes.isEmpty ? "is empty" : "is neither a PNG nor a JPEG, whatever its name says",
          remedy: "remove the file, or convert it to PNG")
      }
    }
  }

  private static let remedy = "remove the file, or write it again with the program that made it"

  /// The whole file, or a map of it where only its beginning is wanted.
  package static func contents(of file: URL, mapped: Bool = false) throws(DatasetError) -> Data {
    do {
      return try Data(contentsOf: file, options: mapped ? .mappedIfSafe : [])
    } catch CocoaError.fileReadNoSuchFile {
      throw DatasetError(path: file.path, problem: "there is no such file", remedy: "check the path")
    } catch CocoaError.fileReadNoPermission {
      throw DatasetError(path: file.path, problem: "may not be read by this user", remedy: "chmod +r it")
    } catch {
      throw DatasetError(
        path: file.path, problem: "cannot be read: \(error.localizedDescription)", remedy: "check the path")
    }
  }

  /// The header of a PNG or JPEG, told apart by their first bytes.
  package static func header(of file: URL) throws(DatasetError) -> Header {
    try header(of: try contents(of: file, mapped: true), path: file.path)
  }

  package static func header(of bytes: Data, path: String) throws(DatasetError) -> Header {
    let format = try Format(bytes, path: path)
    var header = image_header()
    try call(path, remedy) { error, capacity in
      bytes.withUnsafeBytes { raw in
        let start = raw.bindMemory(to: UInt8.self).baseAddress
        return switch format {
        case .png: image_png_header(start, raw.count, &header, error, capacity)
        case .jpeg: image_jpeg_header(start, raw.count, &header, error, capacity)
        }
      }
    }
    let orientation = format == .jpeg ? Orientation(jpeg: bytes) : .topLeft
    let (width, height) = (Int(header.width), Int(header.height))
    return Header(
      width: orientation.swapsSides ? height : width, height: orientation.swapsSides ? width : height,
      isGrey: header.is_grey != 0, hasAlpha: header.has_alpha != 0,
      // The chunk IHDR comes first and was checked; TurboJPEG reads 8 bits only.
      depth: format == .png ? Int(bytes[bytes.startIndex + 24]) : 8, format: format, orientation: orientation)
  }

  /// The pixels of a PNG (4 channels) or JPEG (3 channels), turned as the JPEG's EXIF says.
  package static func decode(_ file: URL) throws(DatasetError) -> Picture {
    try decode(try contents(of: file), path: file.path)
  }

  package static func decode(_ bytes: Data, path: String) throws(DatasetError) -> Picture {
    let format = try Format(bytes, path: path)
    var header = image_header()
    var decoded: UnsafeMutablePointer<UInt8>?
    defer { image_free(decoded) }
    try call(path, remedy) { error, capacity in
      bytes.withUnsafeBytes { raw in
        let start = raw.bindMemory(to: UInt8.self).baseAddress
        return switch format {
        case .png: image_png_decode(start, raw.count, &decoded, &header, error, capacity)
        case .jpeg: image_jpeg_decode(start, raw.count, &decoded, &header, error, capacity)
        }
      }
    }
    let (width, height, channels) = (Int(header.width), Int(header.height), format == .png ? 4 : 3)
    let pixels = [UInt8](UnsafeBufferPointer(start: decoded, count: width * height * channels))
    let stored = Picture(width: width, height: height, channels: channels, pixels: pixels)
    return format == .jpeg ? Orientation(jpeg: bytes).applied(to: stored) : stored
  }

  /// A PNG of [height][width][channels] bytes, of 1 or 3 channels.
  package static func encodePNG(_ picture: Picture) throws(DatasetError) -> [UInt8] {
    precondition(picture.pixels.count == picture.width * picture.height * picture.channels, "pixels of another size")
    var encoded: UnsafeMutablePointer<UInt8>?
    var count = 0
    defer { image_free(encoded) }
    try call("", "") { error, capacity in
      image_png_encode(
        picture.pixels, Int32(clamping: picture.width), Int32(clamping: picture.height), Int32(picture.channels),
        &encoded, &count, error, capacity)
    }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: count))
  }

  /// The contents of a file, unpacked where it is gzipped, up to `limit` bytes.
  package static func unpackedContents(of file: URL, limit: Int = 1 << 32) throws(DatasetError) -> [UInt8] {
    let bytes = try contents(of: file)
    guard bytes.starts(with: [0x1f, 0x8b]) else { return [UInt8](bytes) }
    var unpacked: UnsafeMutablePointer<UInt8>?
    var count = 0
    defer { image_free(unpacked) }
    try call(file.path, "fetch the file again") { error, capacity in
      bytes.withUnsafeBytes { raw in
        image_gunzip(
          raw.bindMemory(to: UInt8.self).baseAddress, raw.count, limit, &unpacked, &count, error, capacity)
      }
    }
    return [UInt8](UnsafeBufferPointer(start: unpacked, count: count))
  }

  /// Turns the error buffer of a C function into an error. A message that itself ends in what to install needs no
  /// other remedy.
  private static func call(
    _ path: String, _ remedy: String, _ body: (UnsafeMutablePointer<CChar>?, Int) -> CInt
  ) throws(DatasetError) {
    var message = [CChar](repeating: 0, count: 256)
    let failed = message.withUnsafeMutableBufferPointer { body($0.baseAddress, $0.count) } != 0
    guard failed else { return }
    let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw DatasetError(path: path, problem: text, remedy: text.contains("apt-get install") ? "" : remedy)
  }
}
