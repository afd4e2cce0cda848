/// One launch on which tiles are compared: a layer of a GAN, with numbers of its own.
struct TuningCase: Sendable {
  /// An argument before there is a device to hold it.
  enum Operand: Sendable {
    case input(Int)
    case zeros(Int)
    case output(Int)
    case uint(Int)
    case size(Int)
    case real(Double)
  }

  let name: String
  let kernel: Kernel
  let extent: Extent
  /// Multiplications with their additions, counted double.
  let flops: Int
  private let operands: [Operand]

  /// The arguments on a device, and the output among them.
  struct Prepared {
    let arguments: [LaunchArgument]
    let output: Buffer
    let count: Int
  }

  /// - Throws: What keeps the device from holding them.
  func prepare(on device: Device) throws(DeviceError) -> Prepared {
    var output: (buffer: Buffer, count: Int)?
    var state: UInt32 = 1
    let arguments = operands.map { operand -> LaunchArgument in
      switch operand {
      case .input(let count):
        let buffer = device.buffer(count: count)
        let values = (0..<count).map { _ -> Float in
          state = state &* 1_664_525 &+ 1_013_904_223  // Numerical Recipes' generator
          return Float(Int32(bitPattern: state) >> 8) / Float(1 << 23)
        }
        device.write(values, to: buffer)
        return .buffer(buffer, at: 0)
      case .zeros(let count): return .buffer(device.zeros(count: count), at: 0)
      case .output(let count):
        let buffer = device.buffer(count: count)
        output = (buffer, count)
        return .buffer(buffer, at: 0)
      case .uint(let value): return .uint(value)
      case .size(let value): return .size(value)
      case .real(let value): return .real(value)
      }
    }
    try device.synchronize()
    guard let output else { preconditionFailure("a trial without an output") }
    return Prepared(arguments: arguments, output: output.buffer, count: output.count)
  }

  /// The output's bits.
  func bits(_ prepared: Prepared, on device: Device) throws(DeviceError) -> [UInt32] {
    try device.readBytes(prepared.output, count: prepared.count, of: UInt32.self)
  }

  // MARK: Rows

  /// C [batches][m][n] = A B. The weight gradient's A is transposed.
  private static func product(
    _ name: String, _ m: Int, _ n: Int, _ k: Int, batches: Int = 1, isTransposed: Bool = false
  ) -> TuningCase {
    let panels = (n + 31) / 32
    let strides = [isTransposed ? 1 : k, isTransposed ? m : 1, m * k, k * 32, 32, panels * k * 32, m * n]
    return TuningCase(
      name: name, kernel: .named("matmul"), extent: Extent(rows: m, columns: n, batches: batches),
      flops: 2 * batches * m * n * k,
      operands: [.input(batches * m * k), .input(batches * panels * k * 32), .zeros(n), .output(batches * m * n)]
        + ([m, n, k] + strides).map { .size($0) } + [.uint(0), .uint(0), .real(0)])
  }

  /// 3 x 3 taps on n images of size x size x c, padded by 1, to k channels.
  private static func convolution(_ name: String, _ n: Int, _ size: Int, _ c: Int, _ k: Int) -> TuningCase {
    let sizes: [Operand] =
      [.size(n), .uint(size), .uint(size), .size(c)] + [size, size, size, size].map { .uint($0) } + [.size(k)]
    let steps = [1, 0, 0, 1, -1, -1, 1, 1, 3, 3, 9, 3, 0, 0, 1, 1].map { Operand.uint($0) }
    let pixels = n * size * size
    return TuningCase(
      name: name, kernel: .named("convolve"), extent: Extent(rows: pixels, columns: k), flops: 2 * pixels * k * 9 * c,
      operands: [.input(pixels * c), .input((k + 31) / 32 * 9 * c * 32), .zeros(c), .zeros(k), .output(pixels * k)]
        + sizes + steps + [.real(0)])
  }

  /// Its weight gradient, chain by chain, as a device with more units than tiles computes it.
  private static func filterGradient(_ name: String, _ n: Int, _ size: Int, _ c: Int, _ k: Int) -> TuningCase {
    let pixels = n * size * size, chains = (pixels + 511) / 512
    let sizes: [Operand] =
      [.size(n), .uint(size), .uint(size), .size(c), .uint(size), .uint(size), .size(k)]
      + [9, 3, 1, 1, 1].map { .uint($0) } + [.size(32), .size(k), .size(512), .size(0)]
    return TuningCase(
      name: name, kernel: .named("convolve_filter"), extent: Extent(rows: c, columns: k, batches: 9 * chains),
      flops: 2 * pixels * k * 9 * c,
      operands: [.input(pixels * c), .input(pixels * k), .output(chains * 9 * c * k)] + sizes)
  }

  /// What GANs launch, for so many images a batch.
  static func rows(batch: Int) -> [TuningCase] {
    // DCGAN-64's layer from 64 to 128 channels in Winograd's domain: 16 tiles an image, 25 points, 4 phases.
    let tiles = 16 * batch
    return [
      product("square \(32 * batch)", 32 * batch, 32 * batch, 32 * batch),
      product("dcgan64 64-128 forward", tiles, 128, 256, batches: 25),
      product("dcgan64 64-128 weights", 256, 128, tiles, batches: 25, isTransposed: true),
      // A residual network's 32x32x128 likewise: 64 tiles an image, 36 points.
      product("resnet32 transformed", 64 * batch, 128, 128, batches: 36),
      product("resnet32 transformed, weights", 128, 128, 64 * batch, batches: 36, isTransposed: true),
      product("image columns, 48 to 64", 1024 * batch, 64, 48),
      product("latents to 4x4x512", batch, 8192, 100),
      // Chains of few outputs: a discriminator's head, weights of images' columns, weights of one channel.
      product("4x4x512 to 1, in chains", 2 * batch, 1, 512, batches: 16),
      product("image columns, weights, in chains", 48, 64, 512, batches: 2 * batch, isTransposed: true),
      product("one channel to 64, weights, in chains", 1, 64, 512, batches: 2 * batch, isTransposed: true),
      convolution("resnet32 32x32 128", batch, 32, 128, 128),
      convolution("resnet32 8x8 256", batch, 8, 256, 256),
      convolution("resnet32 to image", batch, 32, 128, 3),
      filterGradient("resnet32 32x32 128", batch, 32, 128, 128),
      filterGradient("resnet32 8x8 256", batch, 8, 256, 256),
    ]
  }
}
