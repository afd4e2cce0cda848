// The route of 4x4 convolutions of stride 2 and padding 1 through Winograd's transforms (Kernels/winograd.cl): 25 products stand for 64.

struct WinogradConvolution: ConvolutionRoute {
  private static let points = 25
  private static let tile = 4
  private let n, h, w, c, k: Int
  private var across: Int { w / 2 / Self.tile }
  private var tiles: Int { n * (h / 2 / Self.tile) * across }

  /// Nil where the convolution is not of this kind.
  init?(_ shape: ConvolutionShape) {
    (n, h, w, c, k) = (shape.n, shape.h, shape.w, shape.c, shape.k)
    let isWhole = h % (2 * Self.tile) == 0 && w % (2 * Self.tile) == 0 && c % 32 == 0 && k % 32 == 0
    guard shape.geometry == ConvolutionGeometry(stride: 2, padding: 1), shape.r == 4, shape.s == 4, isWhole else {
      return nil
    }
  }

  func forward(_ x: Tensor, _ w: Tensor) -> Tensor {
    let m = Tensor(uninitialized: [Self.points, tiles, k], on: x.device)
    m.setProduct(
      image(x), rowStride: 4 * c, kStride: 1, batchStride: tiles * 4 * c,
      filter("winograd_filter", w, Extent(rows: 4 * c, columns: k), panelStride: 4 * c * 32), k: 4 * c)
    let y = Tensor(uninitialized: [n, h / 2, self.w / 2, k], on: x.device)
    y.launch(
      "winograd_output", [m, y], [.uint(across), .size(tiles), .size(k)], over: Extent(rows: tiles, columns: k))
    return y
  }

  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor {
    let m = Tensor(uninitialized: [Self.points, tiles, 4 * c], on: dy.device)
    m.setProduct(
      outputGradient(dy, tileStride: k, panelStride: 32).tensor, rowStride: k, kStride: 1, batchStride: tiles * k,
      filter("winograd_filter_transposed", w, Extent(rows: k, columns: 4 * c), panelStride: k * 32), k: k)
    let dx = Tensor(uninitialized: [n, h, self.w, c], on: dy.device)
    dx.launch("winograd_image_gradient", [m, dx], imageSizes, over: Extent(rows: tiles, columns: 4 * c))
    return dx
  }

  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    let m = Tensor(uninitialized: [Self.points, 4 * c, k], on: x.device)
    m.setProduct(
      image(x), rowStride: 1, kStride: 4 * c, batchStride: tiles * 4 * c,
      outputGradient(dy, tileStride: 32, panelStride: 32 * tiles), k: tiles)
    let dw = Tensor(uninitialized: [4, 4, c, k], on: x.device)
    dw.launch(
      "winograd_filter_gradient", [m, dw], [.size(c), .size(k)], over: Extent(rows: 4 * c, columns: k))
    return dw
  }

  private var imageSizes: [LaunchArgument] { [.uint(h), .uint(w), .size(c), .size(tiles)] }

  private func image(_ x: Tensor) -> Tensor {
    let v = Tensor(uninitialized: [Self.points, tiles, 4 * c], on: x.device)
    v.launch("winograd_image", [x, v], imageSizes, over: Extent(rows: tiles, columns: 4 * c))
    return v
  }

  private func outputGradient(_ dy: Tensor, tileStride: Int, panelStride: Int) -> Panels {
    let u = Tensor(uninitialized: [Self.points, tiles, k], on: dy.device)
    u.launch(
      "winograd_output_gradient", [dy, u],
      [.uint(across), .size(tiles), .size(k), .size(tileStride), .size(panelStride)],
      over: Extent(rows: tiles, columns: k))
    return Panels(tensor: u, panelStride: panelStride, kStride: tileStride, batchStride: tiles * k)
  }

  private func filter(_ kernel: String, _ w: Tensor, _ extent: Extent, panelStride: Int) -> Panels {
    let b = Tensor(uninitialized: [Self.points, 4 * c * k], on: w.device)
    b.launch(kernel, [w, b], [.size(c), .size(k)], over: extent)
    return Panels(tensor: b, panelStride: panelStride, kStride: 32, batchStride: 4 * c * k)
  }
}
