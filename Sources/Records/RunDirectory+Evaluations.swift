import Foundation

extension RunDirectory {
  /// One JSON object for each evaluation, in the order in which they were made.
  public var evaluations: String { "\(path)/evaluations.jsonl" }
  /// The whole reports, a file for each step and protocol.
  public var evaluationFolder: String { "\(path)/evaluation" }

  /// Adds an evaluation: its report as a file, and a line to `evaluations.jsonl`.
  ///
  /// - Parameters:
  ///   - report: JSON.
  ///   - line: A JSON object in one line, with its step.
  ///   - hash: Tells protocols apart: a report replaces that of its step and protocol only.
  public func append(evaluation report: String, line: String, step: Int, hash: String) throws(RecordError) {
    try Directory.create(evaluationFolder)
    let name = "\(CheckpointStore.name(step: step))-\(hash).json"
    try AtomicFile.write(to: "\(evaluationFolder)/\(name)") { (file) throws(RecordError) in try file.write(report) }
    try OpenFile(evaluations, O_WRONLY | O_CREAT | O_APPEND).write(line + "\n")
  }

  /// Reads the reports of all evaluations, by step.
  ///
  /// - Throws: `RecordError.unreadable` for a file that `decode` refuses.
  public func evaluationReports<Evaluation>(
    as decode: (_ json: [UInt8]) throws -> Evaluation
  ) throws(RecordError) -> [Evaluation] {
    var reports: [Evaluation] = []
    for name in try Directory.names(in: evaluationFolder) ?? [] where name.hasSuffix(".json") {
      let path = "\(evaluationFolder)/\(name)"
      let bytes = try OpenFile.bytes(of: path)
      guard let head = try? JSONDecoder().decode(Line.self, from: Data(bytes)),
        (0...CheckpointStore.lastStep).contains(head.step), let report = try? decode(bytes)
      else {
        throw .unreadable(path: path, reason: "it is no evaluation: remove it, or evaluate again")
      }
      reports.append(report)
    }
    return reports
  }

  /// What every record of an evaluation has.
  private struct Line: Decodable { let step: Int }

  /// Removes what was evaluated after a step, when a run goes on from there and would meet its former future.
  public func removeEvaluations(after step: Int) throws(RecordError) {
    for name in try Directory.names(in: evaluationFolder) ?? [] {
      if let other = CheckpointStore.step(of: name.dropFirst(5).prefix { $0.isNumber }), other > step {
        try Directory.remove("\(evaluationFolder)/\(name)")
      }
    }
    guard FileManager.default.fileExists(atPath: evaluations) else { return }
    let lines = try OpenFile.bytes(of: evaluations).split(separator: UInt8(ascii: "\n"))
    // A line that was cut short is dropped too.
    let kept = lines.filter { line in
      (try? JSONDecoder().decode(Line.self, from: Data(line))).map { $0.step <= step } ?? false
    }
    try AtomicFile.write(to: evaluations) { (file) throws(RecordError) in
      for line in kept { try file.write(String(decoding: line, as: UTF8.self) + "\n") }
    }
  }
}
