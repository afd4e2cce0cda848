// Pooling over square windows of NHWC images, each channel apart (Kernels/cl/pooling.cl).
//
// A maximum is pooled in two ops: which tap of each window is its first maximum, which has no gradient, and what stands
// there, which is linear in the image. The latter and its adjoint are each other's gradient.

/// Square windows that move over an image.
public struct PoolingWindow: Hashable, Sendable {
  /// Pixels along an edge of a window.
  public var size: Int
  /// Pixels from one window to the next.
  public var stride: Int
  /// Pixels around the image, as many above as to the left: less than a window's edge, so that every window sees the
  /// image.
  public var padding: ImagePadding

  public init(_ size: Int, stride: Int, padding: ImagePadding = 0) {
    (self.size, self.stride, self.padding) = (size, stride, padding)
  }

  /// Windows of an image; 0 along an axis where none fits, or one would see nothing of the image.
  public func output(_ height: Int, _ width: Int) -> (height: Int, width: Int) {
    let sides = [padding.top, padding.left, padding.bottom, padding.right]
    guard size > 0, stride > 0, height > 0, width > 0, padding.top == padding.left,
      sides.allSatisfy({ $0 >= 0 && $0 < size })
    else { return (0, 0) }
    return ConvolutionGeometry(stride: stride, padding: padding).output(height, width, taps: (size, size))
  }
}

extension Op {
  /// x [N, H, W, C] to [N, P, Q, C]: the number of the tap, row by row, that is the first maximum of each window.
  public static func maximumTaps(_ window: PoolingWindow) -> Op {
    Op("maximum_taps", saved: .nothing) { shapes throws(ShapeError) in
      try windows("maximum_taps", window, shapes, of: shapes[0])
    } run: { x, shape in
      pooled(.maximumTaps, ["x": x[0]], to: "taps", shape, window)
    } vjp: { _ in
      [nil]
    }
  }

  /// x [N, H, W, C], tap numbers [N, P, Q, C] (which get no gradient) to what stands under them, [N, P, Q, C].
  public static func takeTaps(_ window: PoolingWindow) -> Op {
    Op("take_taps", saved: .inputs(1)) { shapes throws(ShapeError) in
      let shape = try windows("take_taps", window, shapes, of: shapes[0])
      guard shapes[1] == shape else {
        throw ShapeError("take_taps", shapes, "there must be a tap for each of the windows \(shape)")
      }
      return shape
    } run: { x, shape in
      pooled(.takeTaps, ["x": x[0], "taps": x[1]], shape, window)
    } vjp: { p in
      let x = p.shape(0)
      return [p.ifWanted(0) { putTaps(window, height: x[1], width: x[2])(p.dy, p.x(1)) }, nil]
    }
  }

  /// The adjoint of `takeTaps`: [N, P, Q, C] and tap numbers to [N, height, width, C], where what meets is added up.
  public static func putTaps(_ window: PoolingWindow, height: Int, width: Int) -> Op {
    Op("put_taps", saved: .inputs(1)) { shapes throws(ShapeError) in
      let image = try image("put_taps", window, shapes, height, width)
      guard shapes[1] == shapes[0] else {
        throw ShapeError("put_taps", shapes, "there must be a tap for each of the windows")
      }
      return image
    } run: { x, shape in
      pooled(.putTaps, ["x": x[0], "taps": x[1]], shape, window)
    } vjp: { p in
      [p.ifWanted(0) { takeTaps(window)(p.dy, p.x(1)) }, nil]
    }
  }

  /// x [N, H, W, C] to the mean of each window, [N, P, Q, C].
  public static func averagePool(_ window: PoolingWindow, countsPadding: Bool) -> Op {
    Op("average_pool", saved: .nothing) { shapes throws(ShapeError) in
      try windows("average_pool", window, shapes, of: shapes[0])
    } run: { x, shape in
      pooled(.averagePool, ["x": x[0]], shape, window, ["counts_pad": countsPadding ? 1 : 0])
    } vjp: { p in
      let x = p.shape(0)
      return [spreadAverage(window, countsPadding: countsPadding, height: x[1], width: x[2])(p.dy)]
    }
  }

  /// The adjoint of `averagePool`: [N, P, Q, C] to [N, height, width, C].
  public static func spreadAverage(_ window: PoolingWindow, countsPadding: Bool, height: Int, width: Int) -> Op {
    Op("spread_average", saved: .nothing) { shapes throws(ShapeError) in
      try image("spread_average", window, shapes, height, width)
    } run: { x, shape in
      pooled(.spreadAverage, ["x": x[0]], shape, window, ["counts_pad": countsPadding ? 1 : 0])
    } vjp: { p in
      [averagePool(window, countsPadding: countsPadding)(p.dy)]
    }
  }

  /// The shape of the windows of images.
  private static func windows(
    _ name: String, _ window: PoolingWindow, _ shapes: [Shape], of x: Shape
  ) throws(ShapeError) -> Shape {
    guard x.rank == 4 else { throw ShapeError(name, shapes, "there must be images [N, H, W, C]") }
    let (p, q) = window.output(x[1], x[2])
    guard p > 0, q > 0 else {
      throw ShapeError(name, shapes, "\(window) must fit into the padded image, and see more than padding")
    }
    return [x[0], p, q, x[3]]
  }

  /// The shape of the images that windows come from.
  private static func image(
    _ name: String, _ window: PoolingWindow, _ shapes: [Shape], _ height: Int, _ width: Int
  ) throws(ShapeError) -> Shape {
    let x = shapes[0]
    guard x.rank == 4, x[1] > 0, x[2] > 0, window.output(height, width) == (x[1], x[2]) else {
      throw ShapeError(
        name, shapes, "windows [N, P, Q, C] must be those of images \(height) x \(width) under \(window)")
    }
    return [x[0], height, width, x[3]]
  }

  /// Launches a kernel of the pattern CHANNELWISE (Kernels/cl/windows.h), which computes images `shape` from the first
  /// input.
  private static func pooled(
    _ kernel: Kernel, _ inputs: NamedArguments<Tensor>, to output: ArgumentName = "y", _ shape: Shape,
    _ window: PoolingWindow, _ rest: NamedArguments<Int> = [:]
  ) -> Tensor {
    let x = inputs.elements[0].1, y = Tensor(uninitialized: shape, on: x.device)
    let pixels = shape[0] * shape[1] * shape[2]
    let sizes: NamedArguments<Int> = [
      "pixels": pixels, "channels": shape[3], "H": x.shape[1], "W": x.shape[2], "P": shape[1], "Q": shape[2],
      "size": window.size, "stride": window.stride, "pad": window.padding.top,
    ]
    y.launch(
      kernel, inputs + NamedArguments([(output, y)]), sizes: sizes + rest,
      over: Extent(rows: pixels, columns: shape[3]))
    return y
  }

  /// Inception's two; windows apart, that leave pixels out, at every edge; one pixel; channels one, few, sixteen and
  /// more.
  private static let poolingCases: [(window: PoolingWindow, image: Shape, countsPadding: Bool)] = [
    (.init(3, stride: 2), [2, 7, 8, 5], true), (.init(3, stride: 1, padding: 1), [1, 4, 3, 17], false),
    (.init(2, stride: 3, padding: 1), [1, 6, 8, 2], false), (.init(3, stride: 2, padding: 1), [1, 5, 6, 3], true),
    (.init(1, stride: 1), [1, 1, 2, 1], true), (.init(3, stride: 2, padding: 2), [2, 3, 5, 67], false),
  ]

  private static func windows(_ window: PoolingWindow, of image: Shape) -> Shape {
    let (p, q) = window.output(image[1], image[2])
    return [image[0], p, q, image[3]]
  }

  static let poolingRows: [OpRow] = [
    // Among seven numbers, many are the same.
    OpRow("maximum_taps", poolingCases.map { .init(maximumTaps($0.window), [$0.image], [.indices(7)]) }),
    OpRow(
      "take_taps",
      poolingCases.map {
        let taps = $0.window.size * $0.window.size
        return .init(
          takeTaps($0.window), [$0.image, windows($0.window, of: $0.image)], [.between(-2, 2), .indices(taps)])
      }),
    OpRow(
      "put_taps",
      poolingCases.map {
        let (taps, y) = ($0.window.size * $0.window.size, windows($0.window, of: $0.image))
        return .init(
          putTaps($0.window, height: $0.image[1], width: $0.image[2]), [y, y], [.between(-2, 2), .indices(taps)])
      }),
    OpRow(
      "average_pool",
      poolingCases.map { .init(averagePool($0.window, countsPadding: $0.countsPadding), [$0.image]) }),
    OpRow(
      "spread_average",
      poolingCases.map {
        .init(
          spreadAverage($0.window, countsPadding: $0.countsPadding, height: $0.image[1], width: $0.image[2]),
          [windows($0.window, of: $0.image)])
      }),
  ]
}

extension Tensor {
  /// The largest of each window of images [N, H, W, C]: [N, P, Q, C]. The gradient goes to a window's first maximum,
  /// row by row, as in PyTorch; padding is never a maximum.
  public func maximumPooled(_ window: PoolingWindow) -> Tensor {
    Op.takeTaps(window)(self, Op.maximumTaps(window)(detached()))
  }

  /// The mean of each window of images [N, H, W, C]: [N, P, Q, C].
  ///
  /// - Parameter countsPadding: Whether the zeros around the image count as pixels of a window.
  public func averagePooled(_ window: PoolingWindow, countsPadding: Bool = true) -> Tensor {
    Op.averagePool(window, countsPadding: countsPadding)(self)
  }
}

extension Kernel {
  fileprivate static let maximumTaps = named("maximum_taps")
  fileprivate static let takeTaps = named("take_taps")
  fileprivate static let putTaps = named("put_taps")
  fileprivate static let averagePool = named("average_pool")
  fileprivate static let spreadAverage = named("spread_average")
}
