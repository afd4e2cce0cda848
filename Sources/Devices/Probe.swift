/// A short check of what the numerical contract takes from a device's own arithmetic.
///
/// What a driver says of itself is not trusted: it is asked to compute (`Kernels/cl/probe.cl`), and its answers are
/// compared bit for bit.
enum Probe {
  /// One operation on three operands, all numbers given by their bits.
  struct Case: Sendable {
    let name: String
    let operation: Int
    let operands: [UInt32]
    let answer: UInt32

    init(_ name: String, _ operation: Int, _ a: UInt32, _ b: UInt32, _ c: UInt32, _ answer: UInt32) {
      (self.name, self.operation, operands, self.answer) = (name, operation, [a, b, c], answer)
    }

    /// NaN is NaN, whatever its bits.
    func isAnswered(by bits: UInt32) -> Bool {
      bits == answer || (Float(bitPattern: bits).isNaN && Float(bitPattern: answer).isNaN)
    }
  }

  /// Runs the cases on a device of single precision.
  ///
  /// - Throws: `DeviceError.inexact` with the names of the cases that failed, or what kept the probe from running.
  static func check(_ device: Device, cases: [Case] = Probe.cases) throws(DeviceError) {
    let operands = cases.flatMap { [Float($0.operation)] + $0.operands.map(Float.init(bitPattern:)) }
    let x = device.buffer(count: operands.count), y = device.buffer(count: cases.count)
    device.write(operands, to: x)
    device.launch(.probe, ["x": .buffer(x, at: 0), "y": .buffer(y, at: 0)], over: Extent(cases.count))
    let answers = try device.readBytes(y, count: cases.count, of: UInt32.self)
    var failures: [String] = []
    for (test, answer) in zip(cases, answers) where !test.isAnswered(by: answer) && !failures.contains(test.name) {
      failures.append(test.name)
    }
    if !failures.isEmpty { throw .inexact(device: device.name, failures: failures) }
  }
}

extension Kernel {
  fileprivate static let probe = named("probe")
}
