import ArgumentParser
import Saddle

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the devices, and what --device auto would take.",
    discussion: "The first word of a line is what --device and SADDLE_DEVICE take.")

  func run() throws {
    for device in try Device.available() {
      try show("\(device.selector)\(device.isAutomatic ? "  (auto)" : "")")
      try show("    \(device.name), \(device.platform), driver: \(device.driver)")
      let clock = device.clock > 0 ? " at \(device.clock) MHz" : ""
      try show(
        "    \(device.kind.rawValue), \(device.computeUnits) units\(clock), \(device.memory >> 20) MiB, "
          + "\(device.maxAllocation >> 20) MiB in one buffer at most")
      if let limits = device.limits { try show("    \(limits)") }
      if let tuning = device.tuning { try show("    \(tuning)") }
      if let remark = device.remark { try show("    \(remark)") }
    }
  }
}
