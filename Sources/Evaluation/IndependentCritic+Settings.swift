// Critics for images and for points, and the neural-network divergence.

extension IndependentCritic {
  /// A critic of images for one objective, in a size that takes minutes on a processor.
  ///
  /// A Wasserstein critic has its slope bounded by a gradient penalty of 10; others are free.
  ///
  /// - Parameters:
  ///   - size: Height and width of the images.
  ///   - channels: Their channels.
  ///   - width: Filters of the first layer; each further one has twice as many.
  /// - Throws: `NetworkError` where the objective has no critic of such images.
  public static func images(
    _ objective: Objective, size: Int, channels: Int, width: Int = 32
  ) throws(NetworkError) -> IndependentCritic {
    var layers = convolutional(size: size, width: width, outputs: outputs(objective, of: 1))
    if objective.discriminator == .autoencoder {
      var options = Architecture.Options()
      (options.size, options.channels, options.width, options.latent) = (size, channels, width, 64)
      (options.norm, options.initializer) = ("none", .he)
      layers = try Architecture.autoencoder.discriminator(options)
    }
    return IndependentCritic(objective, layers: layers).penalised()
  }

  /// A critic of points, or of other flat samples, with two hidden layers.
  ///
  /// - Parameter coordinates: Of a sample: the outputs of a critic that is an autoencoder.
  public static func points(_ objective: Objective, width: Int = 64, coordinates: Int = 2) -> IndependentCritic {
    IndependentCritic(
      objective,
      layers: Sequential([
        Dense(width, initializer: .he), Activation.swish, Dense(width, initializer: .he), Activation.swish,
        Dense(outputs(objective, of: coordinates), initializer: .he),
      ])
    ).penalised()
  }

  /// How many outputs a critic needs: a classifier without labels has two classes, whatever they may be.
  private static func outputs(_ objective: Objective, of coordinates: Int) -> Int {
    switch objective.discriminator {
    case .logit, .pairs: 1
    case .classes: 2
    case .autoencoder: coordinates
    }
  }

  /// The neural-network divergence of Gulrajani, Raffel and Metz (2019): what a Wasserstein critic maximises, its
  /// gradient penalty of 10 included. At its optimum the value of a linear critic is W + W² / 40.
  ///
  /// - Parameters:
  ///   - size: Height and width of the images; the paper's have 32 pixels.
  ///   - exact: The paper's numbers: 64 filters, batches of 256, 100,000 steps, averages over 10,000 batches, and 1e-8
  ///     under the root of the penalty. Otherwise fewer of each, so that it takes minutes:
  ///     such numbers compare with one another, not with the paper's.
  public static func neuralNetworkDivergence(size: Int, exact: Bool = false) -> IndependentCritic {
    var critic = IndependentCritic(.wasserstein, layers: convolutional(size: size, width: exact ? 64 : 32)).penalised()
    critic.valueHasTerms = true
    if exact { critic.regularizers = [(.gradientPenalty(floor: 1e-8), 10)] }
    critic.optimizer.rate = exact ? 2e-4 : 1e-3
    (critic.optimizer.beta1, critic.optimizer.beta2) = (0, 0.9)
    critic.emaDecay = exact ? 0.999 : 0.99
    (critic.batch, critic.steps, critic.readings) = exact ? (256, 100_000, 10_000) : (64, 1000, 32)
    return critic
  }

  /// The samples that the divergence sees: bytes b as (b - 128) / 128 + U(0, 1/128), for images in [-1, 1].
  ///
  /// - Parameter stream: Tells the noise of one side from the other's.
  public static func dequantised(_ samples: @escaping Samples, seed: UInt64, stream: UInt32) -> Samples {
    { draw, count in
      let images = try samples(draw, count)
      let noise = RandomStream(seed: seed, stream: stream).uniform(images.shape, step: draw, on: images.device)
      // A byte b lies at b / 127.5 - 1 in [-1, 1].
      return 127.5 / 128 * images - 0.5 / 128 + noise / 128
    }
  }

  /// Filters of 5 x 5 at stride 2 until 4 x 4 pixels are left, each with swish, and a linear layer; no normalization.
  ///
  /// The border lies as in the paper's "same" padding, mirrored: an image's first pixels have two zeros before them.
  public static func convolutional(size: Int, width: Int, outputs: Int = 1) -> Sequential {
    var layers: [any Layer] = []
    var (pixels, filters) = (size, width)
    while pixels > 4 {
      layers.append(Convolution(filters, kernel: 5, .init(stride: 2, padding: 2), initializer: .he))
      layers.append(Activation.swish)
      (pixels, filters) = ((pixels + 1) / 2, 2 * filters)
    }
    return Sequential(layers + [Reshape.flat, Dense(outputs, initializer: .he)])
  }

  /// Linear critics have closed forms.
  public static let linear = Sequential([Reshape.flat, Dense(1, initializer: .constant(0.001))])

  private func penalised() -> IndependentCritic {
    var critic = self
    if objective.needsLipschitzBound { critic.regularizers = [(.gradientPenalty, 10)] }
    critic.optimizer.beta1 = 0.5
    critic.optimizer.beta2 = 0.9
    return critic
  }
}
