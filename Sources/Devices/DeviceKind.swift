/// A kind of device: a row of the table by which devices are named, listed, completed, opened, and taken by `auto`.
struct DeviceKind: Sendable {
  /// The first word of a name, "opencl".
  let name: String
  /// In words, "OpenCL".
  let title: String
  /// What the numbers are that choose one of its devices, "PLATFORM" and "DEVICE"; empty where there is but one device.
  let places: [String]
  /// The devices here.
  ///
  /// - Throws: What keeps this kind as a whole from being used.
  let candidates: @Sendable () throws(DeviceError) -> [DeviceCandidate]
  /// Why `auto` takes none of these devices.
  let refusal: @Sendable ([DeviceDescription]) -> String?

  /// Every kind; the first one is what `auto` takes where no other can be used.
  static let all: [DeviceKind] = [.cpu, .openCL]

  static func named(_ name: String) -> DeviceKind? { all.first { $0.name == name } }

  /// What a user may write, in words.
  var selectors: [String] {
    places.isEmpty ? [name] : [name, ([name] + places).joined(separator: ":"), "\(name):PART-OF-A-NAME"]
  }
}

/// A device before it is opened.
struct DeviceCandidate: Sendable {
  let description: DeviceDescription
  /// Opens it and probes its arithmetic. The remark goes behind a sentence about the device.
  let open: @Sendable (KernelForm?) throws(DeviceError) -> (device: Device, remark: String)
  /// Where the sizes of its tiles are from; nil where kernels of this form run in blocks.
  var tuning: @Sendable (KernelForm?) -> String? = { _ in nil }
}

extension Device {
  /// The first words of devices' names, for completion.
  public static let kindNames = ["auto"] + DeviceKind.all.map(\.name)

  /// All that a device's name may look like, for help.
  public static let selectors = ["auto"] + DeviceKind.all.flatMap(\.selectors)
}
