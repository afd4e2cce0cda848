import Foundation
import Saddle

/// What the kernel bench found on a device: what `--json` writes and `--compare` reads.
public struct KernelReport: Codable, Sendable, Equatable {
  /// One row's measurement.
  public struct Row: Codable, Sendable, Equatable {
    public let name: String
    public let family: KernelRow.Family
    /// Seconds of one run, the median.
    public let seconds: Double
    /// Runs that were timed.
    public let runs: Int
    public let flops: Int
    public let bytes: Int
    /// The best that was measured just before and just after the row's family.
    public internal(set) var roofline: Roofline

    /// The least time by the roofline over the row's time: 1 is as fast as the device can be.
    public var share: Double { roofline.seconds(flops: flops, bytes: bytes) / seconds }

    /// One line.
    public func json() throws -> String { try encoded() }
  }

  /// A row that the device cannot hold.
  public struct Skipped: Codable, Sendable, Equatable {
    public let name: String
    public let reason: String
  }

  /// Changes when the meaning of a field does.
  public private(set) var format = 1
  public let device: String
  /// The best of all measurements, and the worst.
  public internal(set) var roofline: Roofline
  public internal(set) var lowestRoofline: Roofline
  public internal(set) var rows: [Row] = []
  public internal(set) var skipped: [Skipped] = []

  init(device: String, roofline: Roofline) {
    (self.device, self.roofline, lowestRoofline) = (device, roofline, roofline)
  }

  // MARK: Files

  public func json() throws -> String { try encoded(.prettyPrinted) }

  /// Reads what `json` wrote.
  ///
  /// - Throws: `BenchError`.
  public init(readingFrom path: String) throws {
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      self = try decoder.decode(KernelReport.self, from: Data(OpenFile.bytes(of: path)))
    } catch is DecodingError {
      throw BenchError.badReport(path: path, reason: "it is no report of `saddle bench kernels --json`")
    } catch let error as RecordError {
      throw BenchError.unreadable(path: path, error)
    }
    guard format == 1 else {
      throw BenchError.badReport(path: path, reason: "its format is number \(format), this program reads number 1")
    }
  }
}

/// What can be wrong with a request to measure. Each case gives one message: what, where, and what to do.
public enum BenchError: Error, CustomStringConvertible {
  case badReport(path: String, reason: String)
  case unreadable(path: String, RecordError)
  case noRow(filters: [String])
  case notWritable(path: String)

  public var description: String {
    switch self {
    case .badReport(let path, let reason):
      "\(path) cannot be compared with: \(reason). Write one with: saddle bench kernels --json \(path.shellWord)"
    case .unreadable(let path, let error):
      "\(error) A report is written by: saddle bench kernels --json \(path.shellWord)"
    case .noRow(let filters):
      "no row holds the words of \(filters.map { "'\($0)'" }.joined(separator: " or of ")). "
        + "`saddle bench kernels --list` shows all rows."
    case .notWritable(let path):
      "--json \(path): no file can be written there. Choose a path in a folder that exists and that you may write to."
    }
  }
}
