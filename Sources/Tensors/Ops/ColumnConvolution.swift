// The route of images with few channels (Kernels/cl/columns.cl): a plain product with the matrix of the image's
// columns. Blocks of 12 x 32 outputs would be mostly empty where an axis is three channels.

struct ColumnConvolution: ConvolutionRoute {
  private static let mostChannels = 8
  private let shape: ConvolutionShape
  private var pixels: Int { shape.n * shape.p * shape.q }
  private var width: Int { shape.r * shape.s * shape.c }

  /// Nil where the image has too many channels for it.
  init?(_ shape: ConvolutionShape) {
    guard shape.c <= Self.mostChannels else { return nil }
    self.shape = shape
  }

  func forward(_ x: Tensor, _ w: Tensor) -> Tensor { product(x, w, bias: nil, .none) }

  func forward(_ x: Tensor, _ w: Tensor, bias: Tensor, _ activation: FusedActivation) -> Tensor {
    product(x, w, bias: bias, activation)
  }

  private func product(_ x: Tensor, _ w: Tensor, bias: Tensor?, _ activation: FusedActivation) -> Tensor {
    let y = Tensor(uninitialized: [pixels, shape.k], on: x.device)
    y.setProduct(
      columns(of: x), rowStride: width, kStride: 1, Panels(packing: w, k: width, n: shape.k, kStride: shape.k),
      k: width, bias: bias, activation: activation)
    return y.view(from: 0, shape: shape.output)
  }

  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor {
    let columns = Tensor(uninitialized: [pixels, width], on: dy.device)
    columns.setProduct(
      dy, rowStride: shape.k, kStride: 1, Panels(packing: w, k: shape.k, n: width, nStride: shape.k), k: shape.k)
    let dx = Tensor(uninitialized: shape.image, on: dy.device)
    let lines = shape.n * shape.h
    launch(.columnsImage, from: columns, to: dx, Extent(rows: lines, columns: shape.w * shape.c))
    return dx
  }

  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    let dw = Tensor(uninitialized: [width, shape.k], on: x.device)
    dw.setProduct(columns(of: x), rowStride: 1, kStride: width, Panels(rows: dy, k: pixels, n: shape.k), k: pixels)
    return dw.view(from: 0, shape: shape.filter)
  }

  private func launch(_ kernel: Kernel, from x: Tensor, to y: Tensor, _ extent: Extent) {
    let g = shape.geometry
    y.launch(
      kernel, ["x": x, "y": y],
      sizes: [
        "rows": extent.rows, "H": shape.h, "W": shape.w, "C": shape.c, "P": shape.p, "Q": shape.q,
        "RS": shape.r * shape.s, "S": shape.s, "stride": g.stride, "pad": g.padding.top, "dilation": g.dilation,
      ], over: extent)
  }

  private func columns(of x: Tensor) -> Tensor {
    let columns = Tensor(uninitialized: [pixels, width], on: x.device)
    launch(.imageColumns, from: x, to: columns, Extent(rows: pixels, columns: width))
    return columns
  }
}

extension Kernel {
  fileprivate static let imageColumns = named("image_columns")
  fileprivate static let columnsImage = named("columns_image")
}
