// Batch normalization with the activation after it (Kernels/cl/normalization.cl).
//
// A batch may be made of several equal groups, one after the other, each normalized by its own moments: what sees two
// batches in one pass still normalizes each by itself.

/// What batch normalization is told besides its tensors.
public struct BatchNormalizing: Hashable, Sendable {
  public var epsilon: Double
  /// The activation: values below zero are multiplied by it. 1 is none, 0 is ReLU.
  public var negativeSlope = 1.0
}

extension Op {
  /// Sums down the columns of x [rows, columns], of one or more terms that a kernel computes, into `sums` [terms *
  /// columns], in place.
  private static func columnSums(
    _ kernel: Kernel, of x: Tensor, _ inputs: NamedArguments<Tensor>, reals: NamedArguments<Double> = [:],
    into sums: Tensor, factor: Double
  ) {
    let (rows, columns) = (x.shape.count / x.shape[-1], x.shape[-1])
    let blocks = (rows + 63) / 64
    let partial = Tensor(uninitialized: [blocks, sums.shape.count], on: sums.device)
    sums.launch(
      kernel, inputs + ["partial": partial], sizes: ["length": rows, "inner": columns], reals: reals,
      over: Extent(rows: blocks, columns: columns))
    sums.addPartials(partial, blocks: blocks, inner: sums.shape.count, factor: factor)
  }

  /// x [.., C] to [groups, 2, C]: the mean and the biased variance of each group over all axes but the last, the
  /// variance about the mean in a second pass.
  public static func moments(groups: Int) -> Op {
    Op(
      fused: "moments",
      shape: { shapes throws(ShapeError) in
        guard shapes[0].rank >= 2, shapes[0].count > 0, shapes[0][0] % groups == 0 else {
          throw ShapeError(
            "moments", shapes, "there must be rows to take the moments of, the same in each of \(groups)")
        }
        return [groups, 2, shapes[0][-1]]
      },
      run: { x, shape in
        let y = Tensor(uninitialized: shape, on: x[0].device)
        let columns = shape[2]
        for group in 0..<groups {
          let xs = x[0].share(group, of: groups)
          let mean = y.view(from: 2 * group * columns, shape: [columns])
          let variance = y.view(from: (2 * group + 1) * columns, shape: [columns])
          let factor = Double(columns) / Double(xs.shape.count)
          columnSums(.sumColumns, of: xs, ["x": xs], into: mean, factor: factor)
          columnSums(.sumDeviations, of: xs, ["x": xs, "mean": mean], into: variance, factor: factor)
        }
        return y
      },
      definition: { x in
        let x = x[0].inGroups(groups)
        let mean = x.mean(over: [1])
        let kept: Shape = [groups, 1, x.shape[2]]
        let variance = (x - mean.reshaped(to: kept)).squared().mean(over: [1])
        return stacked(mean, variance)
      })
  }

  /// Two [groups, C] as [groups, 2, C].
  private static func stacked(_ first: Tensor, _ second: Tensor) -> Tensor {
    let (groups, columns) = (first.shape[0], first.shape[1])
    let (one, two): (Shape, Shape) = ([groups, 1, columns], [groups, 2, columns])
    return first.reshaped(to: one).padded(to: two, at: [0, 0, 0])
      + second.reshaped(to: one).padded(to: two, at: [0, 1, 0])
  }

  /// Row `i` of each group of [groups, 2, C], as [groups, 1, C].
  private static func row(_ i: Int, _ pairs: Tensor) -> Tensor {
    pairs.sliced(from: [0, i, 0], shape: [pairs.shape[0], 1, pairs.shape[2]])
  }

  private static func normalizationShape(
    _ name: String, _ shapes: [Shape], isScaled: Bool = false
  ) throws(ShapeError) -> Shape {
    let columns = shapes[0].rank > 0 ? shapes[0][-1] : 0
    let moments = shapes[1]
    guard moments.rank == 3, moments[1] == 2, moments[2] == columns, shapes[0][0] % max(moments[0], 1) == 0,
      shapes[2] == [columns], shapes[3] == [columns], !isScaled || shapes[4] == [moments[0], columns]
    else {
      let scale = isScaled ? ", and the scale [groups, C]," : ""
      throw ShapeError(
        name, shapes, "moments [groups, 2, C], gamma [C] and beta [C]\(scale) must have the last axis' size")
    }
    return shapes[0]
  }

  /// What each group's columns are multiplied by, [groups, C]: a function of moments and gamma that kernels are given,
  /// so that they need not work it out at every number. Unknown to any tape.
  fileprivate static func scale(_ moments: Tensor, _ gamma: Tensor, _ epsilon: Double) -> Tensor {
    let columns = gamma.shape[0]
    let scale = Tensor(uninitialized: [moments.shape[0], columns], on: gamma.device)
    scale.launch(
      .normalizationScale, ["moments": moments, "gamma": gamma, "scale": scale], sizes: ["columns": columns],
      reals: ["epsilon": epsilon], over: Extent(scale.shape.count))
    return scale
  }

  /// Inputs: x, moments, gamma, beta, the scale.
  private static func normalized(_ inputs: [Tensor], _ shape: Shape, _ how: BatchNormalizing) -> Tensor {
    let (x, moments, beta, scale) = (inputs[0], inputs[1], inputs[3], inputs[4])
    let y = Tensor(uninitialized: shape, on: x.device)
    for group in 0..<moments.shape[0] {
      let (xs, own) = (x.share(group, of: moments.shape[0]), moments.share(group, of: moments.shape[0]))
      let (rows, columns) = (xs.shape.count / max(shape[-1], 1), shape[-1])
      y.launch(
        .normalizeColumns,
        [
          "x": xs, "moments": own, "scale": scale.share(group, of: moments.shape[0]), "beta": beta,
          "y": y.share(group, of: moments.shape[0]),
        ],
        sizes: ["rows": rows, "columns": columns], reals: ["negative_slope": how.negativeSlope],
        over: Extent(rows: rows, columns: columns))
    }
    return y
  }

  /// The same in simpler ops: x [.., C], mean and variance [groups, 1, C], gamma and beta [C].
  private static func definition(
    _ x: Tensor, _ mean: Tensor, _ variance: Tensor, _ gamma: Tensor, _ beta: Tensor, _ how: BatchNormalizing
  ) -> Tensor {
    let centred = x.inGroups(mean.shape[0]) - mean
    let z = (centred * (gamma / (variance + how.epsilon).squareRoot())).adding(bias: beta).reshaped(to: x.shape)
    return how.negativeSlope == 1 ? z : z.leakyReLU(slope: how.negativeSlope)
  }

  /// x [.., C], moments [groups, 2, C], gamma [C], beta [C]: normalization by moments that do not depend on x
  /// (inference).
  public static func normalize(_ how: BatchNormalizing) -> Op {
    Op(
      fused: "normalize", ["epsilon": [how.epsilon], "negative_slope": [how.negativeSlope]],
      shape: { shapes throws(ShapeError) in try normalizationShape("normalize", shapes) },
      run: { x, shape in normalized(x + [scale(x[1], x[2], how.epsilon)], shape, how) },
      definition: { x in definition(x[0], row(0, x[1]), row(1, x[1]), x[2], x[3], how) })
  }

  /// x [.., C], its moments [groups, 2, C], gamma [C], beta [C], their `scale`: batch normalization. The gradient knows
  /// that the moments are x's, and the scale gamma's and theirs, so that these get none of their own.
  public static func batchNormalize(_ how: BatchNormalizing) -> Op {
    Op("batch_normalize", saved: .inputs) { shapes throws(ShapeError) in
      try normalizationShape("batch_normalize", shapes, isScaled: true)
    } run: { x, shape in
      normalized(x, shape, how)
    } vjp: { p in
      let (x, moments, gamma, beta, scale, dy) = (p.x(0), p.x(1), p.x(2), p.x(3), p.x(4), p.dy)
      let sums = batchNormalizeSums(how)(dy, x, moments, gamma, beta, scale)
      return [
        p.ifWanted(0) { batchNormalizeGradient(how)(dy, x, moments, gamma, beta, sums) }, nil,
        p.ifWanted(2) { gammaGradient(epsilon: how.epsilon)(moments, sums) }, p.ifWanted(3) { betaGradient(sums) }, nil,
      ]
    }
  }

  /// The gradient of z = (x - mean) scale + beta from that of y, x in groups [groups, rows, C].
  private static func slope(_ inputs: [Tensor], _ how: BatchNormalizing) -> (dz: Tensor, centred: Tensor, scale: Tensor)
  {
    let (dy, x, gamma, beta) = (inputs[0], inputs[1], inputs[3], inputs[4])
    let groups = inputs[2].shape[0]
    let xs = x.inGroups(groups)
    let kept: Shape = [groups, 1, xs.shape[2]]
    let centred = xs - xs.mean(over: [1]).reshaped(to: kept)
    let scale = gamma / (centred.squared().mean(over: [1]).reshaped(to: kept) + how.epsilon).squareRoot()
    let dys = dy.inGroups(groups)
    if how.negativeSlope == 1 { return (dys, centred, scale) }
    let isPositive = (centred * scale).adding(bias: beta).step()
    return (dys * (how.negativeSlope + (1 - how.negativeSlope) * isPositive), centred, scale)
  }

  /// dy [.., C], x [.., C], moments [groups, 2, C] of x, gamma [C], beta [C], their `scale` to [groups, 2, C]: the sums
  /// of dz and of dz (x - mean), with dz the gradient before the activation.
  public static func batchNormalizeSums(_ how: BatchNormalizing) -> Op {
    Op(
      fused: "batch_normalize_sums",
      shape: { shapes throws(ShapeError) in
        guard shapes[0] == shapes[1] else { throw ShapeError("batch_normalize_sums", shapes, "dy must be like x") }
        _ = try normalizationShape("batch_normalize_sums", Array(shapes[1...]), isScaled: true)
        return shapes[2]
      },
      run: { inputs, shape in
        let (dy, x, moments, beta, scale) = (inputs[0], inputs[1], inputs[2], inputs[4], inputs[5])
        let sums = Tensor(uninitialized: shape, on: x.device)
        for group in 0..<shape[0] {
          let (own, dys) = (moments.share(group, of: shape[0]), dy.share(group, of: shape[0]))
          columnSums(
            .sumNormalizationGradients, of: dys,
            [
              "dy": dys, "x": x.share(group, of: shape[0]), "moments": own, "scale": scale.share(group, of: shape[0]),
              "beta": beta,
            ], reals: ["negative_slope": how.negativeSlope], into: sums.share(group, of: shape[0]), factor: 1)
        }
        return sums
      },
      definition: { inputs in
        let (dz, centred, _) = slope(inputs, how)
        return stacked(dz.summed(over: [1]), (dz * centred).summed(over: [1]))
      })
  }

  /// dy [.., C], x [.., C], moments [groups, 2, C] of x, gamma [C], beta [C], sums [groups, 2, C] to dx.
  public static func batchNormalizeGradient(_ how: BatchNormalizing) -> Op {
    Op(
      fused: "batch_normalize_gradient",
      shape: { shapes throws(ShapeError) in
        guard shapes[0] == shapes[1], shapes[5] == shapes[2] else {
          throw ShapeError("batch_normalize_gradient", shapes, "dy must be like x, and the sums like the moments")
        }
        return try normalizationShape("batch_normalize_gradient", Array(shapes[1...]))
      },
      run: { inputs, shape in
        let (dy, x, moments, gamma, beta, sums) = (
          inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], inputs[5]
        )
        let dx = Tensor(uninitialized: shape, on: x.device)
        let groups = moments.shape[0]
        let (rows, columns) = (shape.count / shape[-1] / groups, shape[-1])
        for group in 0..<groups {
          let own = moments.share(group, of: groups)
          let coefficients = Tensor(uninitialized: [3, columns], on: x.device)
          coefficients.launch(
            .normalizationCoefficients,
            ["moments": own, "gamma": gamma, "sums": sums.share(group, of: groups), "coefficients": coefficients],
            sizes: ["rows": rows, "columns": columns], reals: ["epsilon": how.epsilon], over: Extent(columns))
          dx.launch(
            .normalizeGradient,
            [
              "dy": dy.share(group, of: groups), "x": x.share(group, of: groups), "moments": own,
              "coefficients": coefficients, "beta": beta, "dx": dx.share(group, of: groups),
            ],
            sizes: ["rows": rows, "columns": columns], reals: ["negative_slope": how.negativeSlope],
            over: Extent(rows: rows, columns: columns))
        }
        return dx
      },
      definition: { inputs in
        let (sums, x) = (inputs[5], inputs[1])
        let (dz, centred, scale) = slope(inputs, how)
        let share = 1 / Double(centred.shape[1])
        let variance = centred.squared().mean(over: [1]).reshaped(to: [sums.shape[0], 1, sums.shape[2]]) + how.epsilon
        return ((dz - share * row(0, sums) - centred * (share * row(1, sums) / variance)) * scale).reshaped(to: x.shape)
      })
  }

  /// sums [groups, 2, C] of dz and dz (x - mean) to the gradient of beta [C].
  public static let betaGradient = Op(
    fused: "beta_gradient",
    shape: { shapes throws(ShapeError) in
      guard shapes[0].rank == 3, shapes[0][1] == 2 else {
        throw ShapeError("beta_gradient", shapes, "sums must be [groups, 2, C]")
      }
      return [shapes[0][2]]
    },
    run: { inputs, shape in
      let y = Tensor(uninitialized: shape, on: inputs[0].device)
      y.launch(
        .betaGradient, ["sums": inputs[0], "dbeta": y], sizes: ["columns": shape[0], "groups": inputs[0].shape[0]],
        over: Extent(shape[0]))
      return y
    },
    definition: { x in row(0, x[0]).summed(over: [0, 1]) })

  /// moments [groups, 2, C], sums [groups, 2, C] of dz and dz (x - mean) to the gradient of gamma [C]. The moments' own
  /// gradient is in x's (see above), so that this op is given them as a function of x where it is differentiated.
  public static func gammaGradient(epsilon: Double) -> Op {
    Op(
      fused: "gamma_gradient",
      shape: { shapes throws(ShapeError) in
        guard shapes[0] == shapes[1], shapes[0].rank == 3, shapes[0][1] == 2 else {
          throw ShapeError("gamma_gradient", shapes, "moments and sums must be [groups, 2, C]")
        }
        return [shapes[0][2]]
      },
      run: { inputs, shape in
        let y = Tensor(uninitialized: shape, on: inputs[0].device)
        y.launch(
          .gammaGradient, ["moments": inputs[0], "sums": inputs[1], "dgamma": y],
          sizes: ["columns": shape[0], "groups": inputs[0].shape[0]], reals: ["epsilon": epsilon],
          over: Extent(shape[0]))
        return y
      },
      definition: { x in (row(1, x[1]) / (row(1, x[0]) + epsilon).squareRoot()).summed(over: [0, 1]) })
  }

  static let normalizationRows: [OpRow] = {
    let plain = BatchNormalizing(epsilon: 1e-2)
    let leaky = BatchNormalizing(epsilon: 1e-2, negativeSlope: 0.2)
    // The moments are those of x, in one group or two.
    let cases: [(BatchNormalizing, Shape, groups: Int)] = [
      (plain, [5, 3], 1), (leaky, [4, 3, 5], 2), (leaky, [2, 5, 7, 33], 1), (leaky, [3, 1043], 1),
    ]
    return [
      OpRow(
        "moments",
        [
          .init(moments(groups: 1), [[5, 3]]), .init(moments(groups: 1), [[2, 5, 7, 33]]),
          .init(moments(groups: 1), [[1, 2]]), .init(moments(groups: 2), [[6, 5]]),
        ]),
      OpRow(
        "normalize",
        [(plain, 1), (leaky, 3)].map { (how: BatchNormalizing, groups: Int) in
          .init(
            normalize(how), [[6, 3], [groups, 2, 3], [3], [3]],
            [.between(-2, 2), .between(0.5, 2), .offZero, .offZero])
        }),
      OpRow(
        "batch_normalize",
        cases.map { how, x, groups in
          .init([x, [x[-1]], [x[-1]]]) { $0[0].batchNormalized(moments(groups: groups)($0[0]), $0[1], $0[2], how) }
        }),
      OpRow(
        "batch_normalize_sums",
        cases.map { how, x, groups in
          .init([x, x, [x[-1]], [x[-1]]]) {
            let moments = moments(groups: groups)($0[1])
            return batchNormalizeSums(how)($0[0], $0[1], moments, $0[2], $0[3], scale(moments, $0[2], how.epsilon))
          }
        }),
      OpRow(
        "batch_normalize_gradient",
        cases.map { how, x, groups in
          .init([x, x, [x[-1]], [x[-1]], [groups, 2, x[-1]]]) {
            batchNormalizeGradient(how)($0[0], $0[1], moments(groups: groups)($0[1]), $0[2], $0[3], $0[4])
          }
        }),
      OpRow("beta_gradient", [1, 2].map { groups in .init(betaGradient, [[groups, 2, 3]]) }),
      OpRow(
        "gamma_gradient",
        [1, 2].map { groups in
          .init(
            gammaGradient(epsilon: 1e-2), [[groups, 2, 3], [groups, 2, 3]], [.between(0.5, 2), .between(-2, 2)])
        }),
    ]
  }()
}

extension Tensor {
  /// One of `groups` equal shares of the first axis, over the same memory, unknown to any tape.
  fileprivate func share(_ number: Int, of groups: Int) -> Tensor {
    groups == 1
      ? self
      : view(
        from: number * shape.count / groups, shape: Shape([shape[0] / groups] + shape.sizes.dropFirst()))
  }

  /// [.., C] as [groups, rows, C].
  fileprivate func inGroups(_ groups: Int) -> Tensor {
    reshaped(to: [groups, shape.count / shape[-1] / groups, shape[-1]])
  }

  /// The mean and the biased variance over all axes but the last, of each of `groups` equal groups of the first axis:
  /// [.., C] to [groups, 2, C].
  public func moments(groups: Int = 1) -> Tensor { Op.moments(groups: groups)(self) }

  /// Normalization over all axes but the last by this tensor's own moments (batch normalization, Ioffe and Szegedy
  /// 2015), and an activation.
  ///
  /// - Parameters:
  ///   - moments: `moments(groups:)` of this tensor: each group is normalized by its own.
  ///   - gamma: Scale, [C].
  ///   - beta: Shift, [C].
  ///   - epsilon: Added to the variance.
  ///   - negativeSlope: What values below zero are then multiplied by: 1 for no activation, 0 for ReLU.
  public func batchNormalized(moments: Tensor, gamma: Tensor, beta: Tensor, epsilon: Double, negativeSlope: Double = 1)
    -> Tensor
  {
    batchNormalized(moments, gamma, beta, BatchNormalizing(epsilon: epsilon, negativeSlope: negativeSlope))
  }

  fileprivate func batchNormalized(_ moments: Tensor, _ gamma: Tensor, _ beta: Tensor, _ how: BatchNormalizing)
    -> Tensor
  {
    Op.batchNormalize(how)(self, moments, gamma, beta, Op.scale(moments, gamma, how.epsilon))
  }

  /// The same by moments [1, 2, C] that do not depend on this tensor, such as running averages.
  public func normalized(moments: Tensor, gamma: Tensor, beta: Tensor, epsilon: Double, negativeSlope: Double = 1)
    -> Tensor
  {
    Op.normalize(BatchNormalizing(epsilon: epsilon, negativeSlope: negativeSlope))(self, moments, gamma, beta)
  }
}

extension Kernel {
  fileprivate static let sumDeviations = named("sum_deviations")
  fileprivate static let normalizationScale = named("normalization_scale")
  fileprivate static let normalizeColumns = named("normalize_columns")
  fileprivate static let sumNormalizationGradients = named("sum_normalization_gradients")
  fileprivate static let normalizationCoefficients = named("normalization_coefficients")
  fileprivate static let normalizeGradient = named("normalize_gradient")
  fileprivate static let betaGradient = named("beta_gradient")
  fileprivate static let gammaGradient = named("gamma_gradient")
}
