// The route of any convolution (Kernels/cl/convolution.cl): an implicit matrix product, without a copy of the image.

struct DirectConvolution: ConvolutionRoute {
  let shape: ConvolutionShape

  private var padding: ImagePadding { ImagePadding(rows: shape.geometry.padding, columns: shape.geometry.padding) }

  func forward(_ x: Tensor, _ w: Tensor) -> Tensor { forward(x, w, padding: padding, bias: nil, .none) }

  func forward(_ x: Tensor, _ w: Tensor, bias: Tensor, _ rectifier: Rectifier) -> Tensor {
    forward(x, w, padding: padding, bias: bias, rectifier)
  }

  /// The convolution of an image with so many zeros around it, plus a bias [K], rectified. A filter of one pixel, or
  /// one that covers the whole image, makes it a plain product, whose terms stand in the same order.
  func forward(_ x: Tensor, _ w: Tensor, padding: ImagePadding, bias: Tensor?, _ rectifier: Rectifier) -> Tensor {
    let isOfOnePixel = shape.r == 1 && shape.s == 1 && shape.geometry.stride == 1
    let isOfWholeImage = shape.r == shape.h && shape.s == shape.w && shape.geometry.dilation == 1
    guard padding == ImagePadding(), isOfOnePixel || isOfWholeImage else {
      return convolved(x, w, padding, bias: bias, rectifier)
    }
    let y = Tensor(uninitialized: [shape.n * shape.p * shape.q, shape.k], on: x.device)
    let width = shape.r * shape.s * shape.c, panels = Panels(rows: w, k: width, n: shape.k)
    y.setProduct(x, rowStride: width, kStride: 1, panels, k: width, bias: bias, rectifier: rectifier)
    return y.view(from: 0, shape: shape.output)
  }

  private func convolved(
    _ x: Tensor, _ w: Tensor, _ padding: ImagePadding, bias: Tensor?, _ rectifier: Rectifier
  ) -> Tensor {
    let (g, taps) = (shape.geometry, shape.r * shape.s)
    let panels = Panels(
      packing: w, taps: taps, k: shape.c, n: shape.k, tapStride: shape.c * shape.k, kStride: shape.k)
    let y = Tensor(uninitialized: shape.output, on: x.device)
    Sweep(
      grid: (shape.p, shape.q), iStep: g.stride, iRow: -padding.rows, iColumn: -padding.columns, dRow: g.dilation,
      dColumn: g.dilation, taps: (shape.r, shape.s)
    ).run(x, panels, y, shape, bias: bias, rectifier)
    return y
  }

  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor {
    let stride = shape.geometry.stride
    let panels = Panels(
      packing: w, taps: shape.r * shape.s, k: shape.k, n: shape.c, tapStride: shape.c * shape.k, nStride: shape.k)
    let dx = Tensor(uninitialized: shape.image, on: dy.device)
    for a in 0..<min(stride, shape.h) {
      let down = shape.geometry.phase(a, taps: shape.r)
      for b in 0..<min(stride, shape.w) {
        let across = shape.geometry.phase(b, taps: shape.s)
        Sweep(
          grid: ((shape.h - a + stride - 1) / stride, (shape.w - b + stride - 1) / stride), oStep: stride, oRow: a,
          oColumn: b, iRow: down.source, iColumn: across.source, dRow: down.delta, dColumn: across.delta,
          taps: (down.count, across.count), tRow: down.first, tColumn: across.first, tRowStep: down.step,
          tColumnStep: across.step
        ).run(dy, panels, dx, shape)
      }
    }
    return dx
  }

  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    if Chains.areApart("convolve_filter", k: pixels, over: taps, on: x.device) { return filterGradientByChains(x, dy) }
    let dw = Tensor(uninitialized: shape.filter, on: x.device)
    sumPixels(x, Panels(rows: dy, k: pixels, n: shape.k), to: dw, slice: pixels, over: taps)
    return dw
  }

  /// The same bits, the chains being computed apart.
  func filterGradientByChains(_ x: Tensor, _ dy: Tensor, most: Int? = nil) -> Tensor {
    let dw = Tensor(uninitialized: shape.filter, on: x.device), panels = Panels(rows: dy, k: pixels, n: shape.k)
    dw.addChains(of: pixels, most: most) { chains, sums in
      let apart = Extent(rows: taps.rows, columns: taps.columns, batches: taps.batches * chains.count)
      sumPixels(x, panels, to: sums, slice: Chains.terms, start: chains.lowerBound * Chains.terms, over: apart)
    }
    return dw
  }

  private var pixels: Int { shape.n * shape.p * shape.q }
  private var taps: Extent { Extent(rows: shape.c, columns: shape.k, batches: shape.r * shape.s) }

  private func sumPixels(
    _ x: Tensor, _ dy: Panels, to sums: Tensor, slice: Int, start: Int = 0, over extent: Extent
  ) {
    let g = shape.geometry
    let sizes: [LaunchArgument] = [
      .size(shape.n), .uint(shape.h), .uint(shape.w), .size(shape.c), .uint(shape.p), .uint(shape.q), .size(shape.k),
      .uint(shape.r * shape.s), .uint(shape.s), .uint(g.stride), .uint(g.padding), .uint(g.dilation),
      .size(dy.panelStride), .size(dy.kStride), .size(slice), .size(start),
    ]
    sums.launch("convolve_filter", [x, dy.tensor, sums], sizes, over: extent)
  }
}

/// The numbers of `convolve` for one phase, named as there.
private struct Sweep {
  var grid: (Int, Int)
  var oStep = 1, oRow = 0, oColumn = 0
  var iStep = 1, iRow = 0, iColumn = 0, dRow = 0, dColumn = 0
  var taps: (Int, Int)
  var tRow = 0, tColumn = 0, tRowStep = 1, tColumnStep = 1

  func run(
    _ x: Tensor, _ panels: Panels, _ y: Tensor, _ shape: ConvolutionShape, bias: Tensor? = nil,
    _ rectifier: Rectifier = .none
  ) {
    let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (oh, ow, k) = (y.shape[1], y.shape[2], y.shape[3])
    let zeros = x.device.zeros(count: max(c, k))
    let sizes: [LaunchArgument] =
      [.size(n), .uint(h), .uint(w), .size(c), .uint(grid.0), .uint(grid.1), .uint(oh), .uint(ow), .size(k)]
    let steps = [
      oStep, oRow, oColumn, iStep, iRow, iColumn, dRow, dColumn, taps.0, taps.1, shape.r * shape.s,
      shape.s, tRow, tColumn, tRowStep, tColumnStep,
    ].map(LaunchArgument.uint)
    x.device.launch(
      .named("convolve"),
      [x.argument, panels.tensor.argument, .buffer(zeros, at: 0), bias?.argument ?? .buffer(zeros, at: 0), y.argument]
        + sizes + steps + [.real(rectifier.limit)],
      over: Extent(rows: n * grid.0 * grid.1, columns: k))
  }
}

extension ConvolutionGeometry {
  /// The taps that reach the input pixels of one phase (numbers a + i stride) along one axis, and where they read the
  /// output's gradient.
  fileprivate func phase(_ a: Int, taps: Int) -> (first: Int, step: Int, count: Int, source: Int, delta: Int) {
    guard let first = (0..<taps).first(where: { (a + padding - $0 * dilation) % stride == 0 }) else {
      return (0, 1, 0, 0, 0)
    }
    let step = stride / greatestCommonDivisor(stride, dilation)
    return (
      first, step, (taps - first + step - 1) / step, (a + padding - first * dilation) / stride,
      -(step * dilation / stride)
    )
  }
}

func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
