// Matrix products (Kernels/matmul.cl).

extension Tensor {
  static let panelColumns = 32

  /// [taps][k][n] of this tensor, reached by strides, in panels of 32 columns for the kernels of products.
  func packed(
    taps: Int, k: Int, n: Int, tapStride: Int, kStride: Int, nStride: Int, batches: Int = 1, batchStride: Int = 0
  ) -> Tensor {
    let panels = (n + Self.panelColumns - 1) / Self.panelColumns
    let b = Tensor(uninitialized: [batches, panels, taps * k, Self.panelColumns], on: device)
    b.launch(
      "pack_panels", [self, b],
      [taps, k, n, tapStride, kStride, nStride, batchStride].map(LaunchArgument.size),
      over: Extent(rows: taps * k, columns: n, batches: batches))
    return b
  }
}

extension Op {
  /// The matrix product of `a` and `b`, each [rows, columns] or [batches, rows, columns], each perhaps transposed.
  static func matmul(_ aTransposed: Bool, _ bTransposed: Bool) -> Op {
    Op("matmul", keeps: .inputs) { shapes throws(ShapeError) in
      let (a, b) = (shapes[0], shapes[1])
      guard a.rank == b.rank, a.rank == 2 || (a.rank == 3 && a[0] == b[0]),
        a[aTransposed ? -2 : -1] == b[bTransposed ? -1 : -2]
      else {
        let rule =
          "\(aTransposed ? "a transposed" : "a")'s columns must be \(bTransposed ? "b transposed" : "b")'s rows"
        throw ShapeError("matmul", shapes, rule)
      }
      let (m, n) = (a[aTransposed ? -1 : -2], b[bTransposed ? -2 : -1])
      return a.rank == 2 ? [m, n] : [a[0], m, n]
    } run: { x, shape in
      let (a, b) = (x[0], x[1])
      let (m, n, k) = (shape[-2], shape[-1], a.shape[aTransposed ? -2 : -1])
      let batches = shape.rank == 3 ? shape[0] : 1
      a.device.countProduct(multiplications: batches * m * n * k)
      let panels = b.packed(
        taps: 1, k: k, n: n, tapStride: 0, kStride: bTransposed ? 1 : n, nStride: bTransposed ? k : 1, batches: batches,
        batchStride: k * n)
      let c = Tensor(uninitialized: shape, on: a.device)
      let strides = [aTransposed ? 1 : k, aTransposed ? m : 1, m * k, panels.shape.count / max(batches, 1)]
      c.launch(
        "matmul", [a, panels, c], ([m, n, k] + strides).map(LaunchArgument.size),
        over: Extent(rows: m, columns: n, batches: batches))
      return c
    } vjp: { p in
      let (a, b, dc) = (p.x(0), p.x(1), p.dy)
      return [
        p.ifWanted(0) { aTransposed ? matmul(bTransposed, true)(b, dc) : matmul(false, !bTransposed)(dc, b) },
        p.ifWanted(1) { bTransposed ? matmul(true, aTransposed)(dc, a) : matmul(!aTransposed, false)(a, dc) },
      ]
    }
  }

  static let productRows: [OpRow] = [
    OpRow(
      "matmul",
      [
        .init(matmul(false, false), [[13, 5], [5, 35]]), .init(matmul(true, false), [[5, 13], [5, 3]]),
        .init(matmul(false, true), [[2, 5], [7, 5]]), .init(matmul(true, true), [[5, 2], [7, 5]]),
        .init(matmul(false, false), [[2, 3, 5], [2, 5, 4]]), .init(matmul(true, true), [[2, 5, 3], [2, 4, 5]]),
        .init(matmul(false, false), [[1, 1], [1, 1]]), .init(matmul(false, false), [[65, 1030], [1030, 33]]),
        .init(matmul(false, false), [[3, 0], [0, 4]]),
      ])
  ]
}

/// The matrix product of `a` and `b`, each [rows, columns] or [batches, rows, columns], each perhaps transposed first.
///
/// Terms are added in ascending order in chains of 512 (rule 4 of the numerical contract).
public func matmul(_ a: Tensor, _ b: Tensor, transposingA: Bool = false, transposingB: Bool = false) -> Tensor {
  Op.matmul(transposingA, transposingB)(a, b)
}
