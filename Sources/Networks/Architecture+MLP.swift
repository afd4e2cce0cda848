extension Architecture {
  static let mlp = Architecture(
    name: "mlp", summary: "hidden layers, for flat images", sample: image,
    generator: { options throws(NetworkError) in
      let pixels = Dense(image(options).count, initializer: options.initializer)
      let layers = try options.labelledLatents() + options.hidden(\.generator)
      return Sequential(layers + [pixels, Activation.tanh, Reshape(image(options))])
    }, discriminator: mlpDiscriminator)

  static let points = Architecture(
    name: "mlp-points", summary: "hidden layers, for points of the plane", sample: { _ in [2] },
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
    guard let activation = Architecture.activations[activation]?[keyPath: player] else {
      throw NetworkError(
        "no activation is called '\(activation)'; there are \(Architecture.activations.keys.sorted())")
    }
    return (0..<depth).flatMap { _ in [Dense(width, initializer: initializer), activation] as [any Layer] }
  }
}
