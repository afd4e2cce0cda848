import Glibc
import Kernels

/// The processor itself: the kernels' host builds on a pool of threads.
final class CPUBackend: Backend {
  let precision: Precision
  let usesHostMemory = true
  private let isa: String
  /// Of `Kernel.builds`.
  private let build: Int
  private let threads: ThreadPool
  /// What was launched since timing began; nil while nobody measures.
  private var times: [LaunchTime]?

  /// - Throws: `DeviceError.unsupported` where the processor lacks the build's instructions, `noThreads`.
  init(precision: Precision, isa: String?, threads: Int?) throws(DeviceError) {
    let native = String(cString: kernel_native_isa())
    let order = ["baseline", "avx2", "avx512"]
    let chosen = isa ?? native
    guard let rank = order.firstIndex(of: chosen), let best = order.firstIndex(of: native), rank <= best else {
      throw .unsupported(isa: chosen, processor: native)
    }
    self.precision = precision
    let isa = precision == .double ? "baseline" : chosen  // double is built once, for checks
    guard let build = Kernel.builds.firstIndex(of: .init(isa: isa, precision: precision)) else {
      preconditionFailure("the kernels have no \(isa) build in \(precision)")
    }
    (self.isa, self.build) = (isa, build)
    self.threads = try ThreadPool(count: threads ?? min(HostLimits.threads, ThreadPool.limit))
  }

  var name: String { "CPU (\(isa), \(threads.count) thread\(threads.count == 1 ? "" : "s"), \(precision.rawValue))" }

  var threadCount: Int { threads.count }

  /// The machine's memory, or what the process's control groups allow of it.
  let memoryLimit: Int? = min(
    sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)), HostLimits.current.memory ?? .max)

  func allocate(byteCount: Int) throws(DeviceError) -> Memory {
    // Anonymous pages are zero and cost nothing until they are touched; an absurd size is refused here, not by the
    // kernel's killer.
    let protection = PROT_READ | PROT_WRITE
    let address = mmap(nil, byteCount, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let address, address != MAP_FAILED else {
      throw .outOfMemory(device: name, asked: byteCount, held: 0, limit: memoryLimit)
    }
    // Fewer, larger pages: transforms write to dozens of places at once.
    if byteCount >= 1 << 21 { madvise(address, byteCount, MADV_HUGEPAGE) }
    return Memory(handle: address, byteCount: byteCount) { munmap($0, byteCount) }
  }

  func upload(_ bytes: UnsafeRawBufferPointer, to memory: Memory, at byteOffset: Int) {
    (memory.handle + byteOffset).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
  }

  func download(_ memory: Memory, at byteOffset: Int, into bytes: UnsafeMutableRawBufferPointer) {
    bytes.baseAddress!.copyMemory(from: memory.handle + byteOffset, byteCount: bytes.count)
  }

  func launch(_ kernel: Kernel, _ arguments: [LaunchArgument], extent: Extent, first: Int) {
    guard let run = kernel.runs[build] else {
      preconditionFailure("kernel '\(kernel.name)' has no \(isa) build in \(precision)")
    }
    let start = times == nil ? nil : ContinuousClock.now
    withUnsafeTemporaryAllocation(of: KernelArgument.self, capacity: max(1, arguments.count)) { raw in
      for (i, argument) in arguments.enumerated() {
        switch argument {
        case .buffer(let buffer, let offset):
          raw[i].pointer =
            buffer.memory.handle + buffer.start + offset * kernel.signature[i].kind.elementSize(in: precision)
        case .real(let value): raw[i].number = value
        case .uint(let value): raw[i].integer = UInt64(UInt32(truncatingIfNeeded: value))
        case .size(let value): raw[i].integer = UInt64(value)
        }
      }
      // A block is enough work for a thread; of single elements it takes a few thousand.
      let items = extent.items(kernel.geometry)
      threads.run(run, raw.baseAddress!, first..<items, grain: kernel.isElementwise ? 4096 : 1)
    }
    if let start {
      times?.append(LaunchTime(kernel: kernel.name, extent: extent, tile: nil, time: start.duration(to: .now)))
    }
  }

  func synchronize() {}
  let uploadWaitCount = 0

  func beginTiming() { times = [] }

  func endTiming() -> [LaunchTime] {
    defer { times = nil }
    return times ?? []
  }
}
