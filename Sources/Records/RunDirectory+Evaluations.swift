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

  /// The reports of all evaluations and their files, by step.
  public func evaluationReports() throws(RecordError) -> [(path: String, report: String)] {
    let names = (try Directory.names(in: evaluationFolder) ?? []).filter { $0.hasSuffix(".json") }.sorted()
    var reports: [(path: String, report: String)] = []
    for name in names {
      let path = "\(evaluationFolder)/\(name)"
      reports.append((path, String(decoding: try OpenFile(path, O_RDONLY).readAll(), as: UTF8.self)))
    }
    return reports
  }

  /// Removes what was evaluated after a step, when a run goes on from there and would meet its former future.
  public func removeEvaluations(after step: Int) throws(RecordError) {
    for name in try Directory.names(in: evaluationFolder) ?? [] {
      if let other = Int(name.dropFirst(5).prefix { $0.isNumber }), other > step {
        try Directory.remove("\(evaluationFolder)/\(name)")
      }
    }
    guard FileManager.default.fileExists(atPath: evaluations) else { return }
    struct Line: Decodable { let step: Int }
    let lines = try OpenFile(evaluations, O_RDONLY).readAll().split(separator: UInt8(ascii: "\n"))
    // A line that was cut short is dropped too.
    let kept = lines.filter { line in
      (try? JSONDecoder().decode(Line.self, from: Data(line))).map { $0.step <= step } ?? false
    }
    try AtomicFile.write(to: evaluations) { (file) throws(RecordError) in
      for line in kept { try file.write(String(decoding: line, as: UTF8.self) + "\n") }
    }
  }
}
