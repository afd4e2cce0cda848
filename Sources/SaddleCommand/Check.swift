import ArgumentParser
import Saddle

extension KernelForm: ExpressibleByArgument {}

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares a device with the processor, to the bit, over every op and kernel.",
    discussion: """
      Under Oclgrind, which checks every access to memory:
        oclgrind --data-races --uninitialized --check-api \\
          --build-options -cl-opt-disable saddle check --tiny --device opencl
      """)

  @Option(help: "The form of heavy kernels on OpenCL: block or tile; what suits the device by default.") var form:
    KernelForm?
  @Flag(help: "Leaves large samples out, for slow interpreters.") var tiny = false
  @Option(help: ArgumentHelp("Checks only rows whose name contains this.", valueName: "text")) var filter: String?
  @Flag(help: "Names each row.") var verbose = false
  @OptionGroup var deviceOptions: DeviceOptions

  func run() throws {
    let reference = try Device.cpu(isa: "baseline")  // the build that every processor runs
    let device = try deviceOptions.open(form: form)
    tell("reference: \(reference.name)")
    let rows = DeviceCheck.rows.filter { (!tiny || $0.size <= 1000) && $0.name.contains(filter ?? $0.name) }
    var failures = 0
    for row in rows {
      do {
        try DeviceCheck.compare(row, device, to: reference)
        if verbose { try show("equal  \(row.name)") }
      } catch let difference as DeviceCheck.Difference {
        failures += 1
        try show("DIFFER \(difference)")
      }
    }
    try show("\(rows.count - failures) of \(rows.count) rows give the same bits on \(device.name)")
    if failures > 0 { throw ExitCode(1) }
  }
}
