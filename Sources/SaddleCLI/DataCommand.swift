import ArgumentParser
import Foundation
import Saddle

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Inspects data sets, packs them into one file, and splits them into train and held-out.",
    discussion: """
        saddle data inspect FOLDER
        saddle data split FOLDER --held-out 0.1 --out PARTS
        saddle data pack PARTS --size 64 --out train.safetensors
      """,
    subcommands: [Inspect.self, Pack.self, Divide.self])
}

/// One line on a terminal that counts what is done, now and then.
struct CountLine: Sendable {
  private let status = StatusLine()
  let what: String

  var progress: ReadingProgress {
    { [self] done, total in
      if done % max(1, total / 200) == 0 { status.show("\(what) \(done) of \(total)") }
    }
  }

  func clear() { status.clear() }
}

/// Rows of cells in columns: the first to the left, numbers to the right.
struct TextTable {
  var rows: [[String]] = []

  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

extension RGB: ExpressibleByArgument {
  /// As it is written, for --help.
  public var defaultValueDescription: String { self == .white ? "white" : "\(red),\(green),\(blue)" }

  /// white, black, a grey from 0 to 255, or red,green,blue.
  public init?(argument: String) {
    switch argument {
    case "white": self = .white
    case "black": self = .black
    default:
      let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { UInt8($0) }
      let values = parts.compactMap { $0 }
      guard values.count == parts.count, values.count == 1 || values.count == 3 else { return nil }
      self.init(red: values[0], green: values[values.count / 2], blue: values[values.count - 1])
    }
  }
}

extension Fit: ExpressibleByArgument {}
extension Split: ExpressibleByArgument {}
extension DatasetSplit.Transfer: ExpressibleByArgument {}
