import Evaluation
import Foundation

/// An evaluation of one run at one step, as it is kept.
public struct EvaluationRecord: Sendable, Codable {
  public let run: String
  public let step: Int
  /// Where the images came from; their hashes are in the protocol.
  public let data: String
  public let heldOutData: String?
  /// The extractor's suffix.
  public let features: String
  /// What it took, without what is kept from before.
  public let seconds: Double
  public let report: EvaluationReport

  /// What a user sees of one evaluation: figures beside those of held-out images, the protocol, and what is wrong.
  public var text: String {
    let names = report.figures.map(\.name)
    let width = max(names.map(\.count).max() ?? 0, 10) + 2
    let hasBaseline = !report.baseline.isEmpty
    func line(_ name: String, _ cells: [String], _ rest: String) -> String {
      var line = name.padded(to: width)
      for cell in cells { line += cell.aligned(to: 12) }
      while (line + "  " + rest).last == " " && rest.isEmpty && line.last == " " { line.removeLast() }
      return rest.isEmpty ? line : line + "  " + rest
    }
    var lines = [line("", ["step \(step)", "std"] + (hasBaseline ? ["held-out"] : []), "")]
    for figure in report.figures {
      let same = report.baseline.first { $0.name == figure.name }
      let better: String =
        switch figure.better {
        case .smaller: "smaller is better"
        case .larger: "larger is better"
        case .alike: "as of real images"
        }
      lines.append(
        line(
          figure.name,
          [Self.number(figure.value), figure.standardDeviation.map(Self.number) ?? ""]
            + (hasBaseline ? [same.map { Self.number($0.value) } ?? ""] : []),
          better + (figure.note.map { "; \($0)" } ?? "")))
    }
    lines += ["", "protocol \(report.conditions.hash)", report.conditions.text, ""]
    lines += defectLines
    return lines.joined(separator: "\n")
  }

  /// What is wrong in plain words; that nothing is; or that it cannot be known.
  public var defectLines: [String] {
    guard !report.baseline.isEmpty else {
      return ["Defects were not looked for: that needs images that training did not see (--held-out)."]
    }
    return report.defects.isEmpty
      ? ["No known defect was found."] : report.defects.map { "\($0.name): \($0.says)" }
  }

  /// The record as JSON.
  public func json() throws -> String {
    String(decoding: try Self.encoder(.prettyPrinted).encode(self), as: UTF8.self) + "\n"
  }

  /// The record in a line, for `evaluations.jsonl`: what is drawn over steps.
  public func line() throws -> String {
    struct Line: Encodable {
      let step: Int
      let `protocol`: String
      let figures: [String: Double]
      let standardDeviations: [String: Double]
      let heldOut: [String: Double]
      let defects: [String]
      let seconds: Double
    }
    func values(_ figures: [MetricValue], _ value: (MetricValue) -> Double?) -> [String: Double] {
      Dictionary(figures.compactMap { figure in value(figure).map { (figure.name, $0) } }) { $1 }
    }
    let line = Line(
      step: step, protocol: report.conditions.hash, figures: values(report.figures, \.value),
      standardDeviations: values(report.figures, \.standardDeviation), heldOut: values(report.baseline, \.value),
      defects: report.defects.map(\.name), seconds: seconds)
    return String(decoding: try Self.encoder([]).encode(line), as: UTF8.self)
  }

  /// A record as `json` writes it.
  public init(json: String) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    self = try decoder.decode(Self.self, from: Data(json.utf8))
  }

  init(
    run: String, step: Int, data: String, heldOutData: String?, features: String, seconds: Double,
    report: EvaluationReport
  ) {
    (self.run, self.step, self.data, self.heldOutData) = (run, step, data, heldOutData)
    (self.features, self.seconds, self.report) = (features, seconds, report)
  }

  private static func encoder(_ more: JSONEncoder.OutputFormatting) -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, more]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    return encoder
  }

  static func number(_ value: Double) -> String { String(format: "%.4g", value + 0) }
}

extension RunDirectory {
  /// Keeps an evaluation beside those of other steps and protocols.
  public func append(_ record: EvaluationRecord) throws {
    try append(
      evaluation: try record.json(), line: try record.line(), step: record.step, hash: record.report.conditions.hash)
  }

  /// The evaluations that were kept, by step.
  public func records() throws -> [EvaluationRecord] {
    try evaluationReports { try EvaluationRecord(json: String(decoding: $0, as: UTF8.self)) }
  }
}

/// Evaluations beside each other: a table for each protocol, so that no column holds numbers that do not compare.
public struct EvaluationTable: Sendable {
  public let records: [EvaluationRecord]
  public init(_ records: [EvaluationRecord]) { self.records = records }

  /// The protocols in the order in which they come, each with its records.
  public var groups: [(conditions: EvaluationProtocol, records: [EvaluationRecord])] {
    var groups: [(conditions: EvaluationProtocol, records: [EvaluationRecord])] = []
    for record in records {
      if let place = groups.firstIndex(where: { $0.conditions.hash == record.report.conditions.hash }) {
        groups[place].records.append(record)
      } else {
        groups.append((record.report.conditions, [record]))
      }
    }
    return groups
  }

  /// Rows of runs and steps, columns of figures, in blocks that a terminal can show.
  public var text: String {
    let texts = groups.map { conditions, records in
      var names: [String] = []
      for record in records {
        for figure in record.report.figures where !names.contains(figure.name) { names.append(figure.name) }
      }
      let titles = records.map { "\($0.run) step \($0.step)" }
      let width = (titles.map(\.count).max() ?? 0) + 2
      let blocks = stride(from: 0, to: names.count, by: 5).map { start in
        let columns = names[start..<min(start + 5, names.count)]
        let head = "".padded(to: width) + columns.map { $0.aligned(to: max($0.count, 10) + 2) }.joined()
        let rows = zip(titles, records).map { title, record in
          title.padded(to: width)
            + columns.map { name in
              let figure = record.report.figures.first { $0.name == name }
              return (figure.map { EvaluationRecord.number($0.value) } ?? "-").aligned(to: max(name.count, 10) + 2)
            }.joined()
        }
        return ([head] + rows).joined(separator: "\n")
      }
      return (["protocol \(conditions.hash)", conditions.text] + blocks).joined(separator: "\n")
    }
    let caution =
      texts.count > 1 ? "\n\nThere are \(texts.count) protocols: numbers of different tables must not be compared." : ""
    return texts.joined(separator: "\n\n") + caution
  }
}
