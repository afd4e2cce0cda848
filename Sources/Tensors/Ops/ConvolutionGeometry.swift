/// Zeros around an image.
public struct ImagePadding: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public var top, left, bottom, right: Int

  public init(top: Int, left: Int, bottom: Int, right: Int) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }
  /// The same on every side.
  public init(_ zeros: Int) { self.init(rows: zeros, columns: zeros) }
  public init(integerLiteral zeros: Int) { self.init(zeros) }
  /// Above and below, and left and right.
  public init(rows: Int = 0, columns: Int = 0) { self.init(top: rows, left: columns, bottom: rows, right: columns) }
  /// Above and to the left, and below and to the right.
  public init(before: Int, after: Int) { self.init(top: before, left: before, bottom: after, right: after) }

  /// Whether every side has as many.
  var isUniform: Bool { top == left && top == bottom && top == right }

  public var description: String {
    isUniform ? "\(top)" : "(top: \(top), left: \(left), bottom: \(bottom), right: \(right))"
  }
}

/// How a filter moves over an image; stride and dilation are the same along both axes.
public struct ConvolutionGeometry: Hashable, Sendable {
  public var stride: Int
  public var padding: ImagePadding
  public var dilation: Int

  public init(stride: Int = 1, padding: ImagePadding = 0, dilation: Int = 1) {
    (self.stride, self.padding, self.dilation) = (stride, padding, dilation)
  }

  /// TensorFlow's padding "SAME" for square images of `size` pixels a side: an output for every stride, and where the
  /// zeros cannot be as many on both sides, one more below and to the right.
  public static func same(_ size: Int, taps: Int, stride: Int) -> ConvolutionGeometry {
    let zeros = max((size + stride - 1) / stride * stride - stride + taps - size, 0)
    return ConvolutionGeometry(stride: stride, padding: .init(before: zeros / 2, after: zeros - zeros / 2))
  }

  /// Output pixels of an image under a filter; 0 along an axis where the filter does not fit.
  public func output(
    _ height: Int, _ width: Int, taps: (rows: Int, columns: Int)
  ) -> (height: Int, width: Int) {
    func pixels(_ size: Int, _ taps: Int) -> Int {
      let room = size - dilation * (taps - 1) - 1
      return room < 0 || taps <= 0 ? 0 : room / stride + 1
    }
    return (
      pixels(padding.top + height + padding.bottom, taps.rows),
      pixels(padding.left + width + padding.right, taps.columns)
    )
  }

  /// The same on an image that has its zeros already.
  var withoutPadding: ConvolutionGeometry { ConvolutionGeometry(stride: stride, dilation: dilation) }

  /// As an op's attributes; the padding is [top, left, bottom, right].
  func attributes(groups: Int) -> [String: [Double]] {
    [
      "stride": [stride], "padding": [padding.top, padding.left, padding.bottom, padding.right],
      "dilation": [dilation], "groups": [groups],
    ].mapValues { $0.map(Double.init) }
  }
}

extension Tensor {
  /// Images [N, H, W, C] inside zeros.
  public func padded(by padding: ImagePadding) -> Tensor {
    let whole: Shape = [
      shape[0], padding.top + shape[1] + padding.bottom, padding.left + shape[2] + padding.right, shape[3],
    ]
    return whole == shape ? self : padded(to: whole, at: [0, padding.top, padding.left, 0])
  }
}
