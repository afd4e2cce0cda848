/// The networks: what architectures have in common. Settings of one architecture stand in its file.
public struct ModelSection: SettingSection {
  public let architecture = Setting("model.architecture", Architecture.standardName, "the pair of networks")
  public let size = Setting("model.size", 64, in: 1...4096, "side of the images in pixels")
  public let channels = Setting("model.channels", 3, among: [1, 3], "1 for grey images, 3 for colour")
  public let latent = Setting("model.latent", 100, in: 1...4096, "dimensions of the generator's input z")
  public let width = Setting(
    "model.width", 64, in: 1...4096, "channels next to the image (dcgan), hidden units (others)")
  public let initializer = Setting(
    "model.initializer", Initializer.dcgan, allowed: "one of " + Initializer.all.map(\.name).joined(separator: ", "),
    choices: Initializer.all.map(\.name), "distribution of the first weights; dcgan: normal(0, 0.02)")
  public let norm = Setting(
    "model.norm", "batch", among: Architecture.normalizations.keys.sorted(),
    "normalization in the discriminator; spectral: of its weights"
  ).idle(at: "none", "spectral")
  public let minibatch = Setting(
    "model.minibatch", "none", among: Architecture.minibatchLayers.keys.sorted(),
    "how the discriminator sees its whole batch: features behind its last hidden layer"
  ).formerly(values: ["deviation": "stddev"])
  public let generatorNorm = Setting(
    "model.generator-norm", "batch", among: Architecture.generatorNormalizations.keys.sorted(),
    "normalization in the generator; virtual and reference: by a batch that stays the same")
  public let classes = Setting(
    "model.classes", 0, in: 0...100_000, "classes of the data; 0: labels are not looked at")
  public let conditioning = Setting(
    "model.conditioning", Architecture.Conditioning.none, "how both networks know a sample's class")
  public let categories = Setting(
    "model.categories", 0, in: 0...4096, "categories of the latent code, 0 for none (InfoGAN)")
  public let continuousCodes = Setting("model.continuous-codes", 0, in: 0...4096, "continuous latent codes (InfoGAN)")

  public static let rows = ModelSection()
}

extension Settings {
  public var model: SectionValues<ModelSection> {
    get { SectionValues(self) }
    set { self = newValue.settings }
  }
}

/// A pair of networks by name: a row of `Architecture.all`.
public struct Architecture: Sendable {
  /// What a row may depend on: its settings, by their names in `ModelSection` or as `options.settings[depth]`.
  @dynamicMemberLookup
  public struct Options: Sendable {
    public var settings: Settings
    /// Outputs of the discriminator beside the logit, the last ones: codes of InfoGAN, logits of semi-supervised
    /// classes.
    public var outputs = 0
    public init(_ settings: Settings = Settings()) { self.settings = settings }

    public subscript<Value>(dynamicMember path: KeyPath<ModelSection, Setting<Value>>) -> Value {
      get { settings.model[dynamicMember: path] }
      set { settings.model[dynamicMember: path] = newValue }
    }
  }

  /// What a discriminator gives.
  public enum Output: String, Sendable {
    /// A logit, or a logit and further outputs, [1 + ...].
    case logits
    /// A reconstruction of its sample.
    case reconstructions
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
  /// The settings that it reads beside latent, width, classes and conditioning, which all do.
  public let reads: [any SettingRow]
  /// What contradicts itself where it is chosen.
  public let contradictions: [SettingCheck]
  /// The shape of one sample.
  public let sample: @Sendable (Options) -> Shape
  public let gives: Output
  /// From latents [latent] to samples in [-1, 1].
  public let generator: @Sendable (Options) throws(NetworkError) -> Sequential
  /// From samples to what `gives` says.
  public let discriminator: @Sendable (Options) throws(NetworkError) -> Sequential

  public init(
    name: String, summary: String, reads: [any SettingRow] = [], contradictions: [SettingCheck] = [],
    sample: @escaping @Sendable (Options) -> Shape, gives: Output = .logits,
    generator: @escaping @Sendable (Options) throws(NetworkError) -> Sequential,
    discriminator: @escaping @Sendable (Options) throws(NetworkError) -> Sequential
  ) {
    (self.name, self.summary, self.reads, self.contradictions) = (name, summary, reads, contradictions)
    (self.sample, self.gives, self.generator, self.discriminator) = (sample, gives, generator, discriminator)
  }

  public static let all = [dcgan, resnet, r3gan, autoencoder, mlp, points]

  public static let image: @Sendable (Options) -> Shape = { [$0.size, $0.size, $0.channels] }

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
}

// MARK: - What rows have in common

extension Architecture.Conditioning: SettingValue {}

extension Architecture.Options {
  /// The normalization of the discriminator's middle layers.
  func normalization() throws(NetworkError) -> [any Layer] {
    guard let layers = Architecture.normalizations[self.norm] else {
      throw NetworkError(
        "no normalization is called '\(self.norm)'; there are \(Architecture.normalizations.keys.sorted())"
      )
    }
    return layers
  }

  /// A discriminator of these layers, spectrally normalized where that is asked for.
  func discriminator(_ layers: [any Layer]) -> Sequential {
    let discriminator = Sequential(layers)
    return self.norm == "spectral" ? discriminator.spectrallyNormalized() : discriminator
  }

  /// Labels beside the latents, where the generator is to know them.
  func labelledLatents() throws(NetworkError) -> [any Layer] {
    try check()
    return self.conditioning == .none ? [] : [LabelConcatenation(classes: self.classes)]
  }

  /// Labels beside the samples, where the discriminator is to see them.
  func labelledSamples() throws(NetworkError) -> [any Layer] {
    try check()
    return self.conditioning == .concat ? [LabelConcatenation(classes: self.classes)] : []
  }

  /// How many outputs the discriminator has.
  var discriminatorOutputs: Int { 1 + (self.conditioning == .auxiliary ? self.classes : 0) + outputs }

  /// The discriminator's end, from flat features on.
  func head() -> [any Layer] {
    let last: any Layer =
      self.conditioning == .projection
      ? ProjectionHead(classes: self.classes, outputs: discriminatorOutputs, initializer: self.initializer)
      : Dense(discriminatorOutputs, initializer: self.initializer)
    return [FeatureMark()] + (Architecture.minibatchLayers[self.minibatch] ?? []) + [last]
  }

  func check() throws(NetworkError) {
    guard self.conditioning == .none || self.classes > 0 else {
      throw NetworkError(
        "conditioning '\(self.conditioning.rawValue)' needs to know how many self.classes there are, not \(self.classes)"
      )
    }
    guard outputs >= 0 else { throw NetworkError("a discriminator cannot have \(outputs) further outputs") }
  }
}
