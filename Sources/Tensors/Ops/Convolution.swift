// Convolutions of NHWC images with filters [rows][columns][in][out] (Kernels/cl/convolution.cl).
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

  /// As an op's attributes.
  func attributes(groups: Int = 1) -> [String: [Double]] {
    ["stride": stride, "padding": padding, "dilation": dilation, "groups": groups].mapValues { [Double($0)] }
  }

  /// Output pixels along an axis of `size` input pixels under a filter of `taps` taps; 0 where the filter does not fit.
  public func output(_ size: Int, _ taps: Int) -> Int {
    let room = size + 2 * padding - dilation * (taps - 1) - 1
    return room < 0 ? 0 : room / stride + 1
  }
}

extension Op {
  /// x [N, H, W, C], filter [R, S, C, K] to [N, P, Q, K].
  static func conv2d(_ g: ConvolutionGeometry) -> Op {
    Op("conv2d", g.attributes(), keeps: .inputs) { shapes throws(ShapeError) in
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
      let convolution = ConvolutionShape(g, image: x.shape, filter: w.shape, output: shape)
      x.device.countProduct(multiplications: convolution.multiplications)
      return convolution.route.forward(x, w)
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
    Op("conv2d_input_gradient", g.attributes(), keeps: .inputs) { shapes throws(ShapeError) in
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
      let convolution = ConvolutionShape(g, image: shape, filter: w.shape, output: dy.shape)
      dy.device.countProduct(multiplications: convolution.multiplications)
      return convolution.route.inputGradient(dy, w)
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
    Op("conv2d_filter_gradient", g.attributes(), keeps: .inputs) { shapes throws(ShapeError) in
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
      let convolution = ConvolutionShape(g, image: x.shape, filter: shape, output: dy.shape)
      x.device.countProduct(multiplications: convolution.multiplications)
      return convolution.route.filterGradient(x, dy)
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
  /// Of each route: DCGAN's layers, a plain one, dilation, strides that leave pixels out, phases that no tap reaches,
  /// whole panels.
  private static let cases = [
    // Columns.
    Case(g: .init(stride: 2, padding: 1), x: [2, 6, 6, 3], w: [4, 4, 3, 5]),
    Case(g: .init(), x: [2, 4, 4, 7], w: [4, 4, 7, 1]),
    Case(g: .init(stride: 2, padding: 1, dilation: 2), x: [1, 9, 8, 2], w: [3, 2, 2, 32]),
    Case(g: .init(stride: 3), x: [1, 8, 7, 2], w: [2, 2, 2, 3]),
    Case(g: .init(stride: 2), x: [1, 5, 5, 1], w: [1, 1, 1, 1]),
    // Direct.
    Case(g: .init(stride: 2, padding: 1), x: [2, 6, 6, 9], w: [4, 4, 9, 5]),
    Case(g: .init(padding: 1), x: [1, 5, 4, 9], w: [3, 3, 9, 34]),
    Case(g: .init(stride: 2, padding: 1, dilation: 2), x: [1, 9, 8, 9], w: [3, 2, 9, 3]),
    Case(g: .init(stride: 3), x: [1, 8, 7, 10], w: [2, 2, 10, 3]),
    Case(g: .init(stride: 2, padding: 2), x: [1, 7, 7, 33], w: [5, 5, 33, 32]),
    // Of the whole image, in two chains.
    Case(g: .init(), x: [2, 4, 4, 40], w: [4, 4, 40, 1]),
    // Winograd.
    Case(g: .init(stride: 2, padding: 1), x: [2, 16, 16, 32], w: [4, 4, 32, 32]),
    Case(g: .init(padding: 1), x: [2, 4, 16, 32], w: [3, 3, 32, 64]),
    // Of few tiles.
    Case(g: .init(stride: 2, padding: 1), x: [1, 8, 16, 32], w: [4, 4, 32, 64]),
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
