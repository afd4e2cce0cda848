import Saddle

/// What a device can do at most (Williams, Waterman and Patterson 2009): no kernel is faster than its arithmetic at the
/// peak, nor than its bytes at the full stream.
public struct Roofline: Codable, Sendable, Equatable {
  /// Floating-point operations a second: multiply-adds in registers, two each.
  public let flopsPerSecond: Double
  /// Bytes a second: the stream triad, two arrays read and one written.
  public let bytesPerSecond: Double

  public init(flopsPerSecond: Double, bytesPerSecond: Double) {
    (self.flopsPerSecond, self.bytesPerSecond) = (flopsPerSecond, bytesPerSecond)
  }

  /// The least seconds that so much work can take.
  public func seconds(flops: Int, bytes: Int) -> Double {
    max(Double(flops) / flopsPerSecond, Double(bytes) / bytesPerSecond)
  }

  /// Whether arithmetic, not memory, is what keeps such work from being faster.
  public func isComputeBound(flops: Int, bytes: Int) -> Bool {
    Double(flops) / flopsPerSecond > Double(bytes) / bytesPerSecond
  }

  /// The better of two measurements, since whatever disturbs one makes it lower.
  public func best(_ other: Roofline) -> Roofline {
    Roofline(
      flopsPerSecond: max(flopsPerSecond, other.flopsPerSecond),
      bytesPerSecond: max(bytesPerSecond, other.bytesPerSecond))
  }

  /// The worse of two measurements: between the two, it tells how restless the machine is.
  func worst(_ other: Roofline) -> Roofline {
    Roofline(
      flopsPerSecond: min(flopsPerSecond, other.flopsPerSecond),
      bytesPerSecond: min(bytesPerSecond, other.bytesPerSecond))
  }

  /// Measures a device with the kernels of `Kernels/cl/roofline.cl`, in less than a second.
  ///
  /// - Throws: The device's first failure.
  public static func measure(on device: Device) throws -> Roofline {
    Roofline(flopsPerSecond: try peak(of: device), bytesPerSecond: try stream(on: device))
  }

  /// Chains of multiply-adds that an item of each kernel holds in registers.
  static let chains = [("fma_chains", 24), ("fma_few_chains", 6)]

  /// Multiply-adds in registers, two operations each: the best of both numbers of chains.
  static func peak(of device: Device) throws -> Double {
    let length = 1 << 18
    let (x, y) = (Tensor(1, shape: [length], on: device), Tensor(uninitialized: [length], on: device))
    return try chains.map { kernel, count in
      /// The least seconds of some runs; v becomes 3 - v in each round, which neither grows nor fades.
      func seconds(rounds: Int, runs: Int) throws -> Double {
        try least(of: runs, on: device) {
          y.launch(
            .named(kernel), ["x": x, "y": y], sizes: ["rounds": rounds, "length": length],
            reals: ["factor": -1, "term": 3], over: Extent(length))
        }
      }
      var rounds = 64
      _ = try seconds(rounds: rounds, runs: 1)
      // Long enough that starting and ending are nothing.
      while try seconds(rounds: rounds, runs: 1) < 0.01, rounds < 1 << 24 { rounds *= 2 }
      return 2 * Double(count * length * rounds) / (try seconds(rounds: rounds, runs: 5))
    }.max() ?? 0
  }

  /// The triad over arrays of 128 MiB, far beyond any cache, or what a small device can hold.
  private static func stream(on device: Device) throws -> Double {
    let most = (device.memoryLimit ?? .max) / (4 * device.precision.elementSize)
    let count = min(1 << 25, most)
    let (a, b) = (Tensor(1, shape: [count], on: device), Tensor(2, shape: [count], on: device))
    let y = Tensor(0, shape: [count], on: device)
    let seconds = try least(of: 5, on: device) {
      y.launch(
        .named("stream_triad"), ["a": a, "b": b, "y": y], sizes: ["length": count], reals: ["factor": 0.5],
        over: Extent(count))
    }
    return Double(3 * count * device.precision.elementSize) / seconds
  }

  private static func least(of runs: Int, on device: Device, _ work: () -> Void) throws -> Double {
    try (0..<runs).map { _ in try device.seconds(of: work) }.min() ?? 0
  }
}

extension Device {
  /// Seconds that the launches of some work take on the device, one after the other.
  func seconds(of work: () throws -> Void) throws -> Double {
    max(try launchTimes(of: work).reduce(Duration.zero) { $0 + $1.time } / .seconds(1), 1e-9)
  }
}
