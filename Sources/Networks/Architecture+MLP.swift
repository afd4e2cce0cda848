extension Architecture {
  /// Of fully connected networks.
  public static let depth = Setting("model.depth", 2, in: 1...64, "hidden layers")
  public static let activation = Setting(
    "model.activation", "relu", among: activations.keys.sorted(),
    "in the hidden layers; relu is leaky in the discriminator")

  /// What can follow the hidden layers of fully connected networks, by the name that a configuration uses.
  public static let activations: [String: (generator: Activation, discriminator: Activation)] = [
    "relu": (.relu, .leakyReLU()),
    "tanh": (.tanh, .tanh),
  ]

  private static let hiddenLayers: [any SettingRow] = [
    depth, activation, ModelSection.rows.initializer, ModelSection.rows.minibatch,
  ]

  static let mlp = Architecture(
    name: "mlp", summary: "hidden layers, for flat images",
    reads: hiddenLayers + [ModelSection.rows.size.among(28, 32, 64, 128), ModelSection.rows.channels], sample: image,
    generator: { options throws(NetworkError) in
      let pixels = Dense(image(options).count, initializer: options.initializer)
      let layers = try options.labelledLatents() + options.hidden(\.generator)
      return Sequential(layers + [pixels, Activation.tanh, Reshape(image(options))])
    }, discriminator: mlpDiscriminator)

  static let points = Architecture(
    name: "mlp-points", summary: "hidden layers, for points of the plane", reads: hiddenLayers, sample: { _ in [2] },
    generator: { options throws(NetworkError) in
      let layers = try options.labelledLatents() + options.hidden(\.generator)
      return Sequential(layers + [Dense(2, initializer: options.initializer)])
    }, discriminator: mlpDiscriminator)

  private static let mlpDiscriminator: @Sendable (Options) throws(NetworkError) -> Sequential = { options in
    let layers = try [Reshape.flat] + options.labelledSamples() + options.hidden(\.discriminator)
    return options.discriminator(layers + options.head())
  }
}

extension Architecture.Options {
  fileprivate func hidden(
    _ player: KeyPath<(generator: Activation, discriminator: Activation), Activation>
  ) throws(NetworkError) -> [any Layer] {
    let name = settings[Architecture.activation]
    guard let activation = Architecture.activations[name]?[keyPath: player] else {
      throw NetworkError(
        "no activation is called '\(name)'; there are \(Architecture.activations.keys.sorted())")
    }
    return (0..<settings[Architecture.depth]).flatMap { _ in
      [Dense(self.width, initializer: self.initializer), activation] as [any Layer]
    }
  }
}
