import Foundation
import Records

/// Images in one file, decoded and of one size, that are read by mapping: as fast as the disk, and no more of them in
/// memory than there is room for.
///
/// The file is in the safetensors format, which other programs read: `images`, U8 [count][height][width][channels];
/// where there are classes `labels`, I64 [count]; and where the images come from files `names`, U8, their paths with a
/// zero byte after each. Metadata: `class_names`, a JSON array of strings, `part` (train or held-out), how the images
/// were made, and `sha256` of the whole file with these 64 digits as zeros. Only `images` must be there.
///
/// The file must not be cut while it is open; replacing it by another of the same name does no harm.
public struct PackedDataset: ImageDataset {
  public let name: String
  public let count, height, width, channels: Int
  public let labels: [Int]?
  public let classNames: [String]

  /// What the file says about itself.
  public let metadata: [String: String]

  /// The path of the file that each image was made from; empty where the file does not say.
  public let fileNames: [String]

  private let path: String
  private let file: MappedFile
  /// The first byte of the images in the file.
  private let start: Int
  private let digits: Range<Int>?
  private let stored: (height: Int, width: Int, channels: Int)
  /// Nil where images are handed out as they are.
  private let fitting: Fitting?

  /// The suffix says the format, so that other programs know it too.
  static let suffix = ".safetensors"

  /// Every flipped bit is found by it.
  static let seal = SafetensorsHeader.Seal.sha256

  static func isPacked(_ url: URL) -> Bool { url.lastPathComponent.hasSuffix(suffix) }

  /// The file of a part, in a folder of packed parts.
  static func fileName(of split: Split) -> String { split.rawValue + suffix }

  public var decodesWhenRead: Bool { fitting != nil }

  /// The digest that the file was written with, by which a data set can be named; nil for files of other programs.
  public var digest: String? { metadata[Self.seal.key] }

  /// Opens a file that `write` or another program made.
  ///
  /// - Parameters:
  ///   - size: Height and width of the images; nil keeps them. Larger images are averaged down when they are read.
  ///   - channels: 1 or 3; nil keeps them.
  ///   - fit: What is done where the images are smaller than `size`; nil refuses them.
  ///   - background: The colour of borders (nil: black).
  /// - Throws: `DatasetError` where the file is damaged or cut short, or has no images that can be used.
  public init(
    _ url: URL, size: Int? = nil, channels: Int? = nil, fit: Fit? = nil, background: RGB? = nil
  ) throws(DatasetError) {
    try Fitting.check(size: size, channels: channels)
    do throws(FileFault) {
      file = try MappedFile(url.path)
    } catch {
      throw DatasetError(url.path, error)
    }
    guard !file.bytes.isEmpty else {
      throw DatasetError(path: url.path, problem: "is empty", remedy: "pack the data set again")
    }
    let (header, start) = try Self.header(of: file, path: url.path)
    let remedy = "give a file that saddle data pack made, or one with U8 images [count][height][width][1 or 3]"
    guard let images = header["images"] else {
      let names = header.entries.map(\.name).sorted().prefix(3).joined(separator: ", ")
      throw DatasetError(
        path: url.path, problem: "holds no array 'images'" + (names.isEmpty ? "" : ", but \(names)"), remedy: remedy)
    }
    let shape = images.shape
    guard images.type == "U8", shape.count == 4, shape.allSatisfy({ $0 > 0 }), shape[3] == 1 || shape[3] == 3 else {
      throw DatasetError(path: url.path, problem: "its images are \(images.type) \(shape)", remedy: remedy)
    }
    if let size, fit == nil, min(shape[1], shape[2]) < size {
      throw DatasetError(
        path: url.path, problem: "was packed at \(shape[2]) x \(shape[1]) pixels, smaller than the size \(size)",
        remedy: "pack the data set again with --size \(size), or lower the size")
    }
    path = url.path
    name = url.lastPathComponent
    count = shape[0]
    do throws(FileFault) {
      // What is kept of each: its label, its name, and its place in the order of an epoch.
      try FileMemory.allow((header["names"]?.range.count ?? 0) + 64 * shape[0], for: "its \(shape[0]) images and names")
    } catch {
      throw DatasetError(url.path, error)
    }
    stored = (shape[1], shape[2], shape[3])
    (height, width) = (size ?? shape[1], size ?? shape[2])
    self.channels = channels ?? shape[3]
    fitting =
      (height, width, self.channels) == stored
      ? nil : Fitting(channels: self.channels, size: size, fit: fit ?? .pad, background: background)
    metadata = header.metadata
    self.start = start + images.range.lowerBound
    digits = Self.seal.digits(in: file.bytes[8..<start]).map { 8 + $0.lowerBound..<8 + $0.upperBound }
    let names = try Self.classNames(metadata, path: url.path)
    let bytes = { [file] (array: SafetensorsHeader.Entry) in
      UnsafeRawBufferPointer(rebasing: file.bytes[start + array.range.lowerBound..<start + array.range.upperBound])
    }
    labels = try header["labels"].map { array throws(DatasetError) in
      try Self.labels(bytes(array), array, count: shape[0], classes: names?.count, path: url.path)
    }
    classNames = labels.map { names ?? (0...($0.max() ?? 0)).map(String.init) } ?? []
    fileNames =
      header["names"].map { array in
        bytes(array).split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
          String(decoding: $0, as: UTF8.self)
        }
      } ?? []
    guard fileNames.isEmpty || fileNames.count == count else {
      throw DatasetError(
        path: url.path, problem: "holds \(fileNames.count) names for \(count) images",
        remedy: "make it again with saddle data pack")
    }
  }

  public func willRead(_ indices: [Int]) {
    for index in indices { file.willRead(range(of: index)) }
  }

  public func read(_ index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) {
    let image = UnsafeRawBufferPointer(rebasing: file.bytes[range(of: index)]).bindMemory(to: UInt8.self)
    guard let fitting else {
      _ = pixels.update(fromContentsOf: image)
      return
    }
    fitting.apply(image, width: stored.width, height: stored.height, channels: stored.channels, into: pixels)
  }

  /// Reads the whole file and compares it with the digest that it was written with; does nothing where it has none.
  ///
  /// - Throws: `DatasetError` where any byte has changed.
  public func verify() throws(DatasetError) {
    guard let digits, let digest else { return }
    var hash = SHA256()
    let bytes = file.bytes
    hash.add(UnsafeRawBufferPointer(rebasing: bytes[..<digits.lowerBound]))
    hash.add(repeatElement(UInt8(ascii: "0"), count: digits.count))
    for start in stride(from: digits.upperBound, to: bytes.count, by: 1 << 24) {
      let range = start..<min(start + 1 << 24, bytes.count)
      file.willRead(range)
      hash.add(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
    guard hash.digest.description == digest else {
      throw DatasetError(
        path: path, problem: "has changed since it was written: its SHA-256 is \(hash.digest), not \(digest)",
        remedy: "make it again with saddle data pack")
    }
  }

  private func range(of index: Int) -> Range<Int> {
    precondition((0..<count).contains(index), "image \(index) of \(count)")
    let size = stored.height * stored.width * stored.channels
    return start + index * size..<start + (index + 1) * size
  }

  /// The header, with arrays of which the places make sense, and where they begin in the file.
  private static func header(
    of file: MappedFile, path: String
  ) throws(DatasetError) -> (header: SafetensorsHeader, start: Int) {
    do throws(SafetensorsFault) {
      let place = try SafetensorsHeader.place(in: file.bytes)
      let header = try SafetensorsHeader(json: file.bytes[place])
      try header.check(fileSize: file.bytes.count, start: place.upperBound)
      // What has another type is named with the one that is wanted.
      for entry in header.entries where ["U8", "I64"].contains(entry.type) { _ = try entry.checkedType() }
      return (header, place.upperBound)
    } catch {
      throw DatasetError(
        path: path, problem: "cannot be read: \(error)", remedy: "make it again with saddle data pack")
    }
  }

  private static func classNames(_ metadata: [String: String], path: String) throws(DatasetError) -> [String]? {
    guard let text = metadata["class_names"] else { return nil }
    guard let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
      throw DatasetError(
        path: path, problem: "its class_names are no JSON array of strings",
        remedy: "make it again with saddle data pack")
    }
    return names
  }

  private static func labels(
    _ bytes: UnsafeRawBufferPointer, _ array: SafetensorsHeader.Entry, count: Int, classes: Int?, path: String
  ) throws(DatasetError) -> [Int] {
    guard array.type == "I64", array.shape == [count] else {
      throw DatasetError(
        path: path, problem: "its labels are \(array.type) \(array.shape), and its images \(count)",
        remedy: "give labels as I64 [\(count)]")
    }
    let labels = (0..<count).map {
      Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)))
    }
    if let wrong = labels.firstIndex(where: { $0 < 0 || $0 >= classes ?? 1 << 16 }) {
      throw DatasetError(
        path: path, problem: "image \(wrong) has the label \(labels[wrong]) of \(classes ?? 1 << 16) classes",
        remedy: "labels count the classes from 0")
    }
    return labels
  }
}
