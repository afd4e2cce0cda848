/// What a user writes to choose a device.
struct DeviceName: Equatable {
  /// Which of a kind's devices.
  enum Place: Equatable {
    case best
    case indices([Int])
    /// One whose name or platform contains this text, in lower case.
    case text(String)
  }

  /// A row of `DeviceKind.all`; nil for `auto`.
  let kind: String?
  let place: Place

  static let auto = DeviceName(kind: nil, place: .best)

  init(kind: String?, place: Place) { (self.kind, self.place) = (kind, place) }

  /// Reads "auto", "cpu", "opencl", "opencl:0:1" or "opencl:nvidia", in upper or lower case.
  init?(_ name: String) {
    let parts = name.lowercased().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    if parts == ["auto"] {
      self = .auto
      return
    }
    guard let kind = DeviceKind.named(String(parts[0])) else { return nil }
    if parts.count == 1 {
      self.init(kind: kind.name, place: .best)
      return
    }
    let numbers = parts[1].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
    if !kind.places.isEmpty, numbers.count == kind.places.count, numbers.allSatisfy({ $0 >= 0 }) {
      self.init(kind: kind.name, place: .indices(numbers))
    } else if !kind.places.isEmpty, parts[1].contains(where: \.isLetter) {
      self.init(kind: kind.name, place: .text(String(parts[1])))
    } else {
      return nil  // "opencl:", "opencl:1", "opencl:0:0:0": neither two numbers nor a part of a name
    }
  }

  /// Those of the devices that this name means, the best first.
  func matches(_ devices: [DeviceDescription]) -> [DeviceDescription] {
    let ranked = devices.sorted { $0.isBetter(than: $1) }
    guard let kind else { return ranked.filter { $0.kind == .gpu } }
    let own = ranked.filter { $0.selector == kind || $0.selector.hasPrefix(kind + ":") }
    switch place {
    case .best: return own
    case .indices(let numbers):
      let selector = ([kind] + numbers.map(String.init)).joined(separator: ":")
      return own.filter { $0.selector == selector }
    case .text(let text): return own.filter { "\($0.platform) \($0.name)".lowercased().contains(text) }
    }
  }
}

extension [DeviceCandidate] {
  /// Those that a name means, the best first.
  func matching(_ name: DeviceName) -> [DeviceCandidate] {
    name.matches(map(\.description)).compactMap { match in first { $0.description.selector == match.selector } }
  }
}

extension Device {
  /// Opens the device of a name, and says which it is and why.
  ///
  /// `auto` takes the best GPU that computes as the numerical contract asks, else the CPU device; the other names take
  /// what they say or fail.
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
    guard let kind = choice.kind.flatMap(DeviceKind.named) else { return try openAutomatically(form: form) }
    let candidates = try kind.candidates()
    guard let best = candidates.matching(choice).first else {
      throw .noDevice(
        kind: kind.title, asked: asked,
        available: candidates.map { "\($0.description.selector) (\($0.description.name))" })
    }
    let (device, remark) = try best.open(form)
    let isOneOfMany = choice.place == .best && !kind.places.isEmpty
    return (device, "\(device.name), " + (isOneOfMany ? "the best \(kind.title) device here" : "as asked") + remark)
  }

  /// Every device of this machine, the CPU device first. Each is opened to see whether it computes as it should.
  ///
  /// The remarks say which device `auto` takes and why, and what keeps a device, or a kind as a whole, from being used.
  ///
  /// - Throws: `DeviceError` where the CPU device itself cannot be opened.
  public static func available() throws(DeviceError) -> [DeviceDescription] {
    var devices: [DeviceDescription] = [], reasons: [String] = []
    for (number, kind) in DeviceKind.all.enumerated() {
      do throws(DeviceError) {
        let own = try kind.candidates().map { candidate throws(DeviceError) in
          var description = candidate.description
          do throws(DeviceError) {
            let form = try chosenForm(nil)
            _ = try candidate.open(form)
            description.tuning = candidate.tuning(form)
          } catch {
            if number == 0 { throw error }
            description.remark = error.description
          }
          return description
        }
        devices += own
        if let reason = kind.refusal(own) { reasons.append(reason) }
      } catch {
        if number == 0 { throw error }
        reasons.append(error.description)
      }
    }
    if let best = DeviceName.auto.matches(devices.filter { $0.remark == nil }).first?.selector {
      for i in devices.indices where devices[i].selector == best { devices[i].isAutomatic = true }
    } else {
      devices[0].isAutomatic = true
      devices[0].remark = reasons.joined(separator: "; ")
    }
    return devices
  }

  private static func openAutomatically(
    form: KernelForm?
  ) throws(DeviceError) -> (device: Device, reason: String) {
    var candidates: [DeviceCandidate] = [], reasons: [String] = [], passedOver: [String] = []
    for kind in DeviceKind.all.dropFirst() {
      do throws(DeviceError) {
        let own = try kind.candidates()
        candidates += own
        if let reason = kind.refusal(own.map(\.description)) { reasons.append(reason) }
      } catch {
        reasons.append(error.description)
      }
    }
    for candidate in candidates.matching(.auto) {
      do throws(DeviceError) {
        let (device, remark) = try candidate.open(form)
        return (device, (["\(device.name), the best GPU here" + remark] + passedOver).joined(separator: "; "))
      } catch {
        passedOver.append("passed over: \(error.description)")
      }
    }
    let device = try cpu()
    return (device, ([device.name] + (passedOver.isEmpty ? reasons : passedOver)).joined(separator: "; "))
  }

  static func chosenForm(_ form: KernelForm?) throws(DeviceError) -> KernelForm? {
    guard form == nil, let value = environment("SADDLE_FORM") else { return form }
    guard let form = KernelForm(rawValue: value) else {
      throw .badSetting(name: "SADDLE_FORM", value: value, choices: "block or tile")
    }
    return form
  }
}
