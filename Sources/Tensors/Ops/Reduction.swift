// Sums over axes (Kernels/cl/reduction.cl).

extension Op {
  private static let chunk = 4096
  private static let blockRows = 64

  /// `factor` times the sum over neighbouring axes, seen as [outer][length][inner].
  private static func summed(_ x: Tensor, _ outer: Int, _ length: Int, _ inner: Int, factor: Double) -> Tensor {
    let y = Tensor(uninitialized: [outer * inner], on: x.device)
    let blocks = inner == 1 ? (length + chunk - 1) / chunk : (length + blockRows - 1) / blockRows
    let partial = Tensor(uninitialized: [outer * blocks * inner], on: x.device)
    if inner == 1 {
      y.launch(
        .sumChunks, ["x": x, "partial": partial], sizes: ["length": length],
        over: Extent(rows: outer, columns: blocks))
    } else {
      y.launch(
        .sumColumns, ["x": x, "partial": partial], sizes: ["length": length, "inner": inner],
        over: Extent(rows: blocks, columns: inner, batches: outer))
    }
    y.addPartials(partial, blocks: blocks, inner: inner, factor: factor)
    return y
  }

  /// `factor` times the sum over axes, which disappear.
  public static func sum(_ axes: [Int], factor: Double = 1) -> Op {
    Op("sum", ["axes": axes.map(Double.init), "factor": [factor]], saved: .nothing) { shapes throws(ShapeError) in
      guard Set(axes).count == axes.count, axes.allSatisfy({ shapes[0].sizes.indices.contains($0) }) else {
        throw ShapeError("sum", shapes, "the axes \(axes) must be different axes of the shape")
      }
      return Shape(shapes[0].sizes.indices.filter { !axes.contains($0) }.map { shapes[0][$0] })
    } run: { inputs, shape in
      var (x, sizes) = (inputs[0], inputs[0].shape.sizes)
      var isSummed = sizes.indices.map { axes.contains($0) }
      var factor = factor
      // Runs of neighbouring axes, the last first; the factor goes with the first sum.
      while let last = isSummed.lastIndex(of: true) {
        let first = isSummed[...last].lastIndex(of: false).map { $0 + 1 } ?? 0
        let length = sizes[first...last].reduce(1, *)
        x = summed(x, sizes[..<first].reduce(1, *), length, sizes[(last + 1)...].reduce(1, *), factor: factor)
        sizes.removeSubrange(first...last)
        isSummed.removeSubrange(first...last)
        factor = 1
      }
      return axes.isEmpty ? x.detached() : x.view(from: 0, shape: shape)
    } vjp: { p in
      let kept = Shape(p.shape(0).sizes.enumerated().map { axes.contains($0) ? 1 : $1 })
      let dy = p.dy.reshaped(to: kept).broadcast(to: p.shape(0))
      return [factor == 1 ? dy : factor * dy]
    }
  }

  static let reductionRows: [OpRow] = [
    OpRow(
      "sum",
      [
        .init(sum([1]), [[3, 37]]), .init(sum([0]), [[67, 3]]), .init(sum([0]), [[130, 33]]),
        .init(sum([0, 1]), [[3, 5]]),
        .init(sum([1, 3]), [[2, 3, 4, 5]]), .init(sum([0, 2]), [[3, 4, 5]]), .init(sum([0], factor: 0.25), [[4]]),
        .init(sum([0]), [[9001]]), .init(sum([]), [[3]]), .init(sum([1]), [[3, 0]]), .init(sum([0]), [[0, 20]]),
        .init(sum([1]), [[2, 65, 17]]),
        // So many blocks that GPUs read them in groups, once and in more than one round.
        .init(sum([0]), [[2113, 2]]), .init(sum([1]), [[2, 8257, 3]]),
        // More columns than an item of a processor sums.
        .init(sum([0]), [[6, 1043]]),
      ])
  ]
}

extension Tensor {
  /// Makes this tensor `factor` times the sum of block sums [outer][blocks][inner], in place; `isAdding` goes on from
  /// the sum that it holds.
  func addPartials(_ partial: Tensor, blocks: Int, inner: Int, factor: Double, isAdding: Bool = false) {
    launch(
      blocks > 32 ? .addManyPartials : .addPartials, ["partial": partial, "y": self],
      sizes: ["blocks": blocks, "inner": inner, "adds": isAdding ? 1 : 0], reals: ["factor": factor],
      over: Extent(shape.count))
  }

  /// The sum over axes (all where none are named), which disappear; the order of additions is the numerical contract's
  /// rule 5.
  public func summed(over axes: [Int]? = nil) -> Tensor { Op.sum(axes ?? Array(0..<shape.rank))(self) }

  /// The mean over axes (all where none are named), which disappear.
  public func mean(over axes: [Int]? = nil) -> Tensor {
    let axes = axes ?? Array(0..<shape.rank)
    return Op.sum(axes, factor: 1 / Double(axes.map { shape[$0] }.reduce(1, *)))(self)
  }
}

extension Kernel {
  fileprivate static let sumChunks = named("sum_chunks")
  /// Sums down columns, as batch normalization needs them too.
  static let sumColumns = named("sum_columns")
  fileprivate static let addPartials = named("add_partials")
  fileprivate static let addManyPartials = named("add_many_partials")
}
