/// A convolution on which the three ops are tested.
struct ConvolutionCase {
  let geometry: ConvolutionGeometry
  var groups = 1
  let x, w: Shape

  var y: Shape {
    let (p, q) = geometry.output(x[1], x[2], taps: (w[0], w[1]))
    return [x[0], p, q, w[3]]
  }

  /// Of each route: DCGAN's layers, a plain one, dilation, strides that leave pixels out, phases that no tap reaches,
  /// whole panels.
  static let whole = [
    // Columns.
    ConvolutionCase(geometry: .init(stride: 2, padding: 1), x: [2, 6, 6, 3], w: [4, 4, 3, 5]),
    ConvolutionCase(geometry: .init(), x: [2, 4, 4, 7], w: [4, 4, 7, 1]),
    ConvolutionCase(geometry: .init(stride: 2, padding: 1, dilation: 2), x: [1, 9, 8, 2], w: [3, 2, 2, 32]),
    ConvolutionCase(geometry: .init(stride: 3), x: [1, 8, 7, 2], w: [2, 2, 2, 3]),
    ConvolutionCase(geometry: .init(stride: 2), x: [1, 5, 5, 1], w: [1, 1, 1, 1]),
    // Direct.
    ConvolutionCase(geometry: .init(stride: 2, padding: 1), x: [2, 6, 6, 9], w: [4, 4, 9, 5]),
    ConvolutionCase(geometry: .init(padding: 1), x: [1, 5, 4, 9], w: [3, 3, 9, 34]),
    ConvolutionCase(geometry: .init(stride: 2, padding: 1, dilation: 2), x: [1, 9, 8, 9], w: [3, 2, 9, 3]),
    ConvolutionCase(geometry: .init(stride: 3), x: [1, 8, 7, 10], w: [2, 2, 10, 3]),
    ConvolutionCase(geometry: .init(stride: 2, padding: 2), x: [1, 7, 7, 33], w: [5, 5, 33, 32]),
    // Of the whole image, in two chains.
    ConvolutionCase(geometry: .init(), x: [2, 4, 4, 40], w: [4, 4, 40, 1]),
    // Winograd.
    ConvolutionCase(geometry: .init(stride: 2, padding: 1), x: [2, 16, 16, 32], w: [4, 4, 32, 32]),
    ConvolutionCase(geometry: .init(padding: 1), x: [2, 4, 16, 32], w: [3, 3, 32, 64]),
    // Of few tiles.
    ConvolutionCase(geometry: .init(stride: 2, padding: 1), x: [1, 8, 16, 32], w: [4, 4, 32, 64]),
  ]

  /// Each route in groups; one channel a group and more than one output, or dilation; phases; whole panels and halves
  /// of one.
  static let grouped = [
    ConvolutionCase(geometry: .init(padding: 1), groups: 3, x: [2, 5, 4, 6], w: [3, 3, 2, 9]),
    ConvolutionCase(
      geometry: .init(stride: 2, padding: 1, dilation: 2), groups: 2, x: [1, 9, 8, 4], w: [3, 2, 2, 6]),
    ConvolutionCase(geometry: .init(), groups: 5, x: [2, 4, 4, 5], w: [4, 4, 1, 10]),
    ConvolutionCase(geometry: .init(padding: 1, dilation: 2), groups: 3, x: [1, 6, 5, 3], w: [3, 3, 1, 3]),
    ConvolutionCase(geometry: .init(padding: 1), groups: 2, x: [1, 4, 5, 18], w: [3, 3, 9, 10]),
    ConvolutionCase(geometry: .init(padding: 1), groups: 3, x: [2, 4, 4, 48], w: [3, 3, 16, 48]),
    ConvolutionCase(geometry: .init(stride: 2, padding: 1), groups: 2, x: [1, 8, 8, 64], w: [4, 4, 32, 64]),
  ]

  /// One channel a group and one output: the four of EfficientNet, with channels few and many; a filter that is not
  /// square; strides that leave pixels out; windows that see nothing of the image.
  static let depthwise = [
    ConvolutionCase(geometry: .init(padding: 1), groups: 3, x: [2, 5, 4, 3], w: [3, 3, 1, 3]),
    ConvolutionCase(
      geometry: .init(stride: 2, padding: .init(before: 0, after: 1)), groups: 17, x: [1, 6, 6, 17], w: [3, 3, 1, 17]),
    ConvolutionCase(geometry: .init(padding: 2), groups: 16, x: [1, 4, 3, 16], w: [5, 5, 1, 16]),
    ConvolutionCase(
      geometry: .init(stride: 2, padding: .init(before: 1, after: 2)), groups: 5, x: [1, 6, 4, 5], w: [5, 5, 1, 5]),
    ConvolutionCase(geometry: .init(stride: 3), groups: 2, x: [2, 8, 7, 2], w: [2, 1, 1, 2]),
    ConvolutionCase(
      geometry: .init(padding: .init(before: 3, after: 2)), groups: 2, x: [1, 9, 10, 2], w: [2, 3, 1, 2]),
    ConvolutionCase(geometry: .init(padding: 1), groups: 67, x: [1, 3, 7, 67], w: [3, 3, 1, 67]),
  ]

  static let all = whole + grouped + depthwise

  /// With a bias and an activation: filters that are not square, and depthwise ones.
  static let fused: [(convolution: ConvolutionCase, activation: FusedActivation, isOffKinks: Bool)] = [
    (.init(geometry: .init(padding: .init(columns: 3)), x: [2, 3, 4, 9], w: [1, 7, 9, 5]), .relu, true),
    (.init(geometry: .init(padding: .init(rows: 1)), x: [1, 4, 3, 33], w: [3, 1, 33, 34]), .relu, true),
    (.init(geometry: .init(stride: 2), x: [1, 7, 6, 3], w: [3, 3, 3, 32]), .relu, true),
    (.init(geometry: .init(padding: 1), x: [2, 3, 3, 1], w: [3, 3, 1, 2]), .relu, true),
    // Plain products, with as many terms as a chain has and more.
    (.init(geometry: .init(), x: [2, 3, 4, 9], w: [1, 1, 9, 35]), .relu6, true),
    (.init(geometry: .init(), x: [1, 2, 2, 515], w: [1, 1, 515, 3]), .none, false),
    (depthwise[0], .relu6, true), (depthwise[1], .none, false), (depthwise[2], .relu, true),
    // Outputs on both sides of both limits; so large that only values are compared.
    (.init(geometry: .init(), x: [2, 15, 16, 9], w: [1, 1, 9, 35]), .relu6, false),
    (.init(geometry: .init(padding: .init(columns: 3)), x: [2, 15, 16, 9], w: [1, 7, 9, 5]), .relu, false),
  ]
}

extension Op {
  static let convolutionRows: [OpRow] = [
    OpRow("conv2d", ConvolutionCase.all.map { .init(conv2d($0.geometry, groups: $0.groups), [$0.x, $0.w]) }),
    OpRow(
      "conv2d_input_gradient",
      ConvolutionCase.all.map {
        .init(
          conv2dInputGradient($0.geometry, groups: $0.groups, height: $0.x[1], width: $0.x[2]), [$0.y, $0.w])
      }),
    OpRow(
      "conv2d_filter_gradient",
      ConvolutionCase.all.map {
        .init(
          conv2dFilterGradient($0.geometry, groups: $0.groups, rows: $0.w[0], columns: $0.w[1]), [$0.x, $0.y])
      }),
    OpRow(
      "conv2d_bias_activation",
      ConvolutionCase.fused.map { fused in
        let c = fused.convolution
        // Sums too small to carry an output from its bias to a kink at 0.
        let domains: [OpRow.Domain]? =
          fused.isOffKinks ? [.between(-0.03, 0.03), .between(-0.03, 0.03), .offZero] : nil
        return .init(
          conv2dBiasActivation(c.geometry, groups: c.groups, fused.activation), [c.x, c.w, [c.w[3]]], domains)
      }),
  ]
}
