import Saddle

/// Times rows on a device, and its roofline before each family of rows and after the last: a machine that others use
/// has good and bad moments.
public struct KernelBench {
  private let device: Device
  /// A row is run at least this often, and for about so many seconds.
  let (leastRuns, leastSeconds): (Int, Double)

  public init(on device: Device) { self.init(on: device, leastRuns: 5, leastSeconds: 0.2) }

  init(on device: Device, leastRuns: Int, leastSeconds: Double) {
    (self.device, self.leastRuns, self.leastSeconds) = (device, leastRuns, leastSeconds)
  }

  /// Measures the rows, one after the other.
  ///
  /// - Parameters:
  ///   - progress: Told in words what is being measured.
  ///   - found: Given each row as soon as it is measured, with the roofline before it.
  /// - Throws: The device's first failure; what making a row's inputs throws; what `found` throws.
  public func run(
    _ rows: [KernelRow], progress: (String) -> Void = { _ in }, found: (KernelReport.Row) throws -> Void = { _ in }
  ) throws -> KernelReport {
    let start = ContinuousClock.now
    func measureRoofline() throws -> Roofline {
      progress("roofline of \(device.name)")
      device.freeIdleBuffers()
      return try Roofline.measure(on: device)
    }
    var roofline = try measureRoofline()
    var report = KernelReport(device: device.name, roofline: roofline)
    var done = 0
    /// Gives the rows since the last measurement the better of that one and a new one.
    func endFamily() throws {
      let next = try measureRoofline()
      for i in done..<report.rows.count { report.rows[i].roofline = roofline.best(next) }
      (report.roofline, report.lowestRoofline) = (report.roofline.best(next), report.lowestRoofline.worst(next))
      (roofline, done) = (next, report.rows.count)
    }
    for (number, row) in rows.enumerated() {
      if number > 0 && row.family != rows[number - 1].family { try endFamily() }
      // An estimate from fewer rows would jump about.
      let left = start.duration(to: .now) / .seconds(max(1, number)) * Double(rows.count - number)
      let estimate = number < 5 ? "" : "  \(ProgressLine.duration(left)) left"
      progress("\(number + 1)/\(rows.count)  \(row.name)\(estimate)")
      // What the last row left idle would count against this one's room.
      device.freeIdleBuffers()
      let needed = try row.dryRun().peakBytes
      if let limit = device.memoryLimit, needed > limit - device.bytesHeld {
        let reason = "it takes \(needed >> 20) MiB, and the device has \((limit - device.bytesHeld) >> 20) MiB"
        report.skipped.append(.init(name: row.name, reason: reason))
      } else {
        let measured = try measure(row, under: roofline)
        report.rows.append(measured)
        try found(measured)
      }
    }
    try endFamily()
    return report
  }

  /// The median of some runs, after the first ones: those compile, touch new memory and wake threads.
  private func measure(_ row: KernelRow, under roofline: Roofline) throws -> KernelReport.Row {
    let work = try row.prepare(device)
    var warming = 0.0
    repeat { warming += max(try device.seconds(of: work), leastSeconds / 1000) } while warming < leastSeconds / 10
    var times: [Double] = []
    while times.count < leastRuns || (times.reduce(0, +) < leastSeconds && times.count < 1000) {
      times.append(try device.seconds(of: work))
    }
    let median = times.sorted()[times.count / 2]
    return .init(
      name: row.name, family: row.family, seconds: median, runs: times.count, flops: row.flops, bytes: row.bytes,
      roofline: roofline)
  }
}
