/// The largest of each square window: [H, W, channels] to [P, Q, channels]. Padding is never the largest.
public struct MaxPooling: Layer {
  public let window: PoolingWindow
  public init(kernel: Int, stride: Int, padding: ImagePadding = 0) {
    window = PoolingWindow(kernel, stride: stride, padding: padding)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    try window.declare("MaxPooling", input, declarations)
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { x.maximumPooled(window) }
}

/// The mean of each square window: [H, W, channels] to [P, Q, channels].
public struct AveragePooling: Layer {
  public let window: PoolingWindow
  /// Whether the zeros around the image count as pixels of a window.
  public let countsPadding: Bool
  public init(kernel: Int, stride: Int, padding: ImagePadding = 0, countsPadding: Bool = true) {
    window = PoolingWindow(kernel, stride: stride, padding: padding)
    self.countsPadding = countsPadding
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    try window.declare("AveragePooling", input, declarations)
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { x.averagePooled(window, countsPadding: countsPadding) }
}

extension PoolingWindow {
  fileprivate func declare(
    _ layer: String, _ input: Shape, _ declarations: Declarations
  ) throws(NetworkError) -> Shape {
    let (height, width) = input.rank == 3 ? output(input[0], input[1]) : (height: 0, width: 0)
    guard height > 0, width > 0 else {
      throw NetworkError(
        "\(declarations.place): \(layer) takes images [height, width, channels] that a window of \(size) x \(size) at "
          + "stride \(stride) fits into, padded by \(padding), which is less than the window, not \(input)")
    }
    return [height, width, input[2]]
  }
}

/// Images with zeros around them, as many as each side is told.
public struct Padding: Layer {
  public let zeros: ImagePadding
  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    zeros = ImagePadding(top: top, left: left, bottom: bottom, right: right)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    let sides = [zeros.top, zeros.left, zeros.bottom, zeros.right]
    guard input.rank == 3, sides.allSatisfy({ $0 >= 0 }) else {
      throw NetworkError(
        "\(declarations.place): Padding puts zeros, of each side \(sides), around images [height, width, channels], not "
          + "\(input)")
    }
    return [zeros.top + input[0] + zeros.bottom, zeros.left + input[1] + zeros.right, input[2]]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { x.padded(by: zeros) }
}
