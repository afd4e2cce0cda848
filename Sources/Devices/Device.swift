/// A processor that holds buffers and runs kernels: memory and launch. It knows no operation by name.
///
/// Launches do not throw: the first failure is kept, later work is skipped, and the next `synchronize` or read throws
/// it, until `clearFailure`. A device belongs to one thread.
public final class Device {
  let backend: any Backend
  private let pool: BufferPool
  /// The first failure since the device was opened, or since `clearFailure`: work is skipped until it is cleared.
  public private(set) var failure: DeviceError?
  private var zeros: Buffer?
  private var hostWaitCount = 0
  /// Looks at all results where it is set.
  public var anomalyDetector: AnomalyDetector?
  /// What was asked of the device so far.
  public private(set) var launchCount = 0
  /// Floating-point operations of the matrix products and convolutions asked for so far, counted directly (two for each
  /// multiplication with its addition, taps outside the image included), whatever the kernels save of them.
  public private(set) var productFLOPs = 0
  /// The last failure that was cleared.
  private var clearedFailure: DeviceError?

  init(_ backend: any Backend, memoryLimit: Int? = nil, reusingBuffers: Bool = true) {
    self.backend = backend
    pool = BufferPool(backend, limit: memoryLimit, reusing: reusingBuffers)
  }

  /// One line for people.
  public var name: String { backend.name }
  public var precision: Precision { backend.precision }
  /// The rules that it computes by: devices of one contract give the same bits.
  public var contract: NumericalContract { backend.contract }
  /// Whether its memory is the host's, which other programs take from too.
  public var usesHostMemory: Bool { backend.usesHostMemory }
  /// Threads of the host that share out each launch; 1 where another processor does the work.
  public var threadCount: Int { backend.threadCount }
  /// Bytes that the device has in all, where known.
  public var memoryLimit: Int? { pool.limit }
  /// Bytes in use and in the pool now.
  public var bytesHeld: Int { pool.bytesHeld }
  /// The most bytes ever held.
  public var peakBytesHeld: Int { pool.peakBytesHeld }
  /// How often the backend itself was asked for memory: a steady training step adds nothing.
  public var allocationCount: Int { pool.allocationCount }
  /// The bytes that it was asked for, in all.
  public var allocatedByteCount: Int { pool.allocatedByteCount }
  /// How often the host waited for work on the device: a steady training step adds nothing.
  public var waitCount: Int { hostWaitCount + backend.uploadWaitCount }

  // MARK: Memory

  /// A buffer of this many bytes, its content undefined, from the pool where one is free.
  public func buffer(byteCount: Int) -> Buffer {
    if failure == nil {
      do throws(DeviceError) {
        return Buffer(try pool.take(byteCount: byteCount), pool)
      } catch {
        failure = error
      }
    }
    return Buffer(pool.nothing, pool)  // nothing will be launched on it
  }

  /// A buffer of this many elements of the device's precision, its content undefined.
  public func buffer(count: Int) -> Buffer { buffer(byteCount: count * precision.elementSize) }

  /// At least this many zeros, which everybody shares and nobody writes.
  public func zeros(count: Int) -> Buffer {
    if let zeros, zeros.byteCount >= count * precision.elementSize { return zeros }
    let fresh = buffer(count: max(count, 4096))
    writeBytes([UInt8](repeating: 0, count: max(count, 4096) * precision.elementSize), to: fresh)
    zeros = fresh
    return fresh
  }

  /// Writes numbers, converted to the device's precision, from element `offset` of a buffer on.
  public func write<Scalar: BinaryFloatingPoint>(_ values: [Scalar], to buffer: Buffer, at offset: Int = 0) {
    switch precision {
    case .single: writeBytes((values as? [Float]) ?? values.map { Float($0) }, to: buffer, at: 4 * offset)
    case .double: writeBytes((values as? [Double]) ?? values.map { Double($0) }, to: buffer, at: 8 * offset)
    }
  }

  /// Writes an array's bytes from byte `offset` of a buffer on.
  public func writeBytes<Element: BitwiseCopyable>(_ values: [Element], to buffer: Buffer, at offset: Int = 0) {
    requireOwn(buffer, "write")
    buffer.willBeWritten()
    guard failure == nil, !values.isEmpty, hasMemory(buffer) else { return }
    attempt { () throws(DeviceError) in
      // The closure of withUnsafeBytes may not throw a typed error.
      try values.withUnsafeBytes { bytes in
        Result { () throws(DeviceError) in try backend.upload(bytes, to: buffer.memory, at: buffer.start + offset) }
      }.get()
    }
  }

  /// Waits, then reads `count` elements from element `offset` on.
  ///
  /// - Throws: The first failure since the device was opened.
  public func read<Scalar: BinaryFloatingPoint>(
    _ buffer: Buffer, at offset: Int = 0, count: Int, as type: Scalar.Type = Scalar.self
  ) throws(DeviceError) -> [Scalar] {
    switch precision {
    case .single:
      let values = try readBytes(buffer, at: 4 * offset, count: count, of: Float.self)
      return (values as? [Scalar]) ?? values.map { Scalar($0) }
    case .double:
      let values = try readBytes(buffer, at: 8 * offset, count: count, of: Double.self)
      return (values as? [Scalar]) ?? values.map { Scalar($0) }
    }
  }

  /// Waits, then reads `count` values from byte `offset` on.
  ///
  /// - Throws: The first failure since the device was opened.
  public func readBytes<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ buffer: Buffer, at offset: Int = 0, count: Int, of type: Element.Type
  ) throws(DeviceError) -> [Element] {
    requireOwn(buffer, "read")
    if failure == nil, count > 0 { _ = hasMemory(buffer) }
    if let failure { throw failure }
    var values = [Element](repeating: 0, count: count)
    if count == 0 { return values }
    hostWaitCount += 1
    try values.withUnsafeMutableBytes { bytes in
      Result { () throws(DeviceError) in try backend.download(buffer.memory, at: buffer.start + offset, into: bytes) }
    }.get()
    return values
  }

  // MARK: Work

  /// Runs a kernel over an extent, from item `first` on, its arguments by name (`Kernel.arguments`).
  ///
  /// - Precondition: The arguments are those of the kernel's signature, and the buffers this device's.
  package func launch(
    _ kernel: Kernel, _ buffers: NamedArguments<LaunchArgument>, sizes: NamedArguments<Int> = [:],
    reals: NamedArguments<Double> = [:], over extent: Extent, first: Int = 0
  ) {
    launch(kernel, kernel.arguments(buffers, sizes: sizes, reals: reals), over: extent, first: first)
  }

  /// The same for arguments that are in the signature's order already.
  package func launch(_ kernel: Kernel, _ arguments: [LaunchArgument], over extent: Extent, first: Int = 0) {
    check(kernel, arguments)
    guard failure == nil, hasMemory(arguments), extent.rows > 0, extent.columns > 0, extent.batches > 0 else { return }
    launchCount += 1
    attempt { () throws(DeviceError) in
      try backend.launch(kernel, arguments, extent: extent, first: first)
    }
  }

  /// Whether the chains of a sum over `k` had better be computed apart, each as a batch of a launch of this extent.
  package func computesChainsApart(_ kernel: Kernel, k: Int, over extent: Extent) -> Bool {
    backend.computesChainsApart(kernel, k: k, over: extent)
  }

  /// Which form of a kernel it runs.
  package var form: KernelForm { backend.form }

  /// Elements that scratch between two launches should have at most.
  package var scratchElements: Int { backend.scratchElements }

  /// Counts a product's floating-point operations: two for each of these multiplications.
  package func countProduct(multiplications: Int) { productFLOPs += 2 * multiplications }

  /// Waits until all work is done.
  ///
  /// - Throws: The first failure since the device was opened.
  public func synchronize() throws(DeviceError) {
    if let failure { throw failure }
    hostWaitCount += 1
    try backend.synchronize()
  }

  /// Does some work, waits for it, and tells how long each of its launches took, in order.
  ///
  /// - Throws: What the work throws; the first failure since the device was opened.
  public func launchTimes(of work: () throws -> Void) throws -> [LaunchTime] {
    try synchronize()
    try backend.beginTiming()
    let done = Result(catching: work)
    let times = try backend.endTiming()
    try done.get()
    if let failure { throw failure }
    return times
  }

  /// Makes a device that ran out of memory usable again, and frees the memory that its pool keeps for later.
  ///
  /// What was computed or written since the failure is undefined and must be made anew, weights and running statistics
  /// included. Whatever uses memory that was not to be had then fails as before. Other failures stay: nobody knows what
  /// such a device still does.
  ///
  /// - Returns: The failure that was cleared; nil where there was none, or one that stays.
  @discardableResult
  public func clearFailure() -> DeviceError? {
    guard let failure else { return nil }
    switch failure {
    case .outOfMemory, .tooLarge: break
    default: return nil
    }
    (self.failure, clearedFailure) = (nil, failure)
    zeros = nil  // they may never have been written
    pool.freeIdle()
    return failure
  }

  /// Frees the memory that the pool keeps for later.
  package func freeIdleBuffers() { pool.freeIdle() }

  private func attempt(_ work: () throws(DeviceError) -> Void) {
    do throws(DeviceError) { try work() } catch { failure = error }
  }

  private func check(_ kernel: Kernel, _ arguments: [LaunchArgument]) {
    let fits =
      kernel.signature.count == arguments.count
      && zip(kernel.signature, arguments).allSatisfy { parameter, argument in
        switch argument {
        case .buffer: parameter.kind.isBuffer
        case .real: parameter.kind == .real
        case .uint: parameter.kind == .uint
        case .size: parameter.kind == .size
        }
      }
    precondition(fits, "kernel '\(kernel.name)' takes \(kernel.parameters), not \(arguments)")
    for (parameter, argument) in zip(kernel.signature, arguments) {
      guard case .buffer(let buffer, _) = argument else { continue }
      requireOwn(buffer, kernel.name)
      if parameter.kind.isWritten { buffer.willBeWritten() }
    }
  }

  /// Another device's memory is not to be read or written: its addresses and its elements may be of another kind.
  private func requireOwn(_ buffer: Buffer, _ use: String) {
    precondition(buffer.pool === pool, "\(use) on \(name): a buffer is of another device, \(buffer.pool.deviceName)")
  }

  /// Whether these buffers are more than names for memory that could not be had; if not, the device fails again as it
  /// did then.
  private func hasMemory(_ arguments: [LaunchArgument]) -> Bool {
    for case .buffer(let buffer, _) in arguments where !hasMemory(buffer) { return false }
    return true
  }

  private func hasMemory(_ buffer: Buffer) -> Bool {
    if buffer.memory === pool.nothing.memory, failure == nil { failure = clearedFailure }
    return failure == nil
  }
}
