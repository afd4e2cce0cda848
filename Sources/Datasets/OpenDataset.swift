import Foundation

/// The part of a data set that is read.
public enum Split: String, CaseIterable, Codable, Sendable {
  case train
  /// What is kept away from training: t10k of MNIST, test_batch of CIFAR, a folder held-out, test, val or valid.
  case heldOut = "held-out"
}

/// Opens the data set at `url`, whatever its kind: IDX files of MNIST and its like (a folder of them, or one file of
/// images), the binary version of CIFAR-10 or CIFAR-100, a packed file (or a folder of train.safetensors and
/// held-out.safetensors), a folder of PNG and JPEG files, or an archive of them with the dataset.json of StyleGAN's
/// tools.
///
/// - Parameters:
///   - split: Which part, where the data set comes in parts.
///   - size: Height and width of the images; nil keeps them.
///   - channels: 1 or 3; nil keeps them, and pictures have 3 unless every file is grey.
///   - fit: What is done with images smaller than `size`; nil pads IDX and CIFAR, and refuses small pictures and packed
///     files.
///   - background: The colour under transparent pixels (nil: white); IDX and CIFAR images are padded with black.
///   - memoryLimit: The bytes that decoded or fitted images may take; above it that is done when they are read.
///   - skipsUnreadable: Whether pictures that cannot be read are left out, which a note of the data set tells.
///   - progress: Called as files are read.
/// - Throws: `DatasetError` that names the file or folder at fault.
public func openDataset(
  at url: URL, split: Split = .train, size: Int? = nil, channels: Int? = nil, fit: Fit? = nil,
  background: RGB? = nil, memoryLimit: Int = 2 << 30, skipsUnreadable: Bool = false, progress: ReadingProgress? = nil
) throws(DatasetError) -> any ImageDataset {
  try Fitting.check(size: size, channels: channels)
  let request = DatasetRequest(
    size: size, channels: channels, fit: fit, background: background, memoryLimit: memoryLimit,
    skipsUnreadable: skipsUnreadable, progress: progress)
  let part = try DatasetFormat.part(split, at: url)
  switch part.content {
  case .images(let open): return try open(request)
  case .pictures(let list): return try FolderDataset(try list(), at: url, part: part.name, request)
  }
}
