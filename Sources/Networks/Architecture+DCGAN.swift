extension Architecture {
  /// The networks of whoever names none.
  static let standardName = "dcgan"

  /// What DCGAN's networks read, with their sizes.
  static let dcganSizes: [any SettingRow] = {
    let model = ModelSection.rows
    return [model.size.among(32, 64, 128), model.channels, model.initializer, model.norm, model.generatorNorm]
  }()

  static let dcgan = Architecture(
    name: "dcgan", summary: "Radford et al. 2016: images of 32, 64 or 128 pixels, 4 x 4 filters at stride 2",
    reads: dcganSizes + [ModelSection.rows.minibatch], sample: image,
    generator: { options throws(NetworkError) in try options.dcganGenerator() },
    discriminator: { options throws(NetworkError) in
      let head: [any Layer] =
        options.conditioning == .projection || options.minibatch != "none"
        ? [Reshape.flat] + options.head()
        : [
          FeatureMark(),
          Convolution(options.discriminatorOutputs, kernel: 4, bias: false, initializer: options.initializer),
          Reshape.flat,
        ]
      return options.discriminator(try options.labelledSamples() + options.dcganEncoder() + head)
    })
}

extension Architecture.Options {
  private static let halving = ConvolutionGeometry(stride: 2, padding: 1)

  /// How often DCGAN halves its images, down to 4 pixels.
  func halvings() throws(NetworkError) -> Int {
    guard let levels = [32: 3, 64: 4, 128: 5][self.size] else {
      throw NetworkError("DCGAN's images have 32, 64 or 128 pixels along an edge, not \(self.size): set model.size")
    }
    return levels
  }

  /// Latents to images in [-1, 1].
  func dcganGenerator() throws(NetworkError) -> Sequential {
    let labels = try labelledLatents()
    let inputs = self.latent + (labels.isEmpty ? 0 : self.classes)
    let first: [any Layer] = [
      Reshape([1, 1, inputs]),
      TransposedConvolution(self.width << (try halvings() - 1), kernel: 4, bias: false, initializer: self.initializer),
    ]
    guard let norm = Architecture.generatorNormalizations[self.generatorNorm] else {
      let names = Architecture.generatorNormalizations.keys.sorted()
      throw NetworkError("no normalization of the generator is called '\(self.generatorNorm)'; there are \(names)")
    }
    let layers = labels + first + (try dcganDecoder([norm.layer], Activation.relu)) + [Activation.tanh]
    return norm.isReferenced ? Sequential([Referenced(layers)]) : Sequential(layers)
  }

  /// Images to maps of 4 x 4 pixels.
  func dcganEncoder() throws(NetworkError) -> [any Layer] {
    let norm = try normalization()
    return (0..<(try halvings())).flatMap { level -> [any Layer] in
      let convolution = Convolution(
        self.width << level, kernel: 4, Self.halving, bias: false, initializer: self.initializer)
      return [convolution] + (level > 0 ? norm : []) + [Activation.leakyReLU()]
    }
  }

  /// Maps of 4 x 4 pixels, before their normalization, to images.
  func dcganDecoder(_ norm: [any Layer], _ activation: Activation) throws(NetworkError) -> [any Layer] {
    (0..<(try halvings())).reversed().flatMap { level -> [any Layer] in
      let outputs = level == 0 ? self.channels : self.width << (level - 1)
      let convolution = TransposedConvolution(
        outputs, kernel: 4, Self.halving, bias: false, initializer: self.initializer)
      return norm + [activation, convolution]
    }
  }
}
