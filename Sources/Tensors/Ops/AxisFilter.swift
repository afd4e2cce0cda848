// Linear maps along one axis whose outputs each see a run of neighbours: resizing (Kernels/cl/resampling.cl).

/// A linear map of `inputs` numbers to `outputs`, each a weighted sum of a run of neighbours.
public struct AxisFilter: Sendable {
  /// The inputs that an output sees, from the first on.
  public typealias Run = (first: Int, weights: [Double])

  public let inputs: Int
  public var outputs: Int { first.count }
  /// The length of every run: shorter ones have weights of 0.
  public let taps: Int
  /// Where each output's run begins.
  let first: [Int]
  /// [outputs][taps].
  let weights: [Double]

  /// - Parameter runs: Of each output, its first input and the weights from there on.
  /// - Precondition: The runs lie among the inputs.
  public init(inputs: Int, runs: [Run]) {
    precondition(
      runs.allSatisfy { $0.first >= 0 && $0.first + $0.weights.count <= inputs }, "a run leaves the \(inputs) inputs")
    let taps = runs.map(\.weights.count).max() ?? 0
    (self.inputs, self.taps) = (inputs, taps)
    first = runs.map { min($0.first, inputs - taps) }
    weights = runs.flatMap { run in
      let zeros = run.first - min(run.first, inputs - taps)
      let rest = taps - zeros - run.weights.count
      return [Double](repeating: 0, count: zeros) + run.weights + [Double](repeating: 0, count: rest)
    }
  }

  /// What an input is multiplied by in an output's sum.
  func weight(output: Int, input: Int) -> Double {
    let tap = input - first[output]
    return (0..<taps).contains(tap) ? weights[output * taps + tap] : 0
  }

  /// The map whose matrix is the transpose of this one's.
  var transposed: AxisFilter {
    var reached = [ClosedRange<Int>?](repeating: nil, count: inputs)
    for (output, first) in first.enumerated() {
      for input in first..<first + taps where weight(output: output, input: input) != 0 {
        reached[input] = (reached[input]?.lowerBound ?? output)...output
      }
    }
    return AxisFilter(
      inputs: outputs,
      runs: reached.enumerated().map { input, outputs -> Run in
        guard let outputs else { return (0, []) }
        return (outputs.lowerBound, outputs.map { weight(output: $0, input: input) })
      })
  }
}

extension Op {
  /// A filter along one axis of a tensor.
  public static func filterAxis(_ axis: Int, _ filter: AxisFilter) -> Op {
    Op("filter_axis", saved: .nothing) { shapes throws(ShapeError) in
      guard axis < shapes[0].rank, shapes[0][axis] == filter.inputs else {
        throw ShapeError("filter_axis", shapes, "there must be \(filter.inputs) along axis \(axis)")
      }
      var sizes = shapes[0].sizes
      sizes[axis] = filter.outputs
      return Shape(sizes)
    } run: { x, shape in
      let device = x[0].device
      let y = Tensor(uninitialized: shape, on: device)
      let first = Tensor(filter.first.map(Double.init), shape: [filter.outputs], on: device)
      let weights = Tensor(filter.weights, shape: [filter.outputs, filter.taps], on: device)
      let rows = shape.sizes[...axis].reduce(1, *)
      let columns = shape.sizes[(axis + 1)...].reduce(1, *)
      y.launch(
        .filterAxis, ["x": x[0], "first": first, "weights": weights, "y": y],
        sizes: [
          "rows": rows, "columns": columns, "length": filter.inputs, "size": filter.outputs, "taps": filter.taps,
        ],
        over: Extent(rows: rows, columns: columns))
      return y
    } vjp: {
      [filterAxis(axis, filter.transposed)($0.dy)]
    }
  }

  static let axisFilterRows: [OpRow] = [
    OpRow(
      "filter_axis",
      zip(AxisFilter.samples, [[2, 5, 3], [2, 3, 4], [7], [2, 3, 300]] as [Shape]).map { sample, shape in
        .init(filterAxis(sample.axis, sample.filter), [shape])
      })
  ]
}

extension AxisFilter {
  /// On what the op is tested: along each axis; inputs that no output sees, outputs that see none, a run at the end.
  static let samples: [(axis: Int, filter: AxisFilter)] = {
    let ragged: [Run] = [(0, [0.5, 0.25]), (1, [1, -2, 0.75]), (4, [3]), (2, [0.3, 0.1])]
    let empty: [Run] = [(0, [1]), (0, []), (1, [0.5])]
    let halves = (0..<3).map { i -> Run in (2 * i, [0.25, 0.5, 0.25]) }
    let ramp = (0..<17).map { i -> Run in (i / 9, [1 - Double(i) / 17, Double(i) / 17]) }
    return [
      (1, AxisFilter(inputs: 5, runs: ragged)), (2, AxisFilter(inputs: 4, runs: empty)),
      (0, AxisFilter(inputs: 7, runs: halves)), (1, AxisFilter(inputs: 3, runs: ramp)),
    ]
  }()
}

extension Tensor {
  /// A filter along one axis: outputs stand where inputs stood.
  public func filtered(along axis: Int, by filter: AxisFilter) -> Tensor { Op.filterAxis(axis, filter)(self) }
}

extension Kernel {
  fileprivate static let filterAxis = named("filter_axis")
}
