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
        let m = Tensor(uninitialized: [Self.points, v.shape[1], columns.count], on: x.device)
        m.setProduct(
          v, rowStride: 4 * c, kStride: 1, batchStride: v.shape[1] * 4 * c, filters ?? filter(w, columns), k: 4 * c)
        m.launch(
          "winograd_output", [m, y.from(first + columns.lowerBound)],
          [.uint(across), .size(m.shape[1]), .size(columns.count), .size(k)],
          over: Extent(rows: m.shape[1], columns: columns.count))
      }
    }
    return y
  }

  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor {
    let dx = Tensor(uninitialized: [n, h, self.w, c], on: dy.device)
    let groups = shares(of: 4, weighing: Self.points * 4 * c * k, on: dy.device)
    let filters = groups.count == 1 ? transposedFilter(w, groups[0]) : nil
    for images in shares(of: n, weighing: Self.points * n * tilesPerImage * 4 * c, on: dy.device) {
      let u = outputGradient(dy, images, tileStride: k, panelStride: 32).tensor
      for phases in groups {
        let m = Tensor(uninitialized: [Self.points, u.shape[1], phases.count * c], on: dy.device)
        m.setProduct(
          u, rowStride: k, kStride: 1, batchStride: u.shape[1] * k, filters ?? transposedFilter(w, phases), k: k)
        m.launch(
          "winograd_image_gradient", [m, dx.from(images.lowerBound * h * self.w * c)],
          imageSizes(tiles: m.shape[1], phases), over: Extent(rows: m.shape[1], columns: m.shape[2]))
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
      let m = Tensor(uninitialized: [Self.points, rows, k], on: x.device)
      for images in strips {
        let v = image(x, images, phases: phases)
        m.setProduct(
          v, rowStride: 1, kStride: rows, batchStride: v.shape[1] * rows, panels ?? outputGradientPanels(dy, images),
          k: v.shape[1], isAdding: images.lowerBound > 0)
      }
      dw.launch(
        "winograd_filter_gradient", [m, dw], [.size(c), .size(k), .size(rows), .uint(phases.lowerBound)],
        over: Extent(rows: rows, columns: k))
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

  private func imageSizes(tiles: Int, _ phases: Range<Int>) -> [LaunchArgument] {
    [.uint(h), .uint(w), .size(c), .size(tiles), .size(phases.count * c), .uint(phases.lowerBound)]
  }

  private func image(_ x: Tensor, _ images: Range<Int>, phases: Range<Int>) -> Tensor {
    let tiles = tilesPerImage * images.count
    let v = Tensor(uninitialized: [Self.points, tiles, phases.count * c], on: x.device)
    v.launch(
      "winograd_image", [x.from(images.lowerBound * h * w * c), v], imageSizes(tiles: tiles, phases),
      over: Extent(rows: tiles, columns: phases.count * c))
    return v
  }

  private func outputGradient(_ dy: Tensor, _ images: Range<Int>, tileStride: Int, panelStride: Int) -> Panels {
    let tiles = tilesPerImage * images.count
    let u = Tensor(uninitialized: [Self.points, tiles, k], on: dy.device)
    u.launch(
      "winograd_output_gradient", [dy.from(images.lowerBound * (h / 2) * (w / 2) * k), u],
      [.uint(across), .size(tiles), .size(k), .size(tileStride), .size(panelStride)],
      over: Extent(rows: tiles, columns: k))
    return Panels(tensor: u, panelStride: panelStride, kStride: tileStride, batchStride: tiles * k)
  }

  private func outputGradientPanels(_ dy: Tensor, _ images: Range<Int>) -> Panels {
    outputGradient(dy, images, tileStride: 32, panelStride: 32 * tilesPerImage * images.count)
  }

  private func filter(_ w: Tensor, _ columns: Range<Int>) -> Panels {
    let b = Tensor(uninitialized: [Self.points, 4 * c * columns.count], on: w.device)
    b.launch(
      "winograd_filter", [w.from(columns.lowerBound), b], [.size(c), .size(k), .size(columns.count), .uint(0)],
      over: Extent(rows: 4 * c, columns: columns.count))
    return Panels(tensor: b, panelStride: 4 * c * 32, kStride: 32, batchStride: 4 * c * columns.count)
  }

  private func transposedFilter(_ w: Tensor, _ phases: Range<Int>) -> Panels {
    let columns = phases.count * c
    let b = Tensor(uninitialized: [Self.points, columns * k], on: w.device)
    b.launch(
      "winograd_filter_transposed", [w, b], [.size(c), .size(k), .size(columns), .uint(phases.lowerBound)],
      over: Extent(rows: k, columns: columns))
    return Panels(tensor: b, panelStride: k * 32, kStride: 32, batchStride: columns * k)
  }
}
