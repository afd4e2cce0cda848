// Convolutions of NHWC images with filters [rows][columns][in][out] (Kernels/convolution.cl).
//
// The convolution, its input gradient and its weight gradient are the three gradients of one trilinear form <conv(x,
// w), dy>: each vjp calls the other two, which closes them to any order. A transposed convolution is the input
// gradient.

/// How a filter moves over an image, the same along both axes.
public struct ConvolutionGeometry: Hashable, Sendable {
  public var stride: Int
  /// Zeros around the image.
  public var padding: Int
  public var dilation: Int

  public init(stride: Int = 1, padding: Int = 0, dilation: Int = 1) {
    (self.stride, self.padding, self.dilation) = (stride, padding, dilation)
  }

  /// Output pixels along an axis of `size` input pixels under a filter of `taps` taps; 0 where the filter does not fit.
  public func output(_ size: Int, _ taps: Int) -> Int {
    let room = size + 2 * padding - dilation * (taps - 1) - 1
    return room < 0 ? 0 : room / stride + 1
  }

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

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

/// The numbers of `convolve` for one phase, named as there.
private struct Sweep {
  var grid: (Int, Int)
  var oStep = 1, oRow = 0, oColumn = 0
  var iStep = 1, iRow = 0, iColumn = 0, dRow = 0, dColumn = 0
  var taps: (Int, Int)
  var tRow = 0, tColumn = 0, tRowStep = 1, tColumnStep = 1

  func run(_ x: Tensor, _ panels: Tensor, _ y: Tensor, filter: (rows: Int, columns: Int)) {
    let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (oh, ow, k) = (y.shape[1], y.shape[2], y.shape[3])
    let zeros = x.device.zeros(count: c)
    let sizes: [LaunchArgument] =
      [.size(n), .uint(h), .uint(w), .size(c), .uint(grid.0), .uint(grid.1), .uint(oh), .uint(ow), .size(k)]
    let steps = [
      oStep, oRow, oColumn, iStep, iRow, iColumn, dRow, dColumn, taps.0, taps.1, filter.rows * filter.columns,
      filter.columns, tRow, tColumn, tRowStep, tColumnStep,
    ].map(LaunchArgument.uint)
    x.device.launch(
      .named("convolve"), [x.argument, panels.argument, .buffer(zeros, at: 0), y.argument] + sizes + steps,
      over: Extent(rows: n * grid.0 * grid.1, columns: k))
  }
}

extension Op {
  /// x [N, H, W, C], filter [R, S, C, K] to [N, P, Q, K].
  static func conv2d(_ g: ConvolutionGeometry) -> Op {
    Op("conv2d", keeps: .inputs) { shapes throws(ShapeError) in
      let (x, w) = (shapes[0], shapes[1])
      guard x.rank == 4, w.rank == 4, x[3] == w[2] else {
        throw ShapeError("conv2d", shapes, "images [N, H, W, C] and filters [R, S, C, K] must agree in C")
      }
      let (p, q) = (g.output(x[1], w[0]), g.output(x[2], w[1]))
      guard p > 0, q > 0 else {
        throw ShapeError("conv2d", shapes, "the filter (\(g)) must fit into the padded image")
      }
      return [x[0], p, q, w[3]]
    } run: { inputs, shape in
      let (x, w) = (inputs[0], inputs[1])
      let (r, s, c, k) = (w.shape[0], w.shape[1], w.shape[2], w.shape[3])
      x.device.countProduct(multiplications: shape.count * r * s * c)
      let panels = w.packed(taps: r * s, k: c, n: k, tapStride: c * k, kStride: k, nStride: 1)
      let y = Tensor(uninitialized: shape, on: x.device)
      Sweep(
        grid: (shape[1], shape[2]), iStep: g.stride, iRow: -g.padding, iColumn: -g.padding, dRow: g.dilation,
        dColumn: g.dilation, taps: (r, s)
      ).run(x, panels, y, filter: (r, s))
      return y
    } vjp: { p in
      let (x, w) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) { conv2dInputGradient(g, height: x.shape[1], width: x.shape[2])(p.dy, w) },
        p.ifWanted(1) { conv2dFilterGradient(g, rows: w.shape[0], columns: w.shape[1])(x, p.dy) },
      ]
    }
  }

  /// dy [N, P, Q, K], filter [R, S, C, K] to [N, height, width, C]: the transposed convolution.
  static func conv2dInputGradient(_ g: ConvolutionGeometry, height: Int, width: Int) -> Op {
    Op("conv2d_input_gradient", keeps: .inputs) { shapes throws(ShapeError) in
      let (dy, w) = (shapes[0], shapes[1])
      guard dy.rank == 4, w.rank == 4, dy[3] == w[3], g.output(height, w[0]) == dy[1], g.output(width, w[1]) == dy[2]
      else {
        throw ShapeError(
          "conv2d_input_gradient", shapes,
          "gradients [N, P, Q, K] and filters [R, S, C, K] must agree in K, and \(g) must lead from \(height) x \(width) to P x Q"
        )
      }
      return [dy[0], height, width, w[2]]
    } run: { inputs, shape in
      let (dy, w) = (inputs[0], inputs[1])
      let (r, s, c, k) = (w.shape[0], w.shape[1], w.shape[2], w.shape[3])
      dy.device.countProduct(multiplications: dy.shape.count * r * s * c)
      let panels = w.packed(taps: r * s, k: k, n: c, tapStride: c * k, kStride: 1, nStride: k)
      let dx = Tensor(uninitialized: shape, on: dy.device)
      for a in 0..<min(g.stride, height) {
        let down = g.phase(a, taps: r)
        for b in 0..<min(g.stride, width) {
          let across = g.phase(b, taps: s)
          Sweep(
            grid: ((height - a + g.stride - 1) / g.stride, (width - b + g.stride - 1) / g.stride), oStep: g.stride,
            oRow: a,
            oColumn: b, iRow: down.source, iColumn: across.source, dRow: down.delta, dColumn: across.delta,
            taps: (down.count, across.count), tRow: down.first, tColumn: across.first, tRowStep: down.step,
            tColumnStep: across.step
          ).run(dy, panels, dx, filter: (r, s))
        }
      }
      return dx
    } vjp: { p in
      let (dy, w) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) { conv2d(g)(p.dy, w) },
        p.ifWanted(1) { conv2dFilterGradient(g, rows: w.shape[0], columns: w.shape[1])(p.dy, dy) },
      ]
    }
  }

  /// x [N, H, W, C], dy [N, P, Q, K] to [rows, columns, C, K].
  static func conv2dFilterGradient(_ g: ConvolutionGeometry, rows: Int, columns: Int) -> Op {
    Op("conv2d_filter_gradient", keeps: .inputs) { shapes throws(ShapeError) in
      let (x, dy) = (shapes[0], shapes[1])
      guard x.rank == 4, dy.rank == 4, x[0] == dy[0], g.output(x[1], rows) == dy[1], g.output(x[2], columns) == dy[2]
      else {
        throw ShapeError(
          "conv2d_filter_gradient", shapes,
          "images [N, H, W, C] and gradients [N, P, Q, K] must agree in N, and \(g) with \(rows) x \(columns) taps must lead from "
            + "one to the other")
      }
      return [rows, columns, x[3], dy[3]]
    } run: { inputs, shape in
      let (x, dy) = (inputs[0], inputs[1])
      let (pixels, k) = (dy.shape[0] * dy.shape[1] * dy.shape[2], dy.shape[3])
      x.device.countProduct(multiplications: pixels * shape.count)
      // Whole panels lie in dy as they are; else its last columns are filled up with zeros.
      let isWhole = k % Tensor.panelColumns == 0
      let b = isWhole ? dy : dy.packed(taps: 1, k: pixels, n: k, tapStride: 0, kStride: k, nStride: 1)
      let dw = Tensor(uninitialized: shape, on: x.device)
      let sizes: [LaunchArgument] = [
        .size(x.shape[0]), .uint(x.shape[1]), .uint(x.shape[2]), .size(x.shape[3]), .uint(dy.shape[1]),
        .uint(dy.shape[2]),
        .size(k), .uint(columns), .uint(g.stride), .uint(g.padding), .uint(g.dilation),
        .size(isWhole ? Tensor.panelColumns : pixels * Tensor.panelColumns), .size(isWhole ? k : Tensor.panelColumns),
      ]
      dw.launch(
        "convolve_filter", [x, b, dw], sizes, over: Extent(rows: x.shape[3], columns: k, batches: rows * columns))
      return dw
    } vjp: { p in
      let (x, dy) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) { conv2dInputGradient(g, height: x.shape[1], width: x.shape[2])(dy, p.dy) },
        p.ifWanted(1) { conv2d(g)(x, p.dy) },
      ]
    }
  }

  private struct Case {
    let g: ConvolutionGeometry
    let x, w: Shape
    var y: Shape { [x[0], g.output(x[1], w[0]), g.output(x[2], w[1]), w[3]] }
  }
  /// DCGAN's layers, a plain one, dilation, strides that leave pixels out, phases that no tap reaches, whole panels.
  private static let cases = [
    Case(g: .init(stride: 2, padding: 1), x: [2, 6, 6, 3], w: [4, 4, 3, 5]),
    Case(g: .init(padding: 1), x: [1, 5, 4, 2], w: [3, 3, 2, 34]),
    Case(g: .init(), x: [2, 4, 4, 7], w: [4, 4, 7, 1]),
    Case(g: .init(stride: 2, padding: 1, dilation: 2), x: [1, 9, 8, 2], w: [3, 2, 2, 3]),
    Case(g: .init(stride: 3), x: [1, 8, 7, 2], w: [2, 2, 2, 3]),
    Case(g: .init(stride: 2), x: [1, 5, 5, 1], w: [1, 1, 1, 1]),
    Case(g: .init(stride: 2, padding: 2), x: [1, 7, 7, 33], w: [5, 5, 33, 32]),
  ]

  static let convolutionRows: [OpRow] = [
    OpRow("conv2d", cases.map { .init(conv2d($0.g), [$0.x, $0.w]) }),
    OpRow(
      "conv2d_input_gradient",
      cases.map { .init(conv2dInputGradient($0.g, height: $0.x[1], width: $0.x[2]), [$0.y, $0.w]) }),
    OpRow(
      "conv2d_filter_gradient",
      cases.map { .init(conv2dFilterGradient($0.g, rows: $0.w[0], columns: $0.w[1]), [$0.x, $0.y]) }),
  ]
}

/// The convolution of images [N, H, W, C] with filters [R, S, C, K]: [N, P, Q, K].
public func conv2d(_ x: Tensor, _ filter: Tensor, _ geometry: ConvolutionGeometry = .init()) -> Tensor {
  Op.conv2d(geometry)(x, filter)
}

/// The transposed convolution of images [N, P, Q, K] with filters [R, S, C, K] to [N, height, width, C]: the input
/// gradient of the convolution with that geometry.
public func transposedConv2d(
  _ x: Tensor, _ filter: Tensor, _ geometry: ConvolutionGeometry, height: Int, width: Int
) -> Tensor {
  Op.conv2dInputGradient(geometry, height: height, width: width)(x, filter)
}
