import Adversaries

// Not every game reads every setting. What does nothing is told, so that nobody waits for its effect.

extension Configuration {
  /// A setting, and what must be so for anything to read it.
  struct Reader: Sendable {
    let key: String
    /// As it completes "only ... reads it".
    let who: String
    /// The values that ask for something, where the default is not the only one that does not.
    let values: [String]?
    let isReading: @Sendable (Configuration) -> Bool

    private init(
      _ key: String, _ who: String, values: [String]? = nil, _ isReading: @escaping @Sendable (Configuration) -> Bool
    ) {
      (self.key, self.who, self.values, self.isReading) = (key, who, values, isReading)
    }

    /// Read by some pairs of networks.
    fileprivate static func networks(_ key: String, _ names: String..., values: [String]? = nil) -> Reader {
      Reader(key, "model.architecture " + listed(names), values: values) { names.contains($0.model.architecture) }
    }
    /// Read where samples are images.
    fileprivate static func images(_ key: String) -> Reader {
      Reader(key, "a model.architecture for images") { $0.sampleShape.rank == 3 }
    }
    fileprivate static func objectives(_ key: String, _ names: String...) -> Reader {
      Reader(key, "objective.name " + listed(names)) { names.contains($0.objective.name) }
    }
    fileprivate static func optimizers(_ key: String, _ names: String...) -> Reader {
      Reader(key, "optimizer.name " + listed(names)) { names.contains($0.optimizer.name) }
    }
    /// Read where the players take turns.
    fileprivate static func turns(_ key: String) -> Reader {
      Reader(key, "training.order alternating (and training.consensus 0)") { !$0.movesTogether }
    }
    fileprivate static func noise(_ key: String) -> Reader {
      Reader(key, "a input.noise-std above 0") { !$0.input.noiseStd.isZero }
    }
    fileprivate static func augmentation(_ key: String) -> Reader {
      Reader(key, "input.augment, with names such as color,translation,") { !$0.input.augment.isEmpty }
    }

    fileprivate static func slopes(_ key: String) -> Reader {
      Reader(key, "a penalty on the discriminator's slope") { $0.has(.perSampleGradients) }
    }
    /// Read where the generator has a loss of its own.
    fileprivate static func ownLosses(_ key: String) -> Reader {
      Reader(key, "training.unroll 0") { $0.training.unroll == 0 }
    }

    private static func listed(_ names: [String]) -> String {
      names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }
  }

  /// Settings that only some games read; all others are read by every one.
  static let readers: [Reader] = [
    .images("model.size"), .images("model.channels"),
    .networks("model.depth", "mlp", "mlp-points"),
    .networks("model.initializer", "dcgan", "resnet", "autoencoder", "mlp", "mlp-points"),
    // "spectral" is another thing: it changes every discriminator, and r3gan refuses it. "none" is what the others do
    // anyway.
    .networks("model.norm", "dcgan", "resnet", "autoencoder", values: ["layer", "instance"]),
    .networks("model.minibatch", "dcgan", "resnet", "mlp", "mlp-points"),
    .networks("model.generator-norm", "dcgan", "autoencoder"),
    .networks("model.activation", "mlp", "mlp-points"),
    .networks("model.split-latent", "resnet"),
    .images("data.flip"), .images("data.labelled"), .images("data.background"), .images("data.fit"),
    .images("data.skip-unreadable"),
    .objectives("objective.margin", "ebgan"),
    .objectives("objective.diversity", "began"), .objectives("objective.balance-rate", "began"),
    .noise("input.noise"), .noise("input.noise-on-both-sides"), .turns("input.noise-on-both-sides"),
    .augmentation("input.augment-probability"),
    .turns("training.shared-samples"),
    .turns("regularizers.interval"), .slopes("regularizers.interval"), .ownLosses("objective.generator-target"),
    .optimizers("optimizer.beta1", "adam", "adamw"), .optimizers("optimizer.beta2", "adam", "adamw"),
    .optimizers("optimizer.epsilon", "adam", "adamw", "rmsprop"),
    .optimizers("optimizer.momentum", "rmsprop", "sgd"), .optimizers("optimizer.alpha", "rmsprop"),
  ]

  /// Whether this game reads a setting.
  func reads(_ key: String) -> Bool { Self.readers.allSatisfy { $0.key != key || $0.isReading(self) } }

  /// Whether both players move at once.
  var movesTogether: Bool { training.order == .simultaneous || training.consensus > 0 }

  /// What was set though this game does not read it, a sentence each.
  var unreadSettings: [String] {
    Self.readers.compactMap { reader in
      guard !reader.isReading(self), let setting = Self.settings.first(where: { $0.key == reader.key }) else {
        return nil
      }
      let (text, standard) = (setting.text(self), setting.standard)
      guard reader.values?.contains(text) ?? (text != standard) else { return nil }
      return "\(reader.key) \(text) does nothing here, only \(reader.who) reads it: "
        + "leave it at \(standard), or set that"
    }
  }
}
