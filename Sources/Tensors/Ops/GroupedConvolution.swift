// The route of convolutions in groups: a group is a convolution, so that what convolutions promise (routes, order of
// additions, any device) holds for each of them. Groups are brought together in memory first, [group][..][channel],
// where each is a view.

struct GroupedConvolution: ConvolutionRoute {
  let shape: ConvolutionShape

  func forward(_ x: Tensor, _ w: Tensor) -> Tensor { eachGroup(x, w, to: shape.output) { $0.forward($1, $2) } }

  func inputGradient(_ dy: Tensor, _ w: Tensor) -> Tensor {
    eachGroup(dy, w, to: shape.image) { $0.inputGradient($1, $2) }
  }

  func filterGradient(_ x: Tensor, _ dy: Tensor) -> Tensor {
    eachGroup(x, dy, to: shape.filter) { $0.filterGradient($1, $2) }
  }

  /// One direction of each group's convolution, between arrays whose last axes all hold the groups.
  private func eachGroup(
    _ a: Tensor, _ b: Tensor, to output: Shape, _ direction: (any ConvolutionRoute, Tensor, Tensor) -> Tensor
  ) -> Tensor {
    let groups = shape.groups, route = shape.ofOneGroup.route
    let (left, right) = (a.groupMajor(groups), b.groupMajor(groups))
    func part(_ whole: Tensor, _ number: Int, _ shape: Shape) -> Tensor {
      whole.view(from: number * shape.count, shape: shape)
    }
    let one = output.group(of: groups)
    let y = Tensor(uninitialized: [groups, one.count / one[3], one[3]], on: a.device)
    for group in 0..<groups {
      let operands = (part(left, group, a.shape.group(of: groups)), part(right, group, b.shape.group(of: groups)))
      part(y, group, one).assign(direction(route, operands.0, operands.1))
    }
    return y.transposed([1, 0, 2]).view(from: 0, shape: output)
  }
}

extension Tensor {
  /// [.., G c] as [G, rows, c].
  fileprivate func groupMajor(_ groups: Int) -> Tensor {
    let columns = shape[-1] / groups
    return detached().reshaped(to: [shape.count / shape[-1], groups, columns]).transposed([1, 0, 2])
  }
}
