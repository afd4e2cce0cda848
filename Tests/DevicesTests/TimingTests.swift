import Testing

@testable import Devices

/// The kernels of the roofline, against closed forms.
@Suite("Roofline kernels and launch times", .serialized)
struct TimingTests {
  static let devices: [(name: String, open: @Sendable () throws -> Device)] =
    Processors.builds.map { isa in (isa, { try Device.cpu(isa: isa, threads: 2) }) }
    + (Processors.openCL == nil ? [] : KernelForm.allCases)
    .map { form in ("OpenCL, \(form)", { Device(try Processors.openCL(form: form)) }) }

  private static func device(_ name: String) throws -> Device {
    try #require(devices.first { $0.name == name }).open()
  }

  /// With factor 1/2 and term 1, v - 2 is halved in each round, exactly: n rounds of chains that start at x + c give
  /// the sum of 2 + (x + c - 2) / 2^n.
  @Test(arguments: devices.map(\.name), [("fma_chains", 24), ("fma_few_chains", 6)])
  func chains(name: String, kernel: (name: String, chains: Int)) throws {
    let device = try Self.device(name)
    let (count, rounds) = (307, 4)
    let x = device.buffer(count: count), y = device.buffer(count: count)
    device.write((0..<count).map(Float.init), to: x)
    device.launch(
      .named(kernel.name), ["x": .buffer(x, at: 0), "y": .buffer(y, at: 0)],
      sizes: ["rounds": rounds, "length": count], reals: ["factor": 0.5, "term": 1], over: Extent(count))
    let c = Double(kernel.chains)
    let expected = (0..<count).map { x in 2 * c + (c * Double(x) + c * (c - 1) / 2 - 2 * c) / 16 }
    #expect(try device.read(y, count: count, as: Double.self) == expected)
  }

  @Test(arguments: devices.map(\.name))
  func triad(name: String) throws {
    let device = try Self.device(name)
    let count = 10_007
    let (a, b, y) = (device.buffer(count: count), device.buffer(count: count), device.buffer(count: count))
    device.write((0..<count).map(Float.init), to: a)
    device.write((0..<count).map { Float(4 * $0) }, to: b)
    device.launch(
      .named("stream_triad"),
      ["a": .buffer(a, at: 0), "b": .buffer(b, at: 0), "y": .buffer(y, at: 0)], sizes: ["length": count],
      reals: ["factor": 0.25], over: Extent(count))
    #expect(try device.read(y, count: count) == (0..<count).map { Float(2 * $0) })
  }

  /// Every launch of the work is told, in order, and together they take no longer than the clock says.
  @Test(arguments: devices.map(\.name))
  func launchesAreTimed(name: String) throws {
    let device = try Self.device(name)
    let count = 1 << 20
    let (x, y) = (device.buffer(count: count), device.buffer(count: count))
    let buffers: NamedArguments<LaunchArgument> = ["x": .buffer(x, at: 0), "y": .buffer(y, at: 0)]
    func negate() { device.launch(.named("negate"), buffers, over: Extent(count)) }
    func affine() {
      device.launch(.named("affine"), buffers, reals: ["factor": 2, "term": 1], over: Extent(count))
    }
    device.write([Float](repeating: 3, count: count), to: x)
    negate()  // is compiled, and not timed
    affine()
    let start = ContinuousClock.now
    let times = try device.launchTimes {
      negate()
      affine()
      negate()
    }
    let wall = start.duration(to: .now)
    #expect(times.map(\.kernel) == ["negate", "affine", "negate"])
    #expect(times.allSatisfy { $0.time > .microseconds(1) }, "4 MiB read and 4 written in \(times.map(\.time))")
    #expect(times.reduce(.zero) { $0 + $1.time } < wall)
    affine()
    #expect(try device.read(y, at: count - 1, count: 1) == [7])
    #expect(try device.launchTimes {}.isEmpty)
  }

  /// Reads and synchronizations are waits; launches and uploads are none, unless too much would be kept aside.
  @Test(arguments: devices.map(\.name))
  func waitsAreCounted(name: String) throws {
    let device = try Self.device(name)
    let x = device.buffer(count: 1 << 20)
    for _ in 0..<10 { device.write([Float](repeating: 1, count: 1 << 20), to: x) }
    device.launch(.named("negate"), ["x": .buffer(x, at: 0), "y": .buffer(x, at: 0)], over: Extent(1 << 20))
    #expect(device.waitCount == 0)
    _ = try device.read(x, count: 1, as: Float.self)
    try device.synchronize()
    #expect(device.waitCount == 2)
    for _ in 0..<20 { device.write([Float](repeating: 1, count: 1 << 20), to: x) }  // 80 MiB
    #expect(device.waitCount == (name.hasPrefix("OpenCL") ? 3 : 2))
  }
}
