/// One convolution in numbers: images [N, H, W, C], filters [R, S, C, K], outputs [N, P, Q, K].
struct ConvolutionShape: Hashable {
  let geometry: ConvolutionGeometry
  let n, h, w, c: Int
  let r, s, k: Int
  let p, q: Int

  init(_ geometry: ConvolutionGeometry, image: Shape, filter: Shape, output: Shape) {
    self.geometry = geometry
    (n, h, w, c) = (image[0], image[1], image[2], image[3])
    (r, s, k) = (filter[0], filter[1], filter[3])
    (p, q) = (output[1], output[2])
  }

  var image: Shape { [n, h, w, c] }
  var filter: Shape { [r, s, c, k] }
  var output: Shape { [n, p, q, k] }

  /// Of every tap at every output pixel, also where a route needs fewer.
  var multiplications: Int { n * p * q * k * r * s * c }

  /// How this convolution is computed. The route decides the order in which terms are added, so that it is a function
  /// of the shape alone, and not of the batch: the same on every device, and for one image as for many.
  var route: any ConvolutionRoute {
    if let winograd = WinogradConvolution(self) { return winograd }
    if let winograd = Winograd3Convolution(self) { return winograd }
    if let columns = ColumnConvolution(self) { return columns }
    return DirectConvolution(shape: self)
  }
}

/// A way to compute a convolution in its three directions.
protocol ConvolutionRoute {
  /// x [N, H, W, C], w [R, S, C, K] to y [N, P, Q, K].
  func forward(_ x: Tensor, _ w: Tensor) -> Tensor
  /// The same plus a bias [K], rectified.
  func forward(_ x: Tensor, _ w: Tensor, bias: Tensor, _ rectifier: Rectifier) -> Tensor
  /// dy [N, P, Q, K], w [R, S, C, K] to dx [N, H, W, C].
  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor
  /// x [N, H, W, C], dy [N, P, Q, K] to dw [R, S, C, K].
  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor
}

extension ConvolutionRoute {
  func forward(_ x: Tensor, _ w: Tensor, bias: Tensor, _ rectifier: Rectifier) -> Tensor {
    forward(x, w).rectify(adding: bias, rectifier)
  }
}

extension Tensor {
  /// Adds a bias along the last axis and rectifies, in place.
  func rectify(adding bias: Tensor, _ rectifier: Rectifier) -> Tensor {
    let (rows, columns) = (shape.count / max(shape[-1], 1), shape[-1])
    launch(
      .rectifyBiased, ["b": bias, "y": self], sizes: ["rows": rows, "columns": columns],
      reals: ["limit": rectifier.limit],
      over: Extent(rows: rows, columns: columns))
    return self
  }
}

extension Kernel {
  fileprivate static let rectifyBiased = named("rectify_biased")
}
