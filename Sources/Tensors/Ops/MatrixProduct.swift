// Matrix products (Kernels/cl/matmul.cl).

/// The right side of products: [batches][k][n] in panels of 32 columns, zeros beyond n. Element (k, n) of panel p lies
/// at p panelStride + k kStride + n - 32 p.
struct Panels {
  static let columns = panelColumns
  let tensor: Tensor
  let panelStride, kStride, batchStride: Int

  init(tensor: Tensor, panelStride: Int, kStride: Int, batchStride: Int = 0) {
    (self.tensor, self.panelStride, self.kStride, self.batchStride) = (tensor, panelStride, kStride, batchStride)
  }

  /// [taps][k][n] of `x`, reached by strides, copied into panels.
  init(
    packing x: Tensor, taps: Int = 1, k: Int, n: Int, tapStride: Int = 0, kStride: Int = 1, nStride: Int = 1,
    batches: Int = 1, batchStride: Int = 0
  ) {
    let across = (n + Self.columns - 1) / Self.columns
    let panels = Tensor(uninitialized: [batches, across, taps * k, Self.columns], on: x.device)
    panels.launch(
      .packPanels, ["x": x, "b": panels],
      sizes: [
        "taps": taps, "K": k, "N": n, "tap_stride": tapStride, "k_stride": kStride, "n_stride": nStride,
        "x_batch": batchStride,
      ],
      over: Extent(rows: taps * k, columns: across * Self.columns, batches: batches))
    let panelStride = taps * k * Self.columns
    self.init(tensor: panels, panelStride: panelStride, kStride: Self.columns, batchStride: across * panelStride)
  }

  /// [batches][k][n] of `x` as it lies, if n fills its panels, and rows are so short that a panel does not fall into
  /// few places of a cache; else copied.
  init(rows x: Tensor, k: Int, n: Int, batches: Int = 1) {
    if n % Self.columns == 0 && n <= 512 {
      self.init(tensor: x, panelStride: Self.columns, kStride: n, batchStride: k * n)
    } else {
      self.init(packing: x, k: k, n: n, kStride: n, batches: batches, batchStride: k * n)
    }
  }
}

/// Matrices [batches][rows][columns], a row `rowStride` and a batch `stride` elements after the one before.
struct Matrices {
  let tensor: Tensor
  let batches, rows, columns, rowStride, stride: Int

  /// Makes them, whose rows lie close together, the products of `a` and `b`, as `Tensor.setProduct` does.
  func setProduct(
    _ a: Tensor, rowStride: Int, kStride: Int, batchStride: Int, _ b: Panels, k: Int, bias: Tensor? = nil,
    activation: FusedActivation = .none, isAdding: Bool = false
  ) {
    precondition(rowStride == 1 || kStride == 1, "the left side of a product lies along its rows or its columns")
    // A total of products is never -0, so that adding zeros changes nothing.
    let bias = bias?.argument ?? .buffer(tensor.device.zeros(count: columns), at: 0)
    var launch = ProductLaunch(m: rows, n: columns, k: k, batches: batches, aRow: rowStride, aTerm: kStride)
    (launch.bPanel, launch.bTerm) = (b.panelStride, b.kStride)
    (launch.aBatch, launch.bBatch, launch.cBatch) = (batchStride, b.batchStride, stride)
    (launch.isAdding, launch.limit) = (isAdding, activation.limit)
    // What does not stay in a cache is not worth reading into it.
    launch.isStreaming = batches * rows * columns >= 1 << 20 && !isAdding
    tensor.device.launch(launch, [a.argument, b.tensor.argument, bias], output: tensor.argument)
  }
}

extension Tensor {
  /// Makes this tensor [m, n] or [batches, m, n] the product of `a`, [batches][m][k] by strides, and `b`
  /// [batches][k][n], plus a bias [n] and then cut off by an activation, in place; `isAdding` goes on from the product
  /// of the k before, a multiple of 512, that it holds.
  func setProduct(
    _ a: Tensor, rowStride: Int, kStride: Int, batchStride: Int = 0, _ b: Panels, k: Int, bias: Tensor? = nil,
    activation: FusedActivation = .none, isAdding: Bool = false
  ) {
    let (m, n) = (shape[-2], shape[-1])
    let extent = Extent(rows: m, columns: n, batches: shape.rank == 3 ? shape[0] : 1)
    if extent.batches == 1, !isAdding, Chains.areApart(.matmul, k: k, over: extent, on: device) {
      return setProductByChains(a, rowStride: rowStride, kStride: kStride, b, k: k, bias: bias, activation: activation)
    }
    Matrices(tensor: self, batches: extent.batches, rows: m, columns: n, rowStride: n, stride: m * n).setProduct(
      a, rowStride: rowStride, kStride: kStride, batchStride: batchStride, b, k: k, bias: bias, activation: activation,
      isAdding: isAdding)
  }

  /// The same for one product, whose chains are computed apart: the same bits.
  func setProductByChains(
    _ a: Tensor, rowStride: Int, kStride: Int, _ b: Panels, k: Int, bias: Tensor?, activation: FusedActivation,
    most: Int? = nil
  ) {
    addChains(of: k, most: most) { chains, sums in
      sums.setChains(chains, of: k, shape, a, rowStride: rowStride, kStride: kStride, b)
    }
    if let bias { _ = activate(adding: bias, activation) }
  }

  /// Makes this tensor [chains][m][n] the products of some chains of `k` terms: each is a product of its own.
  private func setChains(
    _ chains: Range<Int>, of k: Int, _ product: Shape, _ a: Tensor, rowStride: Int, kStride: Int, _ b: Panels
  ) {
    func set(_ chains: Range<Int>, at place: Int, terms: Int) {
      guard !chains.isEmpty else { return }
      let start = chains.lowerBound * Chains.terms
      view(from: place * product.count, shape: Shape([chains.count] + product.sizes)).setProduct(
        a.from(start * kStride), rowStride: rowStride, kStride: kStride, batchStride: Chains.terms * kStride,
        Panels(
          tensor: b.tensor.from(start * b.kStride), panelStride: b.panelStride, kStride: b.kStride,
          batchStride: Chains.terms * b.kStride),
        k: terms)
    }
    let whole = chains.clamped(to: 0..<(k / Chains.terms)), rest = k % Chains.terms
    set(whole, at: 0, terms: Chains.terms)
    if whole != chains { set(whole.upperBound..<chains.upperBound, at: whole.count, terms: rest) }
  }
}

extension Op {
  /// The matrix product of `a` and `b`, each [rows, columns] or [batches, rows, columns], each perhaps transposed.
  public static func matmul(_ aTransposed: Bool, _ bTransposed: Bool) -> Op {
    Op("matmul", ["transposed": [aTransposed ? 1 : 0, bTransposed ? 1 : 0]], saved: .inputs) {
      shapes throws(ShapeError) in
      try productShape("matmul", shapes, aTransposed, bTransposed)
    } run: { x, shape in
      product(x[0], x[1], aTransposed, bTransposed, shape)
    } vjp: {
      productCotangents($0, aTransposed, bTransposed)
    }
  }

  /// a [m, k] b [k, n] + bias [n].
  public static let affineProduct: Op = Op("affine_product", saved: .inputs(0, 1)) { shapes throws(ShapeError) in
    let shape = try productShape("affine_product", shapes, false, false)
    guard shapes[2] == [shape[-1]] else {
      throw ShapeError("affine_product", shapes, "the bias must have the product's columns")
    }
    return shape
  } run: { x, shape in
    product(x[0], x[1], false, false, shape, bias: x[2])
  } vjp: { p in
    productCotangents(p, false, false) + [p.ifWanted(2) { p.dy.summed(over: Array(0..<(p.dy.shape.rank - 1))) }]
  }

  private static func productShape(
    _ name: String, _ shapes: [Shape], _ aTransposed: Bool, _ bTransposed: Bool
  ) throws(ShapeError) -> Shape {
    let (a, b) = (shapes[0], shapes[1])
    guard a.rank == b.rank, a.rank == 2 || (a.rank == 3 && a[0] == b[0]),
      a[aTransposed ? -2 : -1] == b[bTransposed ? -1 : -2]
    else {
      let rule = "\(aTransposed ? "a transposed" : "a")'s columns must be \(bTransposed ? "b transposed" : "b")'s rows"
      throw ShapeError(name, shapes, rule)
    }
    let (m, n) = (a[aTransposed ? -1 : -2], b[bTransposed ? -2 : -1])
    return a.rank == 2 ? [m, n] : [a[0], m, n]
  }

  private static func product(
    _ a: Tensor, _ b: Tensor, _ aTransposed: Bool, _ bTransposed: Bool, _ shape: Shape, bias: Tensor? = nil
  ) -> Tensor {
    let (m, n, k) = (shape[-2], shape[-1], a.shape[aTransposed ? -2 : -1])
    let batches = shape.rank == 3 ? shape[0] : 1
    a.device.countProduct(multiplications: batches * m * n * k)
    let panels =
      bTransposed
      ? Panels(packing: b, k: k, n: n, nStride: k, batches: batches, batchStride: k * n)
      : Panels(rows: b, k: k, n: n, batches: batches)
    let c = Tensor(uninitialized: shape, on: a.device)
    c.setProduct(
      a, rowStride: aTransposed ? 1 : k, kStride: aTransposed ? m : 1, batchStride: m * k, panels, k: k, bias: bias)
    return c
  }

  private static func productCotangents(_ p: Pullback, _ aTransposed: Bool, _ bTransposed: Bool) -> [Tensor?] {
    let (a, b, dc) = (p.x(0), p.x(1), p.dy)
    return [
      p.ifWanted(0) { aTransposed ? matmul(bTransposed, true)(b, dc) : matmul(false, !bTransposed)(dc, b) },
      p.ifWanted(1) { bTransposed ? matmul(true, aTransposed)(dc, a) : matmul(!aTransposed, false)(a, dc) },
    ]
  }

  static let productRows: [OpRow] = [
    OpRow(
      "matmul",
      [
        .init(matmul(false, false), [[13, 5], [5, 35]]), .init(matmul(true, false), [[5, 13], [5, 3]]),
        .init(matmul(false, true), [[2, 5], [7, 5]]), .init(matmul(true, true), [[5, 2], [7, 5]]),
        .init(matmul(false, false), [[2, 3, 5], [2, 5, 4]]), .init(matmul(true, true), [[2, 5, 3], [2, 4, 5]]),
        .init(matmul(false, false), [[1, 1], [1, 1]]), .init(matmul(false, false), [[65, 1030], [1030, 33]]),
        // Few outputs, whose chains GPUs compute apart.
        .init(matmul(false, false), [[3, 1100], [1100, 5]]), .init(matmul(true, false), [[1100, 3], [1100, 5]]),
        .init(matmul(false, false), [[3, 0], [0, 4]]), .init(matmul(false, false), [[5, 3], [3, 64]]),
      ]),
    OpRow(
      "affine_product",
      [
        .init(affineProduct, [[5, 3], [3, 2], [2]]), .init(affineProduct, [[13, 5], [5, 35], [35]]),
        .init(affineProduct, [[5, 3], [3, 32], [32]]), .init(affineProduct, [[2, 3, 5], [2, 5, 4], [4]]),
      ]),
  ]
}

/// The matrix product of `a` and `b`, each [rows, columns] or [batches, rows, columns], each perhaps transposed first.
///
/// Terms are added in ascending order in chains of 512 (rule 4 of the numerical contract).
public func matmul(_ a: Tensor, _ b: Tensor, transposingA: Bool = false, transposingB: Bool = false) -> Tensor {
  Op.matmul(transposingA, transposingB)(a, b)
}

/// `a b + bias`: [rows, k], [k, columns], [columns] to [rows, columns], in one launch.
public func affineProduct(_ a: Tensor, _ b: Tensor, bias: Tensor) -> Tensor { Op.affineProduct(a, b, bias) }

extension Kernel {
  fileprivate static let packPanels = named("pack_panels")
}
