import Foundation

extension CocoaError {
  /// The `errno` behind an error of Foundation, whose own words ("NSCocoaErrorDomain error 256") are not for people.
  package var systemCode: Int32? { (underlying as? POSIXError)?.code.rawValue ?? Self.codes[code] }

  private static let codes: [CocoaError.Code: Int32] = [
    .fileNoSuchFile: ENOENT, .fileReadNoSuchFile: ENOENT, .fileReadNoPermission: EACCES,
    .fileWriteNoPermission: EACCES, .fileWriteOutOfSpace: ENOSPC, .fileWriteVolumeReadOnly: EROFS,
    .fileWriteFileExists: EEXIST,
  ]
}
