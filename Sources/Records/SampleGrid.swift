import CImages
import Foundation

/// Images laid out in a grid, filled row by row.
public struct SampleGrid: Sendable {
  /// count x height x width x channels, 0 to 255.
  public let pixels: [UInt8]
  public let count, height, width, channels: Int
  /// Images in a row.
  public let columns: Int

  /// - Parameter columns: Images in a row; nil makes the grid as square as their number allows.
  /// - Precondition: there is at least one image, of 1 (grey) or 3 (RGB) channels.
  public init(pixels: [UInt8], count: Int, height: Int, width: Int, channels: Int, columns: Int? = nil) {
    precondition(count > 0 && height > 0 && width > 0, "a grid of \(count) images of \(height) x \(width) is empty")
    precondition(channels == 1 || channels == 3, "\(channels) channels are neither grey nor RGB")
    precondition(
      pixels.count == count * height * width * channels,
      "\(pixels.count) bytes are not \(count) x \(height) x \(width) x \(channels)")
    self.pixels = pixels
    self.count = count
    self.height = height
    self.width = width
    self.channels = channels
    self.columns = min(max(1, columns ?? (1...count).first { $0 * $0 >= count } ?? count), count)
  }

  /// Pixels between two images, whatever their scale.
  static let gap = 2
  /// White stands out against the black ground of digits and clothes, and against most photographs.
  static let gapValue: UInt8 = 255
  /// The side in pixels from which an image can be judged on a screen.
  static let visibleSide = 64

  public var rows: Int { (count + columns - 1) / columns }
  /// The smallest whole factor that makes an image's shorter side at least 64 pixels.
  public var visibleScale: Int { max(1, (Self.visibleSide + min(height, width) - 1) / min(height, width)) }

  /// The bytes that a grid of images takes as one picture, and the most that are written: a gigabyte.
  public static func bytes(count: Int, columns: Int, height: Int, width: Int, channels: Int, scale: Int) -> Double {
    let rows = (count + columns - 1) / columns
    return Double(rows) * Double(height * scale + gap) * Double(columns) * Double(width * scale + gap)
      * Double(channels)
  }
  public static let mostBytes = Double(1 << 30)

  /// Refuses a picture that would take more memory than it is worth.
  ///
  /// - Parameter target: What the message calls it.
  /// - Throws: `RecordError.pictureTooLarge`.
  public static func check(
    _ target: String, count: Int, columns: Int, height: Int, width: Int, channels: Int, scale: Int
  ) throws(RecordError) {
    let bytes = bytes(
      count: count, columns: columns, height: height, width: width, channels: channels, scale: scale)
    if bytes > mostBytes { throw .pictureTooLarge(target, images: count, side: max(height, width), scale: scale) }
  }

  /// The grid as one picture, height x width x channels; pixels are repeated `scale` times in both directions.
  public func composed(scale: Int? = nil) -> (pixels: [UInt8], height: Int, width: Int) {
    let scale = scale ?? visibleScale
    let columns = columns
    precondition(scale >= 1, "an image cannot be scaled \(scale) times")
    let cell = (height: height * scale + Self.gap, width: width * scale + Self.gap)
    let whole = (height: rows * cell.height - Self.gap, width: columns * cell.width - Self.gap)
    var result = [UInt8](repeating: Self.gapValue, count: whole.height * whole.width * channels)
    for image in 0..<count {
      let (row, column) = image.quotientAndRemainder(dividingBy: columns)
      for y in 0..<height * scale {
        var target = ((row * cell.height + y) * whole.width + column * cell.width) * channels
        let source = (image * height + y / scale) * width * channels
        for x in 0..<width * scale {
          for channel in 0..<channels {
            result[target] = pixels[source + x / scale * channels + channel]
            target += 1
          }
        }
      }
    }
    return (result, whole.height, whole.width)
  }

  /// Writes the grid as a PNG, whole or not at all. A scale of nil is `visibleScale`.
  public func writePNG(to path: String, scale: Int? = nil) throws(RecordError) {
    try withPNG(scale, for: path) { (png) throws(RecordError) in
      try AtomicFile.write(to: path) { (file) throws(RecordError) in try file.write(png) }
    }
  }

  /// The grid as the bytes of a PNG.
  public func png(scale: Int? = nil) throws(RecordError) -> [UInt8] {
    try withPNG(scale, for: "a grid of images") { Array($0) }
  }

  /// The grid as an SVG around its PNG, for pages whose figures are all of that kind.
  public func svg(scale: Int? = nil) throws(RecordError) -> String {
    let side = { [scale = scale ?? visibleScale] (count: Int, image: Int) in
      count * (image * scale + Self.gap) - Self.gap
    }
    let (height, width) = (side(rows, height), side(columns, width))
    return try withPNG(scale, for: "a grid of images") { png in
      """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)">
      <image width="\(width)" height="\(height)" href="data:image/png;base64,\(Data(png).base64EncodedString())"/>
      </svg>

      """
    }
  }

  /// Lends the bytes of the PNG; `target` begins the message where there are none.
  private func withPNG<Result>(
    _ scale: Int?, for target: String, _ body: (UnsafeRawBufferPointer) throws(RecordError) -> Result
  ) throws(RecordError) -> Result {
    try Self.check(
      target, count: count, columns: columns, height: height, width: width, channels: channels,
      scale: scale ?? visibleScale)
    let picture = composed(scale: scale)
    var bytes: UnsafeMutablePointer<UInt8>?
    var size = 0
    let failure = callImages { message, capacity in
      image_png_encode(
        picture.pixels, CInt(picture.width), CInt(picture.height), CInt(channels), &bytes, &size, message, capacity)
    }
    if let failure { throw .library(reason: "\(target): \(failure)") }
    defer { image_free(bytes) }
    return try body(UnsafeRawBufferPointer(start: bytes, count: size))
  }
}
