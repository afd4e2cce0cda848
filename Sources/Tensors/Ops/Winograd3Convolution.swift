// The route of 3x3 convolutions of stride 1 and padding 1 through Winograd's transforms (Kernels/cl/winograd3.cl): 36
// products stand for 144.

struct Winograd3Convolution: ConvolutionRoute {
  private static let tile = 4
  private let domain: WinogradDomain
  private let n, h, w, c, k: Int
  private var across: Int { w / Self.tile }
  private var tilesPerImage: Int { h / Self.tile * across }

  /// Nil where the convolution is not of this kind. An image has four tiles at least: one would not repay the transform
  /// of the filter.
  init?(_ shape: ConvolutionShape, shareElements: Int? = nil) {
    domain = WinogradDomain(points: 36, shareElements: shareElements)
    (n, h, w, c, k) = (shape.n, shape.h, shape.w, shape.c, shape.k)
    let isWhole = h % Self.tile == 0 && w % Self.tile == 0 && c % 32 == 0 && k % 32 == 0
    guard shape.geometry == ConvolutionGeometry(padding: 1), shape.r == 3, shape.s == 3, isWhole, tilesPerImage >= 4
    else { return nil }
  }

  func forward(_ x: Tensor, _ w: Tensor) -> Tensor {
    filtered(x, channels: c, to: k) { columns in
      let b = domain.planes(c, columns.count, on: w.device)
      b.launch(.winograd3Filter, ["w": w.from(columns.lowerBound), "b": b.tensor], filterSizes(b))
      return b.panels(k: c)
    }
  }

  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor {
    filtered(dy, channels: k, to: c) { columns in
      let b = domain.planes(k, columns.count, on: w.device)
      b.launch(.winograd3FilterTransposed, ["w": w.from(columns.lowerBound * k), "b": b.tensor], filterSizes(b))
      return b.panels(k: k)
    }
  }

  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    let dw = Tensor(uninitialized: [3, 3, c, k], on: x.device)
    let strips = domain.strips(of: n, tiles: tilesPerImage, weighing: n * tilesPerImage * max(c, k), on: x.device)
    let panels = strips.count == 1 ? outputGradientPanels(dy, strips[0]) : nil
    for channels in domain.shares(of: c, step: 32, weighing: c * k, on: x.device) {
      let m = domain.planes(channels.count, k, on: x.device)
      for images in strips {
        image(x, images, channels, of: c).multiplyTransposed(
          panels ?? outputGradientPanels(dy, images), into: m, isAdding: images.lowerBound > 0)
      }
      m.launch(
        .winograd3FilterGradient, ["m": m.tensor, "dw": dw.from(channels.lowerBound * k)],
        ["C": c, "K": k, "rows": m.rows, "plane": m.stride])
    }
    return dw
  }

  /// The convolution of x [N, H, W, channels] with a filter, given in the transform domain for some of its `outputs`.
  private func filtered(_ x: Tensor, channels: Int, to outputs: Int, _ filter: (Range<Int>) -> Panels) -> Tensor {
    let y = Tensor(uninitialized: [n, h, w, outputs], on: x.device)
    let groups = domain.shares(of: outputs, step: 32, weighing: channels * outputs, on: x.device)
    let filters = groups.count == 1 ? filter(groups[0]) : nil
    for images in domain.shares(of: n, weighing: n * tilesPerImage * max(channels, outputs), on: x.device) {
      let v = image(x, images, 0..<channels, of: channels)
      for columns in groups {
        let m = domain.planes(v.rows, columns.count, on: x.device)
        v.multiply(filters ?? filter(columns), into: m)
        m.launch(
          .winograd3Output, ["m": m.tensor, "y": y.from(images.lowerBound * h * w * outputs + columns.lowerBound)],
          ["across_": across, "tiles": m.rows, "columns": m.columns, "K": outputs, "plane": m.stride])
      }
    }
    return y
  }

  // MARK: Transforms

  private func image(_ x: Tensor, _ images: Range<Int>, _ channels: Range<Int>, of all: Int) -> Matrices {
    let v = domain.planes(tilesPerImage * images.count, channels.count, isLeft: true, on: x.device)
    v.launch(
      .winograd3Image, ["x": x.from(images.lowerBound * h * w * all + channels.lowerBound), "v": v.tensor],
      [
        "H": h, "W": w, "C": all, "tiles": v.rows, "columns": v.columns, "v_row": v.rowStride, "plane": v.stride,
      ])
    return v
  }

  private func outputGradientPanels(_ dy: Tensor, _ images: Range<Int>) -> Panels {
    let u = domain.planes(tilesPerImage * images.count, k, on: dy.device)
    u.launch(
      .winograd3OutputGradient, ["dy": dy.from(images.lowerBound * h * w * k), "u": u.tensor],
      ["across_": across, "tiles": u.rows, "K": k, "plane": u.stride])
    return u.panels(k: u.rows)
  }

  private func filterSizes(_ panels: Matrices) -> NamedArguments<Int> {
    ["C": c, "K": k, "columns": panels.columns, "plane": panels.stride]
  }
}

extension Kernel {
  fileprivate static let winograd3Image = named("winograd3_image")
  fileprivate static let winograd3Output = named("winograd3_output")
  fileprivate static let winograd3OutputGradient = named("winograd3_output_gradient")
  fileprivate static let winograd3Filter = named("winograd3_filter")
  fileprivate static let winograd3FilterTransposed = named("winograd3_filter_transposed")
  fileprivate static let winograd3FilterGradient = named("winograd3_filter_gradient")
}
