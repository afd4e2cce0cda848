import Testing

@testable import Devices

/// What this machine has for the tests that need OpenCL.
///
/// Oclgrind looks for races, uninitialised values and wrong calls in all that these tests launch; it is not made for
/// several threads, so one test at a time:
///
///     SADDLE_CACHE= oclgrind --data-races --uninitialized --check-api --build-options -cl-opt-disable \
///       .build/release/saddlePackageTests.xctest --testing-library swift-testing --filter EqualBitsTests/part
enum Processors {
  /// The OpenCL device that "opencl" takes, nil where there is none.
  static let openCL: OpenCLDevice? =
    (try? OpenCL.loaded.get()).flatMap { opencl in (try? OpenCLDevice.all(opencl))?.first(.openCL) }

  static let needed: Comment = "this test needs an OpenCL device (Debian: apt-get install pocl-opencl-icd)"

  /// Whether the tests run under Oclgrind.
  static var isOclgrind: Bool { openCL?.description.platform == "Oclgrind" }

  /// The builds of the kernels that this processor runs.
  static var builds: [String] { ["baseline", "avx2", "avx512"].filter { (try? Device.cpu(isa: $0)) != nil } }

  static func openCL(
    form: KernelForm? = nil, tiles: Tiles? = nil, alwaysWide: Bool = false, cache: ProgramCache? = nil,
    extraOptions: String = ""
  ) throws -> OpenCLBackend {
    try OpenCLBackend(
      #require(openCL), form: form, tiles: tiles, cache: cache, alwaysWide: alwaysWide, extraOptions: extraOptions)
  }
}
