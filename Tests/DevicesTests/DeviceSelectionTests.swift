import Glibc
import Testing

@testable import Devices

@Suite("Which device a name means")
struct DeviceSelectionTests {
  static let names: [(String, DeviceName?)] = [
    ("auto", .auto), ("CPU", DeviceName(kind: "cpu", place: .best)), ("opencl", .openCL),
    ("opencl:0:1", DeviceName(kind: "opencl", place: .indices([0, 1]))),
    ("OpenCL:NVIDIA H200", DeviceName(kind: "opencl", place: .text("nvidia h200"))),
    ("opencl:gfx90a:sramecc+", DeviceName(kind: "opencl", place: .text("gfx90a:sramecc+"))),
    ("", nil), ("gpu", nil), ("cpu:0", nil), ("opencl:", nil), ("opencl:1", nil), ("opencl:0:0:0", nil),
    ("opencl:-1:0", nil), ("opencl::", nil), (" cpu", nil),
  ]

  @Test("names", arguments: names)
  func name(text: String, expected: DeviceName?) {
    #expect(DeviceName(text) == expected)
  }

  @Test("a name that nobody understands", arguments: names.filter { $0.1 == nil }.map(\.0))
  func badName(text: String) {
    #expect {
      try Device.open(text)
    } throws: {
      "\($0)" == "'\(text)' names no device. Write auto, cpu, opencl, opencl:PLATFORM:DEVICE, "
        + "or opencl:PART-OF-A-NAME."
    }
  }

  /// A machine that we do not have.
  static let machine = [
    device("opencl:0:0", "pthread-epyc", "PoCL (Portable Computing Language)", .processor, units: 64, clock: 3000),
    device("opencl:1:0", "Quadro P400", "NVIDIA CUDA", .gpu, units: 2, clock: 1252, memory: 2),
    device("opencl:1:1", "NVIDIA H200", "NVIDIA CUDA", .gpu, units: 132, clock: 1980, memory: 139),
    device("opencl:1:2", "NVIDIA H200", "NVIDIA CUDA", .gpu, units: 132, clock: 1980, memory: 141),
    device("opencl:2:0", "FPGA board", "Intel(R) FPGA SDK", .accelerator, units: 1, clock: 1000),
  ]

  static func device(
    _ selector: String, _ name: String, _ platform: String, _ kind: DeviceDescription.Kind, units: Int, clock: Int,
    memory: Int = 8
  ) -> DeviceDescription {
    DeviceDescription(
      selector: selector, name: name, platform: platform, driver: "1", kind: kind, memory: memory << 30,
      maxAllocation: memory << 28, computeUnits: units, clock: clock)
  }

  @Test(
    "the order of the devices that a name means",
    arguments: [
      ("auto", ["1:2", "1:1", "1:0"]), ("opencl", ["1:2", "1:1", "1:0", "2:0", "0:0"]), ("opencl:1:0", ["1:0"]),
      ("opencl:h200", ["1:2", "1:1"]), ("opencl:PoCL", ["0:0"]), ("opencl:portable", ["0:0"]), ("opencl:radeon", []),
      ("opencl:3:0", []), ("opencl:fpga", ["2:0"]), ("cpu", []),
    ])
  func order(name: String, expected: [String]) throws {
    let choice = try #require(DeviceName(name))
    #expect(choice.matches(Self.machine).map(\.selector) == expected.map { "opencl:" + $0 })
  }

  @Test("what help and completion say follows from the table of kinds")
  func words() {
    #expect(Device.kindNames == ["auto", "cpu", "opencl"])
    #expect(
      Device.selectors == ["auto", "cpu", "opencl", "opencl:PLATFORM:DEVICE", "opencl:PART-OF-A-NAME"])
    #expect(Set(DeviceKind.all.map(\.name)).count == DeviceKind.all.count)
  }

  @Test("a device says by which contract it computes, and whose memory it has")
  func properties() throws {
    let device = try Device.cpu(threads: 1)
    #expect(device.contract == .strict && device.contract.description == "3")
    #expect(device.usesHostMemory && !Device.dryRun().usesHostMemory)
  }

  @Test("what was asked for is opened, or it is said what there is")
  func open() throws {
    #expect(try Device.open("cpu").device.name.hasPrefix("CPU ("))
  }

  @Test("what was asked for of OpenCL is opened", .enabled(if: Processors.openCL != nil, Processors.needed))
  func openOpenCL() throws {
    #expect(try Device.open("opencl", form: .tile).device.name.hasSuffix("tile form)"))
    #expect {
      try Device.open("opencl:no such board")
    } throws: {
      "\($0)".hasPrefix("no OpenCL device fits 'opencl:no such board'. There are: opencl:0:0 (")
    }
  }

  @Test("one device is taken by auto, and its remark says why")
  func available() throws {
    let devices = try Device.available()
    #expect(devices.first?.selector == "cpu")
    let automatic = devices.filter(\.isAutomatic)
    #expect(automatic.count == 1)
    let (device, reason) = try Device.open("auto")
    if let native = automatic.first, native.selector == "cpu" {
      #expect(reason == "\(device.name); \(native.remark ?? "")")
    } else {
      #expect(reason.contains("the best GPU here"))
    }
  }

  /// In child processes, since the environment is the process's.
  @Test("variables that nobody understands")
  func variables() async {
    await #expect(processExitsWith: .success) {
      setenv("SADDLE_DEVICE", "gpu", 1)
      #expect { try Device.open() } throws: { "\($0)".hasPrefix("'SADDLE_DEVICE=gpu' names no device.") }
      setenv("SADDLE_FORM", "brick", 1)
      #expect { try Device.open("auto") } throws: { "\($0)" == "SADDLE_FORM is 'brick'; it may be block or tile." }
      unsetenv("SADDLE_FORM")
      for value in ["two", "0", "-3", "100000", "99999999999999999999"] {
        setenv("SADDLE_THREADS", value, 1)
        #expect { try Device.open("cpu") } throws: {
          "\($0)" == "SADDLE_THREADS is '\(value)'; it may be a number of threads from 1 to 1024."
        }
      }
    }
  }
}
