import Foundation

/// The part of a data set that is read.
public enum Split: String, CaseIterable, Codable, Sendable {
  case train
  /// What is kept away from training: t10k of MNIST, test_batch of CIFAR, a folder held-out, test, val or validation.
  case heldOut = "held-out"

  var folders: [String] {
    self == .train ? ["train"] : ["held-out", "test", "val", "validation"]
  }

  /// The names that the folders of parts have.
  static let folders = Set(allCases.flatMap(\.folders))
}

/// Opens the data set at `url`, whatever its kind: IDX files of MNIST and its like (a folder of them, or one file of
/// images), the binary version of CIFAR-10 or CIFAR-100, a packed file (or a folder of train.safetensors and
/// held-out.safetensors), or a folder of PNG and JPEG files.
///
/// - Parameters:
///   - split: Which part, where the data set comes in parts.
///   - size: Height and width of the images; nil keeps them.
///   - channels: 1 or 3; nil keeps them, and a folder has 3 unless every file is grey.
///   - fit: What is done with images smaller than `size`; nil pads IDX and CIFAR, and refuses small pictures of
///     folders and packed files.
///   - background: The colour under transparent pixels (nil: white); IDX and CIFAR images are padded with black.
///   - memoryLimit: The bytes that the decoded pictures of a folder may take; above it they are decoded when read.
///   - progress: Called as the files of a folder are read.
/// - Throws: `DatasetError` that names the file or folder at fault.
public func openDataset(
  at url: URL, split: Split = .train, size: Int? = nil, channels: Int? = nil, fit: Fit? = nil,
  background: RGB? = nil, memoryLimit: Int = 2 << 30, progress: ReadingProgress? = nil
) throws(DatasetError) -> any ImageDataset {
  try Fitting.check(size: size, channels: channels)
  func fitted(_ images: ImageArray) throws(DatasetError) -> ImageArray {
    try images.fitted(size: size, channels: channels, fit: fit ?? .pad, background: .black)
  }

  guard FileManager.default.fileExists(atPath: url.path) else { throw missing(url) }
  func packed(_ file: URL) throws(DatasetError) -> PackedDataset {
    try PackedDataset(file, size: size, channels: channels, fit: fit, background: background)
  }
  guard FolderListing.isDirectory(url) else {
    if PackedDataset.isPacked(url) {
      let dataset = try packed(url)
      guard split == .train || dataset.metadata["part"] == split.rawValue else {
        throw DatasetError(
          path: url.path, problem: DatasetError.noHeldOutPart,
          remedy:
            "give a folder that holds it as \(PackedDataset.fileName(of: .train)), and the held-out images, packed "
            + "with --part held-out, as \(PackedDataset.fileName(of: .heldOut))")
      }
      return dataset
    }
    guard IDXFiles.isImages(url.lastPathComponent) else { throw notADataset(url) }
    guard split == .train else {
      throw DatasetError(
        path: url.path, problem: DatasetError.noHeldOutPart, remedy: "give the folder that holds both parts' files")
    }
    let files = IDXFiles(images: url)
    return try fitted(ImageArray(idxImages: files.images, labels: files.labels))
  }

  let names = try FolderListing.names(in: url)
  if let files = IDXFiles(in: url, names: names, split: split) {
    return try fitted(ImageArray(idxImages: files.images, labels: files.labels))
  }
  if names.contains(PackedDataset.fileName(of: split)) {
    return try packed(url.appending(path: PackedDataset.fileName(of: split)))
  }
  if names.contains(where: { name in CIFARVersion.all.contains { $0.owns(name) } }) {
    return try fitted(ImageArray(cifar: url, split: split))
  }
  if names.contains("data_batch_1") {
    throw DatasetError(
      path: url.path, problem: "holds the Python version of CIFAR-10", remedy: "unpack cifar-10-binary.tar.gz instead")
  }
  return try FolderDataset(
    try folder(of: split, in: url, names: names), size: size, channels: channels, fit: fit, background: background,
    memoryLimit: memoryLimit, progress: progress)
}

/// The sub-folder of the split where a folder comes in parts, else the folder itself.
func folder(of split: Split, in url: URL, names: [String]) throws(DatasetError) -> URL {
  guard split == .heldOut || Split.areParts(names, of: url) else { return url }
  guard let name = split.folders.first(where: names.contains) else {
    throw DatasetError(
      path: url.path, problem: DatasetError.noHeldOutPart,
      remedy: "saddle data split makes one, or put pictures that training does not see into a folder "
        + "\(split.folders[0]) beside one called train")
  }
  return url.appending(path: name)
}

extension Split {
  /// The parts that a folder holds as files of many images; none where it is a folder of pictures.
  static func ofFiles(_ names: [String], in url: URL) -> [Split] {
    allCases.filter { split in
      IDXFiles(in: url, names: names, split: split) != nil || names.contains(PackedDataset.fileName(of: split))
        || CIFARVersion.all.contains { version in
          (split == .train ? version.train : version.test).contains(where: names.contains)
        }
    }
  }

  /// Whether the folders of these names are the parts of a data set. A folder train beside others that are no parts is
  /// a class: trains among planes and ships.
  static func areParts(_ names: [String], of url: URL) -> Bool {
    names.contains("train")
      && names.allSatisfy { folders.contains($0) || !FolderListing.isDirectory(url.appending(path: $0)) }
  }
}

/// The error for a path that does not exist, with what lies where it should be.
private func missing(_ url: URL) -> DatasetError {
  var parent = url.standardizedFileURL.deletingLastPathComponent()
  while parent.path != "/" && !FolderListing.isDirectory(parent) { parent.deleteLastPathComponent() }
  let all = (try? FolderListing.names(in: parent)) ?? []
  let shown = all.prefix(8).joined(separator: ", ") + (all.count > 8 ? ", ..." : "")
  return DatasetError(
    path: url.path, problem: "there is no such file or folder",
    remedy: "\(parent.path) holds \(all.isEmpty ? "nothing" : shown); "
      + "tools/datasets --help names data sets that can be installed")
}

/// The error for a file that is no data set by itself.
private func notADataset(_ url: URL) -> DatasetError {
  let remedy =
    switch url.pathExtension.lowercased() {
    case "png", "jpg", "jpeg": "give the folder that it lies in"
    case "zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z": "unpack it and give the folder"
    default:
      "give a folder of PNG and JPEG files, of IDX files (train-images-idx3-ubyte.gz) or of CIFAR-10's batches, or a "
        + "file that saddle data pack made"
    }
  return DatasetError(path: url.path, problem: "is a file, not a folder of images", remedy: remedy)
}
