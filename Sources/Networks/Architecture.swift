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
    public var initializer = Initializer.dcgan
    /// Of the critic's middle layers: "batch", "layer", "instance" or "none". The generator has batch normalization.
    public var criticNormalization = "batch"
    /// Behind the hidden layers of fully connected networks: a row of `activations`.
    public var activation = "relu"
    public init() {}
  }

  public let name: String
  /// One line for people.
  public let summary: String
  /// The shape of one sample.
  public let sample: @Sendable (Options) -> Shape
  /// From latents [latent] to samples in [-1, 1].
  public let generator: @Sendable (Options) throws(NetworkError) -> Sequential
  /// From samples to a logit [1].
  public let critic: @Sendable (Options) throws(NetworkError) -> Sequential

  public static let all: [Architecture] = [
    Architecture(
      name: "dcgan", summary: "Radford et al. 2016: images of 32, 64 or 128 pixels, 4 x 4 filters at stride 2",
      sample: { [$0.size, $0.size, $0.channels] },
      generator: { options throws(NetworkError) in
        let levels = try dcganLevels(options)
        var layers: [any Layer] = [
          Reshape([1, 1, options.latent]),
          TransposedConvolution(
            options.width << (levels - 1), kernel: 4, bias: false, initializer: options.initializer),
        ]
        for level in (0..<levels).reversed() {
          layers += [BatchNormalization(gamma: .normal(mean: 1, deviation: 0.02)), Activation.relu]
          let outputs = level == 0 ? options.channels : options.width << (level - 1)
          layers.append(
            TransposedConvolution(outputs, kernel: 4, halving, bias: false, initializer: options.initializer))
        }
        return Sequential(layers + [Activation.tanh])
      },
      critic: { options throws(NetworkError) in
        let levels = try dcganLevels(options)
        let norm = try normalization(options.criticNormalization)
        var layers: [any Layer] = []
        for level in 0..<levels {
          layers.append(
            Convolution(options.width << level, kernel: 4, halving, bias: false, initializer: options.initializer))
          if level > 0 { layers += norm }
          layers.append(Activation.leakyReLU())
        }
        return Sequential(
          layers + [Convolution(1, kernel: 4, bias: false, initializer: options.initializer), Reshape.flat])
      }),
    Architecture(
      name: "mlp", summary: "two hidden layers, for flat images",
      sample: { [$0.size, $0.size, $0.channels] },
      generator: { options throws(NetworkError) in
        let pixels = Dense(options.size * options.size * options.channels, initializer: options.initializer)
        let image = Reshape([options.size, options.size, options.channels])
        return Sequential(try hidden(options, \.generator) + [pixels, Activation.tanh, image])
      }, critic: mlpCritic),
    Architecture(
      name: "mlp-points", summary: "two hidden layers, for points of the plane",
      sample: { _ in [2] },
      generator: { options throws(NetworkError) in
        Sequential(try hidden(options, \.generator) + [Dense(2, initializer: options.initializer)])
      },
      critic: mlpCritic),
  ]

  private static let halving = ConvolutionGeometry(stride: 2, padding: 1)

  private static func hidden(
    _ options: Options, _ player: KeyPath<(generator: Activation, critic: Activation), Activation>
  ) throws(NetworkError) -> [any Layer] {
    guard let activation = activations[options.activation]?[keyPath: player] else {
      throw NetworkError("no activation is called '\(options.activation)'; there are \(activations.keys.sorted())")
    }
    return (0..<2).flatMap { _ in [Dense(options.width, initializer: options.initializer), activation] as [any Layer] }
  }

  private static let mlpCritic: @Sendable (Options) throws(NetworkError) -> Sequential = { options in
    Sequential([Reshape.flat] + (try hidden(options, \.critic)) + [Dense(1, initializer: options.initializer)])
  }

  /// How often DCGAN halves its images, down to 4 pixels.
  private static func dcganLevels(_ options: Options) throws(NetworkError) -> Int {
    guard let levels = [32: 3, 64: 4, 128: 5][options.size] else {
      throw NetworkError("DCGAN's images have 32, 64 or 128 pixels along an edge, not \(options.size): set model.size")
    }
    return levels
  }

  private static func normalization(_ name: String) throws(NetworkError) -> [any Layer] {
    guard let layers = normalizations[name] else {
      throw NetworkError("no normalization is called '\(name)'; there are \(normalizations.keys.sorted())")
    }
    return layers
  }

  /// What can stand between a convolution and its activation, by the name that a configuration uses.
  public static let normalizations: [String: [any Layer]] = [
    "batch": [BatchNormalization(gamma: .normal(mean: 1, deviation: 0.02))],
    "layer": [SampleNormalization.layer()],
    "instance": [SampleNormalization.instance()],
    "none": [],
  ]

  /// What can follow the hidden layers of fully connected networks, by the name that a configuration uses.
  public static let activations: [String: (generator: Activation, critic: Activation)] = [
    "relu": (.relu, .leakyReLU()),
    "tanh": (.tanh, .tanh),
  ]
}
