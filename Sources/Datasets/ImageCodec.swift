import CImages
import Foundation
import Records

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
      let kind = PictureKind(bytes)
      switch kind {
      case .png: self = .png
      case .jpeg: self = .jpeg
      default:
        let problem = "is neither a PNG nor a JPEG, whatever its name says"
        throw DatasetError(
          path: path, problem: bytes.isEmpty ? "is empty" : problem + (kind.map { ": it is \($0.rawValue)" } ?? ""),
          remedy: "remove the file, or convert it to PNG")
      }
    }
  }

  private static let remedy = "remove the file, or write it again with the program that made it"

  /// The whole file, or a map of it where only its beginning is wanted.
  static func contents(of path: RawPath, mapped: Bool = false) throws(DatasetError) -> Data {
    do throws(FileFault) {
      let file = try ForeignFile(path.cString)
      guard mapped else { return Data(try file.contents()) }
      guard let bytes = try file.mapped(), let start = bytes.baseAddress else { return Data() }
      return Data(bytesNoCopy: start, count: bytes.count, deallocator: .unmap)
    } catch {
      throw DatasetError(path, error)
    }
  }

  /// The header of a PNG or JPEG, told apart by their first bytes.
  static func header(of file: PictureFile) throws(DatasetError) -> Header {
    try header(of: try file.contents(mapped: true), path: file.path)
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
    let orientation = Orientation(bytes, of: format)
    let (width, height) = (Int(header.width), Int(header.height))
    do throws(FileFault) {
      try FileMemory.allow(pixelCost * width * height, for: "its \(width) x \(height) pixels")
    } catch {
      throw DatasetError(path, error)
    }
    return Header(
      width: orientation.swapsSides ? height : width, height: orientation.swapsSides ? width : height,
      isGrey: header.is_grey != 0, hasAlpha: header.has_alpha != 0,
      // The chunk IHDR comes first and was checked; TurboJPEG reads 8 bits only.
      depth: format == .png ? Int(bytes[bytes.startIndex + 24]) : 8, format: format, orientation: orientation)
  }

  /// Bytes that a pixel takes while a picture is decoded and brought to another form: two copies at most.
  private static let pixelCost = 8

  private static let budget = DecodingBudget()

  /// Decodes a picture and lends it to `body`. As many are decoded side by side as together take no more memory than
  /// one file may: a large picture waits for the others.
  static func withDecoded<Result>(
    _ bytes: Data, path: String, _ body: (Picture, _ warning: String?) throws(DatasetError) -> Result
  ) throws(DatasetError) -> Result {
    let header = try header(of: bytes, path: path)
    let cost = pixelCost * header.width * header.height
    budget.take(cost)
    defer { budget.giveBack(cost) }
    let (picture, warning) = try decode(bytes, header, path: path)
    return try body(picture, warning)
  }

  /// The pixels of a PNG (4 channels) or JPEG (3 channels), turned as EXIF says.
  package static func decode(_ bytes: Data, path: String) throws(DatasetError) -> Picture {
    try withDecoded(bytes, path: path) { picture, _ in picture }
  }

  private static func decode(
    _ bytes: Data, _ header: Header, path: String
  ) throws(DatasetError) -> (Picture, warning: String?) {
    let (stored, warning) = try stored(bytes, header.format, path: path)
    return (header.orientation.applied(to: stored), warning)
  }

  /// The pixels as the file has them.
  private static func stored(
    _ bytes: Data, _ format: Format, path: String
  ) throws(DatasetError) -> (Picture, warning: String?) {
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
    let warning = withUnsafeBytes(of: &header.warning) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return (
      Picture(width: width, height: height, channels: channels, pixels: pixels), warning.isEmpty ? nil : warning
    )
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

  /// The contents of a file, unpacked where it is gzipped, up to `limit` bytes (nil: what one file may take).
  package static func unpackedContents(of file: URL, limit: Int? = nil) throws(DatasetError) -> [UInt8] {
    let bytes = try contents(of: RawPath(file), mapped: true)
    let most: Int
    do throws(FileFault) {
      if let limit { most = limit } else { most = try FileMemory.limit }
      if !bytes.starts(with: [0x1f, 0x8b]) {
        try FileMemory.allow(bytes.count, for: "its bytes")
        return [UInt8](bytes)
      }
    } catch {
      throw DatasetError(RawPath(file), error)
    }
    func unpack(into memory: UnsafeMutablePointer<UInt8>?, _ capacity: Int) throws(DatasetError) -> Int {
      var count = 0
      do throws(DatasetError) {
        try call(file.path, "fetch the file again") { error, size in
          bytes.withUnsafeBytes { raw in
            image_gunzip(
              raw.bindMemory(to: UInt8.self).baseAddress, raw.count, memory, capacity, &count, error, size)
          }
        }
      } catch {
        throw error.problem.hasPrefix("unpacks to more")
          ? DatasetError(file.path, FileMemory.exceeded(error.problem)) : error
      }
      return count
    }
    // Counted first: an array that grows would take twice as much.
    let count = try unpack(into: nil, most)
    var failure: DatasetError?
    let unpacked = [UInt8](unsafeUninitializedCapacity: max(1, count)) { memory, filled in
      do throws(DatasetError) {
        filled = try unpack(into: memory.baseAddress, count)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return unpacked
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

/// The memory that is taken by pictures while they are decoded.
private final class DecodingBudget: Sendable {
  private let condition = NSCondition()
  nonisolated(unsafe) private var taken = 0

  /// Waits until there is room. What is larger than all there is waits until it is alone.
  func take(_ bytes: Int) {
    let limit = (try? FileMemory.limit) ?? 0
    condition.lock()
    while taken > 0 && taken + bytes > limit { condition.wait() }
    taken += bytes
    condition.unlock()
  }

  func giveBack(_ bytes: Int) {
    condition.lock()
    taken -= bytes
    condition.broadcast()
    condition.unlock()
  }
}
