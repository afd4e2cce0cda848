/// A pair of networks by name: a row of `Architecture.all`.
public struct Architecture: Sendable {
  /// What a row may depend on.
  public struct Options: Sendable {
    /// Pixels along an edge.
    public var size = 64
    public var channels = 3
    public var latent = 100
    /// Channels of the layers next to the image (DCGAN's ngf and ndf), or hidden units.
    public var width = 64
    /// Hidden layers of fully connected networks.
    public var depth = 2
    public var initializer = Initializer.dcgan
    /// Of the discriminator's middle layers: a row of `normalizations`. The generator has batch normalization.
    public var discriminatorNormalization = "batch"
    /// How the discriminator sees its whole batch, in front of its last layer: a row of `minibatchLayers`.
    public var minibatch = "none"
    /// Of dcgan's generator: a row of `generatorNormalizations`.
    public var generatorNormalization = "batch"
    /// Behind the hidden layers of fully connected networks: a row of `activations`.
    public var activation = "relu"
    /// How many classes there are, where the networks are conditioned on them.
    public var classes = 0
    /// How the networks know a sample's class.
    public var conditioning = Conditioning.none
    /// Outputs of the discriminator beside the logit, the last ones: codes of InfoGAN, logits of semi-supervised
    /// classes.
    public var outputs = 0
    /// Whether each block of the resnet generator gets a part of the latents of its own (Brock et al. 2019).
    public var splitsLatent = false
    public init() {}
  }

  /// How the networks of a pair know a sample's class. Their modes need labels then.
  public enum Conditioning: String, Sendable, CaseIterable {
    case none
    /// Both see it beside their inputs (CGAN, Mirza and Osindero 2014).
    case concat
    /// The discriminator's logit depends on it by `ProjectionHead` (Miyato and Koyama 2018).
    case projection
    /// The discriminator does not see it, but gives a logit for each class behind its first one (ACGAN, Odena et al.
    /// 2017).
    case auxiliary
  }

  public let name: String
  /// One line for people.
  public let summary: String
  /// The shape of one sample.
  public let sample: @Sendable (Options) -> Shape
  /// From latents [latent] to samples in [-1, 1].
  public let generator: @Sendable (Options) throws(NetworkError) -> Sequential
  /// From samples to a logit and further outputs [1 + ...], or to their reconstruction where it is an autoencoder.
  public let discriminator: @Sendable (Options) throws(NetworkError) -> Sequential

  public static let all = [dcgan, resnet, r3gan, autoencoder, mlp, points]

  static let image: @Sendable (Options) -> Shape = { [$0.size, $0.size, $0.channels] }

  /// What can stand between a convolution and its activation, by the name that a configuration uses. With "spectral"
  /// nothing does: the discriminator's weights are divided by their spectral norms.
  public static let normalizations: [String: [any Layer]] = [
    "batch": [BatchNormalization(gamma: .normal(mean: 1, standardDeviation: 0.02))],
    "layer": [SampleNormalization.layer()],
    "instance": [SampleNormalization.instance()],
    "none": [],
    "spectral": [],
  ]

  /// What can stand in front of the discriminator's last layer, by the name that a configuration uses.
  public static let minibatchLayers: [String: [any Layer]] = [
    "none": [],
    "stddev": [MinibatchStandardDeviation()],
    "discrimination": [MinibatchDiscrimination()],
  ]

  /// What normalizes in dcgan's generator, by the name that a configuration uses, and whether it needs a reference
  /// batch.
  public static let generatorNormalizations: [String: (layer: any Layer, isReferenced: Bool)] = [
    "batch": (BatchNormalization(gamma: .normal(mean: 1, standardDeviation: 0.02)), false),
    "reference": (ReferenceNormalization.batch(), true),
    "virtual": (ReferenceNormalization.virtualBatch(), true),
  ]

  /// What can follow the hidden layers of fully connected networks, by the name that a configuration uses.
  public static let activations: [String: (generator: Activation, discriminator: Activation)] = [
    "relu": (.relu, .leakyReLU()),
    "tanh": (.tanh, .tanh),
  ]
}

// MARK: - What rows have in common

extension Architecture.Options {
  /// The normalization of the discriminator's middle layers.
  func normalization() throws(NetworkError) -> [any Layer] {
    guard let layers = Architecture.normalizations[discriminatorNormalization] else {
      throw NetworkError(
        "no normalization is called '\(discriminatorNormalization)'; there are \(Architecture.normalizations.keys.sorted())"
      )
    }
    return layers
  }

  /// A discriminator of these layers, spectrally normalized where that is asked for.
  func discriminator(_ layers: [any Layer]) -> Sequential {
    let discriminator = Sequential(layers)
    return discriminatorNormalization == "spectral" ? discriminator.spectrallyNormalized() : discriminator
  }

  /// Labels beside the latents, where the generator is to know them.
  func labelledLatents() throws(NetworkError) -> [any Layer] {
    try check()
    return conditioning == .none ? [] : [LabelConcatenation(classes: classes)]
  }

  /// Labels beside the samples, where the discriminator is to see them.
  func labelledSamples() throws(NetworkError) -> [any Layer] {
    try check()
    return conditioning == .concat ? [LabelConcatenation(classes: classes)] : []
  }

  /// How many outputs the discriminator has.
  var discriminatorOutputs: Int { 1 + (conditioning == .auxiliary ? classes : 0) + outputs }

  /// The discriminator's end, from flat features on.
  func head() -> [any Layer] {
    let last: any Layer =
      conditioning == .projection
      ? ProjectionHead(classes: classes, outputs: discriminatorOutputs, initializer: initializer)
      : Dense(discriminatorOutputs, initializer: initializer)
    return [FeatureMark()] + (Architecture.minibatchLayers[minibatch] ?? []) + [last]
  }

  func check() throws(NetworkError) {
    guard conditioning == .none || classes > 0 else {
      throw NetworkError(
        "conditioning '\(conditioning.rawValue)' needs to know how many classes there are, not \(classes)")
    }
    guard outputs >= 0 else { throw NetworkError("a discriminator cannot have \(outputs) further outputs") }
  }
}
