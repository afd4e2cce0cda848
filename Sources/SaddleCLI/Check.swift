import ArgumentParser
import Saddle

extension KernelForm: ExpressibleByArgument {}

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares a device with the processor, to the bit, over every op and kernel.",
    discussion: """
      All rows run as the device itself chooses, then with the 64-bit indices that large arrays
      need; those of matrix products and convolutions with each tile that training may take.

      Under Oclgrind, which checks every access to memory:
        oclgrind --data-races --uninitialized --check-api \\
          --build-options -cl-opt-disable \\
          saddle check --tiny --smallest --brief --device opencl
      """)

  @Option(help: "The form of heavy kernels on OpenCL: block or tile; what suits the device by default.") var form:
    KernelForm?
  @Flag(help: "Leaves large samples out, for slow interpreters.") var tiny = false
  @Flag(help: "Takes the smallest tiles, likewise.") var smallest = false
  @Flag(help: "Runs the rows once, as the device chooses.") var brief = false
  @Option(help: ArgumentHelp("Checks only rows whose name contains this.", valueName: "text")) var filter: String?
  @Flag(help: "Names each row.") var verbose = false
  @OptionGroup var deviceOptions: DeviceOptions

  func run() throws {
    let reference = try Device.cpu(isa: "baseline")  // the build that every processor runs
    let chosen = try deviceOptions.open(form: form)
    let device = try smallest ? chosen.smallestVariant?.open() ?? chosen : chosen
    tell("reference: \(reference.name)")
    let rows = DeviceCheck.rows.filter { (!tiny || $0.size <= 1000) && $0.name.contains(filter ?? $0.name) }
    var isEqual = try compare(rows, on: device, with: nil, to: reference)
    let variants = brief ? [] : device.variants
    let ofTiles =
      try variants.contains(where: \.isOfTiles) ? rows.filter { try DeviceCheck.isOfTiles($0, on: device) } : []
    for variant in variants {
      let some = variant.isOfTiles ? ofTiles : rows
      isEqual = try compare(some, on: variant.open(), with: variant.name, to: reference) && isEqual
    }
    if !isEqual { throw ExitCode(1) }
  }

  /// Whether all rows give the same bits.
  private func compare(
    _ rows: [DeviceCheck.Row], on device: Device, with variant: String?, to reference: Device
  ) throws -> Bool {
    let setting = variant.map { ", with \($0)" } ?? ""
    var failures = 0
    for row in rows {
      do {
        try DeviceCheck.compare(row, device, to: reference)
        if verbose { try show("equal  \(row.name)\(setting)") }
      } catch let difference as DeviceCheck.Difference {
        failures += 1
        try show("DIFFER \(difference)\(setting)")
      }
    }
    try show("\(rows.count - failures) of \(rows.count) rows give the same bits on \(device.name)\(setting)")
    return failures == 0
  }
}
