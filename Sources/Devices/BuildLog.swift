import Foundation

/// What a driver's compiler took and said, a line of JSON for each program: for reports about a GPU.
struct BuildLog: Sendable {
  private struct Line: Encodable {
    let file, options: String
    /// The entry of the cache that has the program.
    let kept: String?
    let seconds: Double
    let log: String
  }

  /// The file of `SADDLE_BUILD_LOG`, which grows; nil where none is named.
  static let named = Device.environment("SADDLE_BUILD_LOG").map { BuildLog(path: $0) }

  private let path: String

  /// (A line that cannot be written is not worth a run.)
  func add(_ file: String, _ options: String, kept: String?, seconds: Double, log: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let line = try? encoder.encode(Line(file: file, options: options, kept: kept, seconds: seconds, log: log)),
      let open = fopen(path, "a")
    else { return }
    defer { fclose(open) }
    for bytes in [line, Data([10])] { bytes.withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, open) } }
  }
}
