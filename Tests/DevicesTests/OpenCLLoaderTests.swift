import COpenCL
import Foundation
import Testing

@testable import Devices

/// Machines that lack a part of OpenCL, played by child processes: a loader reads its surroundings once.
///
/// Under Oclgrind, which is preloaded, there is no loader to lack anything.
@Suite("Machines without OpenCL", .enabled(if: getenv("LD_PRELOAD") == nil, "a library is preloaded"))
struct OpenCLLoaderTests {
  @Test("no loader")
  func noLoader() async {
    await #expect(processExitsWith: .success) {
      setenv("SADDLE_OPENCL_LIBRARY", "/nonexistent/libOpenCL.so", 1)
      let message =
        "no OpenCL on this machine: /nonexistent/libOpenCL.so: cannot open shared object file: "
        + "No such file or directory. "
        + "Install a loader (Debian: apt-get install ocl-icd-libopencl1) and a driver, or choose --device cpu."
      #expect { try Device.open("opencl") } throws: { "\($0)" == message }
      let devices = try Device.available()
      #expect(devices.map(\.selector) == ["cpu"])
      #expect(devices.first?.isAutomatic == true)
      #expect(devices.first?.remark == message)
      #expect(try Device.open("auto").reason.contains(message))
    }
  }

  @Test("a library that is no OpenCL")
  func otherLibrary() async {
    await #expect(processExitsWith: .success) {
      setenv("SADDLE_OPENCL_LIBRARY", "libm.so.6", 1)
      #expect { try Device.open("opencl") } throws: {
        "\($0)".contains("libm.so.6 has no clGetPlatformIDs: it is older than OpenCL 1.2, or no OpenCL loader")
      }
    }
  }

  @Test("no driver", .enabled(if: Processors.openCL != nil, Processors.needed))
  func noPlatform() async {
    await #expect(processExitsWith: .success) {
      try withFolder { folder in
        setenv("OCL_ICD_VENDORS", folder, 1)
        #expect { try Device.open("opencl") } throws: {
          "\($0)".hasPrefix("OpenCL is installed, but no driver: the loader finds no platform.")
        }
        let devices = try Device.available()
        #expect(devices.map(\.selector) == ["cpu"])
      }
    }
  }

  @Test("a driver that offers no device", .enabled(if: Processors.openCL != nil, Processors.needed))
  func noDevices() async {
    await #expect(processExitsWith: .success) {
      setenv("POCL_CACHE_DIR", "/proc/none", 1)  // PoCL has no device without it
      for name in ["opencl", "opencl:0:0", "opencl:pocl"] {
        #expect { try Device.open(name) } throws: { "\($0)".hasPrefix("no OpenCL device here: PoCL") }
      }
      let devices = try Device.available()
      #expect(devices.map(\.selector) == ["cpu"])
      let remark = try #require(devices.first?.remark)
      #expect(remark.contains("PoCL (Portable Computing Language) offers none: CL_DEVICE_NOT_FOUND"))
    }
  }

  @Test("a vendor's driver without its vendor file")
  func vendorFolder() async {
    await #expect(processExitsWith: .success) {
      for variable in ["OCL_ICD_VENDORS", "OCL_ICD_FILENAMES", "OPENCL_VENDOR_PATH"] { unsetenv(variable) }
      try withFolder { folder in
        let file = URL(filePath: folder).appending(path: "one.icd")
        try "libone.so.1\n".write(to: file, atomically: true, encoding: .utf8)
        // Any library can stand in for a driver here.
        let made = URL(filePath: String(cString: try #require(opencl_vendor_folder(folder, "libm.so.6"))))
        #expect(try String(contentsOf: made.appending(path: "one.icd"), encoding: .utf8) == "libone.so.1\n")
        #expect(try String(contentsOf: made.appending(path: "added.icd"), encoding: .utf8) == "libm.so.6\n")
        try FileManager.default.removeItem(at: made)

        #expect(opencl_vendor_folder(folder, "libnosuchdriver.so.1") == nil)  // the driver is not there
        try "/usr/lib/libm.so.6\n".write(to: file, atomically: true, encoding: .utf8)
        #expect(opencl_vendor_folder(folder, "libm.so.6") == nil)  // the folder names it already
        setenv("OCL_ICD_VENDORS", folder, 1)
        #expect(opencl_vendor_folder("/nonexistent", "libm.so.6") == nil)  // the user has chosen
      }
    }
  }
}
