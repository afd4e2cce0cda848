import Foundation
import Records

/// What lies at a path, looked at once.
struct DatasetPlace {
  let url: URL
  /// Nil where it is a file.
  let folder: FolderContents?

  /// - Throws: `DatasetError` where there is nothing, or a folder that cannot be listed.
  init(_ url: URL) throws(DatasetError) {
    self.url = url
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { throw Self.missing(url) }
    folder = isFolder.boolValue ? try FolderContents(of: RawPath(url)) : nil
  }

  var fileName: String? { folder == nil ? url.lastPathComponent : nil }

  /// The error for a path that does not exist, with what lies where it should be.
  private static func missing(_ url: URL) -> DatasetError {
    var parent = url.standardizedFileURL.deletingLastPathComponent()
    while parent.path != "/", (try? FolderContents(of: RawPath(parent))) == nil { parent.deleteLastPathComponent() }
    let all = (try? FolderContents(of: RawPath(parent)))?.entries.map(\.name.description) ?? []
    let shown = all.prefix(8).joined(separator: ", ") + (all.count > 8 ? ", ..." : "")
    return DatasetError(
      path: url.path, problem: "there is no such file or folder",
      remedy: "\(parent.path) holds \(all.isEmpty ? "nothing" : shown); "
        + "tools/datasets --help names data sets that can be installed")
  }
}

/// How a data set is to be opened.
struct DatasetRequest: Sendable {
  var size: Int?
  var channels: Int?
  var fit: Fit?
  var background: RGB?
  var memoryLimit = 2 << 30
  var skipsUnreadable = false
  var progress: ReadingProgress?
}

/// A way in which data sets are kept.
struct DatasetFormat: Sendable {
  /// A part of a data set, and how it is read.
  struct Part {
    enum Content {
      case images((DatasetRequest) throws(DatasetError) -> any ImageDataset)
      /// Files of pictures, which can be listed before any is decoded.
      case pictures(() throws(DatasetError) -> PictureListing)
    }

    let split: Split
    /// What the data set calls it.
    let name: String
    let content: Content
  }

  let name: String
  /// What to do where a part is missing.
  let remedy: String
  /// The parts that lie at a place, what stands for a split before others of it; none where it holds no data set of
  /// this format.
  let parts: @Sendable (DatasetPlace) throws(DatasetError) -> [Part]

  /// The rows are asked in this order.
  static let all = [packed, idx, cifar, cifarForPython, styleGANArchive, pictures]

  /// The format of what lies at a place, and its parts.
  ///
  /// - Throws: `DatasetError` where it is none.
  static func found(at place: DatasetPlace) throws(DatasetError) -> (format: DatasetFormat, parts: [Part]) {
    for format in all {
      let parts = try format.parts(place)
      if !parts.isEmpty { return (format, parts) }
    }
    throw unknown(place.url)
  }

  /// The part of a data set.
  ///
  /// - Throws: `DatasetError` where it has none.
  static func part(_ split: Split, at url: URL) throws(DatasetError) -> Part {
    let (format, parts) = try found(at: DatasetPlace(url))
    guard let part = parts.first(where: { $0.split == split }) else {
      throw DatasetError(
        path: url.path,
        problem: split == .heldOut
          ? DatasetError.noHeldOutPart : "has no part to train on, but \(parts.map(\.name).joined(separator: ", "))",
        remedy: format.remedy)
    }
    return part
  }

  /// Where a data set lies that was looked for a folder or two too high.
  static func hint(below folder: RawPath, depth: Int = 2) -> String? {
    guard depth > 0, let contents = try? FolderContents(of: folder) else { return nil }
    for name in contents.folders {
      let path = folder.appending(name)
      guard let text = path.text, let place = try? DatasetPlace(URL(fileURLWithPath: text)) else { continue }
      for format in all where format.name != pictures.name {
        if let parts = try? format.parts(place), !parts.isEmpty { return "\(text) holds \(format.name): give that" }
      }
      if let deeper = hint(below: path, depth: depth - 1) { return deeper }
    }
    return nil
  }

  /// The error for a file that is no data set by itself.
  private static func unknown(_ url: URL) -> DatasetError {
    let remedy =
      switch url.pathExtension.lowercased() {
      case "png", "jpg", "jpeg", "jpe", "jfif": "give the folder that it lies in"
      case "zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z": "unpack it and give the folder"
      default:
        "give a folder of PNG and JPEG files, of IDX files (train-images-idx3-ubyte.gz) or of CIFAR-10's batches, a zip "
          + "with dataset.json, or a file that saddle data pack made"
      }
    return DatasetError(path: url.path, problem: "is a file, not a folder of images", remedy: remedy)
  }
}

// MARK: Rows
extension DatasetFormat {
  private static let packed = DatasetFormat(
    name: "packed files",
    remedy:
      "give a folder that holds it as \(PackedDataset.fileName(of: .train)), and the held-out images, packed with "
      + "--part held-out, as \(PackedDataset.fileName(of: .heldOut))"
  ) { place throws(DatasetError) in
    func part(_ split: Split, _ file: URL) -> Part {
      Part(
        split: split, name: split.rawValue,
        content: .images { request throws(DatasetError) in
          try PackedDataset(
            file, size: request.size, channels: request.channels, fit: request.fit, background: request.background)
        })
    }
    if let folder = place.folder {
      return Split.allCases.filter { folder.isFile(PackedDataset.fileName(of: $0)) }
        .map { part($0, place.url.appending(path: PackedDataset.fileName(of: $0))) }
    }
    guard PackedDataset.isPacked(place.url) else { return [] }
    // Whatever part a file is of, it can be given to be trained on.
    let said = try PackedDataset(place.url).metadata["part"]
    return [part(.train, place.url)] + (said == Split.heldOut.rawValue ? [part(.heldOut, place.url)] : [])
  }

  private static let idx = DatasetFormat(
    name: "IDX files", remedy: "add its files, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte"
  ) { place throws(DatasetError) in
    func part(_ split: Split, _ files: IDXFiles) -> Part {
      Part(
        split: split, name: split.rawValue,
        content: .images { request throws(DatasetError) in
          try ImageArray(idxImages: files.images, labels: files.labels).fitted(request)
        })
    }
    if let folder = place.folder {
      return Split.allCases.compactMap { split in IDXFiles(in: folder, split: split).map { part(split, $0) } }
    }
    guard let name = place.fileName, IDXFiles.isImages(name),
      let folder = try? FolderContents(of: RawPath(place.url.deletingLastPathComponent())),
      let files = IDXFiles(images: name, in: folder)
    else { return [] }
    return [part(.train, files)] + (IDXFiles.isImages(name, of: .heldOut) ? [part(.heldOut, files)] : [])
  }

  private static let cifar = DatasetFormat(
    name: "CIFAR's batches", remedy: "unpack the whole archive there"
  ) { place in
    guard let folder = place.folder else { return [] }
    let names = folder.names
    guard let version = CIFARVersion.all.first(where: { names.contains(where: $0.owns) }) else { return [] }
    return Split.allCases.filter { version.files(of: $0).contains(where: names.contains) }.map { split in
      Part(
        split: split, name: split.rawValue,
        content: .images { request throws(DatasetError) in
          try ImageArray(cifar: place.url, split: split).fitted(request)
        })
    }
  }

  /// Only its name is known, to say which archive is read.
  private static let cifarForPython = DatasetFormat(name: "CIFAR for Python", remedy: "") {
    place throws(DatasetError) in
    guard let folder = place.folder,
      let version = CIFARVersion.all.first(where: { $0.pickles.allSatisfy(folder.isFile) })
    else { return [] }
    throw DatasetError(
      path: place.url.path, problem: "holds the Python version of \(version.name)",
      remedy: "unpack \(version.archive) instead")
  }

  static func isArchive(_ path: String) -> Bool { path.lowercased().hasSuffix(".zip") }

  private static let styleGANArchive = DatasetFormat(
    name: "an archive with dataset.json", remedy: "give the held-out pictures as an archive of their own"
  ) { place throws(DatasetError) in
    guard let name = place.fileName, isArchive(name),
      let archive = try? ZipArchive(readingFrom: place.url.path), archive.names.contains(StyleGANLabels.fileName)
    else { return [] }
    return [
      Part(
        split: .train, name: Split.train.rawValue,
        content: .pictures { () throws(DatasetError) in try PictureListing(of: archive) })
    ]
  }

  private static let pictures = DatasetFormat(
    name: "pictures",
    remedy:
      "saddle data split makes one, or put pictures into a folder \(Split.train.folders[0]), and those that training "
      + "does not see into a folder \(Split.heldOut.folders[0]) beside it"
  ) { place throws(DatasetError) in
    guard let folder = place.folder else { return [] }
    func part(_ split: Split, _ name: String, _ path: RawPath) -> Part {
      Part(split: split, name: name, content: .pictures { PictureListing(surveying: path) })
    }
    guard let parts = try PartFolders(in: folder) else { return [part(.train, "", folder.path)] }
    return parts.folders.map { part($0.split, $0.name.description, folder.path.appending($0.name)) }
  }
}
