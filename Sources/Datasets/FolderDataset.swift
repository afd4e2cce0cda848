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

  public let notes: [String]

  /// The path of each image's file below the folder.
  public let fileNames: [String]
  let files: [PictureFile]
  /// Where the data set lies, of which this may be a part.
  private let path: String
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
  ///   - skipsUnreadable: Whether files that cannot be read are left out; then every file is decoded once.
  ///   - progress: Called as the files are read.
  /// - Throws: `DatasetError` that names the first file that is damaged, foreign or too small. Where the pictures do
  ///   not fit into memory only their headers are checked.
  public init(
    _ directory: URL, size: Int? = nil, channels: Int? = nil, fit: Fit? = nil, background: RGB? = nil,
    memoryLimit: Int = 2 << 30, skipsUnreadable: Bool = false, progress: ReadingProgress? = nil
  ) throws(DatasetError) {
    try self.init(
      PictureListing(surveying: RawPath(directory)), at: directory, part: "",
      DatasetRequest(
        size: size, channels: channels, fit: fit, background: background, memoryLimit: memoryLimit,
        skipsUnreadable: skipsUnreadable, progress: progress))
  }

  /// - Parameter part: The part of the data set at `url` that is listed; empty where it comes in one.
  init(
    _ listing: PictureListing, at url: URL, part: String, _ request: DatasetRequest
  ) throws(DatasetError) {
    let (size, channels) = (request.size, request.channels)
    try Fitting.check(size: size, channels: channels)
    var pictures = try ReadablePictures(listing, of: url, skipping: request.skipsUnreadable)
    let first = pictures.headers[0]
    if let size {
      if request.fit == nil, let small = pictures.headers.firstIndex(where: { min($0.width, $0.height) < size }) {
        let header = pictures.headers[small]
        throw DatasetError(
          path: pictures.files[small].path,
          problem: "is \(header.width) x \(header.height) pixels, smaller than the size \(size)",
          remedy: "lower the size, remove the picture, or choose the fit pad or resize (--set data.fit=resize)")
      }
    } else if let other = pictures.headers.firstIndex(where: { $0.width != first.width || $0.height != first.height }) {
      throw DatasetError(
        path: pictures.files[other].path,
        problem: "is \(pictures.headers[other].width) x \(pictures.headers[other].height) pixels, "
          + "and \(pictures.files[0].name) \(first.width) x \(first.height)",
        remedy: "give the size that the pictures shall be brought to")
    }
    name = part.isEmpty ? url.lastPathComponent : part
    path = url.path
    height = size ?? first.height
    width = size ?? first.width
    self.channels = channels ?? (pictures.headers.allSatisfy(\.isGrey) ? 1 : 3)
    fitting = Fitting(
      channels: self.channels, size: size, fit: request.fit ?? .pad, background: request.background)
    let imageSize = height * width * self.channels
    let isKept = imageSize <= request.memoryLimit / pictures.files.count
    decoded =
      isKept || request.skipsUnreadable
      ? try pictures.decode(fitting, imageSize: imageSize, isKept: isKept, request.progress) : nil
    (files, labels, classNames) = (pictures.files, pictures.labels, pictures.classNames)
    notes = pictures.notes
    fileNames = files.map(\.name)
  }

  public func read(_ index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) throws(DatasetError) {
    if let decoded {
      _ = pixels.update(fromContentsOf: decoded[index * imageSize..<(index + 1) * imageSize])
      return
    }
    do throws(DatasetError) {
      try files[index].decode(fitting, width: width, height: height, into: pixels)
    } catch {
      throw DatasetError([error], in: path) ?? error
    }
  }
}

extension PictureFile {
  /// Decodes and fits; `width` and `height` are what the picture must have where no size is asked for.
  fileprivate func decode(
    _ fitting: Fitting, width: Int, height: Int, into output: UnsafeMutableBufferPointer<UInt8>
  ) throws(DatasetError) {
    try ImageCodec.withDecoded(try contents(), path: path) { picture, _ throws(DatasetError) in
      guard fitting.size != nil || (picture.width, picture.height) == (width, height) else {
        throw DatasetError(
          path: path, problem: "has changed since the dataset was opened", remedy: "leave the files as they are")
      }
      picture.pixels.withUnsafeBufferPointer {
        fitting.apply($0, width: picture.width, height: picture.height, channels: picture.channels, into: output)
      }
    }
  }
}

/// Pictures of which the headers were read: all of them or, where that is asked for, those that can be.
struct ReadablePictures {
  private(set) var files: [PictureFile]
  private(set) var labels: [Int]?
  let classNames: [String]
  private(set) var headers: [ImageCodec.Header]
  private var skipped: Int
  private let listing: PictureListing
  private let path: String
  private let isSkipping: Bool

  /// - Parameter url: The data set that the files belong to.
  /// - Throws: `DatasetError` where folders are in disorder, no picture is left, or one is unreadable and not skipped.
  init(_ listing: PictureListing, of url: URL, skipping: Bool) throws(DatasetError) {
    if let disorder = DatasetError(listing.disorders) { throw disorder }
    let found = mapInParallel(listing.files.count) { index throws(DatasetError) in
      try ImageCodec.header(of: listing.files[index])
    }
    let problems = listing.unreadable + found.compactMap(\.failure)
    let good = found.indices.filter { found[$0].failure == nil }
    if !problems.isEmpty, !skipping || good.isEmpty { throw DatasetError(problems, in: url.path) ?? problems[0] }
    (self.listing, path, isSkipping, skipped) = (listing, url.path, skipping, problems.count)
    (files, labels, classNames) = (listing.files, listing.labels, listing.classNames)
    headers = found.compactMap { try? $0.get() }
    if good.count < files.count {
      files = good.map { listing.files[$0] }
      labels = listing.labels.map { labels in good.map { labels[$0] } }
    }
  }

  var notes: [String] {
    listing.notes + (skipped > 0 ? ["\(skipped) file\(skipped == 1 ? "" : "s") that cannot be read left out"] : [])
  }

  /// Decodes every picture: into one array where they are kept, else only to find those that cannot be read, which
  /// leave.
  ///
  /// - Throws: `DatasetError` where one is unreadable and not skipped, or none is left.
  mutating func decode(
    _ fitting: Fitting, imageSize: Int, isKept: Bool, _ progress: ReadingProgress?
  ) throws(DatasetError) -> [UInt8]? {
    let (files, first) = (files, headers[0])
    var decoded = [UInt8](repeating: 0, count: isKept ? files.count * imageSize : 0)
    let failures = decoded.withUnsafeMutableBufferPointer { bytes in
      nonisolated(unsafe) let bytes = bytes
      return mapInParallel(files.count, progress: progress) { index throws(DatasetError) in
        func decode(_ output: UnsafeMutableBufferPointer<UInt8>) throws(DatasetError) {
          try files[index].decode(fitting, width: first.width, height: first.height, into: output)
        }
        if isKept {
          try decode(UnsafeMutableBufferPointer(rebasing: bytes[index * imageSize..<(index + 1) * imageSize]))
        } else {
          var image = [UInt8](repeating: 0, count: imageSize)
          try withBytes(of: &image, decode)
        }
      }.map(\.failure)
    }
    let problems = failures.compactMap { $0 }
    let good = failures.indices.filter { failures[$0] == nil }
    if !problems.isEmpty, !isSkipping || good.isEmpty { throw DatasetError(problems, in: path) ?? problems[0] }
    guard good.count < files.count else { return isKept ? decoded : nil }
    skipped += problems.count
    if isKept {
      decoded.withUnsafeMutableBufferPointer { bytes in
        guard let start = bytes.baseAddress else { return }
        for (place, index) in good.enumerated() where place != index {
          (start + place * imageSize).update(from: start + index * imageSize, count: imageSize)
        }
      }
      decoded.removeLast((files.count - good.count) * imageSize)
    }
    self.files = good.map { files[$0] }
    labels = labels.map { labels in good.map { labels[$0] } }
    headers = good.map { headers[$0] }
    return isKept ? decoded : nil
  }
}
