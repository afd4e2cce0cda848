import Testing

@testable import Devices

@Suite("The OpenCL device", .serialized, .enabled(if: Processors.openCL != nil, Processors.needed))
struct OpenCLDeviceTests {
  /// (Oclgrind counts the lines of the whole text.)
  @Test("a failing build names the file and the line", .disabled(if: Processors.isOclgrind))
  func failingBuild() throws {
    let sources: [OpenCLPrograms.Source] = [
      ("first.h", "#include \"other.h\"\n#define FIRST\n"),
      ("broken.cl", "// fine\n__kernel void broken(__global float *x) {\n  x[0] = nonsense;\n}\n"),
    ]
    let backend = try OpenCLBackend(try #require(Processors.openCL), cache: nil, sources: sources)
    #expect {
      try backend.programs.program("broken.cl", wide: false)
    } throws: {
      let message = "\($0)"
      let head = "\(backend.name) could not compile Kernels/cl/broken.cl:\nCL_BUILD_PROGRAM_FAILURE (-11) with "
      return message.hasPrefix(head)
        && message.contains("Kernels/cl/broken.cl:3:") && message.contains("nonsense")
    }
  }

  @Test("every kernel is found in its program, in each form")
  func everyKernel() throws {
    for form in KernelForm.allCases {
      let backend = try Processors.openCL(form: form)
      for kernel in Kernel.all.values where form == .block || !kernel.isForProcessors {
        #expect(throws: Never.self, "\(kernel.name)") { try backend.prepare(kernel) }
      }
    }
  }

  @Test("one buffer that is too large")
  func tooLarge() throws {
    let backend = try Processors.openCL()
    let most = try #require(Processors.openCL).description.maxAllocation
    #expect {
      try backend.allocate(byteCount: most + 1)
    } throws: {
      let sizes = "\(most >> 20) MiB; \((most + 1) >> 20) MiB were asked for at once."
      return "\($0)".hasPrefix("\(backend.name) allows one buffer \(sizes)")
    }
  }

  @Test("more memory than there is")
  func outOfMemory() throws {
    let device = Device(try Processors.openCL())
    let held = device.buffer(byteCount: 3 << 20)
    defer { withExtendedLifetime(held) {} }
    let inUse = device.bytesHeld >> 20
    let limit = try #require(device.memoryLimit)
    _ = device.buffer(byteCount: limit - 1 << 20)
    #expect {
      try device.synchronize()
    } throws: {
      "\($0)".contains("more were asked for, \(inUse) MiB are in use of \((limit + 1 << 19) >> 20) MiB.")
    }
  }

  @Test("uploads keep their order with launches, and the host may change its bytes at once")
  func uploads() throws {
    let device = Device(try Processors.openCL())
    let x = device.buffer(count: 1 << 20), y = device.buffer(count: 1 << 20)
    var sums: [Float] = []
    device.write([Float(1), 2, 3], to: y, at: 5)
    #expect(try device.read(y, at: 6, count: 2) == [2, 3])
    for round in 0..<40 {  // 160 MiB, more than is kept aside at once
      device.write([Float](repeating: Float(round), count: 1 << 20), to: x)
      device.launch(.named("negate"), ["x": .buffer(x, at: 0), "y": .buffer(y, at: 0)], over: Extent(1 << 20))
      if round % 8 == 7 { sums += try device.read(y, at: 1 << 19, count: 1) }
    }
    #expect(sums == [-7, -15, -23, -31, -39])
  }
}
