import Kernels

/// The element type that a device computes in. Gradient checks run in double, on the host.
public enum Precision: String, Sendable {
  case single = "float"
  case double

  /// Bytes of one element.
  public var elementSize: Int { self == .single ? 4 : 8 }
}

/// The kind of one kernel argument, as the dialect names it (`Kernels/cl/dialect.h`).
public enum ParameterKind: String, Sendable {
  case realsIn = "IN"
  case realsOut = "OUT"
  case bytesIn = "BYTES_IN"
  case bytesOut = "BYTES_OUT"
  case real = "REAL"
  case uint = "UINT"
  case size = "SIZE"

  /// Bytes of an element of a buffer of this kind.
  func elementSize(in precision: Precision) -> Int {
    self == .bytesIn || self == .bytesOut ? 1 : precision.elementSize
  }

  /// Whether an argument of this kind is a buffer.
  public var isBuffer: Bool {
    switch self {
    case .realsIn, .realsOut, .bytesIn, .bytesOut: true
    case .real, .uint, .size: false
    }
  }
}

/// How much of a launch's extent one item (or, in a tile form, one work-group) owns.
struct Geometry: Sendable {
  /// 0 where the columns are cells of all rows, one after the other.
  let rows: Int
  let columns: Int
  /// Work-items of one group: 1 but for tile forms.
  let group: Int

  var isFlat: Bool { rows == 0 }
}

/// What a launch covers, in units that its kernel defines: outputs, rows, chunks.
public struct Extent: Sendable {
  public let rows: Int
  public let columns: Int
  public let batches: Int

  public init(rows: Int, columns: Int, batches: Int = 1) {
    (self.rows, self.columns, self.batches) = (rows, columns, batches)
  }

  /// `count` independent elements.
  public init(_ count: Int) { self.init(rows: 1, columns: count) }

  var cells: Int { rows * columns * batches }

  /// How many items (in a tile form: groups) cover the extent.
  func items(_ geometry: Geometry) -> Int {
    guard !geometry.isFlat else { return (cells + geometry.columns - 1) / geometry.columns }
    let down = (rows + geometry.rows - 1) / geometry.rows
    let across = (columns + geometry.columns - 1) / geometry.columns
    return down * across * batches
  }
}

/// A kernel of the folder `Kernels`, found by name: the same on every device.
public struct Kernel: Sendable {
  typealias Run = @convention(c) (UnsafePointer<KernelArgument>?, UInt64, UInt64) -> Void

  /// One host build of the kernel.
  struct Build: Sendable {
    let isa: String
    let precision: Precision
    nonisolated(unsafe) let run: Run
  }

  public let name: String
  /// Names and kinds of the arguments, in order.
  public let parameters: [(name: String, kind: ParameterKind)]
  /// The file of the folder `Kernels/cl` that holds the kernel's text.
  public let file: String
  /// One element an item, or the block form's share of the extent.
  let geometry: Geometry
  /// The tile form's share, for kernels that have one and whose share is fixed.
  let tile: Geometry?
  /// Whether there is a tile form whose share `TileParameters` decides.
  let hasTunedTile: Bool
  /// Whether an item owns one element (else a block).
  let isElementwise: Bool
  /// Whether only processors launch it: a block form without a tile form.
  var isForProcessors: Bool { !isElementwise && tile == nil && !hasTunedTile }
  let builds: [Build]

  /// Every kernel by name.
  public static let all: [String: Kernel] = table()

  /// The kernel of this name.
  ///
  /// - Precondition: `Kernels/` has such a kernel.
  public static func named(_ name: String) -> Kernel {
    guard let kernel = all[name] else { preconditionFailure("the folder Kernels has no kernel '\(name)'") }
    return kernel
  }

  func run(isa: String, precision: Precision) -> Run? {
    builds.first { $0.isa == isa && $0.precision == precision }?.run
  }

  private static func table() -> [String: Kernel] {
    var count = 0
    let first = kernel_entries(&count)
    let entries = Dictionary(grouping: UnsafeBufferPointer(start: first, count: count)) { String(cString: $0.name) }
    return entries.mapValues { forms in
      var builds: [Build] = []
      for entry in forms {
        guard let run = entry.run, let precision = Precision(rawValue: String(cString: entry.precision)) else {
          continue
        }
        builds.append(Build(isa: String(cString: entry.isa), precision: precision, run: run))
      }
      let own = forms.first { $0.run != nil } ?? forms[0]
      let tile = forms.first { String(cString: $0.form) == "tile" }.map(Geometry.init)
      let hasTunedTile = tile?.group == 0
      return Kernel(
        name: String(cString: own.name), parameters: parameters(String(cString: own.signature)),
        file: String(cString: own.file), geometry: Geometry(own), tile: hasTunedTile ? nil : tile,
        hasTunedTile: hasTunedTile, isElementwise: String(cString: own.form) == "item", builds: builds)
    }
  }

  /// Reads "IN x;OUT y;REAL slope;".
  private static func parameters(_ signature: String) -> [(name: String, kind: ParameterKind)] {
    signature.split(separator: ";").map { parameter in
      let words = parameter.split(separator: " ")
      guard words.count == 2, let kind = ParameterKind(rawValue: String(words[0])) else {
        preconditionFailure("a kernel's signature reads '\(signature)'")
      }
      return (String(words[1]), kind)
    }
  }
}

extension Geometry {
  init(_ entry: KernelEntry) {
    self.init(rows: Int(entry.rows), columns: Int(entry.columns), group: Int(entry.group))
  }
}
