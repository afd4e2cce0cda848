/// The tiles that an OpenCL device uses for the kernels whose tile form is tuned.
public struct Tiles: Hashable, Sendable {
  /// For each kernel a few tiles; a launch takes the one that suits its extent.
  public var byKernel: [String: [TileParameters]]

  public init(_ byKernel: [String: [TileParameters]]) { self.byKernel = byKernel }

  /// The kernels that have a tuned tile form.
  public static let kernels = Kernel.all.values.filter(\.hasTunedTile).map(\.name).sorted()

  /// The tile for a launch; of those that cost the same the one with the least room for outputs that are not there,
  /// then the first.
  ///
  /// - Precondition: There is a tile for this kernel.
  func tile(for kernel: Kernel, over extent: Extent, units: Int) -> TileParameters {
    guard let tiles = byKernel[kernel.name], var best = tiles.first else {
      preconditionFailure("no tile for kernel '\(kernel.name)'")
    }
    func cost(_ tile: TileParameters) -> (time: Double, room: Int) {
      (tile.cost(extent, units: units), extent.items(tile.geometry) * tile.mwg * tile.nwg)
    }
    for tile in tiles.dropFirst() where cost(tile) < cost(best) { best = tile }
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

  /// For products of one to four columns, and of one to four rows: with other tiles most items would multiply zeros.
  static let narrow = TileParameters((64, 4, 16), items: (16, 4), vectors: (4, 1))
  static let low = TileParameters((4, 64, 16), items: (4, 16), vectors: (1, 4))

  /// What is known of a vendor's devices, where this one was not measured: the largest tile first, then one for
  /// products of few tiles, then those for few columns and rows.
  public static func shipped(for vendor: Vendor) -> Tiles {
    let few = TileParameters((64, 64, 16), items: (8, 16)), thin = TileParameters((64, 32, 16), items: (8, 8))
    let small = TileParameters((32, 32, 16), items: (8, 8))
    func all(_ tiles: TileParameters...) -> Tiles {
      Tiles(Dictionary(uniqueKeysWithValues: kernels.map { ($0, tiles + [narrow, low]) }))
    }
    switch vendor {
    // What `saddle tune` found on an H200; at most 25 of at least 48 KiB of local memory.
    case .nvidia: return nvidia
    // Half as much local memory a group as with steps of 16, so that a compute unit holds three.
    case .amd: return all(TileParameters((128, 128, 8), items: (16, 16)), few, thin, small)
    // Fewer registers an item: with twice as many outputs Arc's compiler spills.
    case .intel: return all(TileParameters((64, 64, 16), items: (16, 16)), small)
    // Tiles run there for tests alone: what compiles fast.
    case .processor:
      return Tiles(
        Dictionary(uniqueKeysWithValues: kernels.map { ($0, [TileParameters((32, 64, 16), items: (8, 8))]) }))
    case .unknown: return all(few, thin, small)
    }
  }

  private static let nvidia: Tiles = {
    func tile(_ sizes: (Int, Int, Int), _ items: (Int, Int), registers: Int = 0) -> TileParameters {
      TileParameters(sizes, items: items, isInWarps: true, registers: registers)
    }
    let measured = [
      "matmul": [
        tile((128, 128, 8), (16, 16), registers: 128), tile((64, 64, 16), (8, 16)), tile((64, 32, 16), (8, 8)),
      ],
      "convolve": [
        tile((128, 64, 16), (16, 16), registers: 128), tile((64, 128, 8), (8, 16)), tile((128, 32, 16), (16, 8)),
      ],
      "convolve_filter": [tile((128, 64, 16), (16, 8)), tile((64, 64, 16), (16, 16)), tile((32, 32, 16), (8, 8))],
    ]
    return Tiles(measured.mapValues { $0 + [narrow, low] })
  }()
}

extension OpenCLDevice {
  /// The form of heavy kernels that suits the device.
  var form: KernelForm { description.kind == .processor ? .block : .tile }

  /// Units that are each busy with about 256 items: Intel counts smaller ones.
  var tileUnits: Int { max(1, description.computeUnits / (vendor == .intel ? 4 : 1)) }
}

extension Tiles.Vendor {
  /// Whose device this is, by its names.
  init(_ description: DeviceDescription, vendorName: String) {
    let names = "\(vendorName) \(description.platform) \(description.name)".lowercased()
    let known: [(word: String, vendor: Tiles.Vendor)] = [
      ("nvidia", .nvidia), ("advanced micro devices", .amd), ("amd", .amd), ("radeon", .amd), ("intel", .intel),
    ]
    self = description.kind == .processor ? .processor : known.first { names.contains($0.word) }?.vendor ?? .unknown
  }

  /// Floats that one of the units that its drivers count computes at a time: 128 of a multiprocessor, 64 of a compute
  /// unit, 8 of an execution unit.
  var lanesOfAUnit: Int {
    switch self {
    case .nvidia: 128
    case .amd, .unknown: 64
    case .intel, .processor: 8
    }
  }
}
