import Records

/// Images held in memory as one array of bytes.
public struct ImageArray: ImageDataset {
  public let name: String
  public let count, height, width, channels: Int

  /// [count][height][width][channels].
  public let pixels: [UInt8]
  public let labels: [Int]?
  public let classNames: [String]

  /// The most classes that labels without names can count.
  static let classLimit = 1 << 16

  /// Takes [count][height][width][channels] bytes. Classes without names are called by their numbers.
  ///
  /// - Throws: `DatasetError` where the pixels are no whole number of images, or the labels do not fit them.
  public init(
    name: String, height: Int, width: Int, channels: Int, pixels: [UInt8], labels: [Int]? = nil,
    classNames: [String] = []
  ) throws(DatasetError) {
    let imageSize = height * width * channels
    guard height > 0, width > 0, channels == 1 || channels == 3 else {
      throw DatasetError(
        path: name, problem: "its images would be \(height) x \(width) with \(channels) channels",
        remedy: "images have at least one pixel, and 1 or 3 channels")
    }
    guard !pixels.isEmpty, pixels.count % imageSize == 0 else {
      throw DatasetError(
        path: name, problem: "\(pixels.count) bytes are no whole number of images of \(imageSize) bytes",
        remedy: "check the height, the width and the channels")
    }
    let count = pixels.count / imageSize
    if let labels, labels.count != count {
      throw DatasetError(
        path: name, problem: "there are \(count) images but \(labels.count) labels",
        remedy: "give the labels that belong to these images")
    }
    let classCount = (labels?.max() ?? -1) + 1
    let limit = classNames.isEmpty ? Self.classLimit : classNames.count
    if let wrong = labels?.first(where: { $0 < 0 || $0 >= limit }) {
      throw DatasetError(
        path: name, problem: "the label \(wrong) has no class", remedy: "labels count the classes from 0")
    }
    self.name = name
    (self.count, self.height, self.width, self.channels) = (count, height, width, channels)
    self.pixels = pixels
    self.labels = labels
    self.classNames = labels == nil ? [] : classNames.isEmpty ? (0..<classCount).map(String.init) : classNames
  }

  public func read(_ index: Int, into output: UnsafeMutableBufferPointer<UInt8>) {
    _ = output.update(fromContentsOf: pixels[index * imageSize..<(index + 1) * imageSize])
  }

  /// These images cropped to their central square and brought to `size` x `size`, with `channels` channels (nil keeps
  /// either): larger images are averaged, smaller ones get a border of `background`, or are enlarged where asked.
  ///
  /// - Throws: `DatasetError` for a size outside 1...4096 or channels other than 1 and 3, and where all of them would
  ///   take more memory than one file may.
  public func fitted(
    size: Int?, channels: Int? = nil, fit: Fit = .pad, background: RGB = .black
  ) throws(DatasetError) -> ImageArray {
    try Fitting.check(size: size, channels: channels)
    let fitting = Fitting(channels: channels ?? self.channels, size: size, fit: fit, background: background)
    let (height, width) = (size ?? self.height, size ?? self.width)
    let fittedSize = height * width * fitting.channels
    guard (height, width, fitting.channels) != (self.height, self.width, self.channels) else { return self }
    do throws(FileFault) {
      try FileMemory.allow(count * fittedSize, for: "\(count) images of \(width) x \(height) pixels")
    } catch {
      throw DatasetError(name, error)
    }
    var output = [UInt8](repeating: 0, count: count * fittedSize)
    try withBytes(of: &output) { output throws(DatasetError) in
      pixels.withUnsafeBufferPointer { input in
        for index in 0..<count {
          fitting.apply(
            UnsafeBufferPointer(rebasing: input[index * imageSize..<(index + 1) * imageSize]),
            width: self.width, height: self.height, channels: self.channels,
            into: UnsafeMutableBufferPointer(rebasing: output[index * fittedSize..<(index + 1) * fittedSize]))
        }
      }
    }
    return try ImageArray(
      name: name, height: height, width: width, channels: fitting.channels, pixels: output, labels: labels,
      classNames: classNames)
  }
}

extension ImageArray {
  /// These images as they are asked for: fitted at once where that takes little, and else whenever they are read.
  func fitted(_ request: DatasetRequest) throws(DatasetError) -> any ImageDataset {
    let channels = request.channels ?? self.channels
    let fittedSize = (request.size ?? height) * (request.size ?? width) * channels
    guard fittedSize != imageSize, fittedSize > min(request.memoryLimit, Self.eagerLimit) / count else {
      return try fitted(size: request.size, channels: channels, fit: request.fit ?? .pad)
    }
    return FittedImages(
      base: self,
      fitting: Fitting(channels: channels, size: request.size, fit: request.fit ?? .pad, background: .black))
  }

  /// Bytes: MNIST at 64 x 64 in colour is above it, CIFAR-10 in colour at 64 x 64 too.
  private static let eagerLimit = 1 << 29
}

/// Images that are brought to a size whenever they are read.
struct FittedImages: ImageDataset {
  let base: ImageArray
  let fitting: Fitting

  var name: String { base.name }
  var count: Int { base.count }
  var height: Int { fitting.size ?? base.height }
  var width: Int { fitting.size ?? base.width }
  var channels: Int { fitting.channels }
  var labels: [Int]? { base.labels }
  var classNames: [String] { base.classNames }
  var decodesWhenRead: Bool { true }

  func read(_ index: Int, into output: UnsafeMutableBufferPointer<UInt8>) {
    base.pixels.withUnsafeBufferPointer { pixels in
      fitting.apply(
        UnsafeBufferPointer(rebasing: pixels[index * base.imageSize..<(index + 1) * base.imageSize]), width: base.width,
        height: base.height, channels: base.channels, into: output)
    }
  }
}
