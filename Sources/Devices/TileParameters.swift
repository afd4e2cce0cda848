/// The sizes of a tuned tile form, under CLBlast's names (`Kernels/cl/tile.h`). They decide how fast a kernel is, and
/// none of its bits.
public struct TileParameters: Hashable, Codable, Sendable {
  /// Rows, columns and steps along k of a work-group's tile.
  public let mwg, nwg, kwg: Int
  /// Work-items down and across it.
  public let mdimc, ndimc: Int
  /// Reals of a vector along the rows and along the columns.
  public let vwm, vwn: Int
  /// Whether local memory holds two steps (1) or one (0).
  public let dbuf: Int
  /// Whether 32 items that run in step stand 4 x 8 (1), or along the rows (0).
  public let warp: Int
  /// Registers that NVIDIA's compiler may give an item; 0 for as many as it likes. Two groups of 256 fit a unit with
  /// 128.
  public let registers: Int

  /// What a file calls them.
  enum CodingKeys: String, CodingKey, CaseIterable {
    case mwg = "MWG"
    case nwg = "NWG"
    case kwg = "KWG"
    case mdimc = "MDIMC"
    case ndimc = "NDIMC"
    case vwm = "VWM"
    case vwn = "VWN"
    case dbuf = "DBUF"
    case warp = "WARP"
    case registers = "REGISTERS"
  }

  /// - Parameters:
  ///   - tile: Rows, columns, steps along k.
  ///   - items: Down and across.
  ///   - vectors: Reals of a vector along the rows and along the columns.
  public init(
    _ tile: (Int, Int, Int), items: (Int, Int), vectors: (Int, Int) = (4, 4), isDoubleBuffered: Bool = true,
    isInWarps: Bool = false, registers: Int = 0
  ) {
    (mwg, nwg, kwg) = tile
    (mdimc, ndimc) = items
    (vwm, vwn) = vectors
    dbuf = isDoubleBuffered ? 1 : 0
    warp = isInWarps ? 1 : 0
    self.registers = registers
  }

  /// Work-items of a group.
  public var group: Int { mdimc * ndimc }
  /// Bytes of local memory of a group.
  public var localBytes: Int { (1 + dbuf) * kwg * (mwg + 4 + nwg) * 4 }

  /// What the kernels' text asks of these sizes, and a device of its groups; nil where all is well.
  ///
  /// - Parameters:
  ///   - localMemory: Bytes that a group may have.
  ///   - largestGroup: Work-items that a group may have.
  public func fault(localMemory: Int, largestGroup: Int) -> String? {
    guard [mwg, nwg, kwg, mdimc, ndimc].allSatisfy({ (1...512).contains($0) }) else {
      return "sizes must be from 1 to 512"
    }
    guard [1, 2, 4].contains(vwm), [1, 2, 4].contains(vwn) else { return "VWM and VWN must be 1, 2 or 4" }
    guard dbuf == 0 || dbuf == 1 else { return "DBUF must be 0 or 1" }
    guard warp == 0 || (warp == 1 && mdimc % 4 == 0 && ndimc % 8 == 0) else {
      return "WARP must be 0, or 1 where MDIMC is a multiple of 4 and NDIMC of 8"
    }
    guard registers == 0 || (32...255).contains(registers) else { return "REGISTERS must be 0, or from 32 to 255" }
    // A step lies in one chain of 512 terms; A is read in runs of 8 along k.
    guard [8, 16, 32, 64].contains(kwg) else { return "KWG must be 8, 16, 32 or 64" }
    guard mwg % (mdimc * vwm) == 0 else { return "MWG must be a multiple of MDIMC VWM" }
    guard nwg % (ndimc * vwn) == 0 else { return "NWG must be a multiple of NDIMC VWN" }
    guard kwg * mwg % (group * vwm) == 0 else { return "KWG MWG must be a multiple of MDIMC NDIMC VWM" }
    guard kwg * nwg % (group * vwn) == 0 else { return "KWG NWG must be a multiple of MDIMC NDIMC VWN" }
    // More registers than any device gives an item.
    guard mwg * nwg <= 128 * group else { return "an item must not own more than 128 outputs" }
    guard group <= largestGroup else { return "MDIMC NDIMC must be at most \(largestGroup) on this device" }
    guard localBytes <= localMemory else {
      return "a group would take \(localBytes) bytes of local memory, and has \(localMemory) on this device"
    }
    return nil
  }

  /// Whether the kernels, and a device of such groups, can have these sizes.
  public func fits(localMemory: Int, largestGroup: Int) -> Bool {
    fault(localMemory: localMemory, largestGroup: largestGroup) == nil
  }

  /// What a program's build is told. Other compilers refuse an option that they do not know.
  func buildOptions(for vendor: Tiles.Vendor) -> String {
    let values = [mwg, nwg, kwg, mdimc, ndimc, vwm, vwn, dbuf, warp]
    let sizes = zip(CodingKeys.allCases, values).map { "-D \($0.rawValue)=\($1)" }.joined(separator: " ")
    return registers == 0 || !vendor.hasRegisterOptions
      ? sizes : sizes + " -D ANY_GROUP -cl-nv-maxrregcount=\(registers)"
  }

  var geometry: Geometry { Geometry(rows: mwg, columns: nwg, group: group) }

  /// About how long a device of so many units takes for an extent, in units of its own: what chooses between tiles.
  ///
  /// A unit is taken to be busy with 256 items, and an item's read of a vector of rows or columns to take as long as
  /// eight multiplications.
  func cost(_ extent: Extent, units: Int) -> Double {
    let sharers = max(1, 256 / group), slots = max(1, units) * sharers
    let rounds = (extent.items(geometry) + slots - 1) / slots
    let (rows, columns) = (Double(mwg / mdimc), Double(nwg / ndimc))
    let reading = 8 * (rows / Double(vwm) + columns / Double(vwn)) / (rows * columns)
    return Double(rounds * sharers * mwg * nwg) * (1 + reading)
  }
}

extension TileParameters: CustomStringConvertible {
  public var description: String {
    "\(mwg)x\(nwg)x\(kwg), \(mdimc)x\(ndimc) items, vectors \(vwm)x\(vwn)" + (dbuf == 1 ? ", two buffers" : "")
      + (warp == 1 ? ", warps 4x8" : "")
      + (registers > 0 ? ", \(registers) registers" : "")
  }
}
