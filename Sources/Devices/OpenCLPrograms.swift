import COpenCL
import Kernels

/// The programs of one OpenCL device, one for each file of the folder `Kernels/cl`, compiled when the first kernel of a
/// file is asked for.
final class OpenCLPrograms {
  /// A text of the folder `Kernels/cl`.
  typealias Source = (name: String, text: String)

  private struct Key: Hashable {
    let file: String
    let wide: Bool
    let tile: TileParameters?
  }

  private let device: OpenCLDevice
  private let deviceName: String
  private let context: OpenCLObject<OpenCLContext>
  private let cache: ProgramCache?
  private let sources: [Source]
  private let formOptions: String
  private let extraOptions: String
  private var exactDivision = "-cl-fp32-correctly-rounded-divide-sqrt"
  private var programs: [Key: OpenCLObject<OpenCLProgram>] = [:]
  /// How many programs were compiled from their text, not found in the cache.
  private(set) var compilationCount = 0

  /// - Parameters:
  ///   - sources: The headers in the order in which they go before a .cl file, and the .cl files.
  ///   - formOptions: Options for the form of kernels that the device runs (`Kernels/cl/dialect.h`).
  ///   - extraOptions: Options for tests of what a compiler may do.
  init(
    _ device: OpenCLDevice, name: String, context: OpenCLObject<OpenCLContext>, cache: ProgramCache?,
    sources: [Source] = OpenCLPrograms.embedded, formOptions: String = "", extraOptions: String = ""
  ) {
    (self.device, deviceName, self.context, self.cache) = (device, name, context, cache)
    (self.sources, self.formOptions, self.extraOptions) = (sources, formOptions, extraOptions)
  }

  /// The texts in this binary.
  static var embedded: [Source] {
    var count = 0
    let first = kernel_sources(&count)
    return UnsafeBufferPointer(start: first, count: count).map { (String(cString: $0.name), String(cString: $0.text)) }
  }

  /// A file's program; a wide one has 64-bit indices, and its tuned tile forms have these sizes.
  ///
  /// - Throws: `DeviceError.buildFailed`, with the compiler's log.
  func program(
    _ file: String, wide: Bool, tile: TileParameters? = nil
  ) throws(DeviceError) -> OpenCLObject<OpenCLProgram> {
    let key = Key(file: file, wide: wide, tile: tile)
    if let program = programs[key] { return program }
    let text = text(of: file)
    let program: OpenCLObject<OpenCLProgram>
    do throws(DeviceError) {
      program = try build(text, options: options(key), file: file)
    } catch .buildFailed where !exactDivision.isEmpty && !device.claimsExactDivision {
      // A device that does not claim exact division may refuse the option; the probe will tell how it divides.
      exactDivision = ""
      program = try build(text, options: options(key), file: file)
    }
    programs[key] = program
    return program
  }

  private func options(_ key: Key) -> String {
    let index = key.wide ? "-D INDEX=ulong" : ""
    let tile = key.tile?.buildOptions(for: device.vendor) ?? ""
    let verbose = BuildLog.named != nil && device.vendor.hasRegisterOptions ? "-cl-nv-verbose" : ""
    // Without -w PoCL's compiler counts its warnings aloud, on the standard error of whoever runs saddle.
    return ["-cl-std=CL1.2 -w -D ABREAST=\(ABREAST)", exactDivision, index, formOptions, tile, verbose, extraOptions]
      .filter { !$0.isEmpty }.joined(separator: " ")
  }

  // MARK: Text

  /// The headers and the file in one text, each part under its own name and line numbers.
  private func text(of file: String) -> String {
    guard let kernels = sources.first(where: { $0.name == file }) else {
      preconditionFailure("the folder Kernels/cl has no file '\(file)'")
    }
    return headers + Self.part(kernels)
  }

  private lazy var headers = sources.filter { $0.name.hasSuffix(".h") }.map(Self.part).joined()

  private static func part(_ source: Source) -> String {
    "#line 1 \"Kernels/cl/\(source.name)\"\n" + withoutIncludes(source.text)
  }

  /// The headers are there already; an empty line keeps the numbers of those that follow.
  private static func withoutIncludes(_ text: String) -> String {
    var bytes: [UInt8] = []
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if !line.starts(with: "#include".utf8) { bytes += line }
      bytes.append(UInt8(ascii: "\n"))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: Building

  private func build(
    _ text: String, options: String, file: String
  ) throws(DeviceError) -> OpenCLObject<OpenCLProgram> {
    let key = [device.fingerprint, options, text].joined(separator: "\n")
    if let binary = cache?.binary(for: key), let program = load(binary, options: options) { return program }
    compilationCount += 1
    let program = try compile(text, options: options, file: file, kept: cache?.name(of: key))
    if let cache, let binary = binary(of: program) { cache.store(binary, for: key) }
    return program
  }

  private func compile(
    _ text: String, options: String, file: String, kept: String?
  ) throws(DeviceError) -> OpenCLObject<OpenCLProgram> {
    let call = device.opencl.call
    var status: cl_int = 0
    let handle = text.withCString { start in
      var start: UnsafePointer<CChar>? = start
      return call.clCreateProgramWithSource(context.handle, 1, &start, nil, &status)
    }
    guard let handle else {
      throw .callFailed(device: deviceName, call: "clCreateProgramWithSource", status: OpenCLStatus.name(status))
    }
    let program = OpenCLObject<OpenCLProgram>(handle, call.clReleaseProgram)
    var log: String {
      OpenCLDevice.text {
        call.clGetProgramBuildInfo(handle, device.handle, cl_program_build_info(CL_PROGRAM_BUILD_LOG), $0, $1, $2)
      }
    }
    let start = ContinuousClock.now
    status = buildStatus(program, options: options)
    BuildLog.named?.add(file, options, kept: kept, seconds: start.duration(to: .now) / .seconds(1), log: log)
    guard status == CL_SUCCESS else {
      throw .buildFailed(device: deviceName, file: file, log: "\(OpenCLStatus.name(status)) with \(options)\n\(log)")
    }
    return program
  }

  private func buildStatus(_ program: OpenCLObject<OpenCLProgram>, options: String) -> cl_int {
    var target: cl_device_id? = device.handle
    return device.opencl.call.clBuildProgram(program.handle, 1, &target, options, nil, nil)
  }

  // MARK: Binaries

  private func load(_ binary: [UInt8], options: String) -> OpenCLObject<OpenCLProgram>? {
    let call = device.opencl.call
    var target: cl_device_id? = device.handle
    var (size, loaded, status): (Int, cl_int, cl_int) = (binary.count, 0, 0)
    let handle = binary.withUnsafeBufferPointer { bytes in
      var start = bytes.baseAddress
      return call.clCreateProgramWithBinary(context.handle, 1, &target, &size, &start, &loaded, &status)
    }
    guard let handle else { return nil }
    let program = OpenCLObject<OpenCLProgram>(handle, call.clReleaseProgram)
    return loaded == CL_SUCCESS && buildStatus(program, options: options) == CL_SUCCESS ? program : nil
  }

  private func binary(of program: OpenCLObject<OpenCLProgram>) -> [UInt8]? {
    let call = device.opencl.call
    var size = 0
    let sizes = cl_program_info(CL_PROGRAM_BINARY_SIZES), binaries = cl_program_info(CL_PROGRAM_BINARIES)
    guard call.clGetProgramInfo(program.handle, sizes, MemoryLayout<Int>.size, &size, nil) == CL_SUCCESS, size > 0
    else { return nil }
    var status: cl_int = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      var start = buffer.baseAddress
      status = call.clGetProgramInfo(
        program.handle, binaries, MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, &start, nil)
      count = status == CL_SUCCESS ? size : 0
    }
    return status == CL_SUCCESS ? bytes : nil
  }
}
