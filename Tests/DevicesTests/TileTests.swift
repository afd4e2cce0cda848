import Testing

@testable import Devices

@Suite("Tiles of products", .serialized)
struct TileTests {
  /// Sizes, and the words of what is wrong with them on a device of 48 KiB and 256 items a group.
  static let faults: [(tile: TileParameters, words: String?)] = [
    (TileParameters((128, 128, 16), items: (16, 16)), nil),
    (Tiles.smallest, nil),
    (TileParameters((36, 18, 16), items: (3, 3), vectors: (4, 2)), nil),
    (TileParameters((0, 32, 16), items: (8, 8)), "from 1 to 512"),
    (TileParameters((64, 1 << 40, 16), items: (8, 8)), "from 1 to 512"),
    (TileParameters((64, 64, 16), items: (8, 8), vectors: (3, 4)), "VWM and VWN"),
    (TileParameters((64, 64, 16), items: (8, 8), vectors: (4, 8)), "VWM and VWN"),
    (TileParameters((64, 64, 4), items: (8, 8), vectors: (1, 1)), "KWG must be"),
    (TileParameters((64, 64, 24), items: (8, 8)), "KWG must be"),
    (TileParameters((64, 64, 128), items: (8, 8)), "KWG must be"),
    (TileParameters((48, 64, 16), items: (8, 8)), "MWG must be"),
    (TileParameters((64, 48, 16), items: (8, 8)), "NWG must be"),
    (TileParameters((32, 64, 8), items: (8, 16), vectors: (4, 4)), "KWG MWG"),
    (TileParameters((64, 32, 8), items: (16, 8), vectors: (4, 4)), "KWG NWG"),
    (TileParameters((128, 128, 16), items: (8, 8)), "128 outputs"),
    (TileParameters((128, 128, 16), items: (16, 32), vectors: (4, 4)), "MDIMC NDIMC must be at most 256"),
    (TileParameters((64, 64, 16), items: (8, 16), isInWarps: true, registers: 128), nil),
    (TileParameters((64, 64, 16), items: (16, 4), isInWarps: true), "WARP must be"),
    (TileParameters((64, 64, 16), items: (8, 8), registers: 256), "REGISTERS must be"),
    (TileParameters((128, 128, 32), items: (16, 16)), "66560 bytes of local memory"),
  ]

  @Test("which sizes fit together", arguments: faults.indices)
  func validity(row: Int) throws {
    let (tile, words) = Self.faults[row]
    let fault = tile.fault(localMemory: 48 << 10, largestGroup: 256)
    if let words {
      #expect(try #require(fault, "\(tile)").contains(words), "\(tile)")
    } else {
      #expect(fault == nil, "\(tile)")
    }
  }

  /// Other compilers refuse an option that they do not know.
  @Test("only NVIDIA's compiler is told of registers", arguments: Tiles.Vendor.allCases)
  func registers(vendor: Tiles.Vendor) {
    let options = TileParameters((64, 64, 16), items: (8, 16), registers: 128).buildOptions(for: vendor)
    #expect(options.contains("-D ANY_GROUP -cl-nv-maxrregcount=128") == (vendor == Tiles.Vendor.nvidia))
    #expect(options.hasPrefix("-D MWG=64 -D NWG=64 -D KWG=16 -D MDIMC=8 -D NDIMC=16"))
  }

  @Test("every shipped tile fits the least that such devices have", arguments: Tiles.Vendor.allCases)
  func shipped(vendor: Tiles.Vendor) {
    let tiles = Tiles.shipped(for: vendor)
    #expect(tiles.byKernel.keys.sorted() == ["convolve", "convolve_filter", "matmul"])
    // OpenCL's least for full profiles is 32 KiB; NVIDIA's GPUs have 48, AMD's and Intel's 64.
    let localMemory = vendor == .nvidia ? 48 << 10 : 32 << 10
    for tile in tiles.byKernel.values.joined() {
      #expect(tile.fault(localMemory: localMemory, largestGroup: 256) == nil, "\(tile)")
    }
    let onSmallDevice = tiles.completed(localMemory: 2048, largestGroup: 16)
    #expect(onSmallDevice.byKernel.values.allSatisfy { $0 == [Tiles.smallest] })
  }

  /// The tile that a launch takes, by hand from the shipped tiles for NVIDIA on 132 units.
  @Test(
    "which tile an extent takes",
    arguments: [
      (Extent(rows: 4096, columns: 4096), [128, 128]), (Extent(rows: 1024, columns: 1024), [64, 64]),
      (Extent(rows: 1 << 20, columns: 3), [64, 4]), (Extent(rows: 1, columns: 64, batches: 256), [4, 64]),
      (Extent(rows: 1 << 20, columns: 20), [64, 32]), (Extent(rows: 48, columns: 64, batches: 128), [64, 64]),
      (Extent(rows: 1024, columns: 128, batches: 100), [128, 128]),
    ])
  func choice(extent: Extent, sizes: [Int]) {
    let tile = Tiles.shipped(for: .nvidia).tile(for: .named("matmul"), over: extent, units: 132)
    #expect([tile.mwg, tile.nwg] == sizes)
  }

  // MARK: Bits

  /// C [batches][m][n], rows of A `aRow` apart and terms `aTerm`; added to what C holds, if `isAdding`; cut to 0 ...
  /// `limit`, where that is above 0.
  private static func product(
    _ m: Int, _ n: Int, _ k: Int, aRow: Int, aTerm: Int, batches: Int = 1, isAdding: Bool = false, limit: Double = 0
  ) -> Launch {
    var product = ProductLaunch(m: m, n: n, k: k, batches: batches, aRow: aRow, aTerm: aTerm)
    (product.isAdding, product.limit) = (isAdding, limit)
    return Launch(product, isUpdating: isAdding)
  }

  /// A convolution of images n x h x w x c with r x r taps to k channels.
  private static func convolution(
    _ n: Int, _ h: Int, _ w: Int, _ c: Int, taps r: Int, _ k: Int, stride: Int, padding: Int, dilation: Int = 1,
    limit: Double = 0
  ) -> Launch {
    let reach = dilation * (r - 1) + 1 - 2 * padding
    var gemm = ImplicitGEMM(
      n: n, image: (h, w), c: c, filter: (r, r), output: ((h - reach) / stride + 1, (w - reach) / stride + 1), k: k,
      stride: stride, padding: (padding, padding), dilation: dilation)
    gemm.limit = limit
    return Launch(gemm)
  }

  /// The gradient of r x r taps; chains apart, if `isInChains`.
  private static func filterGradient(
    _ n: Int, _ h: Int, _ w: Int, _ c: Int, taps r: Int, _ k: Int, stride: Int, padding: Int, isInChains: Bool = false
  ) -> Launch {
    let gemm = FilterGradientGEMM(
      n: n, image: (h, w), c: c, filter: (r, r),
      output: ((h + 2 * padding - r) / stride + 1, (w + 2 * padding - r) / stride + 1), k: k, stride: stride,
      padding: padding, dilation: 1)
    return Launch(isInChains ? gemm.inChains : gemm)
  }

  /// Sizes that are multiples of nothing; sums of less than a chain, of one, of two and a little more.
  static let launches: [Launch] = [
    product(133, 70, 1037, aRow: 1037, aTerm: 1), product(67, 33, 520, aRow: 1, aTerm: 67, batches: 2),
    product(129, 131, 512, aRow: 512, aTerm: 1), product(9, 3, 7, aRow: 1, aTerm: 30),
    product(1, 1, 1, aRow: 1, aTerm: 1),
    product(5, 36, 0, aRow: 1, aTerm: 1), product(70, 64, 44, aRow: 44, aTerm: 1, batches: 3),
    product(35, 66, 600, aRow: 600, aTerm: 1, isAdding: true),
    product(35, 67, 600, aRow: 600, aTerm: 1, limit: .infinity),
    convolution(2, 7, 9, 12, taps: 3, 35, stride: 2, padding: 1),
    convolution(1, 9, 8, 70, taps: 3, 65, stride: 1, padding: 1),
    convolution(1, 9, 8, 70, taps: 3, 65, stride: 1, padding: 1, limit: 6),
    convolution(2, 8, 7, 68, taps: 4, 3, stride: 1, padding: 2, dilation: 2),
    convolution(3, 5, 6, 3, taps: 2, 33, stride: 3, padding: 0),
    filterGradient(3, 14, 14, 19, taps: 3, 35, stride: 1, padding: 1),
    filterGradient(7, 27, 26, 36, taps: 2, 64, stride: 2, padding: 1),
    filterGradient(1, 4, 5, 130, taps: 3, 1, stride: 1, padding: 0),
    filterGradient(0, 4, 5, 9, taps: 3, 3, stride: 1, padding: 0), whole, sliced,
  ]

  /// One gradient over 1176 pixels, whole and chain by chain.
  static let whole = filterGradient(6, 27, 26, 19, taps: 2, 35, stride: 2, padding: 1)
  static let sliced = filterGradient(6, 27, 26, 19, taps: 2, 35, stride: 2, padding: 1, isInChains: true)

  @Test("chains that are computed apart and added in order are the whole")
  func slices() throws {
    func floats(_ launch: Launch) throws -> [Float] {
      let bytes = try launch.run(on: .cpu())
      return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
    let (whole, sliced) = (try floats(Self.whole), try floats(Self.sliced))
    #expect(sliced.count == 3 * whole.count)
    let sums = whole.indices.map { i in
      stride(from: i, to: sliced.count, by: whole.count).reduce(Float(0)) { $0 + sliced[$1] }
    }
    #expect(sums == whole)
  }

  /// Each shipped tile, the smallest, and odd ones: groups of 9 and 256, one output an item and 64, narrow vectors.
  static let tiles: [TileParameters] = {
    let odd = [
      TileParameters((36, 18, 16), items: (3, 3), vectors: (4, 2)),
      TileParameters((32, 16, 8), items: (4, 4), vectors: (2, 1)),
      TileParameters((64, 64, 8), items: (16, 16), isInWarps: true),
      TileParameters((64, 32, 16), items: (8, 8), isInWarps: true),
      TileParameters((64, 128, 64), items: (16, 8), vectors: (1, 2)),
      TileParameters((16, 16, 32), items: (16, 16), vectors: (1, 1), isDoubleBuffered: false),
    ]
    let shipped = Tiles.Vendor.allCases.flatMap { Tiles.shipped(for: $0).byKernel.values.joined() }
    return Set(shipped + [Tiles.smallest] + odd).sorted { $0.description < $1.description }
  }()

  @Test(
    "any tile gives the bits of the processor", .enabled(if: Processors.openCL != nil, Processors.needed),
    arguments: tiles)
  func bits(tile: TileParameters) throws {
    let native = try Device.cpu()
    let tiles = Tiles(Dictionary(uniqueKeysWithValues: Tiles.kernels.map { ($0, [tile]) }))
    // What a compiler's optimizer makes of tiles is seen elsewhere; without it they compile in half the time.
    let device = Device(try Processors.openCL(form: .tile, tiles: tiles, extraOptions: "-cl-opt-disable"))
    for (number, launch) in Self.launches.enumerated() {
      #expect(try launch.run(on: device) == launch.run(on: native), "launch \(number), \(launch.kernel.name)")
    }
  }

  @Test("64-bit indices", .enabled(if: Processors.openCL != nil, Processors.needed))
  func wide() throws {
    let native = try Device.cpu(), device = Device(try Processors.openCL(form: .tile, alwaysWide: true))
    for (number, launch) in Self.launches.enumerated() {
      #expect(try launch.run(on: device) == launch.run(on: native), "launch \(number), \(launch.kernel.name)")
    }
  }
}
