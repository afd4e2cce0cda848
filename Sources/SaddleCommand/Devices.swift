import ArgumentParser
import Saddle

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the devices, and what --device auto would take.",
    discussion: "The first word of a line is what --device and SADDLE_DEVICE take.")

  func run() throws {
    for device in try Device.available() {
      print("\(device.selector)\(device.isAutomatic ? "  (auto)" : "")")
      print("    \(device.name), \(device.platform), driver: \(device.driver)")
      let clock = device.clock > 0 ? " at \(device.clock) MHz" : ""
      print(
        "    \(device.kind.rawValue), \(device.computeUnits) units\(clock), \(device.memory >> 20) MiB, "
          + "\(device.maxAllocation >> 20) MiB in one buffer at most")
      if let limits = device.limits { print("    \(limits)") }
      if let tuning = device.tuning { print("    \(tuning)") }
      if let remark = device.remark { print("    \(remark)") }
    }
  }
}
