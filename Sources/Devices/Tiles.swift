/// The tiles that an OpenCL device uses for the kernels whose tile form is tuned.
public struct Tiles: Hashable, Sendable {
  /// For each kernel a few tiles; a launch takes the one that suits its extent.
  public var byKernel: [String: [TileParameters]]

  public init(_ byKernel: [String: [TileParameters]]) { self.byKernel = byKernel }

  /// The kernels that have a tuned tile form.
  public static let kernels = Kernel.all.values.filter(\.hasTunedTile).map(\.name).sorted()

  /// The tile for a launch; the first of those that cost the same.
  ///
  /// - Precondition: There is a tile for this kernel.
  func tile(for kernel: Kernel, over extent: Extent, units: Int) -> TileParameters {
    guard let tiles = byKernel[kernel.name], var best = tiles.first else {
      preconditionFailure("no tile for kernel '\(kernel.name)'")
    }
    for tile in tiles.dropFirst() where tile.cost(extent, units: units) < best.cost(extent, units: units) {
      best = tile
    }
    return best
  }

  /// The tiles that fit a device, for each kernel; those of `others` for a kernel of which none does.
  func completed(by others: Tiles? = nil, localMemory: Int, largestGroup: Int) -> Tiles {
    func fitting(_ tiles: [TileParameters]?) -> [TileParameters]? {
      let fitting = tiles?.filter { $0.fits(localMemory: localMemory, largestGroup: largestGroup) } ?? []
      return fitting.isEmpty ? nil : fitting
    }
    let pairs = Self.kernels.map { kernel in
      (kernel, fitting(byKernel[kernel]) ?? fitting(others?.byKernel[kernel]) ?? [Self.smallest])
    }
    return Tiles(Dictionary(uniqueKeysWithValues: pairs))
  }

  // MARK: Shipped

  /// Fits every device: 1664 bytes of local memory, 16 items.
  static let smallest = TileParameters((16, 32, 8), items: (4, 4), isDoubleBuffered: false)

  /// Whose tiles a device takes before it is tuned.
  public enum Vendor: String, Sendable, CaseIterable {
    case nvidia
    case amd
    case intel
    case processor
    case unknown

    /// In words.
    public var devices: String {
      switch self {
      case .nvidia: "NVIDIA's GPUs"
      case .amd: "AMD's GPUs"
      case .intel: "Intel's GPUs"
      case .processor: "processors"
      case .unknown: "any GPU"
      }
    }
  }

  /// What is known of a vendor's devices, where this one was not measured: the largest tile first, then one for products
  /// of few tiles, then one for few columns.
  public static func shipped(for vendor: Vendor) -> Tiles {
    let few = TileParameters((64, 64, 16), items: (8, 16)), thin = TileParameters((64, 32, 16), items: (8, 8))
    func all(_ tiles: TileParameters...) -> Tiles {
      Tiles(Dictionary(uniqueKeysWithValues: kernels.map { ($0, tiles) }))
    }
    switch vendor {
    // What `saddle tune` found on an H200; at most 25 of at least 48 KiB of local memory.
    case .nvidia: return nvidia
    // Half as much local memory a group as with steps of 16, so that a compute unit holds three.
    case .amd: return all(TileParameters((128, 128, 8), items: (16, 16)), few, thin)
    // Fewer registers an item.
    case .intel: return all(TileParameters((64, 64, 8), items: (8, 16)), TileParameters((32, 32, 16), items: (8, 8)))
    // Tiles run there for tests alone: what compiles fast.
    case .processor: return all(TileParameters((32, 64, 16), items: (8, 8)))
    case .unknown: return all(few, thin)
    }
  }

  private static let nvidia: Tiles = {
    func tile(_ sizes: (Int, Int, Int), _ items: (Int, Int), registers: Int = 0) -> TileParameters {
      TileParameters(sizes, items: items, isInWarps: true, registers: registers)
    }
    return Tiles([
      "matmul": [
        tile((128, 128, 8), (16, 16), registers: 128), tile((64, 64, 16), (8, 16)), tile((64, 32, 16), (8, 8)),
      ],
      "convolve": [
        tile((128, 64, 16), (16, 16), registers: 128), tile((64, 128, 8), (8, 16)), tile((128, 32, 16), (16, 8)),
      ],
      "convolve_filter": [tile((128, 64, 16), (16, 8)), tile((64, 64, 16), (16, 16)), tile((32, 32, 16), (8, 8))],
    ])
  }()
}

extension OpenCLDevice {
  /// The form of heavy kernels that suits the device.
  var form: KernelForm { description.kind == .processor ? .block : .tile }

  var vendor: Tiles.Vendor {
    if description.kind == .processor { return .processor }
    let names = "\(vendorName) \(description.platform) \(description.name)".lowercased()
    if names.contains("nvidia") { return .nvidia }
    if names.contains("advanced micro devices") || names.contains("amd") || names.contains("radeon") { return .amd }
    return names.contains("intel") ? .intel : .unknown
  }
}
