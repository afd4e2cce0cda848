import Testing

@testable import Devices

@Suite("The probe of a device's arithmetic")
struct ProbeTests {
  @Test("every build of the CPU device passes", arguments: Processors.builds)
  func processor(build: String) throws {
    try Probe.check(.cpu(isa: build))
  }

  @Test("the OpenCL device passes", .enabled(if: Processors.openCL != nil, Processors.needed))
  func openCL() throws {
    try Probe.check(Device(Processors.openCL()))
  }

  @Test("every case can fail, and is named", arguments: Probe.cases.indices)
  func everyCase(index: Int) throws {
    let right = Probe.cases[index]
    let wrong = Probe.Case(
      right.name, right.operation, right.operands[0], right.operands[1], right.operands[2], right.answer ^ 1)
    let device = try Device.cpu()
    #expect {
      try Probe.check(device, cases: [wrong])
    } throws: {
      "\($0)" == "\(device.name) does not compute as strict mode's contract asks: \(right.name). "
        + "Update its driver, or choose another device: `saddle devices`."
    }
  }

  /// Compilers that do what the contract forbids: PoCL's own loose mode, then others' habits written into the kernel.
  @Test(
    "a careless compiler is found out",
    .enabled(if: Processors.openCL?.isPoCL == true, "needs PoCL, whose ways are known"),
    arguments: [
      ("-cl-fast-relaxed-math", "", "", "/ is correctly rounded"),
      ("", "a * b + c;", "fma(a, b, c);", "a * b + c is not contracted"),
      ("", "fma(a, b, c);", "a * b + c;", "fma is fused"),
      ("", "SQRT(a)", "a * rsqrt(a)", "sqrt is correctly rounded"),
      ("", "result = a + b;", "result = a + b, result = fabs(result) < 0x1p-126f ? 0 : result;", "+ keeps denormals"),
    ])
  func carelessCompiler(options: String, text: String, replacement: String, failure: String) throws {
    let sources = OpenCLPrograms.embedded.map { name, source in
      (name, name == "probe.cl" && !text.isEmpty ? source.replacing(text, with: replacement) : source)
    }
    let device = Device(
      try OpenCLBackend(#require(Processors.openCL), cache: nil, sources: sources, extraOptions: options))
    #expect { try Probe.check(device) } throws: { "\($0)".contains(failure) }
  }
}

extension OpenCLDevice {
  var isPoCL: Bool { description.platform.hasPrefix("PoCL") }
}
