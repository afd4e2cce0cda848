/// What the discriminator sees.
public struct InputSection: SettingSection {
  private static let ofNoise = "an input.noise-std above 0"
  private static let hasNoise: @Sendable (Settings) -> Bool = { !$0.input.noiseStd.isZero }

  public let noise = Setting(
    "input.noise", InputTransform.Noise.gaussian, "distribution of instance noise on the discriminator's inputs"
  ).formerly("views.noise").read(by: ofNoise, if: hasNoise)
  public let noiseStd = Setting(
    "input.noise-std", Schedule(0), .nonNegative, "its standard deviation; images lie in [-1, 1]"
  ).formerly("views.noise-deviation")
  public let noiseOnBothSides = Setting(
    "input.noise-on-both-sides", true, "whether the generator's step has the noise too (training.order alternating)"
  ).formerly("views.noise-on-both-sides").read(
    by: ofNoise + ", with training.order alternating (and training.consensus 0),"
  ) {
    hasNoise($0) && !$0.movesTogether
  }
  public let augment = Setting(
    "input.augment", "", "differentiable augmentations, such as color,translation,cutout"
  ).formerly("views.augment")
  public let augmentProbability = Setting(
    "input.augment-probability", Schedule(1), .probability, "share of samples that get them"
  ).formerly("views.augment-probability").read(by: "input.augment, with names such as color,translation,") {
    !$0.input.augment.isEmpty
  }
  public let pack = Setting("input.pack", 1, in: 1...64, "samples that the discriminator sees as one (PacGAN)")
    .formerly("views.pack")

  public static let rows = InputSection()
}

extension Settings {
  public var input: SectionValues<InputSection> {
    get { SectionValues(self) }
    set { self = newValue.settings }
  }
}

extension InputTransform.Noise: SettingValue {}

/// A kind of input transform: a row of `InputTransformKind.all`. Those that a configuration asks for are applied in the
/// order of the table.
public struct InputTransformKind: Sendable {
  public let name: String
  /// The settings that it reads.
  public let reads: [any SettingRow]
  /// The transform of samples of a shape; nil where the settings ask for none.
  ///
  /// - Throws: What tells the user which setting is wrong.
  public let make: @Sendable (_ settings: Settings, _ sample: Shape) throws -> InputTransform?

  public init(
    name: String, reads: [any SettingRow],
    make: @escaping @Sendable (_ settings: Settings, _ sample: Shape) throws -> InputTransform?
  ) {
    (self.name, self.reads, self.make) = (name, reads, make)
  }

  private static let input = InputSection.rows

  public static let all: [InputTransformKind] = [
    InputTransformKind(name: "noise", reads: [input.noise, input.noiseStd, input.noiseOnBothSides]) { settings, _ in
      let input = settings.input
      guard !input.noiseStd.isZero else { return nil }
      return .noise(input.noise, standardDeviation: input.noiseStd, isOnBothSides: input.noiseOnBothSides)
    },
    InputTransformKind(name: "augmentation", reads: [input.augment, input.augmentProbability]) { settings, sample in
      let policy = try AugmentationPolicy(settings.input.augment, sample: sample)
      guard !policy.augmentations.isEmpty else { return nil }
      return .augmentation(policy, probability: settings.input.augmentProbability)
    },
    InputTransformKind(name: "packing", reads: [input.pack]) { settings, _ in
      settings.input.pack > 1 ? .packed(settings.input.pack) : nil
    },
  ]
}
