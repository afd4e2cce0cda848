import Foundation

/// How a picture's stored rows and columns lie on the screen: the tag 274 of EXIF (CIPA DC-008, 4.6.5), which cameras
/// write instead of turning the pixels. Each case names the edges that the first row and the first column are seen at.
package enum Orientation: Int, CaseIterable, Sendable {
  case topLeft = 1
  case topRight, bottomRight, bottomLeft, leftTop, rightTop, rightBottom, leftBottom

  /// Whether stored rows are columns on the screen.
  package var swapsSides: Bool { rawValue >= 5 }

  /// The orientation that a file states; `topLeft` where it states none, or none that makes sense.
  init(_ bytes: Data, of format: ImageCodec.Format) {
    self =
      bytes.withUnsafeBytes { bytes in
        let exif = format == .jpeg ? Self.exif(inJPEG: bytes) : Self.exif(inPNG: bytes)
        return exif.flatMap { TIFFHeader($0)?.orientation }
      } ?? .topLeft
  }

  /// The picture as it is seen.
  package func applied(to picture: ImageCodec.Picture) -> ImageCodec.Picture {
    guard self != .topLeft else { return picture }
    let (width, height) = (picture.width, picture.height)
    // Where the pixel at the screen's corner is stored, and how far apart its neighbours to the right and below are.
    let isRight = [.topRight, .bottomRight, .rightBottom, .leftBottom].contains(self)
    let isLow = [.bottomRight, .bottomLeft, .rightTop, .rightBottom].contains(self)
    let corner = (isLow ? height - 1 : 0) * width + (isRight ? width - 1 : 0)
    let (alongRow, alongColumn) = (isRight ? -1 : 1, isLow ? -width : width)
    let (right, down) = swapsSides ? (alongColumn, alongRow) : (alongRow, alongColumn)
    var seen = picture
    if swapsSides { (seen.width, seen.height) = (height, width) }
    let channels = picture.channels
    picture.pixels.withUnsafeBufferPointer { stored in
      seen.pixels.withUnsafeMutableBufferPointer { pixels in
        var target = 0
        for y in 0..<seen.height {
          var source = (corner + y * down) * channels
          for _ in 0..<seen.width {
            for c in 0..<channels { pixels[target + c] = stored[source + c] }
            target += channels
            source += right * channels
          }
        }
      }
    }
    return seen
  }

  /// Looks through a JPEG's segments, which begin with 0xff, a marker and a length, for EXIF's. What lies between them
  /// is passed over.
  private static func exif(inJPEG bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var at = 2
    while at + 4 <= bytes.count {
      let marker = bytes[at + 1]
      if bytes[at] != 0xff || marker == 0xff || marker == 0 {  // padding, or bytes too many
        at += 1
        continue
      }
      if marker == 0xda || marker == 0xd9 { return nil }  // the pixels begin, or all ends
      let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
      guard length >= 2, at + 2 + length <= bytes.count else { return nil }
      let segment = UnsafeRawBufferPointer(rebasing: bytes[at + 4..<at + 2 + length])
      if marker == 0xe1, segment.starts(with: Array("Exif\0\0".utf8)) {
        return UnsafeRawBufferPointer(rebasing: segment[6...])
      }
      at += 2 + length
    }
    return nil
  }

  /// Looks through a PNG's chunks, which begin with a length and a name, for eXIf; not behind the pixels, for which the
  /// whole file would be read where only its header is wanted.
  private static func exif(inPNG bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var at = 8
    while at + 12 <= bytes.count {
      let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
      let name = bytes[at + 4..<at + 8]
      guard length <= bytes.count - at - 12, !name.elementsEqual("IDAT".utf8) else { return nil }
      if name.elementsEqual("eXIf".utf8) {
        return UnsafeRawBufferPointer(rebasing: bytes[at + 8..<at + 8 + length])
      }
      at += 12 + length
    }
    return nil
  }
}

/// What EXIF holds: a TIFF file without pixels (TIFF 6.0, section 2), of either order of bytes.
private struct TIFFHeader {
  private let bytes: UnsafeRawBufferPointer
  private let isBigEndian: Bool

  init?(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    isBigEndian = bytes.starts(with: [0x4d, 0x4d, 0, 42])
    guard isBigEndian || bytes.starts(with: [0x49, 0x49, 42, 0]) else { return nil }
  }

  /// The entry 274, a single SHORT, of the first directory.
  var orientation: Orientation? {
    guard let directory = number(at: 4, bytes: 4), let count = number(at: directory, bytes: 2) else { return nil }
    for entry in 0..<count {
      let at = directory + 2 + 12 * entry
      guard let tag = number(at: at, bytes: 2) else { return nil }
      if tag == 274, number(at: at + 2, bytes: 2) == 3, let value = number(at: at + 8, bytes: 2) {
        return Orientation(rawValue: value)
      }
    }
    return nil
  }

  private func number(at place: Int, bytes count: Int) -> Int? {
    guard place >= 0, place + count <= bytes.count else { return nil }
    let digits = bytes[place..<place + count]
    return isBigEndian ? digits.reduce(0) { $0 << 8 | Int($1) } : digits.reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
