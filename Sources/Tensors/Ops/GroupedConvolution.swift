// Grouped convolutions: the channels lie in groups of neighbours, and each group's outputs see that group alone.
//
// A group is a convolution, so that what convolutions promise (routes, order of additions, any device) holds for each
// of them. Groups are brought together in memory first, [group][..][channel], where each is a view.

extension Op {
  /// x [N, H, W, C], filter [R, S, C / groups, K] to [N, P, Q, K].
  static func groupedConv2d(_ g: ConvolutionGeometry, groups: Int) -> Op {
    Op("grouped_conv2d", g.attributes(groups: groups), keeps: .inputs) { shapes throws(ShapeError) in
      let (x, w) = (shapes[0], shapes[1])
      guard x.rank == 4, w.rank == 4, divides(groups, x[3], w[3]), x[3] == w[2] * groups else {
        throw ShapeError(
          "grouped_conv2d", shapes,
          "images [N, H, W, C] and filters [R, S, C / groups, K] must agree in C, and \(groups) groups divide C and K")
      }
      let (p, q) = (g.output(x[1], w[0]), g.output(x[2], w[1]))
      guard p > 0, q > 0 else {
        throw ShapeError("grouped_conv2d", shapes, "the filter (\(g)) must fit into the padded image")
      }
      return [x[0], p, q, w[3]]
    } run: { inputs, shape in
      let one = ConvolutionShape(
        g, image: inputs[0].shape.group(of: groups), filter: inputs[1].shape.group(of: groups),
        output: shape.group(of: groups))
      return eachGroup(inputs, one, groups, shape) { $0.forward($1, $2) }
    } vjp: { p in
      let (x, w) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) {
          groupedConv2dInputGradient(g, groups: groups, height: x.shape[1], width: x.shape[2])(p.dy, w)
        },
        p.ifWanted(1) {
          groupedConv2dFilterGradient(g, groups: groups, rows: w.shape[0], columns: w.shape[1])(x, p.dy)
        },
      ]
    }
  }

  /// dy [N, P, Q, K], filter [R, S, C / groups, K] to [N, height, width, C].
  static func groupedConv2dInputGradient(_ g: ConvolutionGeometry, groups: Int, height: Int, width: Int) -> Op {
    Op("grouped_conv2d_input_gradient", g.attributes(groups: groups), keeps: .inputs) { shapes throws(ShapeError) in
      let (dy, w) = (shapes[0], shapes[1])
      guard dy.rank == 4, w.rank == 4, divides(groups, dy[3]), dy[3] == w[3], g.output(height, w[0]) == dy[1],
        g.output(width, w[1]) == dy[2]
      else {
        throw ShapeError(
          "grouped_conv2d_input_gradient", shapes,
          "gradients [N, P, Q, K] and filters [R, S, C / groups, K] must agree in K, \(groups) groups divide K, and \(g) "
            + "lead from \(height) x \(width) to P x Q")
      }
      return [dy[0], height, width, w[2] * groups]
    } run: { inputs, shape in
      let one = ConvolutionShape(
        g, image: shape.group(of: groups), filter: inputs[1].shape.group(of: groups),
        output: inputs[0].shape.group(of: groups))
      return eachGroup(inputs, one, groups, shape) { $0.inputGradient($1, $2) }
    } vjp: { p in
      let (dy, w) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) { groupedConv2d(g, groups: groups)(p.dy, w) },
        p.ifWanted(1) {
          groupedConv2dFilterGradient(g, groups: groups, rows: w.shape[0], columns: w.shape[1])(p.dy, dy)
        },
      ]
    }
  }

  /// x [N, H, W, C], dy [N, P, Q, K] to [rows, columns, C / groups, K].
  static func groupedConv2dFilterGradient(_ g: ConvolutionGeometry, groups: Int, rows: Int, columns: Int) -> Op {
    Op("grouped_conv2d_filter_gradient", g.attributes(groups: groups), keeps: .inputs) { shapes throws(ShapeError) in
      let (x, dy) = (shapes[0], shapes[1])
      guard x.rank == 4, dy.rank == 4, divides(groups, x[3], dy[3]), x[0] == dy[0], g.output(x[1], rows) == dy[1],
        g.output(x[2], columns) == dy[2]
      else {
        throw ShapeError(
          "grouped_conv2d_filter_gradient", shapes,
          "images [N, H, W, C] and gradients [N, P, Q, K] must agree in N, \(groups) groups divide C and K, and \(g) with "
            + "\(rows) x \(columns) taps lead from one to the other")
      }
      return [rows, columns, x[3] / groups, dy[3]]
    } run: { inputs, shape in
      let one = ConvolutionShape(
        g, image: inputs[0].shape.group(of: groups), filter: shape.group(of: groups),
        output: inputs[1].shape.group(of: groups))
      return eachGroup(inputs, one, groups, shape) { $0.filterGradient($1, $2) }
    } vjp: { p in
      let (x, dy) = (p.x(0), p.x(1))
      return [
        p.ifWanted(0) {
          groupedConv2dInputGradient(g, groups: groups, height: x.shape[1], width: x.shape[2])(dy, p.dy)
        },
        p.ifWanted(1) { groupedConv2d(g, groups: groups)(x, p.dy) },
      ]
    }
  }

  private static func divides(_ groups: Int, _ channels: Int...) -> Bool {
    groups > 0 && channels.allSatisfy { $0 > 0 && $0 % groups == 0 }
  }

  /// One direction of each group's convolution, from two inputs to an output whose last axes all hold the groups.
  private static func eachGroup(
    _ inputs: [Tensor], _ one: ConvolutionShape, _ groups: Int, _ output: Shape,
    _ direction: (any ConvolutionRoute, Tensor, Tensor) -> Tensor
  ) -> Tensor {
    inputs[0].device.countProduct(multiplications: groups * one.multiplications)
    let route = one.route
    let parts = inputs.map { $0.groupMajor(groups) }
    let part = output.group(of: groups)
    let y = Tensor(uninitialized: [groups, part.count / part[3], part[3]], on: inputs[0].device)
    for group in 0..<groups {
      let operands = zip(inputs, parts).map { input, part in
        let shape = input.shape.group(of: groups)
        return part.view(from: group * shape.count, shape: shape)
      }
      y.view(from: group * part.count, shape: part).assign(direction(route, operands[0], operands[1]))
    }
    return y.transposed([1, 0, 2]).view(from: 0, shape: output)
  }

  private struct Case {
    let g: ConvolutionGeometry
    let groups: Int
    let x, w: Shape
    var y: Shape { [x[0], g.output(x[1], w[0]), g.output(x[2], w[1]), w[3]] }
  }
  /// Each route; one channel a group; more outputs than inputs; phases; whole panels and halves of one.
  private static let groupedCases = [
    Case(g: .init(padding: 1), groups: 3, x: [2, 5, 4, 6], w: [3, 3, 2, 9]),
    Case(g: .init(stride: 2, padding: 1, dilation: 2), groups: 2, x: [1, 9, 8, 4], w: [3, 2, 2, 6]),
    Case(g: .init(), groups: 5, x: [2, 4, 4, 5], w: [4, 4, 1, 5]),
    Case(g: .init(padding: 1), groups: 2, x: [1, 4, 5, 18], w: [3, 3, 9, 10]),
    Case(g: .init(stride: 3), groups: 1, x: [1, 8, 7, 10], w: [2, 2, 10, 3]),
    Case(g: .init(padding: 1), groups: 3, x: [2, 4, 4, 48], w: [3, 3, 16, 48]),
    Case(g: .init(stride: 2, padding: 1), groups: 2, x: [1, 8, 8, 64], w: [4, 4, 32, 64]),
  ]

  static let groupedConvolutionRows: [OpRow] = [
    OpRow("grouped_conv2d", groupedCases.map { .init(groupedConv2d($0.g, groups: $0.groups), [$0.x, $0.w]) }),
    OpRow(
      "grouped_conv2d_input_gradient",
      groupedCases.map {
        .init(
          groupedConv2dInputGradient($0.g, groups: $0.groups, height: $0.x[1], width: $0.x[2]), [$0.y, $0.w])
      }),
    OpRow(
      "grouped_conv2d_filter_gradient",
      groupedCases.map {
        .init(groupedConv2dFilterGradient($0.g, groups: $0.groups, rows: $0.w[0], columns: $0.w[1]), [$0.x, $0.y])
      }),
  ]
}

extension Shape {
  /// One group's share: the last axis divided.
  fileprivate func group(of groups: Int) -> Shape { Shape(sizes.dropLast() + [self[-1] / groups]) }
}

extension Tensor {
  /// [.., G c] as [G, rows, c].
  fileprivate func groupMajor(_ groups: Int) -> Tensor {
    let columns = shape[-1] / groups
    return detached().reshaped(to: [shape.count / shape[-1], groups, columns]).transposed([1, 0, 2])
  }
}

/// The convolution of images [N, H, W, C], their channels in `groups` groups of neighbours, with filters [R, S, C /
/// groups, K]: [N, P, Q, K]. Each group's K / groups outputs see that group's channels alone, as in PyTorch.
public func groupedConv2d(
  _ x: Tensor, _ filter: Tensor, _ geometry: ConvolutionGeometry = .init(), groups: Int
) -> Tensor {
  groups == 1 ? conv2d(x, filter, geometry) : Op.groupedConv2d(geometry, groups: groups)(x, filter)
}
