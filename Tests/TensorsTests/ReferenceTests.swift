import Comparison
import Foundation
import Testing

@testable import Tensors

/// Reals in row-major order, for references that are plain loops.
struct Grid {
  let shape: Shape
  var values: [Double]

  init(_ shape: Shape, _ values: [Double]) { (self.shape, self.values) = (shape, values) }

  /// Each element as a function of its place.
  init(_ shape: Shape, _ element: ([Int]) -> Double) {
    self.init(shape, (0..<shape.count).map { element(Grid.place($0, shape)) })
  }

  subscript(_ place: [Int]) -> Double {
    get { values[Grid.index(place, shape)] }
    set { values[Grid.index(place, shape)] = newValue }
  }

  var places: [[Int]] { (0..<shape.count).map { Grid.place($0, shape) } }

  private static func index(_ place: [Int], _ shape: Shape) -> Int {
    zip(place, shape.sizes).reduce(0) { $0 * $1.1 + $1.0 }
  }

  private static func place(_ index: Int, _ shape: Shape) -> [Int] {
    var (rest, place) = (index, shape.sizes)
    for axis in place.indices.reversed() { (rest, place[axis]) = rest.quotientAndRemainder(dividingBy: shape[axis]) }
    return place
  }
}

/// A row's definition in double: one for all samples, or one for each where their attributes differ.
typealias Definition = @Sendable ([Grid]) -> Grid

/// An elementwise definition.
private func pointwise(_ f: @escaping @Sendable ([Double]) -> Double) -> Definition {
  { x in Grid(x[0].shape, x[0].values.indices.map { i in f(x.map { $0.values[i] }) }) }
}

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
private func normalCDF(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

private func matmul(_ aTransposed: Bool, _ bTransposed: Bool) -> Definition {
  { x in
    let (a, b) = (x[0], x[1])
    let (m, k) = aTransposed ? (a.shape[-1], a.shape[-2]) : (a.shape[-2], a.shape[-1])
    let n = b.shape[bTransposed ? -2 : -1]
    return Grid(Shape(Array(a.shape.sizes.dropLast(2)) + [m, n])) { place in
      let (batch, row, column) = (Array(place.dropLast(2)), place[place.count - 2], place[place.count - 1])
      return (0..<k).reduce(0) { sum, k in
        sum + a[batch + (aTransposed ? [k, row] : [row, k])] * b[batch + (bTransposed ? [column, k] : [k, column])]
      }
    }
  }
}

/// Tensors one after the other along an axis.
private func joined(_ axis: Int) -> Definition {
  { x in
    var sizes = x[0].shape.sizes
    sizes[axis] = x.map { $0.shape[axis] }.reduce(0, +)
    return Grid(Shape(sizes)) { place in
      var (place, number) = (place, 0)
      while place[axis] >= x[number].shape[axis] {
        place[axis] -= x[number].shape[axis]
        number += 1
      }
      return x[number][place]
    }
  }
}

private func sum(_ axes: [Int], factor: Double = 1) -> Definition {
  { x in
    let kept = x[0].shape.sizes.indices.filter { !axes.contains($0) }
    var y = Grid(Shape(kept.map { x[0].shape[$0] })) { _ in 0 }
    for place in x[0].places { y[kept.map { place[$0] }] += factor * x[0][place] }
    return y
  }
}

private func broadcast(_ shape: Shape) -> Definition {
  { x in
    Grid(shape) { place in
      x[0][zip(place.suffix(x[0].shape.rank), x[0].shape.sizes).map { $1 == 1 ? 0 : $0 }]
    }
  }
}

private func transpose(_ permutation: [Int]) -> Definition {
  { x in
    var y = Grid(Shape(permutation.map { x[0].shape[$0] })) { _ in 0 }
    for place in x[0].places { y[permutation.map { place[$0] }] = x[0][place] }
    return y
  }
}

private func pad(_ start: [Int], _ shape: Shape) -> Definition {
  { x in
    var y = Grid(shape) { _ in 0 }
    for place in x[0].places { y[zip(place, start).map(+)] = x[0][place] }
    return y
  }
}

/// The mean and the biased variance of channel `c`, and its number of values.
/// Batch normalization of each part of a batch by its own moments, and a leaky activation.
private struct Normalization {
  let negativeSlope: Double
  let groups: Int
  private let epsilon = 1e-2

  struct Moments {
    let mean, variance, count: Double
  }

  func part(_ place: [Int], _ x: Grid) -> Int { place[0] / (x.shape[0] / groups) }

  /// The moments of each part's channels, [part][channel].
  func moments(_ x: Grid) -> [[Moments]] {
    (0..<groups).map { p in
      (0..<x.shape[-1]).map { c in
        let values = x.places.filter { $0.last == c && part($0, x) == p }.map { x[$0] }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        return Moments(
          mean: mean, variance: values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count, count: count)
      }
    }
  }

  /// Elements as functions of their place, their channel and its moments.
  func each(_ x: Grid, _ f: (_ place: [Int], _ c: Int, _ m: Moments) -> Double) -> Grid {
    let moments = moments(x)
    return Grid(x.shape) { f($0, $0[$0.count - 1], moments[part($0, x)][$0[$0.count - 1]]) }
  }

  private func z(_ x: Double, _ m: Moments, _ gamma: Double, _ beta: Double) -> Double {
    (x - m.mean) / (m.variance + epsilon).squareRoot() * gamma + beta
  }

  func applied(_ x: Grid, _ gamma: Grid, _ beta: Grid) -> Grid {
    each(x) { place, c, m in
      let z = z(x[place], m, gamma.values[c], beta.values[c])
      return z > 0 ? z : negativeSlope * z
    }
  }

  func dz(_ dy: Grid, _ x: Grid, _ gamma: Grid, _ beta: Grid) -> Grid {
    each(x) { place, c, m in (z(x[place], m, gamma.values[c], beta.values[c]) > 0 ? 1 : negativeSlope) * dy[place] }
  }

  func sums(_ dy: Grid, _ x: Grid, _ gamma: Grid, _ beta: Grid) -> Grid {
    let (dz, moments) = (dz(dy, x, gamma, beta), moments(x))
    var sums = Grid([groups, 2, x.shape[-1]]) { _ in 0 }
    for place in x.places {
      let (p, c) = (part(place, x), place[place.count - 1])
      sums[[p, 0, c]] += dz[place]
      sums[[p, 1, c]] += dz[place] * (x[place] - moments[p][c].mean)
    }
    return sums
  }

  func gradient(_ dy: Grid, _ x: Grid, _ gamma: Grid, _ beta: Grid, _ sums: Grid) -> Grid {
    let dz = dz(dy, x, gamma, beta)
    return each(x) { place, c, m in
      let (p, variance) = (part(place, x), m.variance + epsilon)
      let slope = sums[[p, 1, c]] / m.count / variance
      return gamma.values[c] / variance.squareRoot()
        * (dz[place] - sums[[p, 0, c]] / m.count - (x[place] - m.mean) * slope)
    }
  }

  static let all = [
    Normalization(negativeSlope: 1, groups: 1), .init(negativeSlope: 0.2, groups: 2),
    .init(negativeSlope: 0.2, groups: 1),
    .init(negativeSlope: 0.2, groups: 1),
  ]
}

private let plainDefinitions: [String: [Definition]] = [
  "identity": [pointwise { $0[0] }],
  "negate": [pointwise { -$0[0] }],
  "reciprocal": [pointwise { 1 / $0[0] }],
  "square_root": [pointwise { $0[0].squareRoot() }],
  "exponential": [pointwise { exp($0[0]) }],
  "logarithm": [pointwise { log($0[0]) }],
  "sine": [pointwise { sin($0[0]) }],
  "cosine": [pointwise { cos($0[0]) }],
  "absolute": [pointwise { $0[0].magnitude }],
  "sign": [pointwise { $0[0] > 0 ? 1 : $0[0] < 0 ? -1 : $0[0] == 0 ? 0 : .nan }],
  "floor": [pointwise { $0[0].rounded(.down) }],
  "step": [pointwise { $0[0] > 0 ? 1 : 0 }],
  "affine": [pointwise { -1.5 * $0[0] + 0.25 }],
  "power": [pointwise { $0[0] * $0[0] * $0[0] }, pointwise { 1 / $0[0].squareRoot() }],
  "add": [pointwise { $0[0] + $0[1] }],
  "subtract": [pointwise { $0[0] - $0[1] }],
  "multiply": [pointwise { $0[0] * $0[1] }],
  "divide": [pointwise { $0[0] / $0[1] }],
  "greater": [pointwise { $0[0] > $0[1] ? 1 : 0 }],
  "maximum": [pointwise { $0[0].isNaN || $0[1].isNaN ? .nan : max($0[0], $0[1]) }],

  "relu": [pointwise { max($0[0], 0) }],
  "relu_gradient": [pointwise { $0[1] <= 0 ? 0 : $0[0] }],
  "relu6": [pointwise { min(max($0[0], 0), 6) }],
  "relu6_gradient": [pointwise { $0[1] <= 0 || $0[1] >= 6 ? 0 : $0[0] }],
  "leaky_relu": [pointwise { $0[0] > 0 ? $0[0] : 0.2 * $0[0] }],
  "leaky_relu_gradient": [pointwise { $0[1] > 0 ? $0[0] : 0.2 * $0[0] }],
  "elu": [pointwise { $0[0] > 0 ? $0[0] : 0.7 * expm1($0[0]) }],
  "elu_gradient": [pointwise { $0[1] > 0 ? $0[0] : $0[0] * ($0[1] + 2.5) }],
  "tanh": [pointwise { tanh($0[0]) }],
  "tanh_gradient": [pointwise { $0[0] * (1 - $0[1] * $0[1]) }],
  "sigmoid": [pointwise { sigmoid($0[0]) }],
  "sigmoid_gradient": [pointwise { $0[0] * $0[1] * (1 - $0[1]) }],
  "softplus": [pointwise { log1p(exp($0[0])) }],
  "swish": [pointwise { $0[0] * sigmoid($0[0]) }],
  "gelu": [pointwise { $0[0] * normalCDF($0[0]) }],
  "normal_cdf": [pointwise { normalCDF($0[0]) }],

  "cross_entropy": [0, 1, 0.9].map { t in pointwise { -t * log(sigmoid($0[0])) - (1 - t) * log(sigmoid(-$0[0])) } },
  "cross_entropy_gradient": [0, 1, 0.9].map { t in pointwise { $0[0] * (sigmoid($0[1]) - t) } },

  "exponential_minus_one": [pointwise { expm1($0[0]) }],
  "steep_tanh": [pointwise { tanh($0[0]) }],
  "centred_softplus": [pointwise { log1p(expm1($0[0]) / 2) }],
  "log_softplus": [pointwise { log(log1p(exp($0[0]))) }],
  "log_softplus_slope": [pointwise { sigmoid($0[0]) / log1p(exp($0[0])) }],
  "log_sigmoid_complement": [1 / 0.3, 0.6].map { p in
    pointwise { log(-expm1(-p * log1p(exp(-$0[0])))) }
  },
  "log_sigmoid_complement_slope": [1 / 0.3, 0.6].map { p in
    pointwise { -p * sigmoid(-$0[0]) / expm1(p * log1p(exp(-$0[0]))) }
  },
  "jeffrey_logarithm": [
    pointwise { x in
      guard x[0].isFinite else { return x[0] }
      // By bisection: the left side rises.
      var (low, high) = (-50.0, 50.0)
      while high.nextDown > low, high - low > 1e-15 * abs(low) {
        let middle = (low + high) / 2
        if middle - expm1(-middle) < x[0] { low = middle } else { high = middle }
      }
      return low
    }
  ],
  "positive_power": [1.5, -0.5].map { e in pointwise { $0[0] <= 0 ? 0 : pow($0[0], e) } },
  "shifted_power": [(0.5, 2), (2, 1.5), (0.5, 3)].map { slope, e in pointwise { pow(max(1 + slope * $0[0], 0), e) - 1 }
  },

  "reshape": [{ Grid([5, 6], $0[0].values) }],
  "broadcast": [[4, 3, 5], [2, 3], [2, 5, 300], [2, 3, 5, 2, 4], [0, 3]].map { broadcast(Shape($0)) },
  "transpose": [[1, 0], [0, 3, 1, 2]].map(transpose),
  "slice": [([1, 2], [2, 3]), ([0, 1, 0], [2, 1, 5])].map { start, sizes in
    { x in Grid(Shape(sizes)) { x[0][zip($0, start).map(+)] } }
  },
  "pad": [pad([1, 2], [4, 7])],
  "concatenate": [0, 0, 2, 1, 0, 1, 1].map(joined),
  "add_bias": [{ x in Grid(x[0].shape) { x[0][$0] + x[1].values[$0[$0.count - 1]] } }],

  "sum": [
    sum([1]), sum([0]), sum([0]), sum([0, 1]), sum([1, 3]), sum([0, 2]), sum([0], factor: 0.25), sum([0]), sum([]),
    sum([1]), sum([0]), sum([1]), sum([0]), sum([1]), sum([0]),
  ],
  "matmul": [
    (false, false), (true, false), (false, true), (true, true), (false, false), (true, true), (false, false),
    (false, false), (false, false), (true, false), (false, false), (false, false),
  ].map(matmul),
  "affine_product": [
    { x in
      let product = matmul(false, false)(x)
      return Grid(product.shape) { product[$0] + x[2].values[$0[$0.count - 1]] }
    }
  ],
  "moments": [1, 1, 1, 2].map { groups in
    { x in
      let moments = Normalization(negativeSlope: 1, groups: groups).moments(x[0])
      return Grid([groups, 2, x[0].shape[-1]]) {
        $0[1] == 0 ? moments[$0[0]][$0[2]].mean : moments[$0[0]][$0[2]].variance
      }
    }
  },
  "normalize": [(1.0, 1), (0.2, 3)].map { negativeSlope, groups in
    { x in
      Grid(x[0].shape) { place in
        let (p, c) = (place[0] / (x[0].shape[0] / groups), place[place.count - 1])
        let scale = x[2].values[c] / (x[1][[p, 1, c]] + 1e-2).squareRoot()
        let z = (x[0][place] - x[1][[p, 0, c]]) * scale + x[3].values[c]
        return z > 0 ? z : negativeSlope * z
      }
    }
  },
  "batch_normalize": Normalization.all.map { n in { n.applied($0[0], $0[1], $0[2]) } },
  "batch_normalize_sums": Normalization.all.map { n in { n.sums($0[0], $0[1], $0[2], $0[3]) } },
  "batch_normalize_gradient": Normalization.all.map { n in { n.gradient($0[0], $0[1], $0[2], $0[3], $0[4]) } },
  "beta_gradient": [1, 2].map { groups in
    { x in Grid([3]) { place in (0..<groups).reduce(0) { $0 + x[0][[$1, 0, place[0]]] } } }
  },
  "gamma_gradient": [1, 2].map { groups in
    { x in
      Grid([3]) { place in
        (0..<groups).reduce(0) { $0 + x[1][[$1, 1, place[0]]] / (x[0][[$1, 1, place[0]]] + 1e-2).squareRoot() }
      }
    }
  },

  "gather": [{ x in Grid([x[1].shape[0], x[0].shape[1]]) { x[0][[Int(x[1].values[$0[0]]), $0[1]]] } }],
  "scatter": [
    { x in
      var table = Grid([5, x[0].shape[1]]) { _ in 0 }
      for place in x[0].places { table[[Int(x[1].values[place[0]]), place[1]]] += x[0][place] }
      return table
    }
  ],
]

let definitions = plainDefinitions.merging(imageDefinitions) { first, _ in first }
  .merging(poolingDefinitions) { first, _ in first }.merging(convolutionDefinitions) { first, _ in first }

@Test func everyOpHasADefinition() {
  #expect(Set(Op.all.map(\.name)) == Set(definitions.keys))
  for row in Op.all {
    let count = definitions[row.name]?.count ?? 0
    #expect(count == 1 || count == row.samples.count, "\(row.name): \(row.samples.count) samples, \(count) definitions")
  }
}

/// By the largest magnitude: a sum's error goes with its terms, not with what is left of them.
@Test(arguments: Op.all, [(Precision.single, 1e-5), (.double, 1e-12)])
func opsAgreeWithTheirDefinitions(row: OpRow, at precision: (Precision, tolerance: Double)) throws {
  let device = try Device.cpu(precision: precision.0, threads: 1)
  let ours = try #require(definitions[row.name])
  for (number, sample) in row.samples.enumerated() {
    let inputs = sample.inputs(on: device, seed: UInt64(number + 1))
    let definition = ours[ours.count == 1 ? 0 : number]
    let expected = definition(try inputs.map { Grid($0.shape, try $0.scalars()) })
    let y = sample.apply(inputs)
    try #require(y.shape == expected.shape, "\(row.name) \(number)")
    let largest = expected.values.map(\.magnitude).max() ?? 0
    let worst = gap(try y.scalars(as: Double.self), expected.values)
    #expect(
      worst <= precision.tolerance * largest,
      "\(row.name) \(sample.shapes): off by \(worst) where values reach \(largest)")
  }
}
