/// The tiles that an OpenCL device uses for the kernels whose tile form is tuned.
public struct Tiles: Hashable, Sendable {
  /// For each kernel a few tiles; a launch takes the one that suits its extent.
  public var byKernel: [String: [TileParameters]]

  public init(_ byKernel: [String: [TileParameters]]) { self.byKernel = byKernel }

  /// The kernels that have a tuned tile form.
  public static let kernels = Kernel.all.values.filter(\.hasTunedTile).map(\.name).sorted()

  /// The tile for a launch; of those that cost the same the one whose tiles cover the least beyond the outputs,
  /// then the first.
  ///
  /// - Precondition: There is a tile for this kernel.
  func tile(for kernel: Kernel, over extent: Extent, units: Int) -> TileParameters {
    guard let tiles = byKernel[kernel.name], var best = tiles.first else {
      preconditionFailure("no tile for kernel '\(kernel.name)'")
    }
    func cost(_ tile: TileParameters) -> (time: Double, covered: Int) {
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

  /// For products of one to four columns, and of one to four rows: with other tiles most items would multiply zeros.
  static let narrow = TileParameters((64, 4, 16), items: (16, 4), vectors: (4, 1))
  static let low = TileParameters((4, 64, 16), items: (4, 16), vectors: (1, 4))

  /// What is known of a vendor's devices, where this one was not measured.
  public static func shipped(for vendor: Vendor) -> Tiles { vendor.tiles }
}

extension OpenCLDevice {
  /// The form of heavy kernels that suits the device.
  var form: KernelForm { description.kind == .processor ? .block : .tile }

  /// Units that are each busy with about 256 items.
  var tileUnits: Int { max(1, description.computeUnits / vendor.unitsOfATile) }
}
