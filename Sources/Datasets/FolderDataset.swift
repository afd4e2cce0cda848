import Foundation

/// A folder of PNG and JPEG files of any size and colour type; its sub-folders are classes.
///
/// Each picture is laid over the background where it is transparent, cropped to its central square and averaged down
/// to the size. Pictures are decoded once, when the folder is opened, where the result fits into memory, and else
/// whenever they are read.
public struct FolderDataset: ImageDataset {
  public let name: String
  public let height, width, channels: Int
  public let labels: [Int]?
  public let classNames: [String]

  /// The file of each image.
  public let files: [URL]

  /// The path of each image's file below the folder.
  public let fileNames: [String]
  private let fitting: Fitting
  private let decoded: [UInt8]?

  public var count: Int { files.count }
  public var decodesWhenRead: Bool { decoded == nil }

  /// Opens a folder.
  ///
  /// - Parameters:
  ///   - size: Height and width of the images; nil keeps them as they are, and then all must be of one size.
  ///   - channels: 1 or 3; nil is 3, or 1 where every file is grey.
  ///   - fit: What is done with pictures smaller than `size`; nil refuses them.
  ///   - background: The colour under transparent pixels (nil: white) and around padded pictures (nil: black).
  ///   - memoryLimit: The bytes that decoded pictures may take; above it they are decoded when read.
  ///   - progress: Called as the files are read.
  /// - Throws: `DatasetError` that names the first file that is damaged, foreign or too small. Where the pictures do
  ///   not fit into memory only their headers are checked.
  public init(
    _ directory: URL, size: Int? = nil, channels: Int? = nil, fit: Fit? = nil, background: RGB? = nil,
    memoryLimit: Int = 2 << 30, progress: ReadingProgress? = nil
  ) throws(DatasetError) {
    try Fitting.check(size: size, channels: channels)
    let listing = try FolderListing(of: directory)
    let headers = try Self.headers(of: listing.files)
    let first = headers[0]
    if let size {
      if fit == nil, let small = headers.firstIndex(where: { min($0.width, $0.height) < size }) {
        let header = headers[small]
        throw DatasetError(
          path: listing.files[small].path,
          problem: "is \(header.width) x \(header.height) pixels, smaller than the size \(size)",
          remedy: "lower the size, remove the picture, or choose the fit pad or resize (--set data.fit=resize)")
      }
    } else if let other = headers.firstIndex(where: { $0.width != first.width || $0.height != first.height }) {
      throw DatasetError(
        path: listing.files[other].path,
        problem: "is \(headers[other].width) x \(headers[other].height) pixels, "
          + "and \(listing.files[0].lastPathComponent) \(first.width) x \(first.height)",
        remedy: "give the size that the pictures shall be brought to")
    }
    name = directory.lastPathComponent
    files = listing.files
    fileNames = files.map { FolderListing.path(of: $0, below: directory) }
    labels = listing.labels
    classNames = listing.classNames
    height = size ?? first.height
    width = size ?? first.width
    self.channels = channels ?? (headers.allSatisfy(\.isGrey) ? 1 : 3)
    fitting = Fitting(channels: self.channels, size: size, fit: fit ?? .pad, background: background)
    let imageSize = height * width * self.channels
    guard imageSize <= memoryLimit / files.count else {
      decoded = nil
      return
    }
    decoded = try Self.decode(files, fitting, imageSize: imageSize, header: first, progress: progress)
  }

  public func read(_ index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) throws(DatasetError) {
    if let decoded {
      _ = pixels.update(fromContentsOf: decoded[index * imageSize..<(index + 1) * imageSize])
    } else {
      try Self.decode(files[index], fitting, width: width, height: height, into: pixels)
    }
  }

  static func headers(of files: [URL]) throws(DatasetError) -> [ImageCodec.Header] {
    var headers = [ImageCodec.Header](
      repeating: .init(width: 0, height: 0, isGrey: false, hasAlpha: false), count: files.count)
    let result = headers.withUnsafeMutableBufferPointer { headers in
      nonisolated(unsafe) let headers = headers
      return Result { () throws(DatasetError) in
        try forEachInParallel(files.count) { index throws(DatasetError) in
          headers[index] = try ImageCodec.header(of: files[index])
        }
      }
    }
    try result.get()
    return headers
  }

  private static func decode(
    _ files: [URL], _ fitting: Fitting, imageSize: Int, header: ImageCodec.Header, progress: ReadingProgress?
  ) throws(DatasetError) -> [UInt8] {
    var decoded = [UInt8](repeating: 0, count: files.count * imageSize)
    try withBytes(of: &decoded) { bytes throws(DatasetError) in
      nonisolated(unsafe) let bytes = bytes
      try forEachInParallel(files.count, progress: progress) { index throws(DatasetError) in
        let image = UnsafeMutableBufferPointer(rebasing: bytes[index * imageSize..<(index + 1) * imageSize])
        try decode(files[index], fitting, width: header.width, height: header.height, into: image)
      }
    }
    return decoded
  }

  /// Decodes one file; `width` and `height` are what it must have where no size is asked for.
  private static func decode(
    _ file: URL, _ fitting: Fitting, width: Int, height: Int, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(DatasetError) {
    let picture = try ImageCodec.decode(file)
    guard fitting.size != nil || (picture.width, picture.height) == (width, height) else {
      throw DatasetError(
        path: file.path, problem: "has changed since the dataset was opened", remedy: "leave the files as they are")
    }
    picture.pixels.withUnsafeBufferPointer {
      fitting.apply($0, width: picture.width, height: picture.height, channels: picture.channels, into: output)
    }
  }
}
