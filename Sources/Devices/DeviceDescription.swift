/// What there is to know about a device before it is opened.
public struct DeviceDescription: Sendable {
  /// Kinds in the order in which they are preferred.
  public enum Kind: String, Sendable, CaseIterable {
    case gpu = "GPU"
    case accelerator
    case processor = "CPU"
  }

  /// What `Device.open` takes to get this device: "cpu", "opencl:0:0".
  public let selector: String
  public let name: String
  /// The OpenCL platform, "PoCL (Portable Computing Language)"; "host" for the native CPU device.
  public let platform: String
  /// The driver's version; the build of the kernels for the native CPU device.
  public let driver: String
  public let kind: Kind
  /// Bytes.
  public let memory: Int
  /// Bytes that one buffer may have at most.
  public let maxAllocation: Int
  public let computeUnits: Int
  /// Megahertz; 0 where unknown.
  public let clock: Int
  /// Floats that a unit computes at a time, by its maker; drivers count units of very different sizes.
  public internal(set) var lanesOfAUnit = 64
  /// Whether `auto` takes this device.
  public internal(set) var isAutomatic = false
  /// What keeps this process from using all of it, in words; nil where nothing does.
  public internal(set) var limits: String?
  /// Where the sizes of its tiles are from; nil where kernels run in blocks, or the device cannot be used.
  public internal(set) var tuning: String?
  /// What a user should know: why the device cannot be used, or why `auto` takes it.
  public internal(set) var remark: String?

  /// Whether this device is expected to be the faster one: its kind first, then what its units compute at its clock,
  /// then memory.
  func isBetter(than other: DeviceDescription) -> Bool {
    let kinds = Kind.allCases
    let (mine, others) = (kinds.firstIndex(of: kind) ?? 0, kinds.firstIndex(of: other.kind) ?? 0)
    if mine != others { return mine < others }
    return (speed, memory) > (other.speed, other.memory)
  }

  private var speed: Int { computeUnits * lanesOfAUnit * clock }
}
