import Adversaries
import Features
import Records

/// A convolutional classifier that has learned the labelled images at hand: an extractor for data that no published
/// network has seen, on machines that cannot fetch one.
///
/// Its features are what its last hidden layer gives, its logits the classes'. Numbers by it compare with one another
/// where its weights are the same (`identity` has their hash), and with no published number.
public final class Classifier: FeatureExtractor {
  /// What decides a classifier, beside the images.
  public struct Settings: Sendable, Equatable {
    /// Filters of the first layer; each further one has twice as many, up to 256.
    public var filters = 32
    /// Width of the last hidden layer.
    public var width = 128
    public var batch = 128
    public var steps = 1400
    /// Adam's rate, which falls linearly to 0.
    public var rate = 2e-3
    public var seed: UInt64 = 0

    public init() {}
  }

  public static let name = "classifier"
  public let suffix = Classifier.name
  public let settings: Settings
  /// The share of held-out images whose class it names.
  public let accuracy: Double
  public let network: Network
  public let classNames: [String]

  public let width: Int
  public let classes: Int
  public let identity: [(name: String, value: String)]

  /// Images a launch. The last page may be shorter.
  static let page = 250

  init(_ network: Network, _ settings: Settings, classNames: [String], accuracy: Double) throws {
    (self.network, self.settings, self.classNames, self.accuracy) = (network, settings, classNames, accuracy)
    (width, classes) = (settings.width, network.output.count)
    identity = [
      ("features", "classifier: \(settings.width) features, \(network.output.count) classes"),
      ("weights' sha256", try network.digits()), ("resizer", "none"),
    ]
  }

  public func check(height: Int, width: Int, channels: Int) throws {
    guard [height, width, channels] == network.input.sizes else {
      throw FeatureError(
        "images of \(height) x \(width) with \(channels) channels do not fit the classifier, which learned from "
          + "\(network.input[0]) x \(network.input[1]) with \(network.input[2]): give data of the run's size")
    }
  }

  public func features(of images: ImageBytes) throws -> Features {
    try features(of: images, batch: Self.page) { part in
      let shape: Shape = [part.count, part.height, part.width, part.channels]
      let x = Tensor(imageBytes: part.bytes, shape: shape, on: network.weights.device)
      let (output, marked) = network.evaluate(x, mode: .inference)
      guard let marked else { preconditionFailure("the classifier's layers mark its features") }
      return (marked, output)
    }
  }

  /// Filters of 4 x 4 at stride 2 until fewer than eight pixels are left, a hidden layer, and a logit a class.
  static func layers(_ input: Shape, _ settings: Settings, classes: Int) -> Sequential {
    var layers: [any Layer] = []
    var (side, filters) = (min(input[0], input[1]), settings.filters)
    while side >= 7 {
      layers.append(Convolution(filters, kernel: 4, .init(stride: 2, padding: 1), bias: false, initializer: .he))
      layers += [BatchNormalization(), Activation.leakyReLU()]
      (side, filters) = (side / 2, min(2 * filters, 256))
    }
    layers += [Reshape.flat, Dense(settings.width, bias: false, initializer: .he), BatchNormalization()]
    layers += [Activation.leakyReLU(), FeatureMark(), Dense(classes, initializer: .he)]
    return Sequential(layers)
  }
}

extension Network {
  /// The SHA-256 of the weights and the running statistics, as little-endian bytes of single precision.
  ///
  /// - Throws: The device's first failure.
  func digits() throws -> String {
    var hash = SHA256()
    for tensor in [weights, runningStatistics] {
      try tensor.scalars(as: Float.self).withUnsafeBytes { hash.add($0) }
    }
    return hash.digest.description
  }
}
