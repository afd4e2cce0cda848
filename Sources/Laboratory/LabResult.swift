import Foundation
import Saddle

/// What an experiment found.
public struct LabResult: Sendable {
  public let experiment: String
  public let summary: String
  public let device: String
  /// The number of the numerical contract: equal bits are promised within one.
  public let contract: String
  public let seed: UInt64
  /// How many seeds were used, from `seed` on.
  public let seeds: Int
  public let scale: Double
  public let seconds: Double
  /// What a reader must know of the numbers, a paragraph each.
  public let notes: [String]
  public let findings: [Finding]
  /// The figures by name, as SVG.
  public let figures: [(name: String, svg: String)]
  /// Pictures of samples by name.
  public let pictures: [(name: String, picture: SamplePicture)]

  /// Those that were judged and found wrong.
  public var failures: [Finding] { findings.filter { $0.passed == false } }

  /// Measured beside expected, a line each, and how many hold.
  public var table: String {
    let header = [["", "", "measured", "expected"]]
    let rows = header + findings.map { [$0.mark, $0.what, $0.measurement, $0.expectation] }
    let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      let padding = (0..<4).map { String(repeating: " ", count: widths[$0] - row[$0].count) }
      return "\(row[0])\(padding[0]) \(row[1])\(padding[1])  \(padding[2])\(row[2])  \(row[3])"
    }
    let judged = findings.filter { $0.passed != nil }.count
    let recorded = findings.count - judged
    var verdict = "\(judged - failures.count) of \(judged) are as expected"
    if recorded > 0 { verdict += "; \(recorded) only recorded (·)" }
    if scale < 1 {
      verdict += "; this run was shortened to \(Finding.number(scale)) of its length"
      if !notes.isEmpty { verdict += ", and the notes speak of the whole" }
    }
    return (lines + notes.flatMap { ["", Self.wrapped($0)] } + ["", verdict]).joined(separator: "\n")
  }

  /// Words in lines of at most 100 characters, where none is longer.
  static func wrapped(_ text: String) -> String {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= 100 {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Everything but the pictures, which it names.
  public func json() throws -> String {
    let content = Content(
      experiment: experiment, summary: summary, device: device, contract: contract, seed: seed, seeds: seeds,
      scale: scale, seconds: seconds, notes: notes, rows: findings,
      figures: figures.map { "\($0.name).svg" } + pictures.map { "\($0.name).png" })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    return String(decoding: try encoder.encode(content), as: UTF8.self) + "\n"
  }

  /// Writes `result.json`, the figures and the pictures into a folder, which is made where it is missing.
  public func write(to folder: String) throws {
    try Directory.create(folder)
    for (name, svg) in figures { try AtomicFile.write(Array(svg.utf8), to: "\(folder)/\(name).svg") }
    for (name, picture) in pictures { try picture.write(to: "\(folder)/\(name).png") }
    try AtomicFile.write(Array(try json().utf8), to: "\(folder)/result.json")
  }

  private struct Content: Encodable {
    let experiment: String
    let summary: String
    let device: String
    let contract: String
    let seed: UInt64
    let seeds: Int
    let scale: Double
    let seconds: Double
    let notes: [String]
    let rows: [Finding]
    let figures: [String]
  }
}
