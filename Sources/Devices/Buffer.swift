/// A piece of device memory, handed out by a pool and given back to it when the last reference goes.
public final class Buffer {
  let memory: Memory
  private let pool: BufferPool

  init(_ memory: Memory, _ pool: BufferPool) { (self.memory, self.pool) = (memory, pool) }

  /// At least what was asked for.
  public var byteCount: Int { memory.byteCount }

  // Work is in order on every device, so that a buffer may be handed out again while its last reader is still queued.
  deinit { pool.give(memory) }
}

/// Free buffers by size, so that a steady training step asks the backend for nothing.
final class BufferPool {
  private let backend: any Backend
  private var free: [Int: [Memory]] = [:]
  private(set) var bytesHeld = 0
  private(set) var peakBytesHeld = 0
  private(set) var allocationCount = 0
  private(set) var allocatedByteCount = 0
  /// Stands in for memory on a device that has failed.
  let nothing = Memory(handle: UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64), byteCount: 0) {
    $0.deallocate()
  }

  /// The most bytes that may be held, where that is known or was asked for.
  let limit: Int?
  /// Whether what is given back is handed out again. Without, buffers have the very size that was asked for, and a
  /// memory checker sees each read of what nobody wrote, and each access beyond the end.
  private let isReusing: Bool
  /// What is not to be handed out again. It is not freed either: Oclgrind 21.10 gives a new buffer the old one's marks.
  private var retired: [Memory] = []

  init(_ backend: any Backend, limit: Int?, reusing: Bool) {
    self.backend = backend
    isReusing = reusing
    self.limit = [backend.memoryLimit, limit].compactMap(\.self).min()
  }

  func take(byteCount: Int) throws(DeviceError) -> Memory {
    let size = isReusing ? Self.bucket(byteCount) : max(byteCount, 4)
    if let memory = free[size]?.popLast() { return memory }
    let memory: Memory
    do throws(DeviceError) {
      memory = try allocate(size)
    } catch .outOfMemory where !free.isEmpty {
      // Buffers of other sizes are lying idle.
      freeIdle()
      memory = try allocate(size)
    }
    bytesHeld += size
    peakBytesHeld = max(peakBytesHeld, bytesHeld)
    allocationCount += 1
    allocatedByteCount += size
    return memory
  }

  func freeIdle() {
    for (size, idle) in free { bytesHeld -= size * idle.count }
    free = [:]
  }

  func give(_ memory: Memory) {
    guard memory.byteCount > 0 else { return }
    if isReusing {
      free[memory.byteCount, default: []].append(memory)
    } else {
      retired.append(memory)
    }
  }

  /// Asks the backend. What is held, only the pool knows; a driver that promises more than there is would fail later,
  /// unclearly.
  private func allocate(_ size: Int) throws(DeviceError) -> Memory {
    let refused = DeviceError.outOfMemory(device: backend.name, asked: size, held: bytesHeld, limit: limit)
    if let limit, size > limit - bytesHeld { throw refused }
    do throws(DeviceError) {
      return try backend.allocate(byteCount: size)
    } catch .outOfMemory {
      throw refused
    }
  }

  /// Whole cache lines; from 1 MiB on whole 64 KiB, so that near sizes share their buffers.
  private static func bucket(_ byteCount: Int) -> Int {
    let step = byteCount < 1 << 20 ? 256 : 1 << 16
    return max(step, (byteCount + step - 1) / step * step)
  }
}
