/// The largest of each square window: [H, W, channels] to [P, Q, channels]. Padding is never the largest.
public struct MaxPooling: Layer {
  public let window: PoolingWindow
  public init(kernel: Int, stride: Int, padding: Int = 0) {
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
  public init(kernel: Int, stride: Int, padding: Int = 0, countsPadding: Bool = true) {
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
    guard input.rank == 3, output(input[0]) > 0, output(input[1]) > 0 else {
      throw NetworkError(
        "\(declarations.place): \(layer) takes images [height, width, channels] that a window of \(size) x \(size) at "
          + "stride \(stride) fits into, padded by \(padding), which is less than the window, not \(input)")
    }
    return [output(input[0]), output(input[1]), input[2]]
  }
}

/// Images with zeros around them, as many as each side is told: what a convolution needs whose padding differs by side.
public struct Padding: Layer {
  public let top, left, bottom, right: Int
  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 3, [top, left, bottom, right].allSatisfy({ $0 >= 0 }) else {
      throw NetworkError(
        "\(declarations.place): Padding puts zeros, of each side \([top, left, bottom, right]), around images "
          + "[height, width, channels], not \(input)")
    }
    return [top + input[0] + bottom, left + input[1] + right, input[2]]
  }

  public func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let whole: Shape = [x.shape[0], top + x.shape[1] + bottom, left + x.shape[2] + right, x.shape[3]]
    return whole == x.shape ? x : x.padded(to: whole, at: [0, top, left, 0])
  }
}
