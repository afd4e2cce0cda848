// Convolutions of NHWC images with filters [rows][columns][in / groups][out]. The channels lie in groups of neighbours,
// and each group's outputs see that group alone; `ConvolutionRoute` says how one is computed.
//
// The convolution, its input gradient and its weight gradient are the three gradients of one trilinear form <conv(x,
// w), dy>: each vjp calls the other two, which closes them to any order. A transposed convolution is the input
// gradient.

extension Op {
  /// x [N, H, W, C], filter [R, S, C / groups, K] to [N, P, Q, K].
  public static func conv2d(_ g: ConvolutionGeometry, groups: Int = 1) -> Op {
    Op("conv2d", g.attributes(groups: groups), saved: .inputs) { shapes throws(ShapeError) in
      try ConvolutionShape("conv2d", g, groups, shapes).output
    } run: { inputs, shape in
      let (x, w) = (inputs[0], inputs[1])
      return ConvolutionShape(g, groups: groups, image: x.shape, filter: w.shape, output: shape)
        .counted(on: x.device).route.forward(x, w)
    } vjp: { p in
      let (x, w) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) {
          conv2dInputGradient(g, groups: groups, height: x.shape[1], width: x.shape[2])(p.dy, w)
        },
        p.ifWanted(1) { conv2dFilterGradient(g, groups: groups, rows: w.shape[0], columns: w.shape[1])(x, p.dy) },
      ]
    }
  }

  /// dy [N, P, Q, K], filter [R, S, C / groups, K] to [N, height, width, C]: the transposed convolution.
  public static func conv2dInputGradient(_ g: ConvolutionGeometry, groups: Int = 1, height: Int, width: Int) -> Op {
    let name = "conv2d_input_gradient"
    return Op(name, g.attributes(groups: groups), saved: .inputs) { shapes throws(ShapeError) in
      let (dy, w) = (shapes[0], shapes[1])
      guard dy.rank == 4, w.rank == 4, dy[3] == w[3], divides(groups, dy[3]),
        g.output(height, width, taps: (w[0], w[1])) == (dy[1], dy[2])
      else {
        throw ShapeError(
          name, shapes,
          "gradients [N, P, Q, K] and filters [R, S, C / groups, K] must agree in K, \(groups) groups divide K, and \(g) "
            + "must lead from \(height) x \(width) to P x Q")
      }
      return try ConvolutionShape(name, g, groups, [[dy[0], height, width, w[2] * groups], w]).image
    } run: { inputs, shape in
      let (dy, w) = (inputs[0], inputs[1])
      return ConvolutionShape(g, groups: groups, image: shape, filter: w.shape, output: dy.shape)
        .counted(on: dy.device).route.inputGradient(dy, w)
    } vjp: { p in
      let (dy, w) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) { conv2d(g, groups: groups)(p.dy, w) },
        p.ifWanted(1) { conv2dFilterGradient(g, groups: groups, rows: w.shape[0], columns: w.shape[1])(p.dy, dy) },
      ]
    }
  }

  /// x [N, H, W, C], dy [N, P, Q, K] to [rows, columns, C / groups, K].
  public static func conv2dFilterGradient(_ g: ConvolutionGeometry, groups: Int = 1, rows: Int, columns: Int) -> Op {
    let name = "conv2d_filter_gradient"
    return Op(name, g.attributes(groups: groups), saved: .inputs) { shapes throws(ShapeError) in
      let (x, dy) = (shapes[0], shapes[1])
      guard x.rank == 4, dy.rank == 4, x[0] == dy[0], divides(groups, x[3], dy[3]),
        g.output(x[1], x[2], taps: (rows, columns)) == (dy[1], dy[2])
      else {
        throw ShapeError(
          name, shapes,
          "images [N, H, W, C] and gradients [N, P, Q, K] must agree in N, \(groups) groups divide C and K, and \(g) "
            + "with \(rows) x \(columns) taps must lead from one to the other")
      }
      return try ConvolutionShape(name, g, groups, [x, [rows, columns, x[3] / groups, dy[3]]]).filter
    } run: { inputs, shape in
      let (x, dy) = (inputs[0], inputs[1])
      return ConvolutionShape(g, groups: groups, image: x.shape, filter: shape, output: dy.shape)
        .counted(on: x.device).route.filterGradient(x, dy)
    } vjp: { p in
      let (x, dy) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) {
          conv2dInputGradient(g, groups: groups, height: x.shape[1], width: x.shape[2])(dy, p.dy)
        },
        p.ifWanted(1) { conv2d(g, groups: groups)(x, p.dy) },
      ]
    }
  }

  fileprivate static func divides(_ groups: Int, _ channels: Int...) -> Bool {
    groups > 0 && channels.allSatisfy { $0 > 0 && $0 % groups == 0 }
  }
}

extension ConvolutionShape {
  /// Of images [N, H, W, C] and filters [R, S, C / groups, K].
  fileprivate init(
    _ op: String, _ g: ConvolutionGeometry, _ groups: Int, _ shapes: [Shape]
  ) throws(ShapeError) {
    let (x, w) = (shapes[0], shapes[1])
    guard x.rank == 4, w.rank == 4, x[3] == w[2] * groups, groups == 1 || Op.divides(groups, x[3], w[3]) else {
      throw ShapeError(
        op, shapes,
        "images [N, H, W, C] and filters [R, S, C / groups, K] must agree in C, and \(groups) groups divide C and K")
    }
    let (p, q) = g.output(x[1], x[2], taps: (w[0], w[1]))
    guard p > 0, q > 0 else { throw ShapeError(op, shapes, "the filter (\(g)) must fit into the padded image") }
    self.init(g, groups: groups, image: x, filter: w, output: [x[0], p, q, w[3]])
    guard takesPadding else {
      throw ShapeError(op, shapes, "the zeros of \(g) must be the same on every side: pad the image first")
    }
  }
}

/// The convolution of images [N, H, W, C], their channels in `groups` groups of neighbours, with filters [R, S, C /
/// groups, K]: [N, P, Q, K]. Each group's K / groups outputs see that group's channels alone, as in PyTorch.
public func conv2d(
  _ x: Tensor, _ filter: Tensor, _ geometry: ConvolutionGeometry = .init(), groups: Int = 1
) -> Tensor {
  if x.shape.rank == 4, filter.shape.rank == 4 {
    let shape = ConvolutionShape(geometry, groups: groups, image: x.shape, filter: filter.shape, output: x.shape)
    // Zeros that no kernel knows are put there.
    if !shape.takesPadding {
      return Op.conv2d(geometry.withoutPadding, groups: groups)(x.padded(by: geometry.padding), filter)
    }
  }
  return Op.conv2d(geometry, groups: groups)(x, filter)
}

/// The transposed convolution of images [N, P, Q, K] with filters [R, S, C / groups, K] to [N, height, width, C]: the
/// input gradient of the convolution with that geometry.
public func transposedConv2d(
  _ x: Tensor, _ filter: Tensor, _ geometry: ConvolutionGeometry, groups: Int = 1, height: Int, width: Int
) -> Tensor {
  Op.conv2dInputGradient(geometry, groups: groups, height: height, width: width)(x, filter)
}
