/// What a user writes to choose a device.
enum DeviceName: Equatable {
  case auto
  case cpu
  /// The best OpenCL device.
  case openCL
  case indices(platform: Int, device: Int)
  /// An OpenCL device whose name or platform contains this text, in lower case.
  case text(String)

  /// Reads "auto", "cpu", "opencl", "opencl:0:1" or "opencl:nvidia", in upper or lower case.
  init?(_ name: String) {
    let parts = name.lowercased().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    switch (parts[0], parts.count) {
    case ("auto", 1): self = .auto
    case ("cpu", 1): self = .cpu
    case ("opencl", 1): self = .openCL
    case ("opencl", 2):
      let rest = parts[1]
      let numbers = rest.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      if numbers.count == 2, let platform = numbers[0], let device = numbers[1], platform >= 0, device >= 0 {
        self = .indices(platform: platform, device: device)
      } else if rest.contains(where: \.isLetter) {
        self = .text(String(rest))
      } else {
        return nil  // "opencl:", "opencl:1", "opencl:0:0:0": neither two numbers nor a part of a name
      }
    default: return nil
    }
  }

  /// Those of the devices that this name means, the best first.
  func matches(_ devices: [DeviceDescription]) -> [DeviceDescription] {
    let ranked = devices.sorted { $0.isBetter(than: $1) }
    switch self {
    case .auto: return ranked.filter { $0.kind == .gpu }
    case .cpu: return []
    case .openCL: return ranked
    case .indices(let platform, let device): return devices.filter { $0.selector == "opencl:\(platform):\(device)" }
    case .text(let text): return ranked.filter { "\($0.platform) \($0.name)".lowercased().contains(text) }
    }
  }
}

extension Device {
  /// Opens the device of a name, and says which it is and why.
  ///
  /// `auto` takes the best OpenCL GPU that computes as the numerical contract asks, else the CPU device; the other
  /// names take what they say or fail.
  ///
  /// - Parameters:
  ///   - name: "auto", "cpu", "opencl", "opencl:PLATFORM:DEVICE" or "opencl:PART-OF-A-NAME"; else `SADDLE_DEVICE`,
  ///     else "auto".
  ///   - form: Which form of a kernel an OpenCL device runs; else `SADDLE_FORM`, else blocks on processors and tiles
  ///     elsewhere.
  /// - Throws: `DeviceError`.
  public static func open(
    _ name: String? = nil, form: KernelForm? = nil
  ) throws(DeviceError) -> (device: Device, reason: String) {
    let variable = "SADDLE_DEVICE"
    let asked = name ?? environment(variable) ?? "auto"
    guard let choice = DeviceName(asked) else { throw .badName(name == nil ? "\(variable)=\(asked)" : asked) }
    let form = try chosenForm(form)
    switch choice {
    case .cpu:
      let device = try cpu()
      return (device, "\(device.name), as asked")
    case .auto:
      return try openAutomatically(form: form)
    case .openCL, .indices, .text:
      let best = try OpenCLDevice.named(choice, asked: asked)
      let (device, remark) = try openCL(best, form: form)
      return (device, "\(device.name), " + (choice == .openCL ? "the best OpenCL device here" : "as asked") + remark)
    }
  }

  /// Every device of this machine, the CPU device first. Each OpenCL device is opened to see whether it computes as it
  /// should.
  ///
  /// The remarks say which device `auto` takes and why, and what keeps a device, or OpenCL as a whole, from being used.
  ///
  /// - Throws: `DeviceError` where the CPU device itself cannot be opened.
  public static func available() throws(DeviceError) -> [DeviceDescription] {
    var native = try cpuDescription()
    var devices: [DeviceDescription] = []
    var absence: DeviceError?
    do throws(DeviceError) {
      for device in try OpenCLDevice.all(OpenCL.loaded.get()) {
        var description = device.description
        do throws(DeviceError) {
          let form = try chosenForm(nil)
          _ = try openCL(device, form: form)
          if form ?? device.form == .tile { description.tuning = device.tiles().origin.description }
        } catch {
          description.remark = error.description
        }
        devices.append(description)
      }
    } catch {
      absence = error
    }
    let usable = devices.filter { $0.remark == nil }
    if let best = DeviceName.auto.matches(usable).first?.selector {
      for i in devices.indices where devices[i].selector == best { devices[i].isAutomatic = true }
    } else {
      native.isAutomatic = true
      native.remark = native.remark ?? absence?.description ?? Self.whyNative(devices)
    }
    return [native] + devices
  }

  private static func openAutomatically(
    form: KernelForm?
  ) throws(DeviceError) -> (device: Device, reason: String) {
    var remarks: [String] = []
    do throws(DeviceError) {
      let devices = try OpenCLDevice.all(OpenCL.loaded.get())
      for gpu in DeviceName.auto.matches(devices.map(\.description)) {
        guard let candidate = devices.first(where: { $0.description.selector == gpu.selector }) else { continue }
        do throws(DeviceError) {
          let (device, remark) = try openCL(candidate, form: form)
          return (device, (["\(device.name), the best GPU here" + remark] + remarks).joined(separator: "; "))
        } catch {
          remarks.append("passed over: \(error.description)")
        }
      }
      if remarks.isEmpty { remarks = [whyNative(devices.map(\.description))] }
    } catch {
      remarks = [error.description]
    }
    let device = try cpu()
    return (device, ([device.name] + remarks).joined(separator: "; "))
  }

  /// Why `auto` takes the CPU device where OpenCL has these devices.
  private static func whyNative(_ devices: [DeviceDescription]) -> String {
    if devices.contains(where: { $0.kind == .gpu }) { return "no OpenCL GPU here can be used" }
    let other = devices.first.map { "; \($0.platform) would run the same kernels more slowly" } ?? ""
    return "no OpenCL GPU here" + other
  }

  /// Opens an OpenCL device and probes its arithmetic. The remark goes behind a sentence about the device.
  private static func openCL(
    _ device: OpenCLDevice, form: KernelForm?
  ) throws(DeviceError) -> (device: Device, remark: String) {
    guard form ?? device.form == .tile else { return (try probed(OpenCLBackend(device, form: form)), "") }
    let (tiles, origin) = device.tiles()
    let opened = try probed(OpenCLBackend(device, form: form, tiles: tiles))
    if case .ignored = origin { return (opened, "; \(origin)") }
    return (opened, "")
  }

  static func chosenForm(_ form: KernelForm?) throws(DeviceError) -> KernelForm? {
    guard form == nil, let value = environment("SADDLE_FORM") else { return form }
    guard let form = KernelForm(rawValue: value) else {
      throw .badSetting(name: "SADDLE_FORM", value: value, choices: "block or tile")
    }
    return form
  }
}

extension OpenCLDevice {
  /// The best device that a name means.
  ///
  /// - Throws: `DeviceError.noLoader`, `noPlatform`, `noDevices`, `noDevice`, `callFailed`.
  static func named(_ choice: DeviceName, asked: String) throws(DeviceError) -> OpenCLDevice {
    let devices = try all(OpenCL.loaded.get())
    guard let best = devices.first(choice) else {
      throw .noDevice(asked: asked, available: devices.map { "\($0.description.selector) (\($0.description.name))" })
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
