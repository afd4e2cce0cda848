import Testing

@testable import Tensors

/// NaN is handed on wherever a result depends on it, and infinity is never taken for a finite number: a network that is
/// broken must show it. What each op makes of them is what its definition makes of them, on every device.
@Suite(.serialized) struct NotANumberTests {
  /// Those that there are: the processor's builds, and OpenCL's two forms.
  /// (Opened once, since drivers compile slowly; one row at a time uses them.)
  nonisolated(unsafe) static let devices: [Device] =
    ["baseline", "avx2", "avx512"].compactMap { try? .cpu(isa: $0, threads: 1) }
    + [KernelForm.block, .tile].compactMap { try? Device.open("opencl", form: $0).device }

  /// Rows whose sums have terms with the factor 0 (rule 4 of the numerical contract), by which more than the definition
  /// tells becomes NaN.
  static let spread = Set(
    Op.all.map(\.name).filter { $0.contains("conv2d") || $0.contains("depthwise") }
      + ["bilinear_down", "bilinear_up", "filter_axis"])

  /// Rows of which at infinity either the kernel or the definition in plain functions is the limit, and the other NaN.
  static let limits: Set = [
    "log_softplus_slope", "log_sigmoid_complement", "log_sigmoid_complement_slope", "cross_entropy", "power",
  ]

  @Test(arguments: Op.all)
  func brokenNumbersAreHandedOn(row: OpRow) throws {
    let devices = Self.devices
    try #require(!devices.isEmpty)
    let ours = try #require(definitions[row.name])
    for (number, sample) in row.samples.enumerated() {
      let definition = ours[ours.count == 1 ? 0 : number]
      let values = try sample.inputs(on: devices[0], seed: UInt64(number + 1)).map { try $0.scalars(as: Double.self) }
      for input in values.indices where sample.domains[input].isSmooth && !values[input].isEmpty {
        // (Definitions are plain loops: of large samples one number is enough.)
        let isLarge = values.map(\.count).reduce(0, +) > 400
        for broken in isLarge ? [Double.nan] : [.nan, .infinity, -.infinity] {
          var values = values
          values[input][values[input].count / 2] = broken
          let expected = definition(zip(sample.shapes, values).map { Grid($0, $1) }).values
          for device in devices {
            let y: [Double] = try sample.apply(
              zip(sample.shapes, values).map { Tensor($1, shape: $0, on: device) }
            ).scalars()
            try #require(y.count == expected.count)
            let wrong = y.indices.first { i in
              if broken.isNaN {
                return expected[i].isNaN ? !y[i].isNaN : y[i].isNaN && !Self.spread.contains(row.name)
              }
              if Self.limits.contains(row.name) && (expected[i].isNaN || y[i].isNaN) { return false }
              return expected[i].isFinite ? !y[i].isFinite && !Self.spread.contains(row.name) : y[i].isFinite
            }
            if let wrong {
              Issue.record(
                """
                \(row.name) \(sample.shapes) with \(broken) in input \(input) on \(device.name): element \(wrong) is \
                \(y[wrong]), not \(expected[wrong])
                """)
            }
          }
        }
      }
    }
  }
}
