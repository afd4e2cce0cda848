import COpenCL
import Glibc

/// The OpenCL functions of this machine.
struct OpenCL: Sendable {
  /// One table, never changed or freed once it is loaded.
  nonisolated(unsafe) private let functions: UnsafePointer<OpenCLFunctions>

  var call: OpenCLFunctions { functions.pointee }

  /// Loads a library; by default a preloaded one, else what `SADDLE_OPENCL_LIBRARY` names, else the system's loader.
  ///
  /// - Throws: `DeviceError.noLoader`.
  init(library: String? = nil) throws(DeviceError) {
    let library = library ?? Device.environment("SADDLE_OPENCL_LIBRARY")
    var reason = [CChar](repeating: 0, count: 1024)
    guard let functions = opencl_load(library, &reason, reason.count) else {
      throw .noLoader(String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
    self.functions = functions
  }

  /// The library, loaded once.
  static let loaded = Result { () throws(DeviceError) in try OpenCL() }
}

/// A processor that an OpenCL driver offers. Platforms and devices live as long as the process, so that their handles
/// need no release.
struct OpenCLDevice: Sendable {
  let opencl: OpenCL
  nonisolated(unsafe) let handle: OpaquePointer
  let description: DeviceDescription
  /// What identifies the compiler and its target: the driver's versions change what a program's binary means.
  let fingerprint: String
  let vendor: Tiles.Vendor
  let platformVersion: String
  /// Bytes of local memory, and work-items, that a group may have.
  let localMemory, largestGroup: Int
  /// Floats of a register, in which block forms count.
  let lanes: Int
  /// Whether the driver says that `/` and `sqrt` can be rounded correctly.
  let claimsExactDivision: Bool

  /// Every device of every platform.
  ///
  /// - Throws: `DeviceError.noLoader`, `noPlatform`, `noDevices`, `callFailed`.
  static func all(_ opencl: OpenCL) throws(DeviceError) -> [OpenCLDevice] {
    var count: cl_uint = 0
    let status = opencl.call.clGetPlatformIDs(0, nil, &count)
    guard status == CL_SUCCESS, count > 0 else { throw .noPlatform }  // -1001 where the loader has no driver
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    _ = opencl.call.clGetPlatformIDs(count, &platforms, nil)
    var found: [OpenCLDevice] = [], empty: [String] = []
    for (p, platform) in platforms.enumerated() {
      var count: cl_uint = 0
      let types = cl_device_type(CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_ACCELERATOR | CL_DEVICE_TYPE_CPU)
      // A platform without devices, a driver without its board for one, is no failure.
      let status = opencl.call.clGetDeviceIDs(platform, types, 0, nil, &count)
      guard status == CL_SUCCESS, count > 0 else {
        empty.append("\(name(of: platform, opencl)) offers none: \(OpenCLStatus.name(status))")
        continue
      }
      var devices = [cl_device_id?](repeating: nil, count: Int(count))
      _ = opencl.call.clGetDeviceIDs(platform, types, count, &devices, nil)
      for (d, device) in devices.enumerated() {
        if let device { found.append(OpenCLDevice(opencl, platform, device, selector: "opencl:\(p):\(d)")) }
      }
    }
    guard !found.isEmpty else { throw .noDevices(platforms: empty) }
    return found
  }

  /// As people know it.
  private static func name(of platform: cl_platform_id?, _ opencl: OpenCL) -> String {
    let name = text { opencl.call.clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), $0, $1, $2) }
    return name == "Portable Computing Language" ? "PoCL (\(name))" : name
  }

  private init(_ opencl: OpenCL, _ platform: cl_platform_id?, _ device: cl_device_id, selector: String) {
    let call = opencl.call
    func text(_ property: Int32) -> String {
      Self.text { call.clGetDeviceInfo(device, cl_device_info(property), $0, $1, $2) }
    }
    func number<Number: FixedWidthInteger>(_ property: Int32, as type: Number.Type) -> Number {
      var value: Number = 0
      _ = call.clGetDeviceInfo(device, cl_device_info(property), MemoryLayout<Number>.size, &value, nil)
      return value
    }
    func platformText(_ property: Int32) -> String {
      Self.text { call.clGetPlatformInfo(platform, cl_platform_info(property), $0, $1, $2) }
    }
    self.opencl = opencl
    handle = device
    let platformName = platformText(CL_PLATFORM_NAME)
    let type = number(CL_DEVICE_TYPE, as: cl_device_type.self)
    var description = DeviceDescription(
      selector: selector, name: text(CL_DEVICE_NAME), platform: Self.name(of: platform, opencl),
      driver: text(CL_DRIVER_VERSION),
      kind: type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0
        ? .gpu : type & cl_device_type(CL_DEVICE_TYPE_ACCELERATOR) != 0 ? .accelerator : .processor,
      memory: Int(clamping: number(CL_DEVICE_GLOBAL_MEM_SIZE, as: cl_ulong.self)),
      maxAllocation: Int(clamping: number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, as: cl_ulong.self)),
      computeUnits: Int(number(CL_DEVICE_MAX_COMPUTE_UNITS, as: cl_uint.self)),
      clock: Int(number(CL_DEVICE_MAX_CLOCK_FREQUENCY, as: cl_uint.self)))
    vendor = .of(description, vendorName: text(CL_DEVICE_VENDOR))
    description.lanesOfAUnit = vendor.lanesOfAUnit
    self.description = description
    fingerprint = [
      platformName, platformText(CL_PLATFORM_VERSION), text(CL_DEVICE_NAME), text(CL_DEVICE_VERSION),
      text(CL_DRIVER_VERSION),
    ].joined(separator: "\n")
    platformVersion = platformText(CL_PLATFORM_VERSION)
    localMemory = Int(clamping: number(CL_DEVICE_LOCAL_MEM_SIZE, as: cl_ulong.self))
    largestGroup = number(CL_DEVICE_MAX_WORK_GROUP_SIZE, as: Int.self)
    lanes = number(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, as: cl_uint.self) >= 16 ? 16 : 8
    let single = number(CL_DEVICE_SINGLE_FP_CONFIG, as: cl_device_fp_config.self)
    claimsExactDivision = single & cl_device_fp_config(CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0
  }

  /// Reads a text property: its length first, then its bytes.
  static func text(
    _ query: (_ size: Int, _ value: UnsafeMutableRawPointer?, _ actualSize: UnsafeMutablePointer<Int>?) -> cl_int
  ) -> String {
    var size = 0
    guard query(0, nil, &size) == CL_SUCCESS, size > 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard query(size, &bytes, nil) == CL_SUCCESS else { return "" }
    // Some drivers pad names with spaces.
    let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    let words = text.drop { $0.isWhitespace }
    return String(words.reversed().drop { $0.isWhitespace }.reversed())
  }
}

/// A reference to an OpenCL object of one kind, released with the last reference to it.
///
/// Swift sees every OpenCL handle as an `OpaquePointer`; `Kind` keeps a kernel from being taken for a queue.
final class OpenCLObject<Kind> {
  let handle: OpaquePointer
  private let release: @convention(c) (OpaquePointer?) -> cl_int

  /// Takes over the reference that a call which creates returned.
  init(_ handle: OpaquePointer, _ release: @convention(c) (OpaquePointer?) -> cl_int) {
    (self.handle, self.release) = (handle, release)
  }

  deinit { _ = release(handle) }
}

/// Kinds of OpenCL objects.
enum OpenCLContext {}
enum OpenCLQueue {}
enum OpenCLProgram {}
enum OpenCLKernel {}
enum OpenCLEvent {}
