/// A piece of device memory, handed out by a pool and given back to it when the last reference goes.
public final class Buffer {
  /// A part of a piece that the backend gave.
  struct Block {
    let memory: Memory
    let bytes: Range<Int>
  }

  let block: Block
  let pool: BufferPool
  /// How often it was written to, or a kernel was asked to: what was saved of it is known by this number.
  package fileprivate(set) var version = 0

  init(_ block: Block, _ pool: BufferPool) { (self.block, self.pool) = (block, pool) }

  var memory: Memory { block.memory }
  /// Where the buffer begins in its memory, in bytes.
  var start: Int { block.bytes.lowerBound }
  /// Counts a write.
  func willBeWritten() { version &+= 1 }

  /// At least what was asked for.
  public var byteCount: Int { block.bytes.count }

  // Work is in order on every device, so that a buffer may be handed out again while its last reader is still queued.
  deinit { pool.give(block) }
}

/// Free memory, so that a steady training step asks the backend for nothing: small pieces by size, large ones as parts
/// of slabs, which take any mixture of sizes.
final class BufferPool {
  private static let largeBytes = 1 << 20
  private static let slabBytes = 1 << 25
  private static let largestSlabBytes = 1 << 27

  /// A large piece of memory and what of it is free, ascending; neighbours are joined.
  private final class Slab {
    let memory: Memory
    var free: [Range<Int>]
    var isIdle: Bool { free == [0..<memory.byteCount] }

    init(_ memory: Memory) { (self.memory, free) = (memory, [0..<memory.byteCount]) }

    func give(_ bytes: Range<Int>) {
      var (low, high) = (free.firstIndex { $0.lowerBound > bytes.lowerBound } ?? free.count, bytes.upperBound)
      let next = low
      var start = bytes.lowerBound
      if low > 0, free[low - 1].upperBound == start {
        low -= 1
        start = free[low].lowerBound
      }
      var end = next
      if end < free.count, free[end].lowerBound == high {
        high = free[end].upperBound
        end += 1
      }
      free.replaceSubrange(low..<end, with: CollectionOfOne(start..<high))
    }
  }

  private let backend: any Backend
  private var small: [Int: [Memory]] = [:]
  private var slabs: [ObjectIdentifier: Slab] = [:]
  /// The slabs in the order in which they came, so that every run finds the same places.
  private var order: [Slab] = []
  private(set) var bytesHeld = 0
  private(set) var peakBytesHeld = 0
  private(set) var allocationCount = 0
  private(set) var allocatedByteCount = 0
  /// Stands in for memory on a device that has failed.
  let nothing = Buffer.Block(
    memory: Memory(handle: UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64), byteCount: 0) {
      $0.deallocate()
    }, bytes: 0..<0)

  /// Of the device whose memory it is.
  var deviceName: String { backend.name }
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

  func take(byteCount: Int) throws(DeviceError) -> Buffer.Block {
    guard isReusing else { return whole(try allocate(max(byteCount, 4))) }
    if byteCount >= Self.largeBytes { return try takeLarge((byteCount + 0xffff) & ~0xffff) }
    let size = max(256, (byteCount + 255) & ~255)  // whole cache lines
    if let memory = small[size]?.popLast() { return whole(memory) }
    return whole(try allocate(size))
  }

  private func whole(_ memory: Memory) -> Buffer.Block { Buffer.Block(memory: memory, bytes: 0..<memory.byteCount) }

  /// The smallest free place that is large enough, or the beginning of a new slab.
  private func takeLarge(_ size: Int) throws(DeviceError) -> Buffer.Block {
    var best: (slab: Slab, place: Int, bytes: Range<Int>)?
    for slab in order {
      for (place, bytes) in slab.free.enumerated() where bytes.count >= size {
        if best.map({ bytes.count < $0.bytes.count }) ?? true { best = (slab, place, bytes) }
      }
    }
    let slab: Slab
    if let best {
      slab = best.slab
      slab.free.remove(at: best.place)
    } else {
      slab = Slab(try newSlab(size))
      slabs[ObjectIdentifier(slab.memory)] = slab
      order.append(slab)
      slab.free = []
    }
    let bytes = best?.bytes ?? 0..<slab.memory.byteCount
    let (taken, rest) = (bytes.prefix(size), bytes.dropFirst(size))
    if !rest.isEmpty { slab.give(rest) }
    return Buffer.Block(memory: slab.memory, bytes: taken)
  }

  /// Slabs grow with what is held: large ones are divided with less waste, small games need none.
  private func newSlab(_ size: Int) throws(DeviceError) -> Memory {
    let usual = min(max(bytesHeld & ~0xfffff, Self.slabBytes), Self.largestSlabBytes)
    if size < usual {
      do throws(DeviceError) { return try allocate(usual) } catch {}  // less may still be had
    }
    return try allocate(size)
  }

  /// Frees what nobody uses.
  func freeIdle() {
    for (size, idle) in small { bytesHeld -= size * idle.count }
    small = [:]
    for slab in order where slab.isIdle {
      bytesHeld -= slab.memory.byteCount
      slabs[ObjectIdentifier(slab.memory)] = nil
    }
    order.removeAll(where: \.isIdle)
  }

  func give(_ block: Buffer.Block) {
    guard block.memory.byteCount > 0 else { return }
    if let slab = slabs[ObjectIdentifier(block.memory)] {
      slab.give(block.bytes)
    } else if isReusing {
      small[block.memory.byteCount, default: []].append(block.memory)
    } else {
      retired.append(block.memory)
    }
  }

  /// Memory of the backend's, if need be after what lies idle has been freed.
  private func allocate(_ size: Int) throws(DeviceError) -> Memory {
    let memory: Memory
    do throws(DeviceError) {
      memory = try ask(size)
    } catch .outOfMemory {
      freeIdle()
      memory = try ask(size)
    }
    bytesHeld += size
    peakBytesHeld = max(peakBytesHeld, bytesHeld)
    allocationCount += 1
    allocatedByteCount += size
    return memory
  }

  /// Asks the backend. What is held, only the pool knows; a driver that promises more than there is would fail later,
  /// unclearly.
  private func ask(_ size: Int) throws(DeviceError) -> Memory {
    let refused = DeviceError.outOfMemory(device: backend.name, asked: size, held: bytesHeld, limit: limit)
    if let limit, size > limit - bytesHeld { throw refused }
    do throws(DeviceError) {
      return try backend.allocate(byteCount: size)
    } catch .outOfMemory {
      throw refused
    }
  }
}
