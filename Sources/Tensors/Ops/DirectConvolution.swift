// The route of any convolution (Kernels/cl/convolution.cl): an implicit matrix product, without a copy of the image.

struct DirectConvolution: ConvolutionRoute {
  let shape: ConvolutionShape

  private var padding: ImagePadding { shape.geometry.padding }

  func forward(_ x: Tensor, _ w: Tensor) -> Tensor { forward(x, w, padding: padding, bias: nil, .none) }

  func forward(_ x: Tensor, _ w: Tensor, bias: Tensor, _ activation: FusedActivation) -> Tensor {
    forward(x, w, padding: padding, bias: bias, activation)
  }

  /// The convolution of an image with so many zeros around it, plus a bias [K], and an activation. A filter of one
  /// pixel, or one that covers the whole image, makes it a plain product, whose terms stand in the same order.
  func forward(_ x: Tensor, _ w: Tensor, padding: ImagePadding, bias: Tensor?, _ activation: FusedActivation) -> Tensor
  {
    let isOfOnePixel = shape.r == 1 && shape.s == 1 && shape.geometry.stride == 1
    let isOfWholeImage = shape.r == shape.h && shape.s == shape.w && shape.geometry.dilation == 1
    guard padding == 0, isOfOnePixel || isOfWholeImage else {
      return convolved(x, w, padding, bias: bias, activation)
    }
    let y = Tensor(uninitialized: [shape.n * shape.p * shape.q, shape.k], on: x.device)
    let width = shape.r * shape.s * shape.c, panels = Panels(rows: w, k: width, n: shape.k)
    y.setProduct(x, rowStride: width, kStride: 1, panels, k: width, bias: bias, activation: activation)
    return y.view(from: 0, shape: shape.output)
  }

  private func convolved(
    _ x: Tensor, _ w: Tensor, _ padding: ImagePadding, bias: Tensor?, _ activation: FusedActivation
  ) -> Tensor {
    let (g, taps) = (shape.geometry, shape.r * shape.s)
    let panels = Panels(
      packing: w, taps: taps, k: shape.c, n: shape.k, tapStride: shape.c * shape.k, kStride: shape.k)
    let y = Tensor(uninitialized: shape.output, on: x.device)
    var gemm = ImplicitGEMM(
      n: shape.n, image: (x.shape[1], x.shape[2]), c: shape.c, filter: (shape.r, shape.s), output: (shape.p, shape.q),
      k: shape.k, stride: g.stride, padding: (padding.top, padding.left), dilation: g.dilation)
    gemm.limit = activation.limit
    gemm.run(x, panels, y, bias: bias)
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
        var gemm = ImplicitGEMM(
          n: shape.n, image: (shape.p, shape.q), c: shape.k, filter: (shape.r, shape.s), output: (shape.h, shape.w),
          k: shape.c)
        gemm.pixels = ((shape.h - a + stride - 1) / stride, (shape.w - b + stride - 1) / stride)
        (gemm.outputStep, gemm.outputStart) = (stride, (a, b))
        (gemm.imageStart, gemm.tapDistance) = ((down.source, across.source), (down.delta, across.delta))
        gemm.taps = (down.count, across.count)
        (gemm.firstTap, gemm.tapStep) = ((down.first, across.first), (down.step, across.step))
        gemm.run(dy, panels, dx)
      }
    }
    return dx
  }

  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    let panels = Panels(rows: dy, k: pixels, n: shape.k), gemm = filterGradient(from: panels)
    if Chains.areApart(gemm.kernel, k: pixels, over: gemm.extent, on: x.device) {
      return filterGradientByChains(x, panels)
    }
    let dw = Tensor(uninitialized: shape.filter, on: x.device)
    x.device.launch(gemm, [x.argument, panels.tensor.argument], output: dw.argument)
    return dw
  }

  /// The same bits, the chains being computed apart.
  func filterGradientByChains(_ x: Tensor, _ dy: Panels, most: Int? = nil) -> Tensor {
    let dw = Tensor(uninitialized: shape.filter, on: x.device)
    dw.addChains(of: pixels, most: most) { chains, sums in
      var gemm = filterGradient(from: dy)
      (gemm.slice, gemm.start, gemm.slices) = (Chains.terms, chains.lowerBound * Chains.terms, chains.count)
      x.device.launch(gemm, [x.argument, dy.tensor.argument], output: sums.argument)
    }
    return dw
  }

  private var pixels: Int { shape.n * shape.p * shape.q }

  private func filterGradient(from dy: Panels) -> FilterGradientGEMM {
    let g = shape.geometry
    var gemm = FilterGradientGEMM(
      n: shape.n, image: (shape.h, shape.w), c: shape.c, filter: (shape.r, shape.s), output: (shape.p, shape.q),
      k: shape.k, stride: g.stride, padding: g.padding.top, dilation: g.dilation)
    (gemm.panel, gemm.pixel) = (dy.panelStride, dy.kStride)
    return gemm
  }
}

extension ImplicitGEMM {
  /// Reads `x` and the filter's panels, writes `y`.
  fileprivate func run(_ x: Tensor, _ panels: Panels, _ y: Tensor, bias: Tensor? = nil) {
    let zeros = LaunchArgument.buffer(x.device.zeros(count: max(c, k)), at: 0)
    x.device.launch(
      self, [x.argument, panels.tensor.argument, zeros, bias?.argument ?? zeros], output: y.argument)
  }
}

extension ConvolutionGeometry {
  /// The taps that reach the input pixels of one phase (numbers a + i stride) along one axis, and where they read the
  /// output's gradient.
  fileprivate func phase(_ a: Int, taps: Int) -> (first: Int, step: Int, count: Int, source: Int, delta: Int) {
    guard let first = (0..<taps).first(where: { (a + padding.top - $0 * dilation) % stride == 0 }) else {
      return (0, 1, 0, 0, 0)
    }
    let step = stride / greatestCommonDivisor(stride, dilation)
    return (
      first, step, (taps - first + step - 1) / step, (a + padding.top - first * dilation) / stride,
      -(step * dilation / stride)
    )
  }
}

func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
