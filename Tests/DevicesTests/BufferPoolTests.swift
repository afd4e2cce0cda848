import Testing

@testable import Devices

/// What is asked of the pool, piece by piece, and what it then asks of the backend.
@Suite("The buffer pool")
struct BufferPoolTests {
  static let mebibyte = 1 << 20

  @Test("large buffers share slabs, lie apart, and are joined again")
  func slabs() throws {
    let device = Device(DryRunBackend())
    var buffers = [9, 5, 7, 3, 8].map { device.buffer(byteCount: $0 * Self.mebibyte) }
    #expect(device.allocationCount == 1 && device.bytesHeld == 32 * Self.mebibyte)
    for (i, a) in buffers.enumerated() {
      for b in buffers[(i + 1)...] where a.memory === b.memory { #expect(!a.block.bytes.overlaps(b.block.bytes)) }
    }
    // 5 and 3 MiB become free around 7, then 7 between them: 15 MiB in one piece, in the place where they were.
    let place = buffers[1].start
    buffers.remove(at: 3)
    buffers.remove(at: 1)
    buffers.remove(at: 1)
    #expect(device.buffer(byteCount: 15 * Self.mebibyte).start == place)
    #expect(device.allocationCount == 1)
    // The smallest place that is large enough is taken.
    let last = device.buffer(byteCount: 15 * Self.mebibyte - 1)
    #expect(last.start == place && device.allocationCount == 1)
    let larger = device.buffer(byteCount: 40 * Self.mebibyte)
    #expect(device.allocationCount == 2 && larger.byteCount == 40 * Self.mebibyte)
  }

  @Test("small buffers are kept by size")
  func small() throws {
    let device = Device(DryRunBackend())
    for _ in 0..<3 { _ = [1, 100, 256, 257].map { device.buffer(byteCount: $0) } }
    #expect(device.allocationCount == 4 && device.bytesHeld == 3 * 256 + 512)
    device.freeIdleBuffers()
    #expect(device.bytesHeld == 0)
  }

  @Test("where a slab is refused, the very size is asked for; idle slabs make room")
  func tight() throws {
    let device = Device(DryRunBackend(), memoryLimit: 20 * Self.mebibyte)
    var buffer: Buffer? = device.buffer(byteCount: 12 * Self.mebibyte)
    #expect(device.bytesHeld == 12 * Self.mebibyte)
    buffer = nil
    buffer = device.buffer(byteCount: 18 * Self.mebibyte)
    #expect(device.bytesHeld == 18 * Self.mebibyte && buffer?.byteCount == 18 * Self.mebibyte)
    try device.synchronize()
  }
}
