extension Tiles {
  /// A maker of devices, and what is known of all of them: a row.
  public struct Vendor: Sendable, Hashable, CaseIterable {
    public let name: String
    /// In words.
    public let devices: String
    /// A device whose maker, platform or name has one of these, in lower case, is its.
    let words: [String]
    /// Floats that one of the units that its drivers count computes at a time: 128 of a multiprocessor, 64 of a compute
    /// unit, 8 of an execution unit.
    let lanesOfAUnit: Int
    /// Units that are together busy with 256 items.
    var unitsOfATile = 1
    /// Whether its compiler takes NVIDIA's options: a limit of registers, a log of what kernels use.
    var hasRegisterOptions = false
    /// Whose tiles a device takes before it is tuned: the largest first, then one for products of few tiles, then those
    /// for few columns and rows.
    let tiles: Tiles

    public static func == (a: Vendor, b: Vendor) -> Bool { a.name == b.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    public static let allCases: [Vendor] = [nvidia, amd, intel, processor, unknown]

    public static let nvidia = Vendor(
      name: "nvidia", devices: "NVIDIA's GPUs", words: ["nvidia"], lanesOfAUnit: 128, hasRegisterOptions: true,
      tiles: measuredOnH200)

    /// Half as much local memory a group as with steps of 16, so that a compute unit holds three.
    public static let amd = Vendor(
      name: "amd", devices: "AMD's GPUs", words: ["advanced micro devices", "amd", "radeon"], lanesOfAUnit: 64,
      tiles: forAll(TileParameters((128, 128, 8), items: (16, 16)), few, thin, small))

    /// Fewer registers an item: with twice as many outputs Arc's compiler spills.
    public static let intel = Vendor(
      name: "intel", devices: "Intel's GPUs", words: ["intel"], lanesOfAUnit: 8, unitsOfATile: 4,
      tiles: forAll(TileParameters((64, 64, 16), items: (16, 16)), small))

    /// Tiles run there for tests alone: what compiles fast.
    public static let processor = Vendor(
      name: "processor", devices: "processors", words: [], lanesOfAUnit: 8,
      tiles: Tiles(
        Dictionary(uniqueKeysWithValues: kernels.map { ($0, [TileParameters((32, 64, 16), items: (8, 8))]) })))

    public static let unknown = Vendor(
      name: "unknown", devices: "any GPU", words: [], lanesOfAUnit: 64, tiles: forAll(few, thin, small))

    /// Whose device this is, by its names.
    static func of(_ description: DeviceDescription, vendorName: String) -> Vendor {
      if description.kind == .processor { return .processor }
      let names = "\(vendorName) \(description.platform) \(description.name)".lowercased()
      return allCases.first { $0.words.contains(where: names.contains) } ?? .unknown
    }

    // MARK: Tiles

    private static let few = TileParameters((64, 64, 16), items: (8, 16))
    private static let thin = TileParameters((64, 32, 16), items: (8, 8))
    private static let small = TileParameters((32, 32, 16), items: (8, 8))

    private static func forAll(_ tiles: TileParameters...) -> Tiles {
      Tiles(Dictionary(uniqueKeysWithValues: kernels.map { ($0, tiles + [narrow, low]) }))
    }

    /// What `saddle tune` found; at most 25 of at least 48 KiB of local memory.
    private static let measuredOnH200: Tiles = {
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
        "convolve_filter": [
          tile((128, 64, 16), (16, 8)), tile((64, 64, 16), (16, 16)), tile((32, 32, 16), (8, 8)),
        ],
      ]
      return Tiles(measured.mapValues { $0 + [narrow, low] })
    }()
  }
}
