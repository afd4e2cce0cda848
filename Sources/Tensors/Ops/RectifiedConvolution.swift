// A convolution, its bias and a rectifier as one op (Kernels/cl/convolution.cl, matmul.cl, activation.cl): what networks
// are made of whose batch norm has been folded into their weights.

/// What is done to a convolution's outputs as they are stored.
public enum Rectifier: Sendable {
  case none, relu, relu6

  /// Where the kernels cut outputs to 0 ... limit; 0 where they do not.
  var limit: Double {
    switch self {
    case .none: 0
    case .relu: .infinity
    case .relu6: 6
    }
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .none: x
    case .relu: x.relu()
    case .relu6: x.relu6()
    }
  }
}
/// Zeros above and below an image, and left and right of it.
public struct ImagePadding: Hashable, Sendable {
  public var rows: Int
  public var columns: Int
  public init(rows: Int = 0, columns: Int = 0) { (self.rows, self.columns) = (rows, columns) }
}

extension Op {
  /// x [N, H, W, C], filter [R, S, C, K], bias [K] to rectifier(conv(x, filter) + bias), [N, P, Q, K].
  static func rectifiedConv2d(stride: Int, padding: ImagePadding, _ rectifier: Rectifier = .relu) -> Op {
    let g = ConvolutionGeometry(stride: stride)
    return Op(
      fused: "rectified_conv2d",
      shape: { shapes throws(ShapeError) in
        let (x, w) = (shapes[0], shapes[1])
        guard x.rank == 4, w.rank == 4, x[3] == w[2], shapes[2] == [w[3]] else {
          throw ShapeError(
            "rectified_conv2d", shapes,
            "images [N, H, W, C] and filters [R, S, C, K] must agree in C, filters and biases [K] in K")
        }
        let (p, q) = (g.output(x[1] + 2 * padding.rows, w[0]), g.output(x[2] + 2 * padding.columns, w[1]))
        guard p > 0, q > 0 else {
          throw ShapeError("rectified_conv2d", shapes, "the filter must fit into the image padded by \(padding)")
        }
        return [x[0], p, q, w[3]]
      },
      run: { x, shape in convolved(x[0], x[1], bias: x[2], g, padding, rectifier, shape) },
      definition: { x in
        rectifier(conv2d(g)(x[0].padded(by: padding), x[1]).adding(bias: x[2]))
      })
  }

  /// The convolution by the route that the padded image would take, without a copy of it where that is direct.
  private static func convolved(
    _ x: Tensor, _ w: Tensor, bias: Tensor, _ g: ConvolutionGeometry, _ padding: ImagePadding, _ rectifier: Rectifier,
    _ output: Shape
  ) -> Tensor {
    let padded: Shape = [x.shape[0], x.shape[1] + 2 * padding.rows, x.shape[2] + 2 * padding.columns, x.shape[3]]
    let convolution = ConvolutionShape(g, image: padded, filter: w.shape, output: output)
    x.device.countProduct(multiplications: convolution.multiplications)
    guard let direct = convolution.route as? DirectConvolution else {
      return convolution.route.forward(x.padded(by: padding), w, bias: bias, rectifier)
    }
    return direct.forward(x, w, padding: padding, bias: bias, rectifier)
  }

  /// Tensors that differ in the last axis only, side by side along it.
  static let concatenateChannels: Op = Op("concatenate_channels", keeps: .nothing) { shapes throws(ShapeError) in
    guard shapes.allSatisfy({ $0.rank > 0 && $0.sizes.dropLast() == shapes[0].sizes.dropLast() }) else {
      throw ShapeError("concatenate_channels", shapes, "all axes but the last must be the same")
    }
    return Shape(shapes[0].sizes.dropLast() + [shapes.map { $0[-1] }.reduce(0, +)])
  } run: { inputs, shape in
    let y = Tensor(uninitialized: shape, on: inputs[0].device)
    var start = 0
    for x in inputs {
      x.copy(into: y, column: start)
      start += x.shape[-1]
    }
    return y
  } vjp: { p in
    var start = 0
    return p.shapes.enumerated().map { i, shape in
      defer { start += shape[-1] }
      return p.ifWanted(i) { p.dy.sliced(from: shape.sizes.dropLast().map { _ in 0 } + [start], shape: shape) }
    }
  }

  /// Sums too small to carry an output from its bias to the kink at 0.
  private static let offKinks: [OpRow.Domain] = [.between(-0.03, 0.03), .between(-0.03, 0.03), .offZero]

  static let rectifiedConvolutionRows: [OpRow] = [
    OpRow(
      "rectified_conv2d",
      [
        .init(rectifiedConv2d(stride: 1, padding: .init(columns: 3)), [[2, 3, 4, 9], [1, 7, 9, 5], [5]], offKinks),
        .init(rectifiedConv2d(stride: 1, padding: .init(rows: 1)), [[1, 4, 3, 33], [3, 1, 33, 34], [34]], offKinks),
        .init(rectifiedConv2d(stride: 2, padding: .init()), [[1, 7, 6, 3], [3, 3, 3, 32], [32]], offKinks),
        .init(
          rectifiedConv2d(stride: 1, padding: .init(rows: 1, columns: 1)), [[2, 3, 3, 1], [3, 3, 1, 2], [2]], offKinks),
        // Plain products, with as many terms as a chain has and more.
        .init(rectifiedConv2d(stride: 1, padding: .init(), .relu6), [[2, 3, 4, 9], [1, 1, 9, 35], [35]], offKinks),
        .init(rectifiedConv2d(stride: 1, padding: .init(), .none), [[1, 2, 2, 515], [1, 1, 515, 3], [3]]),
        // Outputs on both sides of both limits; so large that only values are compared.
        .init(rectifiedConv2d(stride: 1, padding: .init(), .relu6), [[2, 15, 16, 9], [1, 1, 9, 35], [35]]),
        .init(rectifiedConv2d(stride: 1, padding: .init(columns: 3)), [[2, 15, 16, 9], [1, 7, 9, 5], [5]]),
      ]),
    OpRow(
      "concatenate_channels",
      [
        .init(concatenateChannels, [[2, 3, 4], [2, 3, 1], [2, 3, 4]]),
        .init(concatenateChannels, [[3, 300], [3, 5]]),
        .init(concatenateChannels, [[3]]),
      ]),
  ]
}

extension Tensor {
  /// `rectifier(conv(x, filter) + bias)` of images [N, H, W, C] with filters [R, S, C, K] and biases [K], zeros around
  /// the image: [N, P, Q, K].
  public func rectifiedConvolution(
    _ filter: Tensor, bias: Tensor, stride: Int = 1, padding: ImagePadding = .init(), rectifier: Rectifier = .relu
  ) -> Tensor {
    Op.rectifiedConv2d(stride: stride, padding: padding, rectifier)(self, filter, bias)
  }

  /// This tensor and others like it in all axes but the last, side by side.
  public func beside(_ others: [Tensor]) -> Tensor { Op.concatenateChannels([self] + others) }

  /// Images [N, H, W, C] inside zeros.
  fileprivate func padded(by padding: ImagePadding) -> Tensor {
    let whole: Shape = [shape[0], shape[1] + 2 * padding.rows, shape[2] + 2 * padding.columns, shape[3]]
    return whole == shape ? self : padded(to: whole, at: [0, padding.rows, padding.columns, 0])
  }
}
