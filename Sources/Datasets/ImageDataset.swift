/// Images of one size with, perhaps, a class each.
public protocol ImageDataset: Sendable {
  /// The name of the folder or file that the images come from.
  var name: String { get }

  var count: Int { get }
  var height: Int { get }
  var width: Int { get }

  /// 1 (grey) or 3 (red, green, blue).
  var channels: Int { get }

  /// The class of each image, from 0 up to `classNames.count`, or nil where the images have none.
  var labels: [Int]? { get }

  /// The names of the classes; empty where `labels` is nil.
  var classNames: [String] { get }

  /// What was taken in another way than one might think, such as files that were passed over, a line each.
  var notes: [String] { get }

  /// Whether `read` opens a file, so that reading a batch is worth several threads.
  var decodesWhenRead: Bool { get }

  /// Says which images will be read next, so that what lies on a disk is fetched in one go. Nothing depends on it.
  func willRead(_ indices: [Int])

  /// Writes image `index` as [height][width][channels] bytes; `pixels` holds exactly that many.
  ///
  /// - Throws: `DatasetError` where the image's file has gone or changed since the dataset was opened.
  func read(_ index: Int, into pixels: UnsafeMutableBufferPointer<UInt8>) throws(DatasetError)
}

extension ImageDataset {
  public var notes: [String] { [] }
  public var decodesWhenRead: Bool { false }

  public func willRead(_ indices: [Int]) {}

  /// The bytes of one image.
  public var imageSize: Int { height * width * channels }

  /// The images at `indices`, one after another: [indices.count][height][width][channels] bytes. Images for which
  /// `flipped` is true are mirrored left to right.
  public func read(_ indices: [Int], flipped: [Bool] = []) throws(DatasetError) -> [UInt8] {
    precondition(flipped.isEmpty || flipped.count == indices.count, "one flip for each image")
    willRead(indices)
    var pixels = [UInt8](repeating: 0, count: indices.count * imageSize)
    try withBytes(of: &pixels) { bytes throws(DatasetError) in
      nonisolated(unsafe) let bytes = bytes
      let readOne = { @Sendable (slot: Int) throws(DatasetError) in
        let image = UnsafeMutableBufferPointer(rebasing: bytes[slot * imageSize..<(slot + 1) * imageSize])
        try read(indices[slot], into: image)
        if !flipped.isEmpty && flipped[slot] { mirror(image, width: width, channels: channels) }
      }
      if decodesWhenRead {
        try forEachInParallel(indices.count, readOne)
      } else {
        for slot in indices.indices { try readOne(slot) }
      }
    }
    return pixels
  }
}

/// Lends the storage of an array, with typed errors.
func withBytes(
  of array: inout [UInt8], _ body: (UnsafeMutableBufferPointer<UInt8>) throws(DatasetError) -> Void
) throws(DatasetError) {
  let result = array.withUnsafeMutableBufferPointer { bytes in
    Result { () throws(DatasetError) in try body(bytes) }
  }
  try result.get()
}

/// Mirrors [height][width][channels] bytes left to right in place.
func mirror(_ pixels: UnsafeMutableBufferPointer<UInt8>, width: Int, channels: Int) {
  for row in stride(from: 0, to: pixels.count, by: width * channels) {
    for x in 0..<width / 2 {
      for c in 0..<channels { pixels.swapAt(row + x * channels + c, row + (width - 1 - x) * channels + c) }
    }
  }
}
