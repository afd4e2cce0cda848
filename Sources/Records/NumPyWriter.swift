import Glibc

/// Writes an array of bytes in NumPy's format piece by piece, so that it may be larger than the memory. It appears at
/// its place with `finish`, whole; a writer that goes away before leaves nothing.
public final class NumPyWriter {
  private let path: String
  private var draft: DraftFile
  private var missing: Int

  /// Opens an array of bytes for writing.
  ///
  /// - Throws: `RecordError` where the file cannot be made.
  public init(_ path: String, shape: [Int]) throws(RecordError) {
    self.path = path
    missing = shape.reduce(1, *)
    draft = try DraftFile(for: path)
    try draft.file.write(NumPyArray.header(shape, .uint8))
  }

  /// Adds the next elements, in row-major order.
  public func add(_ values: [UInt8]) throws(RecordError) {
    missing -= values.count
    try draft.file.write(values)
  }

  /// Waits for the disk and puts the array in its place.
  ///
  /// - Precondition: As many elements were added as the shape has.
  public func finish() throws(RecordError) {
    precondition(missing == 0, "\(path) lacks \(missing) elements")
    try draft.finish()
  }
}
