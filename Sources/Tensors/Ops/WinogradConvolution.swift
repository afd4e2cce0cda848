// The route of 4x4 convolutions of stride 2 and padding 1 through Winograd's transforms (Kernels/winograd.cl): 25 products stand for 64.

struct WinogradConvolution: ConvolutionRoute {
  private static let points = 25
  private static let tile = 4
  private let n, h, w, c, k: Int
  /// What is transformed at once has about this many elements, else as many as suit the device: scratch would else be
  /// several times the images.
  private let shareElements: Int?
  private var across: Int { w / 2 / Self.tile }
  private var tilesPerImage: Int { h / 2 / Self.tile * across }

  /// Nil where the convolution is not of this kind.
  init?(_ shape: ConvolutionShape, shareElements: Int? = nil) {
    self.shareElements = shareElements
    (n, h, w, c, k) = (shape.n, shape.h, shape.w, shape.c, shape.k)
    let isWhole = h % (2 * Self.tile) == 0 && w % (2 * Self.tile) == 0 && c % 32 == 0 && k % 32 == 0
    guard shape.geometry == ConvolutionGeometry(stride: 2, padding: 1), shape.r == 4, shape.s == 4, isWhole else {
      return nil
    }
  }

  func forward(_ x: Tensor, _ w: Tensor) -> Tensor {
    let y = Tensor(uninitialized: [n, h / 2, self.w / 2, k], on: x.device)
    let groups = shares(of: k, step: 32, weighing: Self.points * 4 * c * k, on: x.device)
    let filters = groups.count == 1 ? filter(w, groups[0]) : nil
    for images in shares(of: n, weighing: Self.points * n * tilesPerImage * 4 * c, on: x.device) {
      let v = image(x, images, phases: 0..<4)
      let first = images.lowerBound * (h / 2) * (self.w / 2) * k
      for columns in groups {
        let m = planes(v.rows, columns.count, on: x.device)
        m.setProduct(
          v.tensor, rowStride: 4 * c, kStride: 1, batchStride: v.stride, filters ?? filter(w, columns), k: 4 * c)
        m.launch(
          "winograd_output", [m.tensor, y.from(first + columns.lowerBound)],
          [.uint(across), .size(m.rows), .size(m.columns), .size(k), .size(m.stride)])
      }
    }
    return y
  }

  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor {
    let dx = Tensor(uninitialized: [n, h, self.w, c], on: dy.device)
    let groups = shares(of: 4, weighing: Self.points * 4 * c * k, on: dy.device)
    let filters = groups.count == 1 ? transposedFilter(w, groups[0]) : nil
    for images in shares(of: n, weighing: Self.points * n * tilesPerImage * 4 * c, on: dy.device) {
      let u = outputGradient(dy, images, tileStride: k, panelStride: 32)
      for phases in groups {
        let m = planes(u.rows, phases.count * c, on: dy.device)
        m.setProduct(
          u.tensor, rowStride: k, kStride: 1, batchStride: u.stride, filters ?? transposedFilter(w, phases), k: k)
        m.launch(
          "winograd_image_gradient", [m.tensor, dx.from(images.lowerBound * h * self.w * c)], imageSizes(m, phases))
      }
    }
    return dx
  }

  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    let dw = Tensor(uninitialized: [4, 4, c, k], on: x.device)
    // Images whose tiles are whole chains of 512: what they add to the product can be computed apart.
    let strips = shares(
      of: n, step: Chains.terms / greatestCommonDivisor(Chains.terms, tilesPerImage),
      weighing: Self.points * n * tilesPerImage * 4 * c, on: x.device)
    let panels = strips.count == 1 ? outputGradientPanels(dy, strips[0]) : nil
    for phases in shares(of: 4, weighing: Self.points * 4 * c * k, on: x.device) {
      let rows = phases.count * c
      let m = planes(rows, k, on: x.device)
      for images in strips {
        let v = image(x, images, phases: phases)
        m.setProduct(
          v.tensor, rowStride: 1, kStride: rows, batchStride: v.stride, panels ?? outputGradientPanels(dy, images),
          k: v.rows, isAdding: images.lowerBound > 0)
      }
      m.launch(
        "winograd_filter_gradient", [m.tensor, dw],
        [.size(c), .size(k), .size(rows), .uint(phases.lowerBound), .size(m.stride)])
    }
    return dw
  }

  // MARK: Transforms

  /// 0 ..< count in shares of about equal size, multiples of `step` but for the last, so that a share's part of `elements`
  /// stays small.
  private func shares(of count: Int, step: Int = 1, weighing elements: Int, on device: Device) -> [Range<Int>] {
    let units = (count + step - 1) / step, shareElements = shareElements ?? device.scratchElements
    let number = max(1, min(units, (elements + shareElements / 2) / shareElements))
    return (0..<number).map { ($0 * units / number * step)..<min(($0 + 1) * units / number * step, count) }
  }

  /// 25 matrices for the transform domain, not at a power of two from each other.
  private func planes(_ rows: Int, _ columns: Int, on device: Device) -> Matrices {
    let stride = rows * columns + Panels.columns
    let tensor = Tensor(uninitialized: [Self.points, stride], on: device)
    return Matrices(tensor: tensor, batches: Self.points, rows: rows, columns: columns, stride: stride)
  }

  private func imageSizes(_ planes: Matrices, _ phases: Range<Int>) -> [LaunchArgument] {
    [
      .uint(h), .uint(w), .size(c), .size(planes.rows), .size(planes.columns), .uint(phases.lowerBound),
      .size(planes.stride),
    ]
  }

  private func image(_ x: Tensor, _ images: Range<Int>, phases: Range<Int>) -> Matrices {
    let v = planes(tilesPerImage * images.count, phases.count * c, on: x.device)
    v.launch("winograd_image", [x.from(images.lowerBound * h * w * c), v.tensor], imageSizes(v, phases))
    return v
  }

  private func outputGradient(_ dy: Tensor, _ images: Range<Int>, tileStride: Int, panelStride: Int) -> Matrices {
    let u = planes(tilesPerImage * images.count, k, on: dy.device)
    u.launch(
      "winograd_output_gradient", [dy.from(images.lowerBound * (h / 2) * (w / 2) * k), u.tensor],
      [.uint(across), .size(u.rows), .size(k), .size(tileStride), .size(panelStride), .size(u.stride)])
    return u
  }

  private func outputGradientPanels(_ dy: Tensor, _ images: Range<Int>) -> Panels {
    let panelStride = 32 * tilesPerImage * images.count
    return outputGradient(dy, images, tileStride: 32, panelStride: panelStride).panels(panelStride, kStride: 32)
  }

  private func filter(_ w: Tensor, _ columns: Range<Int>) -> Panels {
    let b = planes(4 * c, columns.count, on: w.device)
    b.launch(
      "winograd_filter", [w.from(columns.lowerBound), b.tensor],
      [.size(c), .size(k), .size(columns.count), .uint(0), .size(b.stride)])
    return b.panels(4 * c * 32, kStride: 32)
  }

  private func transposedFilter(_ w: Tensor, _ phases: Range<Int>) -> Panels {
    let b = planes(k, phases.count * c, on: w.device)
    b.launch(
      "winograd_filter_transposed", [w, b.tensor],
      [.size(c), .size(k), .size(b.columns), .uint(phases.lowerBound), .size(b.stride)])
    return b.panels(k * 32, kStride: 32)
  }
}

extension Matrices {
  /// A kernel whose extent they are.
  fileprivate func launch(_ kernel: String, _ tensors: [Tensor], _ sizes: [LaunchArgument]) {
    tensor.launch(kernel, tensors, sizes, over: Extent(rows: rows, columns: columns))
  }

  /// Themselves as the right side of products.
  fileprivate func panels(_ panelStride: Int, kStride: Int) -> Panels {
    Panels(tensor: tensor, panelStride: panelStride, kStride: kStride, batchStride: stride)
  }
}
