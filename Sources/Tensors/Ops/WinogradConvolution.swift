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
          .winogradOutput, ["m": m.tensor, "y": y.from(first + columns.lowerBound)],
          ["across_": across, "tiles": m.rows, "columns": m.columns, "K": k, "plane": m.stride])
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
          .winogradImageGradient, ["m": m.tensor, "dx": dx.from(images.lowerBound * h * self.w * c)],
          [
            "H": h, "W": self.w, "C": c, "tiles": m.rows, "columns": m.columns, "phase": phases.lowerBound,
            "plane": m.stride,
          ])
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
        .winogradFilterGradient, ["m": m.tensor, "dw": dw],
        ["C": c, "K": k, "rows": m.rows, "phase": phases.lowerBound, "plane": m.stride])
    }
    return dw
  }

  // MARK: Transforms

  private func image(_ x: Tensor, _ images: Range<Int>, phases: Range<Int>) -> Matrices {
    let v = domain.planes(tilesPerImage * images.count, phases.count * c, isLeft: true, on: x.device)
    v.launch(
      .winogradImage, ["x": x.from(images.lowerBound * h * w * c), "v": v.tensor],
      [
        "H": h, "W": w, "C": c, "tiles": v.rows, "columns": v.columns, "phase": phases.lowerBound,
        "v_row": v.rowStride, "plane": v.stride,
      ])
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
      .winogradOutputGradient, ["dy": dy.from(images.lowerBound * (h / 2) * (w / 2) * k), "u": u.tensor],
      [
        "across_": across, "tiles": u.rows, "K": k, "t_stride": tileStride, "p_stride": panelStride, "plane": u.stride,
      ])
  }

  private func filter(_ w: Tensor, _ columns: Range<Int>) -> Panels {
    let b = domain.planes(4 * c, columns.count, on: w.device)
    b.launch(
      .winogradFilter, ["w": w.from(columns.lowerBound), "b": b.tensor],
      ["C": c, "K": k, "columns": columns.count, "phase": 0, "plane": b.stride])
    return b.panels(k: 4 * c)
  }

  private func transposedFilter(_ w: Tensor, _ phases: Range<Int>) -> Panels {
    let b = domain.planes(k, phases.count * c, on: w.device)
    b.launch(
      .winogradFilterTransposed, ["w": w, "b": b.tensor],
      ["C": c, "K": k, "columns": b.columns, "phase": phases.lowerBound, "plane": b.stride])
    return b.panels(k: k)
  }

  /// Makes `products` those of u [tiles][k] with the transposed filter, of which nothing is kept: the same bits.
  private func multiplyFew(_ u: Matrices, _ w: Tensor, _ phases: Range<Int>, into products: Matrices) {
    w.launch(
      .winogradFew, ["u": u.tensor, "w": w, "m": products.tensor],
      sizes: [
        "C": c, "K": k, "rows": u.rows, "columns": products.columns, "phase": phases.lowerBound, "u_row": u.rowStride,
        "u_plane": u.stride, "plane": products.stride,
      ],
      over: Extent(rows: 1, columns: products.columns))
  }
}

extension Kernel {
  fileprivate static let winogradImage = named("winograd_image")
  fileprivate static let winogradImageGradient = named("winograd_image_gradient")
  fileprivate static let winogradOutput = named("winograd_output")
  fileprivate static let winogradOutputGradient = named("winograd_output_gradient")
  fileprivate static let winogradFilter = named("winograd_filter")
  fileprivate static let winogradFilterTransposed = named("winograd_filter_transposed")
  fileprivate static let winogradFilterGradient = named("winograd_filter_gradient")
  fileprivate static let winogradFew = named("winograd_few")
}
