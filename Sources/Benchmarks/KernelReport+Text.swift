import Foundation
import Saddle

extension KernelReport {
  /// The report as a table of at most 100 columns.
  ///
  /// - Parameter old: An earlier report; each row then tells how many times as fast it has become.
  public func text(comparedTo old: KernelReport? = nil) -> String {
    let width = Self.width(rows.map { ($0.name, $0.family) })
    let figures = { Self.figures($0 / 1e9) }
    var lines = [
      "roofline: \(figures(roofline.flopsPerSecond)) GFLOP/s (multiply-adds in registers), "
        + "\(figures(roofline.bytesPerSecond)) GB/s (stream triad);",
      "in the worst moment \(figures(lowestRoofline.flopsPerSecond)) and \(figures(lowestRoofline.bytesPerSecond)). "
        + "Shares are of what was measured around a row's family.",
    ]
    let oldRows = Dictionary(grouping: old?.rows ?? [], by: \.name)
    var ratios: [Double] = []
    for family in KernelRow.Family.allCases {
      let rows = rows.filter { $0.family == family }
      if rows.isEmpty { continue }
      let heads = ["time", "GFLOP/s", "GB/s", "roofline", "bound"] + (old == nil ? [] : ["old/new"])
      lines += ["", Self.line(family.heading, width, heads)]
      for row in rows {
        var cells = cells(row)
        if old != nil {
          let ratio = oldRows[row.name]?.first.map { $0.seconds / row.seconds }
          cells.append(ratio.map { String(format: "%.2fx", $0) } ?? "new")
          if let ratio { ratios.append(ratio) }
        }
        lines.append(Self.line("  " + row.name, width, cells))
      }
    }
    lines += skipped.isEmpty ? [] : [""]
    lines += skipped.map { "skipped: \($0.name): \($0.reason)" }
    if let old {
      lines.append("")
      if old.device != device { lines.append("the old report is of another device: \(old.device)") }
      if !ratios.isEmpty {
        let mean = exp(ratios.map { log($0) }.reduce(0, +) / Double(ratios.count))
        lines.append(String(format: "%.2fx over %d rows (geometric mean of old/new)", mean, ratios.count))
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Columns that the names take, and the headings above them.
  fileprivate static func width(_ rows: [(name: String, family: KernelRow.Family)]) -> Int {
    rows.map { max($0.name.count + 2, $0.family.heading.count) }.max() ?? 0
  }

  private func cells(_ row: Row) -> [String] {
    let bound = row.roofline.isComputeBound(flops: row.flops, bytes: row.bytes) ? "fma" : "memory"
    return [
      Self.time(row.seconds), row.flops == 0 ? "-" : Self.figures(Double(row.flops) / row.seconds / 1e9),
      Self.figures(Double(row.bytes) / row.seconds / 1e9), "\(Int(nearest: 100 * row.share))%", bound,
    ]
  }

  fileprivate static func line(_ name: String, _ width: Int, _ cells: [String]) -> String {
    let columns = [9, 9, 7, 10, 8, 9]
    return name.padding(toLength: width, withPad: " ", startingAt: 0)
      + zip(cells, columns).map { String(repeating: " ", count: max(1, $1 - $0.count)) + $0 }.joined()
  }

  /// Three figures, or all before the point.
  static func figures(_ value: Double) -> String {
    String(format: value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : value >= 0.095 ? "%.2f" : "%.3f", value)
  }

  /// Seconds in the unit that suits them.
  static func time(_ seconds: Double) -> String {
    let (value, unit) =
      seconds >= 0.9995 ? (seconds, "s") : seconds >= 0.9995e-3 ? (seconds * 1e3, "ms") : (seconds * 1e6, "µs")
    return "\(figures(value)) \(unit)"
  }
}

extension KernelRow {
  /// The rows and their work as a table.
  public static func list(_ rows: [KernelRow]) -> String {
    let width = KernelReport.width(rows.map { ($0.name, $0.family) })
    return Family.allCases.map { family in
      let rows = rows.filter { $0.family == family }.map { row in
        let flops = row.flops == 0 ? "-" : KernelReport.figures(Double(row.flops) / 1e9)
        return KernelReport.line("  " + row.name, width, [flops, KernelReport.figures(Double(row.bytes) / 1e6)])
      }
      return rows.isEmpty ? [] : [KernelReport.line(family.heading, width, ["GFLOP", "MB"])] + rows
    }.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }
}

extension KernelRow.Family {
  var heading: String {
    switch self {
    case .convolution: "convolutions, batch \(KernelSizes().batch)"
    case .product: "matrix products"
    case .normalization: "batch normalization, batch \(KernelSizes().batch)"
    case .elementwise: "elementwise"
    case .reduction: "sums"
    case .optimizer: "Adam, by parameters"
    case .random: "random numbers"
    case .gather: "tables"
    }
  }
}
