/// One launch on which tiles are compared: a layer of a GAN, with numbers of its own.
struct TuningCase: Sendable {
  let name: String
  let launch: any TunedLaunch
  var kernel: Kernel { launch.kernel }
  var extent: Extent { launch.extent }
  /// Multiplications with their additions, counted double.
  var flops: Int { 2 * launch.multiplications }

  init(_ name: String, _ launch: any TunedLaunch) { (self.name, self.launch) = (name, launch) }

  /// The arguments on a device, and the output among them.
  struct Prepared {
    let arguments: [LaunchArgument]
    let output: Buffer
    let count: Int
  }

  /// - Throws: What keeps the device from holding them.
  func prepare(on device: Device) throws(DeviceError) -> Prepared {
    var state: UInt32 = 1
    let inputs = launch.inputs.map { input -> LaunchArgument in
      switch input {
      case .values(let count):
        let buffer = device.buffer(count: count)
        let values = (0..<count).map { _ -> Float in
          state = state &* 1_664_525 &+ 1_013_904_223  // Numerical Recipes' generator
          return Float(Int32(bitPattern: state) >> 8) / Float(1 << 23)
        }
        device.write(values, to: buffer)
        return .buffer(buffer, at: 0)
      case .zeros(let count): return .buffer(device.zeros(count: count), at: 0)
      }
    }
    let output = device.buffer(count: launch.outputCount)
    try device.synchronize()
    return Prepared(
      arguments: launch.arguments(inputs, output: .buffer(output, at: 0)), output: output, count: launch.outputCount)
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
    TuningCase(
      name,
      ProductLaunch(m: m, n: n, k: k, batches: batches, aRow: isTransposed ? 1 : k, aTerm: isTransposed ? m : 1))
  }

  /// 3 x 3 taps on n images of size x size x c, padded by 1, to k channels.
  private static func convolution(_ name: String, _ n: Int, _ size: Int, _ c: Int, _ k: Int) -> TuningCase {
    TuningCase(
      name,
      ImplicitGEMM(
        n: n, image: (size, size), c: c, filter: (3, 3), output: (size, size), k: k, stride: 1, padding: (1, 1),
        dilation: 1))
  }

  /// Its weight gradient, chain by chain, as a device with more units than tiles computes it.
  private static func filterGradient(_ name: String, _ n: Int, _ size: Int, _ c: Int, _ k: Int) -> TuningCase {
    TuningCase(
      name,
      FilterGradientGEMM(
        n: n, image: (size, size), c: c, filter: (3, 3), output: (size, size), k: k, stride: 1, padding: 1,
        dilation: 1
      ).inChains)
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
      // Chains of few outputs: a network's head, weights of images' columns, weights of one channel.
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
