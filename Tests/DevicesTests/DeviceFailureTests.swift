import Testing

@testable import Devices

@Suite("A device that failed")
struct DeviceFailureTests {
  private static let limit = 16 << 20

  private func device() throws -> Device {
    Device(try CPUBackend(precision: .single, isa: nil, threads: 1), memoryLimit: Self.limit)
  }

  /// After running out of memory a smaller batch may fit. What stands for the memory that was not to be had is never
  /// written to.
  @Test("can be used again after running out of memory")
  func recovers() throws {
    let device = try device()
    #expect(device.clearFailure() == nil)
    let lost = device.buffer(byteCount: 2 * Self.limit)
    #expect(throws: DeviceError.self) { try device.synchronize() }
    #expect(throws: DeviceError.self) { try device.synchronize() }
    guard case .outOfMemory = device.clearFailure() else { return #expect(Bool(false), "not out of memory") }
    try device.synchronize()

    let y = device.buffer(count: 1000)
    device.launch(.named("fill"), ["y": .buffer(y, at: 0)], reals: ["value": 3], over: Extent(1000))
    #expect(try device.read(y, count: 1000) == [Float](repeating: 3, count: 1000))
    #expect(try device.read(device.zeros(count: 8), count: 8) == [Float](repeating: 0, count: 8))

    let uses: [(String, () throws -> Void)] = [
      ("launch", { device.launch(.named("fill"), ["y": .buffer(lost, at: 0)], reals: ["value": 3], over: Extent(8)) }),
      ("write", { device.write([Float(1)], to: lost) }),
      ("read", { _ = try? device.read(lost, count: 1, as: Float.self) }),
    ]
    for (name, use) in uses {
      try use()
      #expect(throws: DeviceError.self, "\(name) of memory that is not there") { try device.synchronize() }
      guard case .outOfMemory = device.clearFailure() else { return #expect(Bool(false), "\(name)") }
      try device.synchronize()
    }
    #expect(try device.read(y, count: 1000) == [Float](repeating: 3, count: 1000))
  }

  /// Nobody reads or writes another device's memory, which may be that of another board, or of other elements.
  @Test("another device's memory traps")
  func foreignMemory() async {
    await #expect(processExitsWith: .failure) {
      let (one, other) = (try Device.cpu(threads: 1), try Device.cpu(precision: .double, threads: 1))
      let (x, y) = (one.buffer(count: 100), other.buffer(count: 100))
      other.launch(.named("copy"), ["x": .buffer(x, at: 0), "y": .buffer(y, at: 0)], over: Extent(100))
    }
    await #expect(processExitsWith: .failure) {
      let (one, other) = (try Device.cpu(threads: 1), try Device.cpu(threads: 1))
      _ = try one.read(other.buffer(count: 100), count: 100, as: Float.self)
    }
    await #expect(processExitsWith: .failure) {
      let (one, other) = (try Device.cpu(threads: 1), try Device.cpu(threads: 1))
      one.write([Float(1)], to: other.buffer(count: 100))
    }
  }
}
