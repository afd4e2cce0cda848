/// Where random numbers come from: Philox4x32-10 (Salmon et al. 2011), a function of seed, step and stream alone.
///
/// Nothing is kept on a device: a resumed run draws the same numbers.
public struct RandomStream: Sendable {
  public let seed: UInt64
  /// Tells the uses of one seed apart: latents, initial weights, dropout.
  public let stream: UInt32

  public init(seed: UInt64, stream: UInt32) { (self.seed, self.stream) = (seed, stream) }

  /// Numbers uniform on (0, 1), exact, never 0.
  ///
  /// - Precondition: `step` has 32 bits: beyond, the numbers would repeat.
  public func uniform(_ shape: Shape, step: Int, on device: Device) -> Tensor { draw(.uniform, shape, step, device) }

  /// Standard normal numbers, by the inverse of the distribution function.
  ///
  /// - Precondition: `step` has 32 bits.
  public func normal(_ shape: Shape, step: Int, on device: Device) -> Tensor { draw(.normal, shape, step, device) }

  private func draw(_ kernel: Kernel, _ shape: Shape, _ step: Int, _ device: Device) -> Tensor {
    guard let step = UInt32(exactly: step) else {
      preconditionFailure("random numbers are drawn for steps 0 to \(UInt32.max), not for \(step)")
    }
    let y = Tensor(uninitialized: shape, on: device)
    y.launch(
      kernel, ["y": y],
      sizes: [
        "length": shape.count, "seed_low": Int(UInt32(truncatingIfNeeded: seed)), "seed_high": Int(seed >> 32),
        "step": Int(step), "stream": Int(stream),
      ], over: Extent(shape.count))
    return y
  }
}

extension Kernel {
  fileprivate static let uniform = named("uniform")
  fileprivate static let normal = named("normal")
}
