import ArgumentParser
import Saddle

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the devices, and what --device auto would take.")

  func run() throws {
    for line in Device.survey() { print(line) }
  }
}
