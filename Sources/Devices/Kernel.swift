import Glibc
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

  /// Whether a kernel writes to it.
  var isWritten: Bool { self == .realsOut || self == .bytesOut }

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

/// A kernel of the folder `Kernels`, the same on every device. It is resolved once, into a constant beside its users:
/// `static let fill = Kernel.named("fill")`.
public final class Kernel: Sendable {
  typealias Run = @convention(c) (UnsafePointer<KernelArgument>?, UInt64, UInt64) -> Void

  /// A host build of all kernels.
  struct Build: Hashable, Sendable {
    let isa: String
    let precision: Precision
  }

  /// An argument as the signature has it.
  struct Parameter: Sendable {
    let name: ArgumentName
    let kind: ParameterKind
  }

  public let name: String
  /// The arguments, in order.
  let signature: [Parameter]
  /// The names of its buffers, for what launches kernels that differ in them.
  package let bufferNames: [ArgumentName]
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
  /// Its entry points in the order of `builds`.
  nonisolated(unsafe) let runs: [Run?]

  /// Names and kinds of the arguments, in order.
  public var parameters: [(name: String, kind: ParameterKind)] { signature.map { ($0.name.description, $0.kind) } }

  /// Every host build in this binary.
  static let builds: [Build] = Array(Set(entries.compactMap(Build.init)))

  /// Every kernel by name.
  public static let all: [String: Kernel] =
    Dictionary(grouping: entries) { String(cString: $0.name) }.mapValues(Kernel.init)

  /// The kernel of this name.
  ///
  /// - Precondition: `Kernels/` has such a kernel.
  public static func named(_ name: String) -> Kernel {
    guard let kernel = all[name] else { preconditionFailure("the folder Kernels has no kernel '\(name)'") }
    return kernel
  }

  private static var entries: UnsafeBufferPointer<KernelEntry> {
    var count = 0
    let first = kernel_entries(&count)
    return UnsafeBufferPointer(start: first, count: count)
  }

  /// - Parameter forms: All entries of one name.
  private init(_ forms: [KernelEntry]) {
    let own = forms.first { $0.run != nil } ?? forms[0]
    let tile = forms.first { String(cString: $0.form) == "tile" }.map(Geometry.init)
    name = String(cString: own.name)
    signature = Self.parameters(own.signature)
    bufferNames = signature.filter(\.kind.isBuffer).map(\.name)
    file = String(cString: own.file)
    geometry = Geometry(own)
    hasTunedTile = tile?.group == 0
    self.tile = tile?.group == 0 ? nil : tile
    isElementwise = String(cString: own.form) == "item"
    runs = Self.builds.map { build in forms.first { Build($0) == build }?.run }
  }

  /// Reads "IN x;OUT y;REAL slope;".
  private static func parameters(_ signature: UnsafePointer<CChar>) -> [Parameter] {
    let text = UnsafeBufferPointer(start: signature, count: strlen(signature))
    return text.split(separator: CChar(bitPattern: UInt8(ascii: ";"))).map { parameter in
      let words = parameter.split(separator: CChar(bitPattern: UInt8(ascii: " ")))
      guard words.count == 2, let kind = ParameterKind(rawValue: ArgumentName(words[0]).description) else {
        preconditionFailure("a kernel's signature reads '\(String(cString: signature))'")
      }
      return Parameter(name: ArgumentName(words[1]), kind: kind)
    }
  }
}

extension Kernel.Build {
  /// Nil for a tile form, which no host runs.
  fileprivate init?(_ entry: KernelEntry) {
    guard entry.run != nil, let precision = Precision(rawValue: String(cString: entry.precision)) else { return nil }
    self.init(isa: String(cString: entry.isa), precision: precision)
  }
}

extension Geometry {
  init(_ entry: KernelEntry) {
    self.init(rows: Int(entry.rows), columns: Int(entry.columns), group: Int(entry.group))
  }
}
