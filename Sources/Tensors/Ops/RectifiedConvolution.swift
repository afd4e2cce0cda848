// A convolution, its bias and ReLU as one op (Kernels/convolution.cl, activation.cl): what networks are made of whose
// batch norm has been folded into their weights.

/// Zeros above and below an image, and left and right of it.
public struct ImagePadding: Hashable, Sendable {
  public var rows: Int
  public var columns: Int
  public init(rows: Int = 0, columns: Int = 0) { (self.rows, self.columns) = (rows, columns) }
}

extension Op {
  /// x [N, H, W, C], filter [R, S, C, K], bias [K] to relu(conv(x, filter) + bias), [N, P, Q, K].
  static func rectifiedConv2d(stride: Int, padding: ImagePadding) -> Op {
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
      run: { x, shape in
        rectified(x[0], x[1], x[2], g, padding, shape)
      },
      definition: { x in
        conv2d(g)(x[0].padded(by: padding), x[1]).adding(bias: x[2]).relu()
      })
  }

  /// By the route that the padded image would take: in one launch, without a copy of it, where that is direct.
  private static func rectified(
    _ x: Tensor, _ w: Tensor, _ bias: Tensor, _ g: ConvolutionGeometry, _ padding: ImagePadding, _ output: Shape
  ) -> Tensor {
    let padded: Shape = [x.shape[0], x.shape[1] + 2 * padding.rows, x.shape[2] + 2 * padding.columns, x.shape[3]]
    let convolution = ConvolutionShape(g, image: padded, filter: w.shape, output: output)
    x.device.countProduct(multiplications: convolution.multiplications)
    if let direct = convolution.route as? DirectConvolution {
      return direct.forward(x, w, padding: padding, rectifiedWith: bias)
    }
    let y = convolution.route.forward(x.padded(by: padding), w)
    let (rows, columns) = (output.count / max(output[3], 1), output[3])
    y.launch("rectify_biased", [bias, y], [.size(rows), .size(columns)], over: Extent(rows: rows, columns: columns))
    return y
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

  /// Biases a hundred times as large as drawn: no sum of products brings one to 0, where the op has a kink.
  private static func rectifiedSample(stride: Int, _ padding: ImagePadding, _ shapes: [Shape]) -> OpRow.Sample {
    .init(shapes, [.between(-0.2, 0.2), .between(-0.5, 0.5), .offZero]) {
      rectifiedConv2d(stride: stride, padding: padding)($0[0], $0[1], 100 * $0[2])
    }
  }

  static let rectifiedConvolutionRows: [OpRow] = [
    OpRow(
      "rectified_conv2d",
      [
        rectifiedSample(stride: 1, .init(columns: 3), [[2, 3, 4, 9], [1, 7, 9, 5], [5]]),
        rectifiedSample(stride: 1, .init(rows: 1), [[1, 4, 3, 33], [3, 1, 33, 34], [34]]),
        rectifiedSample(stride: 2, .init(), [[1, 7, 6, 3], [3, 3, 3, 32], [32]]),
        rectifiedSample(stride: 1, .init(rows: 1, columns: 1), [[2, 3, 3, 1], [3, 3, 1, 2], [2]]),
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
  /// `relu(conv(x, filter) + bias)` of images [N, H, W, C] with filters [R, S, C, K] and biases [K], zeros around the
  /// image: [N, P, Q, K].
  public func rectifiedConvolution(_ filter: Tensor, bias: Tensor, stride: Int = 1, padding: ImagePadding = .init())
    -> Tensor
  {
    Op.rectifiedConv2d(stride: stride, padding: padding)(self, filter, bias)
  }

  /// This tensor and others like it in all axes but the last, side by side.
  public func beside(_ others: [Tensor]) -> Tensor { Op.concatenateChannels([self] + others) }

  /// Images [N, H, W, C] inside zeros.
  fileprivate func padded(by padding: ImagePadding) -> Tensor {
    let whole: Shape = [shape[0], shape[1] + 2 * padding.rows, shape[2] + 2 * padding.columns, shape[3]]
    return whole == shape ? self : padded(to: whole, at: [0, padding.rows, padding.columns, 0])
  }
}
