import Foundation

/// A number of a metrics stream: it is written with the fewest digits that read back as the same number of its type.
public protocol RecordedNumber: Sendable {
  /// As JSON. What is not finite is `null`: JSON knows no NaN, and a string in its place would turn a column of numbers
  /// into a column of text for every reader (pandas, jq, JavaScript).
  var json: String { get }
}

extension Int: RecordedNumber {
  public var json: String { description }
}

extension Float: RecordedNumber {
  public var json: String { isFinite ? description : "null" }
}

extension Double: RecordedNumber {
  public var json: String { isFinite ? description : "null" }
}

/// A file of one JSON object a line (`metrics.jsonl`), its columns in a fixed order: step, epoch, then the given ones.
///
/// Each line goes to the system in one write, so that it is there for other processes, and stays when this one dies.
public final class MetricsStream: Sendable {
  public let path: String
  /// The columns after step and epoch.
  public let columns: [String]
  private let file: OpenFile

  /// Opens the stream for appending, and creates it where it is missing.
  ///
  /// - Parameter step: the step that a run continues from. Lines after it, and a last line that was cut short, are
  ///   dropped, so that no step is there twice. Nil starts over with an empty file.
  /// - Throws: `RecordError.badMetrics` where an earlier line is not one of a metrics stream.
  public init(path: String, columns: [String], resumingAt step: Int? = nil) throws(RecordError) {
    precondition(Set(columns + ["step", "epoch"]).count == columns.count + 2, "two columns of one name")
    self.path = path
    self.columns = columns
    if let step, access(path, F_OK) == 0 {
      let kept = try Self.lines(of: path).filter { $0.step <= step }.map { $0.text + "\n" }.joined()
      try AtomicFile.write(to: path) { (file) throws(RecordError) in try file.write(kept) }
    }
    file = try OpenFile(path, O_WRONLY | O_CREAT | O_APPEND | (step == nil ? O_TRUNC : 0))
  }

  /// Appends a line.
  ///
  /// - Precondition: there is a value for each column.
  public func append(step: Int, epoch: Double, _ values: [any RecordedNumber]) throws(RecordError) {
    precondition(values.count == columns.count, "\(values.count) values for the columns \(columns)")
    let fields = zip(["step", "epoch"] + columns, [step, epoch] + values).map { "\(JSON.quoted($0)):\($1.json)" }
    try file.write("{\(fields.joined(separator: ","))}\n")
  }

  /// The rows of a stream: numbers by column, nil where a number was not finite. A last line that was cut short is left
  /// out.
  public static func rows(of path: String) throws(RecordError) -> [[String: Double?]] {
    try lines(of: path).map(\.row)
  }

  private struct Line {
    let text: String
    let step: Int
    let row: [String: Double?]
  }

  private static func lines(of path: String) throws(RecordError) -> [Line] {
    let bytes = try OpenFile.bytes(of: path)
    let pieces = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var lines: [Line] = []
    for (index, piece) in pieces.enumerated() {
      // After the last line's end comes an empty piece, or what an interrupted write left.
      let isLast = index == pieces.count - 1
      if isLast && piece.isEmpty { break }
      guard let row = FlatObject.row(piece) ?? (try? JSONDecoder().decode([String: Double?].self, from: Data(piece))),
        let number = row["step"] ?? nil, let step = Int(exactly: number), (0...CheckpointStore.lastStep).contains(step)
      else {
        if isLast { break }
        throw .badMetrics(path: path, line: index + 1, reason: "this line is no JSON object of numbers with a step")
      }
      lines.append(Line(text: String(decoding: piece, as: UTF8.self), step: step, row: row))
    }
    return lines
  }
}
