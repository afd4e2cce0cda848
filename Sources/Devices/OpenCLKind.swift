extension DeviceKind {
  /// The processors that OpenCL drivers offer.
  static let openCL = DeviceKind(
    name: "opencl", title: "OpenCL", places: ["PLATFORM", "DEVICE"],
    candidates: { () throws(DeviceError) in try OpenCLDevice.all(OpenCL.loaded.get()).map(\.candidate) },
    refusal: { devices in
      if devices.contains(where: { $0.kind == .gpu }) { return "no OpenCL GPU here can be used" }
      let other = devices.first.map { "; \($0.platform) would run the same kernels more slowly" } ?? ""
      return "no OpenCL GPU here" + other
    })
}

extension OpenCLDevice {
  fileprivate var candidate: DeviceCandidate {
    DeviceCandidate(
      description: description, open: { form throws(DeviceError) in try open(form) },
      tuning: { form in form ?? self.form == .tile ? tiles().origin.description : nil })
  }

  private func open(_ form: KernelForm?) throws(DeviceError) -> (device: Device, remark: String) {
    guard form ?? self.form == .tile else { return (try .probed(OpenCLBackend(self, form: form)), "") }
    let (tiles, origin) = tiles()
    let opened = try Device.probed(OpenCLBackend(self, form: form, tiles: tiles))
    if case .ignored = origin { return (opened, "; \(origin)") }
    return (opened, "")
  }

  /// The best device that a name means.
  ///
  /// - Throws: `DeviceError.noLoader`, `noPlatform`, `noDevices`, `noDevice`, `callFailed`.
  static func named(_ choice: DeviceName, asked: String) throws(DeviceError) -> OpenCLDevice {
    let devices = try all(OpenCL.loaded.get())
    guard let best = devices.first(choice) else {
      throw .noDevice(
        kind: DeviceKind.openCL.title, asked: asked,
        available: devices.map { "\($0.description.selector) (\($0.description.name))" })
    }
    return best
  }
}

extension [OpenCLDevice] {
  /// The best device that a name means.
  func first(_ name: DeviceName) -> OpenCLDevice? {
    guard let best = name.matches(map(\.description)).first else { return nil }
    return first { $0.description.selector == best.selector }
  }
}

extension DeviceName {
  /// The best OpenCL device.
  static let openCL = DeviceName(kind: DeviceKind.openCL.name, place: .best)
}
