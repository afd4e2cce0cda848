import CImages
import Foundation

extension SampleGrid {
  /// The images of a grid that was written as a PNG.
  ///
  /// - Parameters:
  ///   - count: Of the images.
  ///   - scale: The factor that it was written with; nil is `visibleScale`.
  ///   - columns: Images in a row; nil: the grid is as square as their number allows.
  /// - Throws: `RecordError.library` where the file is no such grid.
  public init(
    readingFrom path: String, count: Int, height: Int, width: Int, channels: Int, columns: Int? = nil, scale: Int? = nil
  ) throws(RecordError) {
    let blank = [UInt8](repeating: 0, count: count * height * width * channels)
    self.init(pixels: blank, count: count, height: height, width: width, channels: channels, columns: columns)
    let scale = scale ?? visibleScale
    let cell = (height: height * scale + Self.gap, width: width * scale + Self.gap)
    let (rgba, found) = try Self.decoded(path)
    guard found == [rows * cell.height - Self.gap, self.columns * cell.width - Self.gap] else {
      throw .library(
        reason: "\(path) is no grid of \(count) images of \(height) x \(width) pixels, enlarged \(scale) times: "
          + "was output.grid or output.scale changed since?")
    }
    var pixels = blank
    for image in 0..<count {
      let (row, column) = image.quotientAndRemainder(dividingBy: self.columns)
      for y in 0..<height {
        for x in 0..<width {
          let source = (row * cell.height + y * scale) * found[1] + column * cell.width + x * scale
          for channel in 0..<channels {
            pixels[((image * height + y) * width + x) * channels + channel] = rgba[4 * source + channel]
          }
        }
      }
    }
    self.init(pixels: pixels, count: count, height: height, width: width, channels: channels, columns: self.columns)
  }

  /// The pixels of a PNG, four bytes each, and its height and width.
  private static func decoded(_ path: String) throws(RecordError) -> (rgba: [UInt8], size: [Int]) {
    let png = try OpenFile.bytes(of: path)
    var bytes: UnsafeMutablePointer<UInt8>?
    var header = image_header()
    let failure = callImages { image_png_decode(png, png.count, &bytes, &header, $0, $1) }
    if let failure { throw .library(reason: "\(path): \(failure)") }
    defer { image_free(bytes) }
    let (height, width) = (Int(header.height), Int(header.width))
    return (Array(UnsafeBufferPointer(start: bytes, count: 4 * height * width)), [height, width])
  }
}
