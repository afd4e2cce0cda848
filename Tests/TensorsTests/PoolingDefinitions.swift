@testable import Tensors

/// Windows over images, as plain loops over their taps: the attributes of the rows of Pooling.swift.
private struct Pooling {
  let size, stride, padding, height, width: Int
  let countsPadding: Bool

  static let all = [
    Pooling(size: 3, stride: 2, padding: 0, height: 7, width: 8, countsPadding: true),
    Pooling(size: 3, stride: 1, padding: 1, height: 4, width: 3, countsPadding: false),
    Pooling(size: 2, stride: 3, padding: 1, height: 6, width: 8, countsPadding: false),
    Pooling(size: 3, stride: 2, padding: 1, height: 5, width: 6, countsPadding: true),
    Pooling(size: 1, stride: 1, padding: 0, height: 1, width: 2, countsPadding: true),
    Pooling(size: 3, stride: 2, padding: 2, height: 3, width: 5, countsPadding: false),
  ]

  private func windows(_ x: Shape) -> Shape {
    [x[0], (x[1] + 2 * padding - size) / stride + 1, (x[2] + 2 * padding - size) / stride + 1, x[3]]
  }

  /// The taps of a window that lie in the image: their numbers and their pixels.
  private func taps(_ y: [Int]) -> [(number: Int, pixel: [Int])] {
    (0..<(size * size)).compactMap { tap in
      let (h, w) = (y[1] * stride - padding + tap / size, y[2] * stride - padding + tap % size)
      return h >= 0 && h < height && w >= 0 && w < width ? (tap, [y[0], h, w, y[3]]) : nil
    }
  }

  private func counted(_ y: [Int]) -> Double { Double(countsPadding ? size * size : taps(y).count) }

  func maximumTaps(_ x: Grid) -> Grid {
    Grid(windows(x.shape)) { y in
      let taps = taps(y)
      if let lost = taps.last(where: { x[$0.pixel].isNaN }) { return Double(lost.number) }
      let most = taps.map { x[$0.pixel] }.max()
      return Double(taps.first { x[$0.pixel] == most }?.number ?? -1)
    }
  }

  func takeTaps(_ x: Grid, _ taken: Grid) -> Grid {
    Grid(taken.shape) { y in taps(y).first { $0.number == Int(taken[y]) }.map { x[$0.pixel] } ?? 0 }
  }

  func putTaps(_ dy: Grid, _ taken: Grid) -> Grid {
    var dx = Grid([dy.shape[0], height, width, dy.shape[3]]) { _ in 0 }
    for y in dy.places {
      for tap in taps(y) where tap.number == Int(taken[y]) { dx[tap.pixel] += dy[y] }
    }
    return dx
  }

  func average(_ x: Grid) -> Grid {
    Grid(windows(x.shape)) { y in taps(y).reduce(0) { $0 + x[$1.pixel] } / counted(y) }
  }

  func spread(_ dy: Grid) -> Grid {
    var dx = Grid([dy.shape[0], height, width, dy.shape[3]]) { _ in 0 }
    for y in dy.places { for tap in taps(y) { dx[tap.pixel] += dy[y] / counted(y) } }
    return dx
  }
}

let poolingDefinitions: [String: [Definition]] = [
  "maximum_taps": Pooling.all.map { p in { p.maximumTaps($0[0]) } },
  "take_taps": Pooling.all.map { p in { p.takeTaps($0[0], $0[1]) } },
  "put_taps": Pooling.all.map { p in { p.putTaps($0[0], $0[1]) } },
  "average_pool": Pooling.all.map { p in { p.average($0[0]) } },
  "spread_average": Pooling.all.map { p in { p.spread($0[0]) } },
]
