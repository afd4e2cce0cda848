/// What can go wrong with a device. Each case gives one message: what happened, where, and what to do.
public enum DeviceError: Error, Sendable, CustomStringConvertible {
  /// There is no OpenCL loader on this machine.
  case noLoader(String)
  /// The loader knows no platform (no driver is installed).
  case noPlatform
  /// Drivers are there, and none of them offers a device: what each says.
  case noDevices(platforms: [String])
  /// No device fits what was asked for; `available` lists what there is.
  case noDevice(kind: String, asked: String, available: [String])
  /// A name for a device that nobody understands.
  case badName(String)
  /// This processor cannot run the build that was asked for.
  case unsupported(isa: String, processor: String)
  /// The system starts no more threads.
  case noThreads(asked: Int, started: Int, reason: String)
  /// The driver refused a kernel's text.
  case buildFailed(device: String, file: String, log: String)
  /// There is not enough memory.
  case outOfMemory(device: String, asked: Int, held: Int, limit: Int?)
  /// One buffer would be larger than the device allows for one.
  case tooLarge(device: String, asked: Int, limit: Int)
  /// A launch or copy failed for want of memory, registers or time.
  case outOfResources(device: String, call: String, status: String)
  /// An environment variable or option with a value that nobody understands.
  case badSetting(name: String, value: String, choices: String)
  /// The device does not compute as the numerical contract asks.
  case inexact(device: String, failures: [String])
  /// Another call failed.
  case callFailed(device: String, call: String, status: String)

  public var description: String {
    switch self {
    case .noLoader(let reason):
      "no OpenCL on this machine: \(reason). Install a loader (Debian: apt-get install ocl-icd-libopencl1) "
        + "and a driver, or choose --device cpu."
    case .noPlatform:
      "OpenCL is installed, but no driver: the loader finds no platform. Install your vendor's driver "
        + "(for processors: apt-get install pocl-opencl-icd), or choose --device cpu."
    case .noDevices(let platforms):
      "no OpenCL device here: \(platforms.joined(separator: "; ")). See whether this user may use the board (/dev/dri, "
        + "/dev/nvidia*) and the driver's cache folder (of PoCL: POCL_CACHE_DIR), or choose --device cpu."
    case .noDevice(let kind, let asked, let available):
      "no \(kind) device fits '\(asked)'. There are: \(available.joined(separator: "; ")). `saddle devices` lists what "
        + "can be chosen."
    case .badName(let name):
      "'\(name)' names no device. Write \(Self.listed(Device.selectors))."
    case .unsupported(let isa, let processor):
      "this processor (best build: \(processor)) cannot run the '\(isa)' build of the kernels. "
        + "Unset SADDLE_ISA or choose another."
    case .noThreads(let asked, let started, let reason):
      "only \(started) of \(asked) threads can run: \(reason). Set SADDLE_THREADS=\(started), or raise the limits of "
        + "processes and memory (ulimit -u, ulimit -v)."
    case .buildFailed(let device, let file, let log):
      "\(device) could not compile Kernels/cl/\(file):\n\(log)"
    case .outOfMemory(let device, let asked, let held, let limit):
      "\(device) is out of memory: \(Self.mebibytes(asked)) more were asked for, \(Self.mebibytes(held)) are in use"
        + (limit.map { " of \(Self.mebibytes($0))" } ?? "")
        + ". Choose a smaller batch (--set training.batch=...), a narrower network, or another device"
        + (device.contains("PoCL") ? "; PoCL offers more with POCL_MEMORY_LIMIT=<GiB>." : ".")
    case .tooLarge(let device, let asked, let limit):
      "\(device) allows one buffer \(Self.mebibytes(limit)); \(Self.mebibytes(asked)) were asked for at once. "
        + "Choose a smaller batch (--set training.batch=...), a narrower network, or another device"
        + (device.contains("PoCL") ? "; PoCL allows more with POCL_MEMORY_LIMIT=<GiB>." : ".")
    case .outOfResources(let device, let call, let status):
      "\(device): \(call) failed: \(status). Usually the driver ran out of memory: choose a smaller batch "
        + "(--set training.batch=...). Otherwise a launch exceeded a display's time limit, or read outside its arrays, "
        + "which oclgrind would show."
    case .badSetting(let name, let value, let choices):
      "\(name) is '\(value)'; it may be \(choices)."
    case .inexact(let device, let failures):
      "\(device) does not compute as strict mode's contract asks: \(failures.joined(separator: ", ")). "
        + "Update its driver, or choose another device: `saddle devices`."
    case .callFailed(let device, let call, let status):
      "\(device): \(call) failed: \(status)."
    }
  }

  /// "a, b, or c".
  private static func listed(_ words: [String]) -> String {
    words.dropLast().joined(separator: ", ") + ", or " + (words.last ?? "")
  }

  private static func mebibytes(_ bytes: Int) -> String {
    bytes < 1 << 20 ? "\(bytes) bytes" : "\((bytes + (1 << 19)) >> 20) MiB"
  }
}
