@testable import Tensors

/// Depthwise convolutions as plain loops: the attributes of the rows of DepthwiseConvolution.swift.
private struct Depthwise {
  let stride, before, after, height, width, rows, columns: Int

  static let all = [
    Depthwise(stride: 1, before: 1, after: 1, height: 5, width: 4, rows: 3, columns: 3),
    Depthwise(stride: 2, before: 0, after: 1, height: 6, width: 6, rows: 3, columns: 3),
    Depthwise(stride: 1, before: 2, after: 2, height: 4, width: 3, rows: 5, columns: 5),
    Depthwise(stride: 2, before: 1, after: 2, height: 6, width: 4, rows: 5, columns: 5),
    Depthwise(stride: 3, before: 0, after: 0, height: 8, width: 7, rows: 2, columns: 1),
    Depthwise(stride: 1, before: 3, after: 2, height: 9, width: 10, rows: 2, columns: 3),
    Depthwise(stride: 1, before: 1, after: 1, height: 3, width: 7, rows: 3, columns: 3),
  ]

  private var p: Int { (before + height + after - rows) / stride + 1 }
  private var q: Int { (before + width + after - columns) / stride + 1 }

  /// Every term of the form <conv(x, w), y>, whose three gradients the three ops are: places in the image, in the
  /// filter and in the output.
  private func terms(_ images: Int, _ channels: Int) -> [(x: [Int], w: [Int], y: [Int])] {
    Grid([images, p, q, channels]) { _ in 0 }.places.flatMap { y in
      (0..<(rows * columns)).compactMap { tap in
        let (r, s) = (tap / columns, tap % columns)
        let (h, w) = (y[1] * stride + r - before, y[2] * stride + s - before)
        return h >= 0 && h < height && w >= 0 && w < width ? ([y[0], h, w, y[3]], [r, s, y[3]], y) : nil
      }
    }
  }

  func convolution(_ x: Grid, _ w: Grid) -> Grid {
    var y = Grid([x.shape[0], p, q, x.shape[3]]) { _ in 0 }
    for t in terms(x.shape[0], x.shape[3]) { y[t.y] += x[t.x] * w[t.w] }
    return y
  }

  func inputGradient(_ dy: Grid, _ w: Grid) -> Grid {
    var dx = Grid([dy.shape[0], height, width, dy.shape[3]]) { _ in 0 }
    for t in terms(dy.shape[0], dy.shape[3]) { dx[t.x] += dy[t.y] * w[t.w] }
    return dx
  }

  func filterGradient(_ x: Grid, _ dy: Grid) -> Grid {
    var dw = Grid([rows, columns, x.shape[3]]) { _ in 0 }
    for t in terms(x.shape[0], x.shape[3]) { dw[t.w] += x[t.x] * dy[t.y] }
    return dw
  }
}

private let rectifiers: [@Sendable (Double) -> Double] = [{ min(max($0, 0), 6) }, { $0 }, { max($0, 0) }]

let depthwiseDefinitions: [String: [Definition]] = [
  "depthwise": Depthwise.all.map { d in { d.convolution($0[0], $0[1]) } },
  "depthwise_input_gradient": Depthwise.all.map { d in { d.inputGradient($0[0], $0[1]) } },
  "depthwise_filter_gradient": Depthwise.all.map { d in { d.filterGradient($0[0], $0[1]) } },
  "rectified_depthwise": zip(Depthwise.all, rectifiers).map { d, rectifier in
    { x in
      let y = d.convolution(x[0], x[1])
      return Grid(y.shape) { rectifier(y[$0] + x[2].values[$0[3]]) }
    }
  },
]
