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
      right.name, right.operation, right.operands[0], right.operands[1], right.operands[2], right.answer ^ 0x4000_0000)
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
      ("-cl-no-signed-zeros", "", "", "x + 0 of -0 is +0"),
      ("-cl-finite-math-only", "", "", "a sign is 1, -1, +0 or NaN"),
      ("", "a + R(0.0)", "a", "x + 0 of -0 is +0"),
      ("", "fma(a, b, R(0.0))", "a * b", "fma(a, b, 0) of -0 is +0"),
      ("", "R(0.0) - a", "-a", "0 - x of 0 is +0"),
      ("", "result = -a;", "result = R(0.0) - a;", "-x of 0 is -0"),
      ("", "(a == 0 ? R(0.0) : a)", "a", "a sign is 1, -1, +0 or NaN"),
      (
        "", "a <= 0 ? R(0.0) : (a >= 6 ? R(6.0) : a)", "fmin(fmax(a, R(0.0)), R(6.0))",
        "what is cut to 0 ... 6 keeps NaN"
      ),
      ("", "a * R(0.0)", "R(0.0)", "x * 0 has a sign, or is NaN"),
      ("", "a > 0 ? a : R(0.0)", "fabs(a)", "what is positive stays, else +0"),
    ])
  func carelessCompiler(options: String, text: String, replacement: String, failure: String) throws {
    let sources = OpenCLPrograms.embedded.map { name, source in
      (name, name == "probe.cl" && !text.isEmpty ? source.replacing(text, with: replacement) : source)
    }
    let device = Device(
      try OpenCLBackend(
        #require(Processors.openCL), cache: nil, sources: sources,
        extraOptions: options.isEmpty ? "-cl-opt-disable" : options))
    #expect { try Probe.check(device) } throws: { "\($0)".contains(failure) }
  }
}

extension OpenCLDevice {
  var isPoCL: Bool { description.platform.hasPrefix("PoCL") }
}
