// A convolution, its bias and an activation as one op, as cuDNN's ConvBiasActivation: what networks are made of whose
// batch norm has been folded into their weights.

/// What a kernel does to its outputs as it stores them.
public enum FusedActivation: Sendable {
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

extension Op {
  /// x [N, H, W, C], filter [R, S, C / groups, K], bias [K] to activation(conv(x, filter) + bias), [N, P, Q, K].
  public static func conv2dBiasActivation(
    _ g: ConvolutionGeometry, groups: Int = 1, _ activation: FusedActivation = .relu
  ) -> Op {
    let name = "conv2d_bias_activation"
    return Op(
      fused: name,
      shape: { shapes throws(ShapeError) in
        let (x, w) = (shapes[0], shapes[1])
        guard x.rank == 4, w.rank == 4, groups > 0, x[3] == w[2] * groups, w[3] % groups == 0, shapes[2] == [w[3]]
        else {
          throw ShapeError(
            name, shapes,
            "images [N, H, W, C] and filters [R, S, C / groups, K] must agree in C, filters and the bias [K] in K, and "
              + "\(groups) groups divide C and K")
        }
        let (p, q) = g.output(x[1], x[2], taps: (w[0], w[1]))
        guard p > 0, q > 0 else {
          throw ShapeError(name, shapes, "the filter (\(g)) must fit into the padded image")
        }
        return [x[0], p, q, w[3]]
      },
      run: { x, shape in
        let shape = ConvolutionShape(g, groups: groups, image: x[0].shape, filter: x[1].shape, output: shape)
        return convolved(x[0], x[1], bias: x[2], shape.counted(on: x[0].device), activation)
      },
      definition: { x in
        let shape = ConvolutionShape(g, groups: groups, image: x[0].shape, filter: x[1].shape, output: x[0].shape)
        let y =
          shape.isDepthwise
          ? conv2d(g, groups: groups)(x[0], x[1])
          : conv2d(g.withoutPadding, groups: groups)(x[0].padded(by: g.padding), x[1])
        return activation(y.adding(bias: x[2]))
      })
  }

  /// By the route that the padded image would take (a rule of the numerical contract), without a copy of it where that
  /// is direct.
  private static func convolved(
    _ x: Tensor, _ w: Tensor, bias: Tensor, _ shape: ConvolutionShape, _ activation: FusedActivation
  ) -> Tensor {
    if shape.isDepthwise { return shape.route.forward(x, w, bias: bias, activation) }
    let padding = shape.geometry.padding
    let route = shape.withPaddedImage.route
    guard let direct = route as? DirectConvolution else {
      return route.forward(x.padded(by: padding), w, bias: bias, activation)
    }
    return direct.forward(x, w, padding: padding, bias: bias, activation)
  }
}

/// `activation(conv(x, filter) + bias)` of images [N, H, W, C] with filters [R, S, C / groups, K] and a bias [K]: [N,
/// P, Q, K], in one pass over memory.
public func conv2d(
  _ x: Tensor, _ filter: Tensor, bias: Tensor, _ geometry: ConvolutionGeometry = .init(), groups: Int = 1,
  activation: FusedActivation
) -> Tensor {
  Op.conv2dBiasActivation(geometry, groups: groups, activation)(x, filter, bias)
}
