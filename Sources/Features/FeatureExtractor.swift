import Networks

/// Images as they are stored: bytes [count][height][width][channels], 1 or 3 channels.
public struct ImageBytes: Sendable {
  public let bytes: [UInt8]
  public let count: Int
  public let height: Int
  public let width: Int
  public let channels: Int

  /// - Precondition: as many bytes as the sizes say.
  public init(_ bytes: [UInt8], count: Int, height: Int, width: Int, channels: Int) {
    precondition(bytes.count == count * height * width * channels, "\(bytes.count) bytes for \(count) images")
    self.bytes = bytes
    (self.count, self.height, self.width, self.channels) = (count, height, width, channels)
  }

  /// Some of the images.
  public func part(_ range: Range<Int>) -> ImageBytes {
    let size = height * width * channels
    return ImageBytes(
      Array(bytes[range.lowerBound * size..<range.upperBound * size]), count: range.count, height: height, width: width,
      channels: channels)
  }
}

/// What an extractor saw in images: a row of features an image and, of a classifier, a row of logits.
public struct Features: Sendable {
  public private(set) var count: Int
  /// Features of one image.
  public let width: Int
  /// [count][width].
  public var values: [Float]
  /// Logits of one image; 0 where the extractor is no classifier.
  public let classes: Int
  /// [count][classes].
  public var logits: [Float]

  /// - Precondition: as many values and logits as the sizes say.
  public init(count: Int, width: Int, values: [Float], classes: Int = 0, logits: [Float] = []) {
    precondition(values.count == count * width, "\(values.count) values in \(count) rows of \(width)")
    precondition(logits.count == count * classes, "\(logits.count) logits in \(count) rows of \(classes)")
    (self.count, self.width, self.values, self.classes, self.logits) = (count, width, values, classes, logits)
  }

  /// Adds those of more images.
  ///
  /// - Precondition: as many features and logits an image.
  public mutating func append(_ more: Features) {
    precondition(more.width == width && more.classes == classes, "features of another extractor")
    count += more.count
    values += more.values
    logits += more.logits
  }
}

/// Turns images into the numbers that metrics compare.
public protocol FeatureExtractor: AnyObject {
  /// What stands behind a metric's name (`FD-lite0`). Empty for Inception-v3 with the weights of the FID papers alone,
  /// whose numbers bear the papers' names: FID, KID, IS.
  var suffix: String { get }

  /// All that features depend on: the network, its weights' hash, the resizer. Numbers with different entries must not
  /// be compared.
  var identity: [(name: String, value: String)] { get }

  /// Features an image.
  var width: Int { get }
  /// Logits an image; 0 for none.
  var classes: Int { get }

  /// Says whether images of this shape can be taken, before a long evaluation begins.
  ///
  /// - Throws: `FeatureError` that says what is wrong and what to do.
  func check(height: Int, width: Int, channels: Int) throws

  /// - Throws: `FeatureError`, the device's first failure.
  func features(of images: ImageBytes) throws -> Features
}

extension FeatureExtractor {
  /// What a network sees in images that are of the right shape, so many at a time.
  ///
  /// - Parameter look: From some images to features [N, width] and logits [N, classes], nil where there are none.
  package func features(
    of images: ImageBytes, batch: Int, look: (ImageBytes) throws -> (features: Tensor, logits: Tensor?)
  ) throws -> Features {
    try check(height: images.height, width: images.width, channels: images.channels)
    var features = Features(count: 0, width: width, values: [], classes: classes)
    for start in stride(from: 0, to: images.count, by: batch) {
      let part = images.part(start..<min(start + batch, images.count))
      let seen = try look(part)
      features.append(
        Features(
          count: part.count, width: width, values: try seen.features.scalars(), classes: classes,
          logits: try seen.logits?.scalars() ?? []))
    }
    return features
  }
}

/// Why features cannot be had: where, what is wrong, and what to do.
public struct FeatureError: Error, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
