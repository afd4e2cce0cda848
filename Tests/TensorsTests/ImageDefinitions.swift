@testable import Tensors

/// A grouped convolution: group by group as plain loops over images, output pixels, taps, inputs and outputs.
private struct Grouped {
  let stride, padding, dilation, groups, height, width, rows, columns: Int

  static let all = [
    Grouped(stride: 1, padding: 1, dilation: 1, groups: 3, height: 5, width: 4, rows: 3, columns: 3),
    Grouped(stride: 2, padding: 1, dilation: 2, groups: 2, height: 9, width: 8, rows: 3, columns: 2),
    Grouped(stride: 1, padding: 0, dilation: 1, groups: 5, height: 4, width: 4, rows: 4, columns: 4),
    Grouped(stride: 1, padding: 1, dilation: 1, groups: 2, height: 4, width: 5, rows: 3, columns: 3),
    Grouped(stride: 3, padding: 0, dilation: 1, groups: 1, height: 8, width: 7, rows: 2, columns: 2),
    Grouped(stride: 1, padding: 1, dilation: 1, groups: 3, height: 4, width: 4, rows: 3, columns: 3),
    Grouped(stride: 2, padding: 1, dilation: 1, groups: 2, height: 8, width: 8, rows: 4, columns: 4),
  ]

  /// The places of a term: in the image, in the filter and in the output.
  typealias Term = (x: [Int], w: [Int], y: [Int])

  /// Every term of the form <conv(x, w), y>, whose three gradients the three ops are.
  func terms(images: Int, inputs: Int, outputs: Int) -> [Term] {
    let (p, q) = (
      (height + 2 * padding - dilation * (rows - 1) - 1) / stride + 1,
      (width + 2 * padding - dilation * (columns - 1) - 1) / stride + 1
    )
    var terms: [Term] = []
    for y in Grid([images, p, q, outputs], { _ in 0 }).places {
      for tap in Grid([rows, columns, inputs / groups], { _ in 0 }).places {
        let (h, w) = (y[1] * stride - padding + tap[0] * dilation, y[2] * stride - padding + tap[1] * dilation)
        guard h >= 0, h < height, w >= 0, w < width else { continue }
        let group = y[3] / (outputs / groups)
        terms.append(([y[0], h, w, group * (inputs / groups) + tap[2]], tap + [y[3]], y))
      }
    }
    return terms
  }

  func convolution(_ x: Grid, _ w: Grid) -> Grid {
    let (p, q) = (
      (height + 2 * padding - dilation * (rows - 1) - 1) / stride + 1,
      (width + 2 * padding - dilation * (columns - 1) - 1) / stride + 1
    )
    var y = Grid([x.shape[0], p, q, w.shape[3]]) { _ in 0 }
    for t in terms(images: x.shape[0], inputs: x.shape[3], outputs: w.shape[3]) { y[t.y] += x[t.x] * w[t.w] }
    return y
  }

  func inputGradient(_ dy: Grid, _ w: Grid) -> Grid {
    let inputs = w.shape[2] * groups
    var dx = Grid([dy.shape[0], height, width, inputs]) { _ in 0 }
    for t in terms(images: dy.shape[0], inputs: inputs, outputs: w.shape[3]) { dx[t.x] += dy[t.y] * w[t.w] }
    return dx
  }

  func filterGradient(_ x: Grid, _ dy: Grid) -> Grid {
    var dw = Grid([rows, columns, x.shape[3] / groups, dy.shape[3]]) { _ in 0 }
    for t in terms(images: x.shape[0], inputs: x.shape[3], outputs: dy.shape[3]) { dw[t.w] += x[t.x] * dy[t.y] }
    return dw
  }
}

/// A pixel of an image, or 0 outside.
private func pixel(_ x: Grid, _ n: Int, _ h: Int, _ w: Int, _ c: Int) -> Double {
  h >= 0 && h < x.shape[1] && w >= 0 && w < x.shape[2] ? x[[n, h, w, c]] : 0
}

/// The filter (1 3 3 1) along both axes at stride 2.
private func bilinearDown(_ factor: Double) -> Definition {
  { x in
    Grid([x[0].shape[0], x[0].shape[1] / 2, x[0].shape[2] / 2, x[0].shape[3]]) { place in
      var sum = 0.0
      for (r, down) in [1.0, 3, 3, 1].enumerated() {
        for (s, across) in [1.0, 3, 3, 1].enumerated() {
          sum += down * across * pixel(x[0], place[0], 2 * place[1] - 1 + r, 2 * place[2] - 1 + s, place[3])
        }
      }
      return factor * sum
    }
  }
}

/// Linear interpolation between the centres of pixels, in units of a sixteenth.
private func bilinearUp(_ height: Int, _ width: Int, _ factor: Double) -> Definition {
  { x in
    Grid([x[0].shape[0], height, width, x[0].shape[3]]) { place in
      let centre = [1, 2].map { (Double(place[$0]) + 0.5) / 2 - 0.5 }
      var sum = 0.0
      for p in 0..<x[0].shape[1] {
        for q in 0..<x[0].shape[2] {
          let weights = (max(0, 1 - abs(centre[0] - Double(p))), max(0, 1 - abs(centre[1] - Double(q))))
          // What has no weight is not looked at: it may be NaN.
          if weights.0 * weights.1 > 0 { sum += weights.0 * weights.1 * x[0][[place[0], p, q, place[3]]] }
        }
      }
      return 16 * factor * sum
    }
  }
}

/// A filter as the full matrix that it stands for, along one axis.
private func filtered(_ axis: Int, _ filter: AxisFilter) -> Definition {
  { x in
    var sizes = x[0].shape.sizes
    sizes[axis] = filter.outputs
    return Grid(Shape(sizes)) { place in
      (0..<filter.inputs).reduce(0) { sum, tap in
        var from = place
        from[axis] = tap
        let weight = filter.weight(output: place[axis], input: tap)
        return weight == 0 ? sum : sum + weight * x[0][from]
      }
    }
  }
}

/// The sum of products over an image in zeros and a bias, rectified.
private func rectified(stride: Int, rows: Int, columns: Int, _ rectifier: @escaping @Sendable (Double) -> Double)
  -> Definition
{
  { x in
    let (image, filter) = (x[0].shape, x[1].shape)
    let (p, q) = (
      (image[1] + 2 * rows - filter[0]) / stride + 1, (image[2] + 2 * columns - filter[1]) / stride + 1
    )
    return Grid([image[0], p, q, filter[3]]) { place in
      var sum = x[2].values[place[3]]
      for tap in Grid([filter[0], filter[1], filter[2]], { _ in 0 }).places {
        let (h, w) = (place[1] * stride + tap[0] - rows, place[2] * stride + tap[1] - columns)
        guard h >= 0, h < image[1], w >= 0, w < image[2] else { continue }
        sum += x[0][[place[0], h, w, tap[2]]] * x[1][tap + [place[3]]]
      }
      return rectifier(sum)
    }
  }
}

/// Tensors side by side along the last axis.
private func besideEachOther(_ x: [Grid]) -> Grid {
  Grid(Shape(x[0].shape.sizes.dropLast() + [x.map { $0.shape[-1] }.reduce(0, +)])) { place in
    var (place, number) = (place, 0)
    while place[place.count - 1] >= x[number].shape[-1] {
      place[place.count - 1] -= x[number].shape[-1]
      number += 1
    }
    return x[number][place]
  }
}

/// The definitions of ops on images that have no other home.
let imageDefinitions: [String: [Definition]] = [
  "rectified_conv2d": [(1, 0, 3), (1, 1, 0), (2, 0, 0), (1, 1, 1)].map {
    rectified(stride: $0, rows: $1, columns: $2) { max($0, 0) }
  }
    + [
      rectified(stride: 1, rows: 0, columns: 0) { min(max($0, 0), 6) },
      rectified(stride: 1, rows: 0, columns: 0) { $0 },
      rectified(stride: 1, rows: 0, columns: 0) { min(max($0, 0), 6) },
      rectified(stride: 1, rows: 0, columns: 3) { max($0, 0) },
    ],
  "concatenate_channels": [besideEachOther],
  "filter_axis": AxisFilter.samples.map(filtered),
  "grouped_conv2d": Grouped.all.map { c in { c.convolution($0[0], $0[1]) } },
  "grouped_conv2d_input_gradient": Grouped.all.map { c in { c.inputGradient($0[0], $0[1]) } },
  "grouped_conv2d_filter_gradient": Grouped.all.map { c in { c.filterGradient($0[0], $0[1]) } },
  "bilinear_down": [1.0 / 64, 0.5, 1.0 / 64].map(bilinearDown),
  "bilinear_up": [(4, 6, 1.0 / 16), (5, 3, 0.5), (2, 2, 1.0 / 16)].map(bilinearUp),
  "translate": [
    { x in
      Grid(x[0].shape) { place in
        let (n, down, right) = (place[0], Int(x[1][[place[0], 0]]) - 2, Int(x[1][[place[0], 1]]) - 2)
        return pixel(x[0], n, place[1] - down, place[2] - right, place[3])
      }
    }
  ],
]
