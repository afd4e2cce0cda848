import Datasets
import Foundation

extension Configuration {
  /// The run's images as training reads them. Whoever needs them, to train, to compare with or to show, opens them
  /// here, so that every setting of `data` counts everywhere.
  ///
  /// - Parameters:
  ///   - part: What is trained on, or what is held out.
  ///   - path: Other images, read in the same way; the run's own where it is nil.
  ///   - progress: Told while files are read.
  /// - Throws: `DatasetError` that names the file or folder at fault; `ConfigurationError` where no images are named.
  public func openData(
    _ part: Split = .train, at path: String? = nil, progress: ReadingProgress? = nil
  ) throws -> any ImageDataset {
    let path = path ?? data.path
    guard !path.isEmpty else {
      throw ConfigurationError.contradiction(
        "there is nothing to train on: give --data a folder of images, or a folder of IDX or CIFAR-10 files "
          + "(tools/datasets makes some)")
    }
    let (shape, background) = (sampleShape, data.background)
    do {
      return try openDataset(
        at: URL(fileURLWithPath: path), split: part, size: shape[0], channels: shape[2], fit: data.fit.fit,
        background: RGB(red: background.red, green: background.green, blue: background.blue),
        skipsUnreadable: data.skipUnreadable, progress: progress)
    } catch {
      var error = error
      if !FileManager.default.fileExists(atPath: URL(fileURLWithPath: path).path) {
        error.remedy +=
          path.hasPrefix("/")
          ? "; say with --data where the images are now"
          : "; \(path) is looked for from the folder that you are in: go to the one where the run was begun, or say with "
            + "--data where the images are now"
      }
      throw error
    }
  }

  /// Images that training does not see: the data's own held-out part, or those at a path; nil where the data have none.
  ///
  /// - Throws: As `openData`, for everything but a part that is not there.
  public func openHeldOut(at path: String? = nil, of data: String? = nil) throws -> (any ImageDataset)? {
    if let path { return try openData(.train, at: path) }
    do {
      return try openData(.heldOut, at: data)
    } catch let error as DatasetError where error.isMissingPart {
      return nil
    }
  }

  /// Whether images mean the same to another configuration, wherever they lie.
  func readsImages(like other: Configuration) -> Bool {
    var (own, others) = (data, other.data)
    (own.path, others.path) = ("", "")
    return own == others && sampleShape == other.sampleShape
  }
}
