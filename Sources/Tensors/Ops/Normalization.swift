// Batch normalization (Kernels/normalization.cl); layer and instance normalization from simpler ops.

extension Op {
  private static let blockRows = 64

  /// Sums down the columns of [rows, columns] of a term that a kernel computes from `inputs`, into `sums`, in place.
  private static func columnSums(_ kernel: String, _ inputs: [Tensor], into sums: Tensor, factor: Double) {
    let (rows, columns) = (inputs[0].shape.count / inputs[0].shape[-1], inputs[0].shape[-1])
    let blocks = (rows + blockRows - 1) / blockRows
    let partial = Tensor(uninitialized: [blocks, columns], on: sums.device)
    sums.launch(kernel, inputs + [partial], [.size(rows), .size(columns)], over: Extent(rows: rows, columns: columns))
    sums.addPartials(partial, blocks: blocks, inner: columns, factor: factor)
  }

  /// [.., C] to [2, C]: the mean and the biased variance over all axes but the last, the variance about the mean in a
  /// second pass.
  static let moments: Op = Op(
    fused: "moments",
    shape: { shapes throws(ShapeError) in
      guard shapes[0].rank >= 2, shapes[0].count > 0 else {
        throw ShapeError("moments", shapes, "there must be rows to take the moments of")
      }
      return [2, shapes[0][-1]]
    },
    run: { x, shape in
      let y = Tensor(uninitialized: shape, on: x[0].device)
      let columns = shape[1]
      let (mean, variance) = (y.view(from: 0, shape: [columns]), y.view(from: columns, shape: [columns]))
      let factor = Double(columns) / Double(x[0].shape.count)
      columnSums("sum_columns", x, into: mean, factor: factor)
      columnSums("sum_deviations", [x[0], mean], into: variance, factor: factor)
      return y
    },
    definition: { x in
      let axes = Array(0..<(x[0].shape.rank - 1))
      let mean = x[0].mean(over: axes)
      let variance = (x[0] - mean).squared().mean(over: axes)
      let (columns, shape) = (mean.shape[0], Shape([2, mean.shape[0]]))
      return mean.reshaped(to: [1, columns]).padded(to: shape, at: [0, 0])
        + variance.reshaped(to: [1, columns]).padded(to: shape, at: [1, 0])
    })

  private static func normalizationShape(_ name: String, _ shapes: [Shape]) throws(ShapeError) -> Shape {
    let columns = shapes[0].rank > 0 ? shapes[0][-1] : 0
    guard shapes[1] == [2, columns], shapes[2...].allSatisfy({ $0 == [columns] || $0 == shapes[0] }) else {
      throw ShapeError(name, shapes, "moments [2, C], gamma [C] and beta [C] must have the last axis' size")
    }
    return shapes[0]
  }

  private static func normalized(_ inputs: [Tensor], _ shape: Shape, epsilon: Double) -> Tensor {
    let (x, moments, gamma, beta) = (inputs[0], inputs[1], inputs[2], inputs[3])
    let (rows, columns) = (shape.count / max(shape[-1], 1), shape[-1])
    let scale = Tensor(uninitialized: [columns], on: x.device)
    scale.launch(
      "normalization_scale", [moments, gamma, scale], [.size(columns), .real(epsilon)], over: Extent(columns))
    let y = Tensor(uninitialized: shape, on: x.device)
    y.launch(
      "normalize_columns", [x, moments, scale, beta, y], [.size(rows), .size(columns)],
      over: Extent(rows: rows, columns: columns))
    return y
  }

  /// The same in simpler ops: x [.., C], mean, variance, gamma and beta [C].
  private static func definition(
    _ x: Tensor, _ mean: Tensor, _ variance: Tensor, _ gamma: Tensor, _ beta: Tensor, _ epsilon: Double
  ) -> Tensor {
    ((x - mean) * (gamma / (variance + epsilon).squareRoot())).adding(bias: beta)
  }

  /// Row `i` of moments [2, C].
  private static func row(_ i: Int, _ moments: Tensor) -> Tensor {
    moments.sliced(from: [i, 0], shape: [1, moments.shape[1]]).reshaped(to: [moments.shape[1]])
  }

  /// x [.., C], moments [2, C], gamma [C], beta [C]: normalization by moments that do not depend on x (inference).
  static func normalize(epsilon: Double) -> Op {
    Op(
      fused: "normalize", shape: { shapes throws(ShapeError) in try normalizationShape("normalize", shapes) },
      run: { x, shape in normalized(x, shape, epsilon: epsilon) },
      definition: { x in definition(x[0], row(0, x[1]), row(1, x[1]), x[2], x[3], epsilon) })
  }

  /// x [.., C], its moments [2, C], gamma [C], beta [C]: batch normalization. The gradient knows that the moments are
  /// x's, so that they get none of their own.
  static func batchNormalize(epsilon: Double) -> Op {
    Op("batch_normalize", keeps: .inputs(0, 1, 2)) { shapes throws(ShapeError) in
      try normalizationShape("batch_normalize", shapes)
    } run: { x, shape in
      normalized(x, shape, epsilon: epsilon)
    } vjp: { p in
      let (x, moments, gamma, dy) = (p.x(0), p.x(1), p.x(2), p.dy)
      let sums = batchNormalizeSums(dy, x, moments)
      return [
        p.ifWanted(0) { batchNormalizeGradient(epsilon: epsilon)(dy, moments, gamma, x, sums) }, nil,
        p.ifWanted(2) { gammaGradient(epsilon: epsilon)(moments, row(1, sums)) },
        p.ifWanted(3) { row(0, sums) },
      ]
    }
  }

  /// dy [.., C], x [.., C], moments [2, C] of x to [2, C]: the sums of dy and of dy (x - mean).
  static let batchNormalizeSums: Op = Op(
    fused: "batch_normalize_sums", shape: { shapes in shapes[2] },
    run: { inputs, shape in
      let columns = shape[1]
      let sums = Tensor(uninitialized: shape, on: inputs[0].device)
      columnSums("sum_columns", [inputs[0]], into: sums.view(from: 0, shape: [columns]), factor: 1)
      let mean = inputs[2].view(from: 0, shape: [columns])
      columnSums(
        "sum_products", [inputs[0], inputs[1], mean], into: sums.view(from: columns, shape: [columns]), factor: 1)
      return sums
    },
    definition: { inputs in
      let (dy, x) = (inputs[0], inputs[1])
      let axes = Array(0..<(x.shape.rank - 1))
      let (sum, product) = (dy.summed(over: axes), (dy * (x - x.mean(over: axes))).summed(over: axes))
      let shape: Shape = [2, sum.shape[0]]
      return sum.reshaped(to: [1, shape[1]]).padded(to: shape, at: [0, 0])
        + product.reshaped(to: [1, shape[1]]).padded(to: shape, at: [1, 0])
    })

  /// dy [.., C], moments [2, C] of x, gamma [C], x [.., C], sums [2, C] to dx.
  static func batchNormalizeGradient(epsilon: Double) -> Op {
    Op(
      fused: "batch_normalize_gradient", shape: { $0[0] },
      run: { inputs, shape in
        let (dy, moments, gamma, x, sums) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
        let (rows, columns) = (shape.count / shape[-1], shape[-1])
        let coefficients = Tensor(uninitialized: [3, columns], on: x.device)
        coefficients.launch(
          "normalization_coefficients", [moments, gamma, sums, coefficients],
          [.size(rows), .size(columns), .real(epsilon)], over: Extent(columns))
        let dx = Tensor(uninitialized: shape, on: x.device)
        dx.launch(
          "normalize_gradient", [dy, x, moments, coefficients, dx], [.size(rows), .size(columns)],
          over: Extent(rows: rows, columns: columns))
        return dx
      },
      definition: { inputs in
        let (dy, gamma, x, sums) = (inputs[0], inputs[2], inputs[3], inputs[4])
        let axes = Array(0..<(x.shape.rank - 1))
        let share = Double(x.shape[-1]) / Double(x.shape.count)
        let centred = x - x.mean(over: axes)
        let variance = centred.squared().mean(over: axes) + epsilon
        return (dy - share * row(0, sums) - centred * (share * row(1, sums) / variance))
          * (gamma / variance.squareRoot())
      })
  }

  /// moments [2, C], the sums of dy (x - mean) [C] to the gradient of gamma [C]. The moments' own gradient is in x's
  /// (see above), so that this op is given them as a function of x where it is differentiated.
  static func gammaGradient(epsilon: Double) -> Op {
    Op(
      fused: "gamma_gradient", shape: { $0[1] },
      run: { inputs, shape in
        let y = Tensor(uninitialized: shape, on: inputs[0].device)
        y.launch(
          "gamma_gradient", [inputs[0], inputs[1], y], [.size(shape[0]), .real(epsilon)], over: Extent(shape[0]))
        return y
      },
      definition: { x in x[1] / (row(1, x[0]) + epsilon).squareRoot() })
  }

  static let normalizationRows: [OpRow] = [
    OpRow("moments", [.init(moments, [[5, 3]]), .init(moments, [[2, 5, 7, 33]]), .init(moments, [[1, 2]])]),
    OpRow(
      "normalize",
      [
        .init(
          normalize(epsilon: 1e-3), [[5, 3], [2, 3], [3], [3]], [.between(-2, 2), .between(0.5, 2), .offZero, .offZero])
      ]
    ),
    // The moments of the next three are those of x.
    OpRow(
      "batch_normalize",
      [[5, 3], [2, 5, 7, 33]].map { (shape: Shape) in
        .init([shape, [shape[-1]], [shape[-1]]]) { batchNormalize(epsilon: 1e-2)($0[0], moments($0[0]), $0[1], $0[2]) }
      }),
    OpRow("batch_normalize_sums", [.init([[5, 3], [5, 3]]) { batchNormalizeSums($0[0], $0[1], moments($0[1])) }]),
    OpRow(
      "batch_normalize_gradient",
      [
        .init([[5, 3], [3], [5, 3], [2, 3]]) {
          batchNormalizeGradient(epsilon: 1e-2)($0[0], moments($0[2]), $0[1], $0[2], $0[3])
        }
      ]),
    OpRow(
      "gamma_gradient", [.init(gammaGradient(epsilon: 1e-3), [[2, 3], [3]], [.between(0.5, 2), .between(-2, 2)])]),
  ]
}

extension Tensor {
  /// The mean and the biased variance over all axes but the last: [.., C] to [2, C].
  public func moments() -> Tensor { Op.moments(self) }

  /// Normalization over all axes but the last by this tensor's own moments (batch normalization, Ioffe and Szegedy
  /// 2015).
  ///
  /// - Parameters:
  ///   - moments: `moments()` of this tensor.
  ///   - gamma: Scale, [C].
  ///   - beta: Shift, [C].
  ///   - epsilon: Added to the variance.
  public func batchNormalized(moments: Tensor, gamma: Tensor, beta: Tensor, epsilon: Double) -> Tensor {
    Op.batchNormalize(epsilon: epsilon)(self, moments, gamma, beta)
  }

  /// The same by moments [2, C] that do not depend on this tensor, such as running averages.
  public func normalized(moments: Tensor, gamma: Tensor, beta: Tensor, epsilon: Double) -> Tensor {
    Op.normalize(epsilon: epsilon)(self, moments, gamma, beta)
  }
}
