// Images on another grid (Kernels/cl/resampling.cl). What lies outside an image is 0.
//
// Halving and doubling are each other's transpose but for a factor, so that each is the other's gradient.

extension Op {
  /// `factor` times the sum over 4 x 4 pixels with weights (1 3 3 1) along both axes, at stride 2: [N, H, W, C] to
  /// [N, H / 2, W / 2, C], a last odd row or column left out. At 1/64 the weights add up to 1.
  public static func bilinearDown(factor: Double) -> Op {
    Op("bilinear_down", ["factor": [factor]], saved: .nothing) { shapes throws(ShapeError) in
      let x = shapes[0]
      guard x.rank == 4, x[1] >= 2, x[2] >= 2 else {
        throw ShapeError("bilinear_down", shapes, "images [N, H, W, C] must have two pixels along each edge")
      }
      return [x[0], x[1] / 2, x[2] / 2, x[3]]
    } run: { x, shape in
      resampled(.bilinearDown, x[0], shape, factor)
    } vjp: { p in
      [bilinearUp(height: p.shape(0)[1], width: p.shape(0)[2], factor: factor)(p.dy)]
    }
  }

  /// `factor` times three of the nearest pixel and one of the next, along both axes: [N, P, Q, C] to [N, height, width,
  /// C], where P and Q are half of height and width, rounded down. At 1/16 the weights add up to 1.
  public static func bilinearUp(height: Int, width: Int, factor: Double) -> Op {
    Op("bilinear_up", ["factor": [factor]], saved: .nothing) { shapes throws(ShapeError) in
      let x = shapes[0]
      guard x.rank == 4, x[1] > 0, x[2] > 0, x[1] == height / 2, x[2] == width / 2 else {
        throw ShapeError("bilinear_up", shapes, "images [N, P, Q, C] must be half of \(height) x \(width)")
      }
      return [x[0], height, width, x[3]]
    } run: { x, shape in
      resampled(.bilinearUp, x[0], shape, factor)
    } vjp: {
      [bilinearDown(factor: factor)($0.dy)]
    }
  }

  private static func resampled(_ kernel: Kernel, _ x: Tensor, _ shape: Shape, _ factor: Double) -> Tensor {
    let y = Tensor(uninitialized: shape, on: x.device)
    let (rows, columns) = (shape[0] * shape[1] * shape[2], shape[3])
    y.launch(
      kernel, ["x": x, "y": y],
      sizes: [
        "rows": rows, "columns": columns, "H": x.shape[1], "W": x.shape[2], "P": shape[1], "Q": shape[2],
      ], reals: ["factor": factor], over: Extent(rows: rows, columns: columns))
    return y
  }

  /// x [N, H, W, C] moved by shifts [N, 2], whole pixels down and to the right, which get no gradient.
  public static let translate: Op = Op("translate", saved: .inputs(1)) { shapes throws(ShapeError) in
    guard shapes[0].rank == 4, shapes[1] == [shapes[0][0], 2] else {
      throw ShapeError("translate", shapes, "there must be images [N, H, W, C] and shifts [N, 2]")
    }
    return shapes[0]
  } run: { x, shape in
    let y = Tensor(uninitialized: shape, on: x[0].device)
    let (rows, columns) = (shape[0] * shape[1] * shape[2], shape[3])
    y.launch(
      .translate, ["x": x[0], "shifts": x[1], "y": y],
      sizes: ["rows": rows, "columns": columns, "H": shape[1], "W": shape[2]],
      over: Extent(rows: rows, columns: columns))
    return y
  } vjp: { p in
    [p.ifWanted(0) { translate(p.dy, -p.x(1)) }, nil]
  }

  /// Translations by 0 ... 4 pixels less 2: in all directions, some past an edge of three pixels.
  private static func translation(_ images: Shape) -> OpRow.Sample {
    .init([images, [images[0], 2]], [.between(-2, 2), .indices(5)]) { translate($0[0], $0[1] - 2) }
  }

  static let resamplingRows: [OpRow] = [
    OpRow(
      "bilinear_down",
      [
        .init(bilinearDown(factor: 1.0 / 64), [[2, 4, 6, 3]]), .init(bilinearDown(factor: 0.5), [[1, 5, 3, 2]]),
        .init(bilinearDown(factor: 1.0 / 64), [[1, 2, 2, 300]]),
      ]),
    OpRow(
      "bilinear_up",
      [
        .init(bilinearUp(height: 4, width: 6, factor: 1.0 / 16), [[2, 2, 3, 3]]),
        .init(bilinearUp(height: 5, width: 3, factor: 0.5), [[1, 2, 1, 2]]),
        .init(bilinearUp(height: 2, width: 2, factor: 1.0 / 16), [[1, 1, 1, 300]]),
      ]),
    OpRow("translate", [translation([5, 3, 2, 3]), translation([2, 5, 7, 1])]),
  ]
}

extension Tensor {
  /// Images [N, H, W, C] of half the size, by the filter (1 3 3 1) / 8 along both axes; what lies outside is 0.
  public func bilinearlyDownsampled() -> Tensor { Op.bilinearDown(factor: 1.0 / 64)(self) }

  /// Images [N, H, W, C] of twice the size: three quarters of the nearest pixel and one of the next, along both axes;
  /// what lies outside is 0.
  public func bilinearlyUpsampled() -> Tensor {
    Op.bilinearUp(height: 2 * shape[1], width: 2 * shape[2], factor: 1.0 / 16)(self)
  }

  /// Images [N, H, W, C], each moved by its shift of [N, 2], whole pixels down and to the right; zeros move in.
  public func translated(by shifts: Tensor) -> Tensor { Op.translate(self, shifts) }
}

extension Kernel {
  fileprivate static let bilinearDown = named("bilinear_down")
  fileprivate static let bilinearUp = named("bilinear_up")
  fileprivate static let translate = named("translate")
}
