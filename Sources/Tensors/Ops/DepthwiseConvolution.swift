// Depthwise convolutions: each channel of NHWC images under a filter of its own (Kernels/cl/depthwise.cl).
//
// As for any convolution, the three ops are the gradients of one trilinear form, and each vjp calls the other two.

/// How a filter moves over an image whose zeros may differ by side, the same along both axes.
public struct DepthwiseGeometry: Hashable, Sendable {
  public var stride: Int
  /// Zeros above and to the left.
  public var before: Int
  /// Zeros below and to the right.
  public var after: Int

  public init(stride: Int = 1, before: Int = 0, after: Int = 0) {
    (self.stride, self.before, self.after) = (stride, before, after)
  }

  /// TensorFlow's padding "SAME" for images whose sides are `size`: an output for every stride, and where the zeros
  /// cannot be as many on both sides, one more below and to the right.
  public static func same(_ size: Int, taps: Int, stride: Int) -> DepthwiseGeometry {
    let zeros = max((size + stride - 1) / stride * stride - stride + taps - size, 0)
    return DepthwiseGeometry(stride: stride, before: zeros / 2, after: zeros - zeros / 2)
  }

  /// Output pixels along an axis of `size` input pixels under a filter of `taps` taps; 0 where the filter does not fit.
  public func output(_ size: Int, _ taps: Int) -> Int {
    let room = before + size + after - taps
    return room < 0 || taps <= 0 ? 0 : room / stride + 1
  }
}

extension Op {
  /// x [N, H, W, C], filter [R, S, C] to [N, P, Q, C].
  static func depthwise(_ g: DepthwiseGeometry) -> Op {
    Op("depthwise", keeps: .inputs) { shapes throws(ShapeError) in
      try depthwiseShape("depthwise", g, shapes)
    } run: { x, shape in
      filtered(x[0], x[1], bias: nil, g, .none, shape)
    } vjp: { p in
      let (x, w) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) { depthwiseInputGradient(g, height: x.shape[1], width: x.shape[2])(p.dy, w) },
        p.ifWanted(1) { depthwiseFilterGradient(g, rows: w.shape[0], columns: w.shape[1])(x, p.dy) },
      ]
    }
  }

  /// dy [N, P, Q, C], filter [R, S, C] to [N, height, width, C].
  static func depthwiseInputGradient(_ g: DepthwiseGeometry, height: Int, width: Int) -> Op {
    Op("depthwise_input_gradient", keeps: .inputs) { shapes throws(ShapeError) in
      let (dy, w) = (shapes[0], shapes[1])
      guard dy.rank == 4, w.rank == 3, dy[3] == w[2], g.output(height, w[0]) == dy[1], g.output(width, w[1]) == dy[2]
      else {
        throw ShapeError(
          "depthwise_input_gradient", shapes,
          "gradients [N, P, Q, C] and filters [R, S, C] must agree in C, and \(g) must lead from \(height) x \(width) to P x Q"
        )
      }
      return [dy[0], height, width, dy[3]]
    } run: { x, shape in
      let (dy, w) = (x[0], x[1]), dx = Tensor(uninitialized: shape, on: x[0].device)
      let pixels = shape[0] * shape[1] * shape[2]
      dx.launch(
        .depthwiseInput, ["x": dy, "w": w, "y": dx],
        sizes: [
          "pixels": pixels, "channels": shape[3], "H": dy.shape[1], "W": dy.shape[2], "P": shape[1], "Q": shape[2],
          "R": w.shape[0], "S": w.shape[1], "stride": g.stride, "pad": g.before,
        ], over: Extent(rows: pixels, columns: shape[3]))
      return dx
    } vjp: { p in
      let (dy, w) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) { depthwise(g)(p.dy, w) },
        p.ifWanted(1) { depthwiseFilterGradient(g, rows: w.shape[0], columns: w.shape[1])(p.dy, dy) },
      ]
    }
  }

  /// x [N, H, W, C], dy [N, P, Q, C] to [rows, columns, C].
  static func depthwiseFilterGradient(_ g: DepthwiseGeometry, rows: Int, columns: Int) -> Op {
    Op("depthwise_filter_gradient", keeps: .inputs) { shapes throws(ShapeError) in
      let (x, dy) = (shapes[0], shapes[1])
      guard x.rank == 4, dy.rank == 4, x[0] == dy[0], x[3] == dy[3], g.output(x[1], rows) == dy[1],
        g.output(x[2], columns) == dy[2]
      else {
        throw ShapeError(
          "depthwise_filter_gradient", shapes,
          "images [N, H, W, C] and gradients [N, P, Q, C] must agree in N and C, and \(g) with \(rows) x \(columns) taps "
            + "must lead from one to the other")
      }
      return [rows, columns, x[3]]
    } run: { inputs, shape in
      let (x, dy) = (inputs[0], inputs[1])
      let (pixels, channels, taps) = (dy.shape.count / max(dy.shape[3], 1), dy.shape[3], rows * columns)
      let blocks = (pixels + 63) / 64
      let partial = Tensor(uninitialized: [taps, blocks, channels], on: x.device)
      partial.launch(
        .depthwiseFilter, ["x": x, "dy": dy, "partial": partial],
        sizes: [
          "length": pixels, "inner": channels, "H": x.shape[1], "W": x.shape[2], "P": dy.shape[1], "Q": dy.shape[2],
          "S": columns, "stride": g.stride, "pad": g.before,
        ], over: Extent(rows: blocks, columns: channels, batches: taps))
      let dw = Tensor(uninitialized: shape, on: x.device)
      dw.addPartials(partial, blocks: blocks, inner: channels, factor: 1)
      return dw
    } vjp: { p in
      let (x, dy) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) { depthwiseInputGradient(g, height: x.shape[1], width: x.shape[2])(dy, p.dy) },
        p.ifWanted(1) { depthwise(g)(x, p.dy) },
      ]
    }
  }

  /// x [N, H, W, C], filter [R, S, C], bias [C] to [N, P, Q, C], rectified as it is stored.
  static func rectifiedDepthwise(_ g: DepthwiseGeometry, _ rectifier: Rectifier) -> Op {
    Op(
      fused: "rectified_depthwise",
      shape: { shapes throws(ShapeError) in
        let shape = try depthwiseShape("rectified_depthwise", g, shapes)
        guard shapes[2] == [shape[3]] else {
          throw ShapeError("rectified_depthwise", shapes, "the bias must have a number for each channel")
        }
        return shape
      },
      run: { x, shape in filtered(x[0], x[1], bias: x[2], g, rectifier, shape) },
      definition: { x in rectifier(depthwise(g)(x[0], x[1]).adding(bias: x[2])) })
  }

  private static func depthwiseShape(
    _ name: String, _ g: DepthwiseGeometry, _ shapes: [Shape]
  ) throws(ShapeError) -> Shape {
    let (x, w) = (shapes[0], shapes[1])
    guard x.rank == 4, w.rank == 3, x[3] == w[2] else {
      throw ShapeError(name, shapes, "images [N, H, W, C] and filters [R, S, C] must agree in C")
    }
    let (p, q) = (g.output(x[1], w[0]), g.output(x[2], w[1]))
    guard p > 0, q > 0 else { throw ShapeError(name, shapes, "the filter (\(g)) must fit into the padded image") }
    return [x[0], p, q, x[3]]
  }

  private static func filtered(
    _ x: Tensor, _ w: Tensor, bias: Tensor?, _ g: DepthwiseGeometry, _ rectifier: Rectifier, _ shape: Shape
  ) -> Tensor {
    // A chain that ends in -0 becomes +0, so that adding zeros is no second op.
    let bias = bias ?? Tensor(device: x.device, shape: [shape[3]], buffer: x.device.zeros(count: shape[3]))
    let y = Tensor(uninitialized: shape, on: x.device)
    let pixels = shape[0] * shape[1] * shape[2]
    y.launch(
      .depthwise, ["x": x, "w": w, "bias": bias, "y": y],
      sizes: [
        "pixels": pixels, "channels": shape[3], "H": x.shape[1], "W": x.shape[2], "P": shape[1], "Q": shape[2],
        "R": w.shape[0], "S": w.shape[1], "stride": g.stride, "pad": g.before,
      ], reals: ["limit": rectifier.limit], over: Extent(rows: pixels, columns: shape[3]))
    return y
  }

  private struct Case {
    let g: DepthwiseGeometry
    let x, w: Shape
    var y: Shape { [x[0], g.output(x[1], w[0]), g.output(x[2], w[1]), x[3]] }
  }
  /// The four of EfficientNet, with channels few and many; a filter that is not square; strides that leave pixels out;
  /// windows that see nothing of the image.
  private static let depthwiseCases = [
    Case(g: .init(before: 1, after: 1), x: [2, 5, 4, 3], w: [3, 3, 3]),
    Case(g: .init(stride: 2, after: 1), x: [1, 6, 6, 17], w: [3, 3, 17]),
    Case(g: .init(before: 2, after: 2), x: [1, 4, 3, 16], w: [5, 5, 16]),
    Case(g: .init(stride: 2, before: 1, after: 2), x: [1, 6, 4, 5], w: [5, 5, 5]),
    Case(g: .init(stride: 3), x: [2, 8, 7, 2], w: [2, 1, 2]),
    Case(g: .init(stride: 1, before: 3, after: 2), x: [1, 9, 10, 1], w: [2, 3, 1]),
    Case(g: .init(before: 1, after: 1), x: [1, 3, 7, 67], w: [3, 3, 67]),
  ]

  static let depthwiseRows: [OpRow] = [
    OpRow("depthwise", depthwiseCases.map { .init(depthwise($0.g), [$0.x, $0.w]) }),
    OpRow(
      "depthwise_input_gradient",
      depthwiseCases.map { .init(depthwiseInputGradient($0.g, height: $0.x[1], width: $0.x[2]), [$0.y, $0.w]) }),
    OpRow(
      "depthwise_filter_gradient",
      depthwiseCases.map { .init(depthwiseFilterGradient($0.g, rows: $0.w[0], columns: $0.w[1]), [$0.x, $0.y]) }),
    OpRow(
      "rectified_depthwise",
      zip(depthwiseCases, [Rectifier.relu6, .none, .relu]).map {
        .init(rectifiedDepthwise($0.g, $1), [$0.x, $0.w, [$0.x[3]]])
      }),
  ]
}

/// The convolution of images [N, H, W, C], each channel with a filter of its own, [R, S, C]: [N, P, Q, C].
public func depthwiseConv2d(_ x: Tensor, _ filter: Tensor, _ geometry: DepthwiseGeometry = .init()) -> Tensor {
  Op.depthwise(geometry)(x, filter)
}

/// The same plus a bias [C], rectified: one pass over memory.
public func depthwiseConv2d(
  _ x: Tensor, _ filter: Tensor, bias: Tensor, _ geometry: DepthwiseGeometry = .init(), rectifier: Rectifier = .none
) -> Tensor {
  Op.rectifiedDepthwise(geometry, rectifier)(x, filter, bias)
}

extension Kernel {
  fileprivate static let depthwise = named("depthwise")
  fileprivate static let depthwiseInput = named("depthwise_input")
  fileprivate static let depthwiseFilter = named("depthwise_filter")
}
