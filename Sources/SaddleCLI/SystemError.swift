import Foundation
import Saddle

/// Errors of the system's libraries in words of our own: what happened, where, and what to do.
enum SystemError {
  /// The same error, or, where it is one of Foundation, one that reads well.
  static func plain(_ error: any Error) -> any Error {
    switch error {
    case let error as DecodingError: return Failure(description: "what was read is damaged: \(place(of: error)).")
    case let error as EncodingError:
      if case .invalidValue(let value, _) = error { return Failure(description: "\(value) cannot be written as JSON.") }
      return error
    case let error as CocoaError: return plain(error)
    case let error as POSIXError:
      return Failure(description: "the system says: \(String(cString: strerror(error.code.rawValue))).")
    default: return error
    }
  }

  private static func plain(_ error: CocoaError) -> any Error {
    let path = error.filePath ?? error.url?.path ?? "a file"
    let isWriting = (512..<1024).contains(error.code.rawValue)
    guard let code = error.systemCode else {
      return Failure(description: "\(path): \(error.localizedDescription)")
    }
    return RecordError.system(path: path, action: isWriting ? "written" : "read", code: code)
  }

  private static func place(of error: DecodingError) -> String {
    let context: DecodingError.Context
    switch error {
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
      .dataCorrupted(let found):
      context = found
    @unknown default: return "it is not what this program writes"
    }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return (path.isEmpty ? "" : "at \(path): ") + context.debugDescription
  }

  private struct Failure: Error, CustomStringConvertible { let description: String }
}
