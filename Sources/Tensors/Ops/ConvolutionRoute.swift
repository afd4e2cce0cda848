/// One convolution in numbers: images [N, H, W, C], filters [R, S, C / groups, K], outputs [N, P, Q, K].
struct ConvolutionShape: Hashable {
  let geometry: ConvolutionGeometry
  let groups: Int
  let n, h, w, c: Int
  let r, s, k: Int
  let p, q: Int

  init(_ geometry: ConvolutionGeometry, groups: Int = 1, image: Shape, filter: Shape, output: Shape) {
    (self.geometry, self.groups) = (geometry, groups)
    (n, h, w, c) = (image[0], image[1], image[2], image[3])
    (r, s, k) = (filter[0], filter[1], filter[3])
    (p, q) = (output[1], output[2])
  }

  var image: Shape { [n, h, w, c] }
  var filter: Shape { [r, s, c / groups, k] }
  var output: Shape { [n, p, q, k] }

  /// The convolution of one group.
  var ofOneGroup: ConvolutionShape {
    ConvolutionShape(
      geometry, image: image.group(of: groups), filter: [r, s, c / groups, k / groups],
      output: output.group(of: groups))
  }

  /// The convolution, without zeros, of the image that has them.
  var withPaddedImage: ConvolutionShape {
    let padding = geometry.padding
    return ConvolutionShape(
      geometry.withoutPadding, groups: groups,
      image: [n, padding.top + h + padding.bottom, padding.left + w + padding.right, c], filter: filter, output: output
    )
  }

  /// Whether every channel has a filter of its own, which kernels of their own compute.
  var isDepthwise: Bool {
    groups > 1 && c == groups && k == groups && geometry.dilation == 1 && geometry.padding.top == geometry.padding.left
  }

  /// Whether the routes know such zeros: most have as many on every side.
  var takesPadding: Bool { isDepthwise || geometry.padding.isUniform }

  /// Of every tap at every output pixel, also where a route needs fewer.
  private var multiplications: Int { n * p * q * k * r * s * (c / groups) }

  /// Itself, after it was counted.
  func counted(on device: Device) -> ConvolutionShape {
    device.countProduct(multiplications: multiplications)
    return self
  }

  /// How this convolution is computed. The route decides the order in which terms are added, so that it is a function
  /// of the shape alone, and not of the batch: the same on every device, and for one image as for many.
  var route: any ConvolutionRoute {
    if isDepthwise { return DepthwiseConvolution(shape: self) }
    if groups > 1 { return GroupedConvolution(shape: self) }
    if let winograd = WinogradConvolution(self) { return winograd }
    if let winograd = Winograd3Convolution(self) { return winograd }
    if let columns = ColumnConvolution(self) { return columns }
    return DirectConvolution(shape: self)
  }
}

/// A way to compute a convolution in its three directions.
protocol ConvolutionRoute {
  /// x [N, H, W, C], w [R, S, C / groups, K] to y [N, P, Q, K].
  func forward(_ x: Tensor, _ w: Tensor) -> Tensor
  /// The same plus a bias [K], and an activation.
  func forward(_ x: Tensor, _ w: Tensor, bias: Tensor, _ activation: FusedActivation) -> Tensor
  /// dy [N, P, Q, K], w [R, S, C / groups, K] to dx [N, H, W, C].
  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor
  /// x [N, H, W, C], dy [N, P, Q, K] to dw [R, S, C / groups, K].
  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor
}

extension ConvolutionRoute {
  func forward(_ x: Tensor, _ w: Tensor, bias: Tensor, _ activation: FusedActivation) -> Tensor {
    forward(x, w).activate(adding: bias, activation)
  }
}

extension Tensor {
  /// Adds a bias along the last axis and applies an activation, in place.
  func activate(adding bias: Tensor, _ activation: FusedActivation) -> Tensor {
    let (rows, columns) = (shape.count / max(shape[-1], 1), shape[-1])
    launch(
      .biasActivation, ["b": bias, "y": self], sizes: ["rows": rows, "columns": columns],
      reals: ["limit": activation.limit],
      over: Extent(rows: rows, columns: columns))
    return self
  }
}

extension Shape {
  /// One group's share: the last axis divided.
  func group(of groups: Int) -> Shape { Shape(sizes.dropLast() + [self[-1] / groups]) }
}

extension Kernel {
  fileprivate static let biasActivation = named("bias_activation")
}
