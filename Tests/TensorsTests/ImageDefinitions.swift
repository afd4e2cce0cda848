@testable import Tensors

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

/// The definitions of ops on images that have no other home.
let imageDefinitions: [String: [Definition]] = [
  "filter_axis": AxisFilter.samples.map(filtered),
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
