import Testing

@testable import Networks

/// Every op row, gradient and kernel: the same bits on every build of the processor and on OpenCL in both forms.
@Suite(.serialized) struct DeviceCheckTests {
  static let contenders: [(name: String, open: @Sendable () throws -> Device)] = [
    ("avx512", { try .cpu(isa: "avx512", threads: 1) }), ("avx2", { try .cpu(isa: "avx2", threads: 3) }),
    ("block", { try Device.open("opencl", form: .block).device }),
    ("tile", { try Device.open("opencl", form: .tile).device }),
  ]

  @Test(arguments: contenders.map(\.name))
  func everyRowGivesTheSameBits(name: String) throws {
    let contender = try #require(Self.contenders.first { $0.name == name })
    let device: Device
    do { device = try contender.open() } catch DeviceError.unsupported(let isa, let processor) {
      try Test.cancel("this processor (\(processor)) has no \(isa)")
    }
    let reference = try Device.cpu(isa: "baseline", threads: 2)
    for row in DeviceCheck.rows {
      #expect(throws: Never.self, "\(row.name)") { try DeviceCheck.compare(row, device, to: reference) }
    }
  }

  /// A device whose arithmetic differs is found out.
  @Test func aDifferenceIsTold() throws {
    let row = DeviceCheck.Row(name: "precision", size: 1) { [Float($0.peakBytesHeld)] }
    let (one, other) = (try Device.cpu(), try Device.cpu())
    _ = other.buffer(count: 1 << 20)
    #expect(throws: DeviceCheck.Difference.self) { try DeviceCheck.compare(row, one, to: other) }
  }
}
