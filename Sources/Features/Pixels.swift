/// The pixels themselves as features, from 0 to 1: no network, so that distances between them can be worked out by
/// hand.
public final class Pixels: FeatureExtractor {
  public static let name = "pixels"
  public let suffix = Pixels.name
  public let identity = [(name: "features", value: Pixels.name)]
  public let width: Int
  public let classes = 0
  private let sizes: [Int]

  /// - Parameters: The one shape of images that is taken.
  public init(height: Int, width: Int, channels: Int) {
    sizes = [height, width, channels]
    self.width = height * width * channels
  }

  public func check(height: Int, width: Int, channels: Int) throws {
    guard [height, width, channels] == sizes else {
      throw FeatureError(
        "images of \([height, width, channels]) do not fit features made for \(sizes): give both sets the same size")
    }
  }

  public func features(of images: ImageBytes) throws -> Features {
    try check(height: images.height, width: images.width, channels: images.channels)
    return Features(count: images.count, width: width, values: images.bytes.map { Float($0) / 255 })
  }
}
