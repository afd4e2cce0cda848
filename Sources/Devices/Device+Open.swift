import Glibc

extension Device {
  /// The processor as a device.
  ///
  /// - Parameters:
  ///   - precision: The element type; double serves gradient checks.
  ///   - isa: A build of the kernels, "avx512", "avx2" or "baseline"; else `SADDLE_ISA`, else the best that the
  ///     processor runs.
  ///   - threads: Threads of the pool, 1 to 1024; else `SADDLE_THREADS`, else one for each processor that this process
  ///     may use.
  /// - Throws: `DeviceError.unsupported` where the processor lacks the build's instructions, `badSetting` for another
  ///   number of threads, `noThreads` where they cannot be started, `inexact` where the processor's arithmetic fails
  ///   the probe.
  public static func cpu(
    precision: Precision = .single, isa: String? = nil, threads: Int? = nil
  ) throws(DeviceError) -> Device {
    try probed(
      CPUBackend(precision: precision, isa: isa ?? environment("SADDLE_ISA"), threads: chosenThreads(threads)))
  }

  /// What `available` says of the processor.
  fileprivate static func cpuDescription() throws(DeviceError) -> DeviceDescription {
    let device = Device(
      try CPUBackend(precision: .single, isa: environment("SADDLE_ISA"), threads: chosenThreads(nil)),
      memoryLimit: try chosenMemory())
    let memory = device.memoryLimit ?? 0
    let limits = HostLimits.current
    var description = DeviceDescription(
      selector: "cpu", name: device.name, platform: "host", driver: "the kernels' own build", kind: .processor,
      memory: memory, maxAllocation: memory, computeUnits: limits.threads, clock: 0)
    description.limits = limits.description(of: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return description
  }

  /// A device whose arithmetic was found to be what the numerical contract asks. Double promises no bits and is not
  /// probed.
  static func probed(_ backend: any Backend) throws(DeviceError) -> Device {
    // A device of its own for the probe leaves the pool and the counts of the one that is returned untouched.
    if backend.precision == .single { try Probe.check(Device(backend)) }
    // SADDLE_FRESH_BUFFERS is for memory checkers, which cannot tell an old buffer's values from a new one's.
    return Device(
      backend, memoryLimit: try chosenMemory(), reusingBuffers: environment("SADDLE_FRESH_BUFFERS") == nil)
  }

  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// `SADDLE_MEMORY`, in MiB: the most that a device may hold.
  private static func chosenMemory() throws(DeviceError) -> Int? {
    guard let value = environment("SADDLE_MEMORY") else { return nil }
    guard let size = Int(value), size > 0, size < 1 << 40 else {
      throw .badSetting(name: "SADDLE_MEMORY", value: value, choices: "a number of MiB, 1 or more")
    }
    return size << 20
  }

  private static func chosenThreads(_ count: Int?) throws(DeviceError) -> Int? {
    guard let value = count.map(String.init) ?? environment("SADDLE_THREADS") else { return nil }
    guard let threads = Int(value), (1...ThreadPool.limit).contains(threads) else {
      throw .badSetting(
        name: count == nil ? "SADDLE_THREADS" : "threads", value: value,
        choices: "a number of threads from 1 to \(ThreadPool.limit)")
    }
    return threads
  }
}

extension DeviceKind {
  /// The processor itself.
  static let cpu = DeviceKind(
    name: "cpu", title: "CPU", places: [],
    candidates: { () throws(DeviceError) in
      [
        DeviceCandidate(
          description: try Device.cpuDescription(), open: { _ throws(DeviceError) in (try .cpu(), "") })
      ]
    }, refusal: { _ in nil })
}
