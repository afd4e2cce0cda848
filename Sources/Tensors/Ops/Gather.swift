// Rows of a table by number: embeddings (Kernels/cl/gather.cl).

extension Op {
  /// table [rows, C], indices [n] (whole numbers, which get no gradient) to [n, C].
  public static let gather: Op = Op("gather", saved: .inputs(1)) { shapes throws(ShapeError) in
    guard shapes[0].rank == 2, shapes[0][0] > 0, shapes[1].rank == 1 else {
      throw ShapeError("gather", shapes, "the table must be [rows, columns] and the indices [n]")
    }
    return [shapes[1][0], shapes[0][1]]
  } run: { x, shape in
    let y = Tensor(uninitialized: shape, on: x[0].device)
    y.launch(
      .gatherRows, ["table": x[0], "indices": x[1], "y": y],
      sizes: ["rows": shape[0], "columns": shape[1], "table_rows": x[0].shape[0]],
      over: Extent(rows: shape[0], columns: shape[1]))
    return y
  } vjp: { p in
    [p.ifWanted(0) { scatter(rows: p.shape(0)[0])(p.dy, p.x(1)) }, nil]
  }

  /// The gradient of `gather` by the table: dy [n, C], indices [n] to [rows, C].
  public static func scatter(rows: Int) -> Op {
    Op("scatter", saved: .inputs(1)) { shapes throws(ShapeError) in
      guard shapes[0].rank == 2, shapes[1] == [shapes[0][0]] else {
        throw ShapeError("scatter", shapes, "there must be an index for each row")
      }
      return [rows, shapes[0][1]]
    } run: { x, shape in
      let y = Tensor(uninitialized: shape, on: x[0].device)
      y.launch(
        .scatterRows, ["dy": x[0], "indices": x[1], "y": y],
        sizes: ["gathered": x[0].shape[0], "columns": shape[1], "table_rows": rows], over: Extent(shape.count))
      return y
    } vjp: { p in
      [p.ifWanted(0) { gather(p.dy, p.x(1)) }, nil]
    }
  }

  static let gatherRows: [OpRow] = [
    OpRow("gather", [.init(gather, [[5, 3], [7]], [.between(-2, 2), .indices(5)])]),
    OpRow("scatter", [.init(scatter(rows: 5), [[7, 3], [7]], [.between(-2, 2), .indices(5)])]),
  ]
}

extension Tensor {
  /// Rows of this table [rows, C] by number, [n]: an embedding.
  ///
  /// Numbers outside the table are clamped to it, and fractions are cut off, since no device can refuse them without
  /// being waited for: who forms numbers from data checks them before they come here.
  public func gathered(_ indices: Tensor) -> Tensor { Op.gather(self, indices) }
}

extension Kernel {
  fileprivate static let gatherRows = named("gather_rows")
  fileprivate static let scatterRows = named("scatter_rows")
}
