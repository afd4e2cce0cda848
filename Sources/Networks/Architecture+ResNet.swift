extension Architecture {
  /// Of resnet's generator (Brock et al. 2019).
  public static let splitLatent = Setting(
    "model.split-latent", false, "whether each block of the generator gets latents of its own")

  /// At 32 pixels the networks of SNGAN (Miyato et al. 2018, table 4) and, but for the pooling, of WGAN-GP (Gulrajani
  /// et al. 2017, appendix C), with width 128; at 64 pixels the channels of WGAN-GP's generator, with width 64.
  static let resnet = Architecture(
    name: "resnet", summary: "SNGAN, WGAN-GP: residual blocks for images of 32 (width 128) or 64 pixels (width 64)",
    reads: [
      ModelSection.rows.size.among(32, 64), ModelSection.rows.channels, ModelSection.rows.initializer,
      ModelSection.rows.norm, ModelSection.rows.minibatch, splitLatent,
    ], sample: image,
    generator: { options throws(NetworkError) in
      let blocks = try options.generatorBlocks()
      // The first layer and each block get equal parts of the latents, the last block what is left over.
      let share = options.settings[splitLatent] ? options.latent / (blocks.count + 1) : 0
      guard !options.settings[splitLatent] || share > 0 else {
        throw NetworkError("\(options.latent) latents are too few for \(blocks.count + 1) layers: set model.latent")
      }
      let first: [any Layer] = options.settings[splitLatent] ? [Slice(0..<share)] : []
      let labels = options.conditioning == .concat ? try options.labelledLatents() : []
      let maps: Shape = [4, 4, blocks[0]]
      let up = blocks.enumerated().map { number, channels in
        let end = number == blocks.count - 1 ? options.latent : (number + 2) * share
        return options.upBlock(channels, latent: options.settings[splitLatent] ? (number + 1) * share..<end : nil)
      }
      let image: [any Layer] = [
        BatchNormalization(), Activation.relu, options.convolution(options.channels), Activation.tanh,
      ]
      return Sequential(
        first + labels + [Dense(maps.count, initializer: options.initializer), Reshape(maps)] + up + image)
    },
    discriminator: { options throws(NetworkError) in
      let norm = try options.normalization()
      let blocks = try options.discriminatorBlocks().enumerated().map { number, block in
        options.downBlock(block.channels, halves: block.halves, norm: norm, isFirst: number == 0)
      }
      let pooling: [any Layer] = norm + [Activation.relu, GlobalPooling.sum]
      return options.discriminator(try options.labelledSamples() + blocks + pooling + options.head())
    })
}

extension Architecture.Options {
  /// Channels of the generator's blocks, each of which doubles the image from 4 pixels on.
  fileprivate func generatorBlocks() throws(NetworkError) -> [Int] {
    try check()
    guard let blocks = [32: [2, 2, 2], 64: [8, 4, 2, 1]][self.size] else { throw sizeError }
    return blocks.map { $0 * self.width }
  }

  /// Channels of the discriminator's blocks, and which of them halve the image. The last keeps those that it gets.
  fileprivate func discriminatorBlocks() throws(NetworkError) -> [(channels: Int, halves: Bool)] {
    guard let blocks = [32: [1, 1, 1, 1], 64: [1, 2, 4, 8, 8]][self.size] else { throw sizeError }
    let halvings = self.size == 32 ? 2 : 4
    return blocks.enumerated().map { ($1 * self.width, $0 < halvings) }
  }

  private var sizeError: NetworkError {
    NetworkError("the images of resnet have 32 or 64 pixels along an edge, not \(self.size): set model.size")
  }

  fileprivate func convolution(_ channels: Int, kernel: Int = 3) -> Convolution {
    Convolution(channels, kernel: kernel, .init(padding: .init(kernel / 2)), initializer: self.initializer)
  }

  /// Normalization of the generator, which knows the class unless that is among the latents.
  private func generatorNormalization(_ latent: Range<Int>?) -> any Layer {
    let classes = [.projection, .auxiliary].contains(self.conditioning) ? self.classes : nil
    return classes == nil && latent == nil
      ? BatchNormalization()
      : ConditionalBatchNormalization(classes: classes, latent: latent, initializer: self.initializer)
  }

  fileprivate func upBlock(_ channels: Int, latent: Range<Int>?) -> any Layer {
    // A 1 x 1 convolution commutes with the repetition of pixels, and costs a quarter before it.
    Residual(
      main: [
        generatorNormalization(latent), Activation.relu, Upsample(), convolution(channels),
        generatorNormalization(latent), Activation.relu, convolution(channels),
      ],
      shortcut: [convolution(channels, kernel: 1), Upsample()])
  }

  /// The first block has no rectifier in front; a block that keeps size and channels has the input as its shortcut.
  fileprivate func downBlock(_ channels: Int, halves: Bool, norm: [any Layer], isFirst: Bool) -> any Layer {
    let before: [any Layer] = isFirst ? [] : norm + [Activation.relu]
    let pool: [any Layer] = halves ? [Downsample()] : []
    let main = before + [convolution(channels)] + norm + [Activation.relu, convolution(channels)] + pool
    // The average commutes with a 1 x 1 convolution.
    return Residual(main: main, shortcut: halves ? pool + [convolution(channels, kernel: 1)] : [])
  }
}
