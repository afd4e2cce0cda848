// The route of 4x4 convolutions of stride 2 and padding 1 through Winograd's transforms (Kernels/cl/winograd.cl): 25
// products stand for 64.

struct WinogradConvolution: ConvolutionRoute {
  private static let tile = 4
  /// The most rows that `winograd_few` multiplies.
  private static let few = 4
  private let domain: WinogradDomain
  private let n, h, w, c, k: Int
  private var across: Int { w / 2 / Self.tile }
  private var tilesPerImage: Int { h / 2 / Self.tile * across }

  /// Nil where the convolution is not of this kind.
  init?(_ shape: ConvolutionShape, shareElements: Int? = nil) {
    domain = WinogradDomain(points: 25, shareElements: shareElements)
    (n, h, w, c, k) = (shape.n, shape.h, shape.w, shape.c, shape.k)
    let isWhole = h % (2 * Self.tile) == 0 && w % (2 * Self.tile) == 0 && c % 32 == 0 && k % 32 == 0
    guard shape.geometry == ConvolutionGeometry(stride: 2, padding: 1), shape.r == 4, shape.s == 4, isWhole else {
      return nil
    }
  }

  func forward(_ x: Tensor, _ w: Tensor) -> Tensor {
    let y = Tensor(uninitialized: [n, h / 2, self.w / 2, k], on: x.device)
    let groups = domain.shares(of: k, step: 32, weighing: 4 * c * k, on: x.device)
    let filters = groups.count == 1 ? filter(w, groups[0]) : nil
    for images in domain.shares(of: n, weighing: n * tilesPerImage * 4 * c, on: x.device) {
      let v = image(x, images, phases: 0..<4)
      let first = images.lowerBound * (h / 2) * (self.w / 2) * k
      for columns in groups {
        let m = domain.planes(v.rows, columns.count, on: x.device)
        v.multiply(filters ?? filter(w, columns), into: m)
        m.launch(
          "winograd_output", [m.tensor, y.from(first + columns.lowerBound)],
          [.uint(across), .size(m.rows), .size(m.columns), .size(k), .size(m.stride)])
      }
    }
    return y
  }

  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor {
    let dx = Tensor(uninitialized: [n, h, self.w, c], on: dy.device)
    // To write and read the filter's transform would take longer than all else.
    let isOfFewRows = n * tilesPerImage <= Self.few && dy.device.form == .block
    let groups = isOfFewRows ? [0..<4] : domain.shares(of: 4, weighing: 4 * c * k, on: dy.device)
    let filters = groups.count == 1 && !isOfFewRows ? transposedFilter(w, groups[0]) : nil
    for images in domain.shares(of: n, weighing: n * tilesPerImage * 4 * c, on: dy.device) {
      let u = outputGradient(dy, images)
      for phases in groups {
        let m = domain.planes(u.rows, phases.count * c, on: dy.device)
        if isOfFewRows {
          multiplyFew(u, w, phases, into: m)
        } else {
          u.multiply(filters ?? transposedFilter(w, phases), into: m)
        }
        m.launch(
          "winograd_image_gradient", [m.tensor, dx.from(images.lowerBound * h * self.w * c)],
          imageSizes(m, phases) + [.size(m.stride)])
      }
    }
    return dx
  }

  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    let dw = Tensor(uninitialized: [4, 4, c, k], on: x.device)
    let strips = domain.strips(of: n, tiles: tilesPerImage, weighing: n * tilesPerImage * 4 * c, on: x.device)
    let panels = strips.count == 1 ? outputGradientPanels(dy, strips[0]) : nil
    for phases in domain.shares(of: 4, weighing: 4 * c * k, on: x.device) {
      let m = domain.planes(phases.count * c, k, on: x.device)
      for images in strips {
        image(x, images, phases: phases).multiplyTransposed(
          panels ?? outputGradientPanels(dy, images), into: m, isAdding: images.lowerBound > 0)
      }
      m.launch(
        "winograd_filter_gradient", [m.tensor, dw],
        [.size(c), .size(k), .size(m.rows), .uint(phases.lowerBound), .size(m.stride)])
    }
    return dw
  }

  // MARK: Transforms

  private func imageSizes(_ planes: Matrices, _ phases: Range<Int>) -> [LaunchArgument] {
    [.uint(h), .uint(w), .size(c), .size(planes.rows), .size(planes.columns), .uint(phases.lowerBound)]
  }

  private func image(_ x: Tensor, _ images: Range<Int>, phases: Range<Int>) -> Matrices {
    let v = domain.planes(tilesPerImage * images.count, phases.count * c, isLeft: true, on: x.device)
    v.launch(
      "winograd_image", [x.from(images.lowerBound * h * w * c), v.tensor],
      imageSizes(v, phases) + [.size(v.rowStride), .size(v.stride)])
    return v
  }

  /// As rows for products' left side.
  private func outputGradient(_ dy: Tensor, _ images: Range<Int>) -> Matrices {
    let u = domain.planes(tilesPerImage * images.count, k, isLeft: true, on: dy.device)
    launchOutputGradient(dy, images, u, tileStride: u.rowStride, panelStride: Panels.columns)
    return u
  }

  private func outputGradientPanels(_ dy: Tensor, _ images: Range<Int>) -> Panels {
    let u = domain.planes(tilesPerImage * images.count, k, on: dy.device)
    launchOutputGradient(dy, images, u, tileStride: Panels.columns, panelStride: Panels.columns * u.rows)
    return u.panels(k: u.rows)
  }

  private func launchOutputGradient(
    _ dy: Tensor, _ images: Range<Int>, _ u: Matrices, tileStride: Int, panelStride: Int
  ) {
    u.launch(
      "winograd_output_gradient", [dy.from(images.lowerBound * (h / 2) * (w / 2) * k), u.tensor],
      [.uint(across), .size(u.rows), .size(k), .size(tileStride), .size(panelStride), .size(u.stride)])
  }

  private func filter(_ w: Tensor, _ columns: Range<Int>) -> Panels {
    let b = domain.planes(4 * c, columns.count, on: w.device)
    b.launch(
      "winograd_filter", [w.from(columns.lowerBound), b.tensor],
      [.size(c), .size(k), .size(columns.count), .uint(0), .size(b.stride)])
    return b.panels(k: 4 * c)
  }

  private func transposedFilter(_ w: Tensor, _ phases: Range<Int>) -> Panels {
    let b = domain.planes(k, phases.count * c, on: w.device)
    b.launch(
      "winograd_filter_transposed", [w, b.tensor],
      [.size(c), .size(k), .size(b.columns), .uint(phases.lowerBound), .size(b.stride)])
    return b.panels(k: k)
  }

  /// Makes `products` those of u [tiles][k] with the transposed filter, of which nothing is kept: the same bits.
  private func multiplyFew(_ u: Matrices, _ w: Tensor, _ phases: Range<Int>, into products: Matrices) {
    w.launch(
      "winograd_few", [u.tensor, w, products.tensor],
      [
        .size(c), .size(k), .size(u.rows), .size(products.columns), .uint(phases.lowerBound), .size(u.rowStride),
        .size(u.stride), .size(products.stride),
      ],
      over: Extent(rows: 1, columns: products.columns))
  }
}
