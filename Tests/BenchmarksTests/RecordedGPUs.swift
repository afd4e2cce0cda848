import Foundation
import Saddle
import Testing

@testable import Benchmarks
@testable import Devices

/// The GPUs of Tests/RecordingOpenCL: they compute nothing, refuse what such a GPU would refuse, and write down what is
/// launched.
enum RecordedGPUs {
  /// One launch of a kernel.
  struct Launch {
    let kernel: Kernel
    let groups, itemsOfAGroup: Int
    /// The sizes of a tuned tile form.
    let tile: TileParameters?
    let extent: Extent
    private let numbers: [String: Int]

    /// An argument that is no buffer, of a kernel whose tile form is tuned.
    subscript(_ parameter: String) -> Int { numbers[parameter] ?? 0 }

    /// From a line of the record, and what the host knows of the same launch.
    init?(_ line: Substring, _ known: LaunchTime) {
      let words = line.split(separator: "\t")
      let kernel = Kernel.named(known.kernel)
      guard words.count == 7, words[1] == kernel.name || words[1] == kernel.name + "_tile",
        let groups = Int(words[2]), let items = Int(words[3])
      else { return nil }
      var arguments = kernel.hasTunedTile ? words[6].split(separator: ",")[...] : [], numbers: [String: Int] = [:]
      for parameter in kernel.parameters where kernel.hasTunedTile {
        arguments = arguments.dropFirst(parameter.kind.isBuffer ? 2 : 0)  // a buffer has an offset
        if !parameter.kind.isBuffer { numbers[parameter.name] = arguments.popFirst().flatMap { Int($0) } }
      }
      (self.kernel, self.groups, itemsOfAGroup) = (kernel, groups, items)
      (tile, extent, self.numbers) = (known.tile, known.extent, numbers)
    }

    /// Terms of each sum; 0 for a kernel whose tile form is not tuned.
    var terms: Int {
      switch kernel.name {
      case "matmul": self["K"]
      case "convolve": self["TR"] * self["TS"] * self["C"]
      case "convolve_filter": min(self["slice"], self["N"] * self["P"] * self["Q"])
      default: 0
      }
    }

    /// Steps along k that a group takes.
    var steps: Int { tile.map { (terms + $0.kwg - 1) / $0.kwg } ?? 0 }

    /// What share of the outputs that its groups have room for there is; 1 where items own single elements.
    var liveShare: Double {
      guard let geometry = tile?.geometry ?? kernel.tile else { return 1 }
      return Double(extent.cells) / Double(groups * max(geometry.rows, 1) * geometry.columns)
    }

    /// Multiplications that its items do, those of zeros included.
    var multiplications: Int { tile.map { groups * $0.mwg * $0.nwg * terms } ?? 0 }

    var about: String {
      "\(kernel.name) \(extent.rows) x \(extent.columns) x \(extent.batches), \(terms) terms, \(groups) groups"
        + (tile.map { ", \($0)" } ?? "")
    }
  }

  /// Beside the tests' own program.
  private static let path = Bundle.main.executableURL.map {
    $0.deletingLastPathComponent().path + "/libRecordingOpenCL.so"
  }

  static let devices: [OpenCLDevice] = (try? OpenCLDevice.all(OpenCL(library: path))) ?? []

  /// The tests' device of this name.
  static func named(_ part: String) throws -> OpenCLDevice {
    try #require(devices.first { $0.description.name.contains(part) }, "no recorded device '\(part)' in \(path ?? "")")
  }

  /// What the second step of a preset launches.
  static func step(of preset: String, batch: Int = 64, on gpu: OpenCLDevice) throws -> [Launch] {
    let device = try Device.probed(OpenCLBackend(gpu, cache: nil))
    let bench = try StepBench(Configuration(from: preset, assignments: ["training.batch=\(batch)"]), on: device)
    bench.step()
    try device.synchronize()
    let file = FileManager.default.temporaryDirectory.appending(path: "recording-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    record(to: file)
    let known = try device.launchTimes(of: bench.step)
    record(to: nil)
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").filter {
      $0.hasPrefix("launch")
    }
    #expect(lines.count == known.count)
    return try zip(lines, known).map { line, known in try #require(Launch(line, known), "\(line)") }
  }

  private static func record(to file: String?) {
    typealias Open = @convention(c) (UnsafePointer<CChar>?) -> Void
    guard let path, let library = dlopen(path, RTLD_NOW), let symbol = dlsym(library, "recording_open") else { return }
    unsafeBitCast(symbol, to: Open.self)(file)
  }
}
