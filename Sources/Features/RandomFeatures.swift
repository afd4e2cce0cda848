import Networks

/// Features of a small convolutional network with random weights: what tells images apart without any training, for
/// tests and where there are no weights at all.
///
/// Images become 32 x 32; three convolutions of stride 2 with ReLU lead to a mean over the image.
public final class RandomFeatures: FeatureExtractor {
  public static let name = "random"
  public let suffix = RandomFeatures.name
  public let identity: [(name: String, value: String)]
  public let width: Int
  public let classes = 0
  private let network: Network
  private let channels: Int
  private static let size = 32
  private static let batch = 256

  /// - Parameters:
  ///   - channels: Of the images, 1 or 3.
  ///   - width: Features an image.
  ///   - seed: Of the weights.
  /// - Throws: `FeatureError` where channels or width make no sense, or what the device throws.
  public init(channels: Int, width: Int = 64, seed: UInt64 = 0, on device: Device) throws {
    guard channels == 1 || channels == 3, width > 0 else {
      throw FeatureError(
        "random features need images of 1 or 3 channels, not \(channels), and at least one feature, not \(width)")
    }
    let geometry = ConvolutionGeometry(stride: 2, padding: 1)
    let layers = [32, 64, width].flatMap { outputs -> [any Layer] in
      [Convolution(outputs, kernel: 3, geometry, initializer: .he), Activation.relu]
    }
    network = try Network(
      Sequential(layers + [GlobalPooling.mean]), input: [Self.size, Self.size, channels],
      random: RandomStream(seed: seed, stream: 0), on: device)
    (self.channels, self.width) = (channels, width)
    identity = [
      ("features", "random convolutions"), ("seed", "\(seed)"), ("width", "\(width)"), ("channels", "\(channels)"),
      ("resizer", Resizer.pytorchBilinear.name),
    ]
  }

  public func check(height: Int, width: Int, channels: Int) throws(FeatureError) {
    guard channels == self.channels, height > 0, width > 0 else {
      throw FeatureError(
        "images of \(height) x \(width) with \(channels) channels do not fit random features made for \(self.channels)")
    }
  }

  public func features(of images: ImageBytes) throws -> Features {
    try features(of: images, batch: Self.batch) { part in
      let size = (height: Self.size, width: Self.size)
      let x = try Resizer.pytorchBilinear.resize(part, to: size, on: network.weights.device)
      return (network(x * (2.0 / 255) - 1, mode: .inference), nil)
    }
  }
}
