import Datasets
import Features
import Records

// Data sets as what extractors take, and what tells one from another.

extension ImageDataset {
  /// Some images in their order.
  ///
  /// - Throws: `DatasetError` where an image's file has gone or changed.
  public func bytes(_ range: Range<Int>) throws(DatasetError) -> ImageBytes {
    ImageBytes(try read(Array(range)), count: range.count, height: height, width: width, channels: channels)
  }

  /// The SHA-256 of all images' decoded bytes, [count][height][width][channels] in their order: numbers by differently
  /// decoded or resized files must not be compared.
  ///
  /// - Throws: `DatasetError` where an image's file has gone or changed.
  public func sha256() throws(DatasetError) -> String {
    var hash = SHA256()
    for start in stride(from: 0, to: count, by: 1000) {
      hash.add(try read(Array(start..<min(start + 1000, count))))
    }
    return hash.digest.description
  }

  /// Small pictures of all images, as `ImageBytes.thumbnails`.
  ///
  /// - Throws: `DatasetError` where an image's file has gone or changed.
  public func thumbnails() throws(DatasetError) -> Features {
    var (values, width): ([Float], Int) = ([], 0)
    for start in stride(from: 0, to: count, by: 1000) {
      let part = try bytes(start..<min(start + 1000, count)).thumbnails
      values += part.values
      width = part.width
    }
    return Features(count: count, width: width, values: values)
  }

  /// As many of the images, spread evenly over their order and so over their classes; all where there are no more.
  ///
  /// - Throws: `DatasetError` where it would have none.
  public func spread(_ count: Int) throws(DatasetError) -> any ImageDataset {
    guard count < self.count else { return self }
    // The same places whatever the machine: whole numbers only.
    return try DatasetPart(self, (0..<count).map { $0 * self.count / count }, called: "chosen")
  }
}
