import Foundation
import Testing

@testable import Devices

@Suite("The tuning file")
struct TuningTests {
  static let key = Tuning.Key(platform: "OpenCL 3.0 CUDA 13", device: "NVIDIA H200", driver: "580.1", sources: "ab12")
  static let tiles = Tiles([
    "matmul": [TileParameters((128, 64, 8), items: (16, 16)), Tiles.smallest],
    "convolve": [TileParameters((64, 32, 16), items: (8, 8), vectors: (2, 4), isDoubleBuffered: false)],
  ])

  private func written(to path: String) throws -> CacheFolder {
    let folder = CacheFolder(path: path + "/made/at/need")
    var tuning = try Tuning(readingFrom: folder)
    #expect(tuning.devices.isEmpty)
    tuning.set(Self.tiles, for: Self.key)
    #expect(tuning.write(to: folder))
    return folder
  }

  @Test("what is written is read")
  func roundTrip() throws {
    try withFolder { path in
      let folder = try written(to: path)
      #expect(try Tuning(readingFrom: folder).tiles(for: Self.key) == Self.tiles)
      let entries = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(entries == [Tuning.fileName])  // and nothing half written
      // By name, as people read it.
      let text = String(decoding: try #require(folder.read(Tuning.fileName)), as: UTF8.self)
      for words in ["\"version\" : 2", "\"MWG\" : 128", "\"device\" : \"NVIDIA H200\""] {
        #expect(text.contains(words))
      }
    }
  }

  /// Another platform, device, driver or other kernels: not what was measured.
  @Test(
    "what was measured elsewhere is not used",
    arguments: [
      Tuning.Key(platform: "OpenCL 3.0 CUDA 14", device: "NVIDIA H200", driver: "580.1", sources: "ab12"),
      Tuning.Key(platform: "OpenCL 3.0 CUDA 13", device: "NVIDIA H100", driver: "580.1", sources: "ab12"),
      Tuning.Key(platform: "OpenCL 3.0 CUDA 13", device: "NVIDIA H200", driver: "580.2", sources: "ab12"),
      Tuning.Key(platform: "OpenCL 3.0 CUDA 13", device: "NVIDIA H200", driver: "580.1", sources: "ab13"),
    ])
  func otherKey(key: Tuning.Key) throws {
    try withFolder { path in
      let folder = try written(to: path)
      var tuning = try Tuning(readingFrom: folder)
      #expect(tuning.tiles(for: key) == nil)
      // Another device or driver is kept beside the first; kernels that have changed take the place of the old ones.
      tuning.set(Tiles([:]), for: key)
      #expect((tuning.tiles(for: Self.key) == nil) == (key.sources != Self.key.sources))
      #expect(tuning.tiles(for: key) == Tiles([:]))
    }
  }

  static let damage: [(text: String, words: String)] = [
    ("{\"version\": 1, \"tiles\": []}", "has version 1, not 2"), ("", ""), ("{", "is damaged"), ("[]", "is damaged"),
    ("{\"version\": 2, \"devices\": [{\"key\": 3}]}", "is damaged"), ("{\"version\": \"2\"}", "is damaged"),
  ]

  @Test("a damaged file, or one of another version, is ignored and named", arguments: damage.indices)
  func damaged(row: Int) throws {
    try withFolder { path in
      let folder = try written(to: path), (text, words) = Self.damage[row]
      try Data(text.utf8).write(to: URL(filePath: "\(folder.path)/\(Tuning.fileName)"))
      if text.isEmpty {  // as if there were none
        #expect(try Tuning(readingFrom: folder).devices.isEmpty)
      } else {
        #expect { try Tuning(readingFrom: folder) } throws: {
          "\($0)".hasPrefix("\(folder.path)/tuning.json \(words)") && "\($0)".hasSuffix("; run `saddle tune` again")
        }
      }
    }
  }

  @Test(
    "a device does without a damaged file", .enabled(if: Processors.openCL != nil, Processors.needed),
    arguments: damage.indices)
  func damagedForDevice(row: Int) throws {
    try withFolder { path in
      let folder = try written(to: path), (text, words) = Self.damage[row]
      try Data(text.utf8).write(to: URL(filePath: "\(folder.path)/\(Tuning.fileName)"))
      let device = try #require(Processors.openCL)
      let (tiles, origin) = device.tiles(from: folder)
      #expect(tiles == Tiles.shipped(for: device.vendor))
      if text.isEmpty {
        #expect(origin == .shipped(device.vendor))
      } else {
        #expect("\(origin)".hasPrefix("tuning is ignored: \(folder.path)/tuning.json \(words)"))
      }
    }
  }

  @Test("a device takes what was found on it", .enabled(if: Processors.openCL != nil, Processors.needed))
  func device() throws {
    try withFolder { path in
      let device = try #require(Processors.openCL), folder = CacheFolder(path: path)
      #expect(device.tiles(from: folder).origin == .shipped(device.vendor))
      let tooLarge = TileParameters((512, 512, 64), items: (512, 512))
      let found = Tiles(["matmul": [tooLarge, Tiles.smallest], "convolve": [tooLarge]])
      var tuning = try Tuning(readingFrom: folder)
      tuning.set(found, for: device.tuningKey)
      #expect(tuning.write(to: folder))
      let (tiles, origin) = device.tiles(from: folder)
      #expect(origin == .tuned)
      #expect(tiles.byKernel["matmul"] == [Tiles.smallest])
      // Without one that fits, what is shipped.
      for kernel in ["convolve", "convolve_filter"] {
        #expect(tiles.byKernel[kernel] == Tiles.shipped(for: device.vendor).byKernel[kernel])
      }
    }
  }

  @Test("a folder that cannot be written is told")
  func noFolder() throws {
    let folder = CacheFolder(path: "/dev/null/saddle")
    #expect(try Tuning(readingFrom: folder).write(to: folder) == false)
  }
}
