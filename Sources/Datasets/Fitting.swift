/// What is done with an image that is smaller than the size asked for. (A larger one is always area-averaged.)
public enum Fit: String, CaseIterable, Codable, Sendable {
  /// It keeps its pixels and gets a border of the background's colour: 28 x 28 becomes 32 x 32 with 2 on each side.
  case pad
  /// It is enlarged bilinearly.
  case resize
}

/// An sRGB colour of 8 bits a channel.
public struct RGB: Equatable, Codable, Sendable {
  public var red, green, blue: UInt8

  public init(red: UInt8, green: UInt8, blue: UInt8) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  public static let black = RGB(red: 0, green: 0, blue: 0)
  public static let white = RGB(red: 255, green: 255, blue: 255)

  /// As bytes of 1 channel, its luma, or 3.
  func bytes(channels: Int) -> [UInt8] {
    channels == 3 ? [red, green, blue] : [luma(red, green, blue)]
  }
}

/// The grey of a colour: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.
func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
  let thousandths: Int = 299 * Int(red) + 587 * Int(green) + 114 * Int(blue)
  return UInt8((thousandths + 500) / 1000)
}

/// A sample of this opacity over an opaque one.
func blend(_ over: UInt8, _ under: UInt8, _ alpha: UInt8) -> UInt8 {
  let sum: Int = Int(over) * Int(alpha) + Int(under) * (255 - Int(alpha))
  return UInt8((sum + 127) / 255)
}

/// The shape that images are brought to, and how.
struct Fitting {
  /// Channels of the result, 1 or 3.
  var channels: Int

  /// Height and width of the result; nil keeps each image as it is.
  var size: Int?
  var fit: Fit

  /// The colour under transparent pixels and of borders; nil is white under transparent pixels, black in borders.
  var background: RGB?

  /// Throws for a size or a number of channels that no image can have.
  static func check(size: Int?, channels: Int?) throws(DatasetError) {
    if let size, !(1...4096).contains(size) {
      throw DatasetError(path: "", problem: "images cannot have the size \(size)", remedy: "give one from 1 to 4096")
    }
    if let channels, channels != 1 && channels != 3 {
      throw DatasetError(
        path: "", problem: "images cannot have \(channels) channels", remedy: "give 1 (grey) or 3 (colour)")
    }
  }

  /// Writes [size][size][channels] bytes from a picture of [height][width] and 1, 3 or 4 (alpha) channels.
  func apply(
    _ pixels: UnsafeBufferPointer<UInt8>, width: Int, height: Int, channels given: Int,
    into output: UnsafeMutableBufferPointer<UInt8>
  ) {
    guard given == channels else {
      let converted = convert(pixels, from: given)
      return converted.withUnsafeBufferPointer {
        apply($0, width: width, height: height, channels: channels, into: output)
      }
    }
    guard let size, size != width || size != height else {
      _ = output.update(fromContentsOf: pixels)
      return
    }
    let square = Square(centreOf: pixels, width: width, height: height, channels: channels)
    if square.side == size {
      square.copy(into: output)
    } else if square.side > size {
      square.resample(.area(from: square.side, to: size), into: output)
    } else if fit == .resize {
      square.resample(.bilinear(from: square.side, to: size), into: output)
    } else {
      square.pad(with: (background ?? .black).bytes(channels: channels), size: size, into: output)
    }
  }

  /// The same pixels over the background, with this many channels.
  private func convert(_ pixels: UnsafeBufferPointer<UInt8>, from given: Int) -> [UInt8] {
    let count = pixels.count / given
    let under = background ?? .white
    var result = [UInt8](repeating: 0, count: count * channels)
    for i in 0..<count {
      var (red, green, blue) = (pixels[i * given], pixels[i * given], pixels[i * given])
      if given >= 3 { (green, blue) = (pixels[i * given + 1], pixels[i * given + 2]) }
      if given == 4 {
        let alpha = pixels[i * given + 3]
        red = blend(red, under.red, alpha)
        green = blend(green, under.green, alpha)
        blue = blend(blue, under.blue, alpha)
      }
      if channels == 3 {
        (result[i * 3], result[i * 3 + 1], result[i * 3 + 2]) = (red, green, blue)
      } else {
        result[i] = luma(red, green, blue)
      }
    }
    return result
  }
}
