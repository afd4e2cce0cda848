import SaddleCLI

extension Architecture {
  /// A setting that this architecture alone reads.
  static let blocks = Setting("model.blocks", 2, in: 1...4, "how often upsampling doubles the image")

  /// Nearest-neighbour upsampling and 3 x 3 convolutions; the discriminator goes the same way back.
  static let upsampling = Architecture(
    name: "upsampling", summary: "3 x 3 convolutions between nearest-neighbour upsampling, 32 pixels",
    reads: [blocks, ModelSection.rows.size.among(32), ModelSection.rows.channels, ModelSection.rows.initializer],
    sample: image,
    generator: { options in
      let blocks = options.settings[blocks], side = options.size >> blocks
      let up = (0..<blocks).flatMap { _ -> [any Layer] in
        [
          Upsample(), Convolution(options.width, kernel: 3, .init(padding: 1), initializer: options.initializer),
          BatchNormalization(), Activation.relu,
        ]
      }
      let first: [any Layer] = [
        Dense(side * side * options.width, initializer: options.initializer), Reshape([side, side, options.width]),
      ]
      let last = Convolution(options.channels, kernel: 3, .init(padding: 1), initializer: options.initializer)
      return Sequential(first + up + [last, Activation.tanh])
    },
    discriminator: { options in
      let down = (0..<options.settings[blocks]).flatMap { _ -> [any Layer] in
        [
          Convolution(options.width, kernel: 3, .init(padding: 1), initializer: options.initializer),
          Activation.leakyReLU(), Downsample(),
        ]
      }
      return Sequential(down + [Reshape.flat, FeatureMark(), Dense(1, initializer: options.initializer)])
    })
}

extension Preset {
  static let small = Preset(
    name: "own-small", summary: "the example's network, objective and regularizer on Fashion-MNIST",
    yaml: """
      model: {architecture: upsampling, size: 32, channels: 1, width: 16, initializer: he}
      data: {path: /usr/share/datasets/fashion-mnist}
      objective: {name: tempered, temperature: 2}
      regularizers: {drift: 0.001}
      """)
}
