// The route of convolutions of one channel a group, and one output (Kernels/cl/depthwise.cl).

struct DepthwiseConvolution: ConvolutionRoute {
  let shape: ConvolutionShape

  func forward(_ x: Tensor, _ w: Tensor) -> Tensor {
    // A chain that ends in -0 becomes +0, so that adding zeros is no second op.
    forward(x, w, bias: .buffer(x.device.zeros(count: shape.k), at: 0), .none)
  }

  func forward(_ x: Tensor, _ w: Tensor, bias: Tensor, _ activation: FusedActivation) -> Tensor {
    forward(x, w, bias: bias.argument, activation)
  }

  private func forward(_ x: Tensor, _ w: Tensor, bias: LaunchArgument, _ activation: FusedActivation) -> Tensor {
    let y = Tensor(uninitialized: shape.output, on: x.device), pixels = shape.n * shape.p * shape.q
    x.device.launch(
      .depthwise, ["x": x.argument, "w": w.argument, "bias": bias, "y": y.argument],
      sizes: [
        "pixels": pixels, "channels": shape.c, "H": shape.h, "W": shape.w, "P": shape.p, "Q": shape.q, "R": shape.r,
        "S": shape.s, "stride": shape.geometry.stride, "pad": shape.geometry.padding.top,
      ], reals: ["limit": activation.limit], over: Extent(rows: pixels, columns: shape.c))
    return y
  }

  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor {
    let dx = Tensor(uninitialized: shape.image, on: dy.device), pixels = shape.n * shape.h * shape.w
    dx.launch(
      .depthwiseInput, ["x": dy, "w": w, "y": dx],
      sizes: [
        "pixels": pixels, "channels": shape.c, "H": shape.p, "W": shape.q, "P": shape.h, "Q": shape.w, "R": shape.r,
        "S": shape.s, "stride": shape.geometry.stride, "pad": shape.geometry.padding.top,
      ], over: Extent(rows: pixels, columns: shape.c))
    return dx
  }

  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    let (pixels, taps) = (shape.n * shape.p * shape.q, shape.r * shape.s)
    let blocks = (pixels + 63) / 64
    let partial = Tensor(uninitialized: [taps, blocks, shape.c], on: x.device)
    partial.launch(
      .depthwiseFilter, ["x": x, "dy": dy, "partial": partial],
      sizes: [
        "length": pixels, "inner": shape.c, "H": shape.h, "W": shape.w, "P": shape.p, "Q": shape.q, "S": shape.s,
        "stride": shape.geometry.stride, "pad": shape.geometry.padding.top,
      ], over: Extent(rows: blocks, columns: shape.c, batches: taps))
    let dw = Tensor(uninitialized: shape.filter, on: x.device)
    dw.addPartials(partial, blocks: blocks, inner: shape.c, factor: 1)
    return dw
  }
}

extension Kernel {
  fileprivate static let depthwise = named("depthwise")
  fileprivate static let depthwiseInput = named("depthwise_input")
  fileprivate static let depthwiseFilter = named("depthwise_filter")
}
