import Glibc
import Testing

@testable import Devices

/// Arrays with more elements than 32 bits can count.
@Suite("Indices past 2^32", .serialized)
struct LargeArrayTests {
  static let items = 1 << 32 + 1000
  static let first = 1 << 32 - 8
  /// Mapped, but touched only at its ends.
  static let hasRoom = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) > 4 * items + 1 << 20

  @Test("the CPU device", .enabled(if: hasRoom, "needs a machine of more than 16 GiB"), arguments: Processors.builds)
  func processor(build: String) throws {
    let device = try Device.cpu(isa: build, threads: 2)
    let y = device.buffer(count: Self.items)
    device.launch(
      .named("fill"), ["y": .buffer(y, at: 0)], reals: ["value": 2.5], over: Extent(Self.items), first: Self.first)
    let count = Self.items - Self.first
    #expect(try device.read(y, at: Self.first, count: count) == [Float](repeating: 2.5, count: count))
    // Indices cut to 32 bits would have written at the beginning.
    #expect(try device.read(y, count: 1000) == [Float](repeating: 0, count: 1000))
  }

  /// The arrays begin 2^32 - 8 elements before their buffers, so that the items launched lie inside: a driver commits
  /// the memory it gives, and few have 16 GiB. An index cut to 32 bits lands far outside, which a child process
  /// survives for us.
  @Test("an OpenCL device", .enabled(if: Processors.openCL != nil, Processors.needed))
  func openCL() async {
    await #expect(processExitsWith: .success) {
      let device = Device(try Processors.openCL())
      let count = LargeArrayTests.items - LargeArrayTests.first
      let x = device.buffer(count: count), y = device.buffer(count: count)
      let values = (1...count).map(Float.init)
      device.write(values, to: x)
      device.launch(
        .named("negate"),
        ["x": .buffer(x, at: -LargeArrayTests.first), "y": .buffer(y, at: -LargeArrayTests.first)],
        over: Extent(LargeArrayTests.items), first: LargeArrayTests.first)
      #expect(try device.read(y, count: count) == values.map { -$0 })
    }
  }
}
