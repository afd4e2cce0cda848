import Glibc

extension Device {
  /// The processor as a device.
  ///
  /// - Parameters:
  ///   - precision: The element type; double serves gradient checks.
  ///   - isa: A build of the kernels, "avx512", "avx2" or "baseline"; else `SADDLE_ISA`, else the best that the processor runs.
  ///   - threads: Threads of the pool; else `SADDLE_THREADS`, else one for each processor.
  /// - Throws: `DeviceError.unsupported` where the processor lacks the build's instructions.
  public static func cpu(
    precision: Precision = .single, isa: String? = nil, threads: Int? = nil
  ) throws(DeviceError) -> Device {
    Device(
      try CPUBackend(
        precision: precision, isa: isa ?? environment("SADDLE_ISA"),
        threads: threads ?? environment("SADDLE_THREADS").flatMap { Int($0) }))
  }

  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }
}
