import Foundation
import Saddle
import Testing

@testable import Devices

/// What training asks of GPUs that are not here, launch by launch.
@Suite(
  "Launches on recorded GPUs", .serialized, .enabled(if: getenv("LD_PRELOAD") == nil, "a library is preloaded"))
struct LaunchTests {
  /// A launch of few groups leaves a GPU's other units idle: it must not be long.
  private static let mostSteps = 512
  /// What takes fewer multiplications than this is over before any unit is busy, however few of them are of use.
  private static let heavy = 1 << 23

  @Test("there are GPUs of each vendor")
  func vendors() {
    #expect(Set(RecordedGPUs.devices.map(\.vendor)) == [.nvidia, .amd, .intel, .unknown])
  }

  /// Vendors' drivers count units of very different sizes.
  @Test("the best of them is the one that computes most")
  func best() throws {
    let ranked = DeviceName.auto.matches(RecordedGPUs.devices.map(\.description)).map(\.name)
    let order = ["MI300X", "H100", "A770", "RX 7900", "RTX 3060", "UHD", "small"]
    #expect(zip(ranked, order).allSatisfy { $0.contains($1) } && ranked.count == order.count, "\(ranked)")
  }

  @Test("of every preset are valid, keep the units busy and the items too", arguments: Preset.all.map(\.name))
  func everyPreset(preset: String) throws {
    for gpu in RecordedGPUs.devices {
      let (name, units) = (gpu.description.name, gpu.description.computeUnits)
      let launches = try RecordedGPUs.step(of: preset, batch: gpu.description.memory < 4 << 30 ? 16 : 64, on: gpu)
      #expect(!launches.isEmpty, "\(name)")
      let long = launches.filter { $0.groups < units && $0.steps > Self.mostSteps }
      let idle = launches.filter {
        $0.liveShare < 0.25 && ($0.kernel.hasTunedTile ? $0.multiplications > Self.heavy : $0.groups > 1)
      }
      #expect(Set(long.map(\.about)) == [], "few groups of many steps on \(name)")
      #expect(Set(idle.map(\.about)) == [], "most items idle on \(name)")
    }
  }

  @Test("a check has a variant for each tile that they may take, and one for large arrays")
  func variants() throws {
    for gpu in RecordedGPUs.devices {
      let device = try Device.probed(OpenCLBackend(gpu, cache: nil)), names = device.variants.map(\.name)
      let tiles = Tiles.shipped(for: gpu.vendor).completed(
        localMemory: gpu.localMemory, largestGroup: gpu.largestGroup)
      for (kernel, tiles) in tiles.byKernel {
        for tile in tiles {
          #expect(
            names.contains { $0.components(separatedBy: "; ").contains("\(kernel) \(tile)") }, "\(kernel), \(tile)")
        }
      }
      #expect(names.contains("64-bit indices"))
      for variant in device.variants { _ = try variant.open() }
    }
  }

  /// Launches that took most of a step on GPUs once: one or two groups walked along all pixels of a batch, and the
  /// smallest copies and sums were each a launch of their own.
  struct Once: Sendable, CustomTestStringConvertible {
    let preset, kernel: String
    /// Rows and columns of the outputs, for a batch of 64.
    let rows, columns: Int
    /// What each such launch has now, at least and at most.
    let groups, terms: Int
    var testDescription: String { "\(preset): \(kernel) \(rows) x \(columns)" }

    static let all = [
      // Weights of the layers from and to images: one group of 8,192 steps.
      Once(preset: "dcgan64", kernel: "matmul", rows: 48, columns: 64, groups: 128, terms: 512),
      Once(preset: "dcgan128", kernel: "matmul", rows: 48, columns: 64, groups: 512, terms: 512),
      Once(preset: "diffaugment", kernel: "matmul", rows: 48, columns: 64, groups: 128, terms: 512),
      Once(preset: "sngan", kernel: "matmul", rows: 9, columns: 128, groups: 132, terms: 512),
      Once(preset: "wgan-gp", kernel: "matmul", rows: 9, columns: 128, groups: 132, terms: 512),
      Once(preset: "r3gan", kernel: "matmul", rows: 1, columns: 64, groups: 128, terms: 512),
      // A discriminator's head: two groups of 512 steps.
      Once(preset: "dcgan64", kernel: "matmul", rows: 128, columns: 1, groups: 16, terms: 512),
    ]
  }

  @Test("that were long have as many groups as a large GPU has units, or few steps", arguments: Once.all)
  func onceLong(launch: Once) throws {
    let found = try RecordedGPUs.step(of: launch.preset, on: RecordedGPUs.named("H100")).filter {
      $0.kernel.name == launch.kernel && ($0.extent.rows, $0.extent.columns) == (launch.rows, launch.columns)
        && $0.extent.batches > 1
    }
    #expect(!found.isEmpty)
    for each in found {
      #expect(each.groups >= launch.groups && each.terms <= launch.terms, "\(each.about)")
    }
  }

  /// Of 478, 293 and 4,067 before; small copies, scales and running moments were 78 of DCGAN-64's.
  @Test("number as few as they did", arguments: [("dcgan64", 332), ("fashion", 252), ("r3gan", 3_915)])
  func count(preset: String, most: Int) throws {
    let launches = try RecordedGPUs.step(of: preset, on: RecordedGPUs.named("H100"))
    #expect(launches.count <= most)
    // The convolution by groups of channels is copies of short rows: as many groups as cells ask for, not one for each
    // row.
    for copy in launches where copy.kernel.name == "gather_strided" {
      #expect(copy.groups <= (copy.extent.cells + 1023) / 1024, "\(copy.about)")
    }
  }
}
