// Changes of layout (Kernels/cl/layout.cl).

/// Up to five dimensions walked in row-major order on one side and by strides on the other.
private struct Walk {
  private(set) var sizes: [Int] = []
  private(set) var strides: [Int] = []

  /// Merges neighbours that one stride serves.
  init(_ name: String, _ dimensions: [(size: Int, stride: Int)]) {
    for (size, stride) in dimensions where size != 1 {
      if let last = strides.last, last == stride * size {
        sizes[sizes.count - 1] *= size
        strides[strides.count - 1] = stride
      } else {
        sizes.append(size)
        strides.append(stride)
      }
    }
    precondition(sizes.count <= 5, "\(name): more than five dimensions do not merge")
    let missing = 5 - sizes.count
    sizes = [Int](repeating: 1, count: missing) + sizes
    strides = [Int](repeating: 0, count: missing) + strides
  }

  func launch(_ kernel: Kernel, from x: Tensor, to y: Tensor) {
    y.launch(
      kernel, ["x": x, "y": y],
      sizes: [
        "rows": extent.rows, "n1": sizes[1], "n2": sizes[2], "n3": sizes[3], "n4": sizes[4], "s0": strides[0],
        "s1": strides[1], "s2": strides[2], "s3": strides[3], "s4": strides[4],
      ], over: extent)
  }
  private var extent: Extent { Extent(rows: sizes[0] * sizes[1] * sizes[2] * sizes[3], columns: sizes[4]) }
}

extension Op {
  /// A copy in row-major order of what a walk over `x` from element `start` on meets.
  private static func gathered(_ x: Tensor, _ shape: Shape, _ walk: Walk, start: Int = 0) -> Tensor {
    let y = Tensor(uninitialized: shape, on: x.device)
    let from = Tensor(device: x.device, shape: x.shape, buffer: x.buffer, offset: x.offset + start)
    walk.launch(.gatherStrided, from: from, to: y)
    return y
  }

  public static func reshape(_ shape: Shape) -> Op {
    Op("reshape", saved: .nothing) { shapes throws(ShapeError) in
      guard shapes[0].count == shape.count else {
        throw ShapeError("reshape", [shapes[0], shape], "both shapes must have as many elements")
      }
      return shape
    } run: { x, shape in
      x[0].view(from: 0, shape: shape)
    } vjp: {
      [$0.dy.reshaped(to: $0.shape(0))]
    }
  }

  public static func broadcast(_ shape: Shape) -> Op {
    Op("broadcast", saved: .nothing) { shapes throws(ShapeError) in
      guard Shape.broadcast(shapes[0], shape) == shape else {
        throw ShapeError("broadcast", [shapes[0], shape], "the first shape must broadcast to the second")
      }
      return shape
    } run: { x, shape in
      let missing = shape.rank - x[0].shape.rank
      let strides = x[0].shape.strides
      let dimensions = shape.sizes.enumerated().map { axis, size in
        (size: size, stride: axis < missing || x[0].shape[axis - missing] == 1 ? 0 : strides[axis - missing])
      }
      return gathered(x[0], shape, Walk("broadcast", dimensions))
    } vjp: { p in
      let x = p.shape(0)
      let missing = p.dy.shape.rank - x.rank
      let axes = p.dy.shape.sizes.indices.filter { $0 < missing || (x[$0 - missing] == 1 && p.dy.shape[$0] != 1) }
      return [p.dy.summed(over: axes).reshaped(to: x)]
    }
  }

  public static func transpose(_ permutation: [Int]) -> Op {
    Op("transpose", ["permutation": permutation.map(Double.init)], saved: .nothing) { shapes throws(ShapeError) in
      guard permutation.sorted() == Array(0..<shapes[0].rank) else {
        throw ShapeError("transpose", shapes, "the permutation \(permutation) must name each axis once")
      }
      return Shape(permutation.map { shapes[0][$0] })
    } run: { x, shape in
      let strides = x[0].shape.strides
      return gathered(x[0], shape, Walk("transpose", permutation.map { (x[0].shape[$0], strides[$0]) }))
    } vjp: {
      [$0.dy.transposed(permutation.indices.sorted { permutation[$0] < permutation[$1] })]
    }
  }

  public static func slice(_ start: [Int], _ shape: Shape) -> Op {
    Op("slice", ["start": start.map(Double.init)], saved: .nothing) { shapes throws(ShapeError) in
      try fits("slice", start, shape, inside: shapes[0])
      return shape
    } run: { x, shape in
      let strides = x[0].shape.strides
      return gathered(
        x[0], shape, Walk("slice", Array(zip(shape.sizes, strides))), start: zip(start, strides).map(*).reduce(0, +))
    } vjp: {
      [$0.dy.padded(to: $0.shape(0), at: start)]
    }
  }

  public static func pad(_ start: [Int], _ shape: Shape) -> Op {
    Op("pad", ["start": start.map(Double.init)], saved: .nothing) { shapes throws(ShapeError) in
      try fits("pad", start, shapes[0], inside: shape)
      return shape
    } run: { x, shape in
      let y = Tensor(0, shape: shape, on: x[0].device)
      let strides = shape.strides
      let to = Tensor(
        device: y.device, shape: shape, buffer: y.buffer, offset: y.offset + zip(start, strides).map(*).reduce(0, +))
      let walk = Walk("pad", Array(zip(x[0].shape.sizes, strides)))
      walk.launch(.scatterStrided, from: x[0], to: to)
      return y
    } vjp: {
      [$0.dy.sliced(from: start, shape: $0.shape(0))]
    }
  }

  private static func fits(_ name: String, _ start: [Int], _ part: Shape, inside whole: Shape) throws(ShapeError) {
    let fits =
      start.count == whole.rank && part.rank == whole.rank
      && whole.sizes.indices.allSatisfy { start[$0] >= 0 && start[$0] + part[$0] <= whole[$0] }
    guard fits else {
      throw ShapeError(name, [part, whole], "from \(start) on, the first shape must lie in the second")
    }
  }

  public static let addBias: Op = Op("add_bias", saved: .nothing) { shapes throws(ShapeError) in
    guard shapes[0].rank > 0, shapes[1] == [shapes[0][-1]] else {
      throw ShapeError("add_bias", shapes, "the bias must have the last axis' size")
    }
    return shapes[0]
  } run: { x, shape in
    let y = Tensor(uninitialized: shape, on: x[0].device)
    let (rows, columns) = (shape.count / max(shape[-1], 1), shape[-1])
    y.launch(
      .addBias, ["x": x[0], "b": x[1], "y": y], sizes: ["rows": rows, "columns": columns],
      over: Extent(rows: rows, columns: columns))
    return y
  } vjp: { p in
    [p.dy, p.ifWanted(1) { p.dy.summed(over: Array(0..<(p.dy.shape.rank - 1))) }]
  }

  /// Tensors that differ in one axis only, one after the other along it.
  public static func concatenate(axis: Int) -> Op {
    Op("concatenate", ["axis": [Double(axis)]], saved: .nothing) { shapes throws(ShapeError) in
      func rest(_ shape: Shape) -> [Int] { shape.sizes.enumerated().filter { $0.offset != axis }.map(\.element) }
      guard shapes[0].sizes.indices.contains(axis),
        shapes.allSatisfy({ $0.rank == shapes[0].rank && rest($0) == rest(shapes[0]) })
      else { throw ShapeError("concatenate", shapes, "all axes but axis \(axis) must be the same") }
      var sizes = shapes[0].sizes
      sizes[axis] = shapes.map { $0[axis] }.reduce(0, +)
      return Shape(sizes)
    } run: { inputs, shape in
      let y = Tensor(uninitialized: shape, on: inputs[0].device)
      let rows = shape.sizes[..<axis].reduce(1, *)
      var start = 0
      for x in inputs {
        if rows == 1 {
          y.view(from: start, shape: x.shape).assign(x)
        } else {
          x.copy(into: y, rows: rows, column: start)
        }
        start += x.shape.count / max(rows, 1)
      }
      return y
    } vjp: { p in
      var start = 0
      return p.shapes.enumerated().map { i, shape in
        defer { start += shape[axis] }
        let place = shape.sizes.indices.map { $0 == axis ? start : 0 }
        return p.ifWanted(i) { p.dy.sliced(from: place, shape: shape) }
      }
    }
  }

  static let layoutRows: [OpRow] = [
    OpRow("reshape", [.init(reshape([5, 6]), [[3, 10]])]),
    OpRow(
      "broadcast",
      [
        .init(broadcast([4, 3, 5]), [[3, 1]]), .init(broadcast([2, 3]), [[]]), .init(broadcast([2, 5, 300]), [[300]]),
        .init(broadcast([2, 3, 5, 2, 4]), [[2, 1, 5, 1, 4]]), .init(broadcast([0, 3]), [[1, 3]]),
      ]),
    OpRow("transpose", [.init(transpose([1, 0]), [[3, 7]]), .init(transpose([0, 3, 1, 2]), [[2, 3, 5, 7]])]),
    OpRow("slice", [.init(slice([1, 2], [2, 3]), [[4, 7]]), .init(slice([0, 1, 0], [2, 1, 5]), [[2, 3, 5]])]),
    OpRow("pad", [.init(pad([1, 2], [4, 7]), [[2, 3]])]),
    OpRow(
      "concatenate",
      [
        .init(concatenate(axis: 0), [[2, 3], [5, 3]]), .init(concatenate(axis: 0), [[2, 3, 5]]),
        .init(concatenate(axis: 2), [[2, 3, 4], [2, 3, 1], [2, 3, 4]]),
        .init(concatenate(axis: 1), [[3, 300], [3, 5]]), .init(concatenate(axis: 0), [[3], [2]]),
        .init(concatenate(axis: 1), [[2, 3, 4], [2, 1, 4]]), .init(concatenate(axis: 1), [[2, 0], [2, 3]]),
      ]),
    OpRow("add_bias", [.init(addBias, [[5, 3], [3]]), .init(addBias, [[9, 1043], [1043]])]),
  ]
}

extension Tensor {
  /// Writes this tensor, seen as so many rows, into the columns of another, seen likewise, from `column` on, in place.
  fileprivate func copy(into whole: Tensor, rows: Int, column: Int) {
    guard shape.count > 0 else { return }
    let to = Tensor(device: device, shape: whole.shape, buffer: whole.buffer, offset: whole.offset + column)
    let walk = Walk("copy", [(rows, whole.shape.count / rows), (shape.count / rows, 1)])
    walk.launch(.scatterStrided, from: self, to: to)
  }

  /// The same elements in another shape.
  public func reshaped(to shape: Shape) -> Tensor { shape == self.shape ? self : Op.reshape(shape)(self) }
  /// Repeats axes of size 1 and adds leading ones, as NumPy broadcasts.
  public func broadcast(to shape: Shape) -> Tensor { shape == self.shape ? self : Op.broadcast(shape)(self) }
  /// Axis i of the result is axis `permutation[i]` of this tensor.
  public func transposed(_ permutation: [Int]) -> Tensor { Op.transpose(permutation)(self) }
  /// The part of the given shape from the given place on.
  public func sliced(from start: [Int], shape: Shape) -> Tensor { Op.slice(start, shape)(self) }
  /// This tensor and others that are like it in all axes but one, one after the other along that; a negative one counts
  /// from the end.
  public func concatenated(with others: Tensor..., axis: Int) -> Tensor {
    Self.concatenated([self] + others, axis: axis)
  }
  /// The same of one or more.
  public static func concatenated(_ parts: [Tensor], axis: Int) -> Tensor {
    parts.count == 1 ? parts[0] : Op.concatenate(axis: axis < 0 ? parts[0].shape.rank + axis : axis)(parts)
  }
  /// `count` rows of the first axis from `start` on.
  public func rows(from start: Int, count: Int) -> Tensor {
    sliced(from: [start] + shape.sizes.dropFirst().map { _ in 0 }, shape: Shape([count] + shape.sizes.dropFirst()))
  }
  /// This tensor inside zeros.
  public func padded(to shape: Shape, at start: [Int]) -> Tensor { Op.pad(start, shape)(self) }
  /// `x + bias` along the last axis.
  public func adding(bias: Tensor) -> Tensor { Op.addBias(self, bias) }

  /// NHWC repeated `factor` times along height and width: nearest-neighbour upsampling.
  public func upsampled(by factor: Int) -> Tensor {
    let (n, h, w, c) = (shape[0], shape[1], shape[2], shape[3])
    return reshaped(to: [n, h, 1, w, 1, c]).broadcast(to: [n, h, factor, w, factor, c])
      .reshaped(to: [n, h * factor, w * factor, c])
  }
  /// NHWC averaged over squares of `factor` pixels.
  public func downsampled(by factor: Int) -> Tensor {
    let (n, h, w, c) = (shape[0], shape[1] / factor, shape[2] / factor, shape[3])
    return reshaped(to: [n, h, factor, w, factor, c]).mean(over: [2, 4])
  }
}

extension Kernel {
  fileprivate static let gatherStrided = named("gather_strided")
  fileprivate static let scatterStrided = named("scatter_strided")
  fileprivate static let addBias = named("add_bias")
}
