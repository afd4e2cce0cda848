// R3GAN's baseline without normalization (Huang et al. 2024, "The GAN is dead; long live the GAN!"), its shapes and
// first weights as in the authors' brownvc/R3GAN. What keeps it trainable is how it starts: each residual block's last
// filter is 0, and the others shrink with the number of blocks (Zhang et al. 2019, "Fixup").

extension Architecture {
  static let r3gan = Architecture(
    name: "r3gan",
    summary: "Huang et al. 2024: images of 32 or 64 pixels, residual, no normalization; width 768 is the paper's",
    reads: [ModelSection.rows.size.among(32, 64), ModelSection.rows.channels],
    contradictions: [
      SettingCheck(
        "model.norm spectral divides filters by their norms, but some of model.architecture r3gan start at 0: set "
          + "model.norm=none and bound the slope with regularizers.r1 and regularizers.r2, or with "
          + "regularizers.gradient-penalty=10"
      ) { $0.model.norm == "spectral" }
    ], sample: image,
    generator: { options throws(NetworkError) in
      let stages = try R3GANStages(options)
      var layers: [any Layer] = try options.labelledLatents() + [GeneratorBasis(stages.widths[0])]
      for (stage, width) in stages.widths.enumerated() {
        if stage > 0 {
          let before = stages.widths[stage - 1]
          if before != width { layers.append(pointwise(before, width)) }
          layers.append(BilinearResampling.doubling)
        }
        layers += stages.blocks(width)
      }
      return Sequential(layers + [pointwise(stages.widths[stages.widths.count - 1], options.channels)])
    },
    discriminator: { options throws(NetworkError) in
      guard options.norm != "spectral" else {
        throw NetworkError(
          "r3gan's residual blocks end in filters that start at 0 and have no spectral norm to divide by: choose another "
            + "model.norm than spectral, and bound the discriminator's slope with regularizers.r1 and regularizers.r2")
      }
      let stages = try R3GANStages(options)
      let widths = Array(stages.widths.reversed())
      let labels = try options.labelledSamples()
      let planes = options.channels + (labels.isEmpty ? 0 : options.classes)
      var layers: [any Layer] = labels + [pointwise(planes, widths[0])]
      for (stage, width) in widths.enumerated() {
        if stage > 0 {
          let before = widths[stage - 1]
          layers.append(BilinearResampling.halving)
          if before != width { layers.append(pointwise(before, width)) }
        }
        layers += stages.blocks(width)
      }
      let start = Initializer.normal(standardDeviation: standardDeviation(fanIn: widths[widths.count - 1]))
      let head: any Layer =
        options.conditioning == .projection
        ? ProjectionHead(classes: options.classes, outputs: options.discriminatorOutputs, initializer: start)
        : Dense(options.discriminatorOutputs, bias: false, initializer: start)
      return Sequential(layers + [DiscriminatorBasis(), FeatureMark(), head])
    })

  /// A convolution of single pixels, without bias.
  private static func pointwise(_ inputs: Int, _ outputs: Int) -> Convolution {
    Convolution(
      outputs, kernel: 1, bias: false, initializer: .normal(standardDeviation: standardDeviation(fanIn: inputs)))
  }
}

/// He et al. 2015: outputs vary as the inputs do, times the gain.
private func standardDeviation(fanIn: Int, gain: Double = 1) -> Double { gain / Double(fanIn).squareRoot() }

/// The stages of both players from 4 x 4 pixels up, each of twice the size of the one before.
private struct R3GANStages {
  static let blocksEach = 2
  static let expansion = 2
  static let groupWidth = 16

  /// Channels of each stage.
  let widths: [Int]
  /// Of the filters inside blocks: a leaky ReLU's, times L^(-1 / (2 m - 2)) for L blocks of m = 3 convolutions in all.
  let gain: Double

  init(_ options: Architecture.Options) throws(NetworkError) {
    guard let count = [32: 4, 64: 5][options.size] else {
      throw NetworkError("R3GAN's images have 32 or 64 pixels along an edge, not \(options.size): set model.size")
    }
    guard options.width > 0, options.width % Self.groupWidth == 0 else {
      throw NetworkError(
        "R3GAN's width is a multiple of \(Self.groupWidth), which its groups of channels divide, not \(options.width): "
          + "set model.width")
    }
    // From 64 pixels on, each doubling of the image halves the channels.
    widths = (0..<count).map { $0 < 4 ? options.width : options.width / 2 }
    let blocks = Double(count * Self.blocksEach)
    gain = (2 / (1 + 0.2 * 0.2)).squareRoot() / blocks.squareRoot().squareRoot()
  }

  func blocks(_ width: Int) -> [any Layer] {
    let inner = width * Self.expansion
    let block = Residual(main: [
      Convolution(
        inner, kernel: 1, initializer: .normal(standardDeviation: standardDeviation(fanIn: width, gain: gain))),
      Activation.leakyReLU(),
      GroupedConvolution(
        inner, kernel: 3, groups: inner / Self.groupWidth, .init(padding: 1),
        initializer: .normal(standardDeviation: standardDeviation(fanIn: 9 * Self.groupWidth, gain: gain))),
      Activation.leakyReLU(),
      Convolution(width, kernel: 1, bias: false, initializer: .constant(0)),
    ])
    return [any Layer](repeating: block, count: Self.blocksEach)
  }
}

/// A learned image of 4 x 4 pixels, each of its channels multiplied by a linear function of the latents.
struct GeneratorBasis: Layer {
  let channels: Int
  init(_ channels: Int) { self.channels = channels }

  func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 1, input[0] > 0 else {
      throw NetworkError("\(declarations.place): GeneratorBasis takes latents [latent], not \(input)")
    }
    declarations.parameter("basis", [4, 4, channels], .normal(standardDeviation: 1))
    declarations.parameter(
      "weight", [input[0], channels], .normal(standardDeviation: standardDeviation(fanIn: input[0])), outputAxis: -1)
    return [4, 4, channels]
  }

  func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor {
    let (basis, weight) = (pass.parameter(), pass.parameter())
    return matmul(x, weight).reshaped(to: [x.shape[0], 1, 1, channels]) * basis
  }
}

/// A weighted sum of each channel's 4 x 4 pixels.
struct DiscriminatorBasis: Layer {
  func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    guard input.rank == 3, input[0] == 4, input[1] == 4 else {
      throw NetworkError("\(declarations.place): CriticBasis takes images [4, 4, channels], not \(input)")
    }
    declarations.parameter("basis", input, .normal(standardDeviation: standardDeviation(fanIn: 16)))
    return [input[2]]
  }

  func apply(_ x: Tensor, _ pass: inout Pass) -> Tensor { (x * pass.parameter()).summed(over: [1, 2]) }
}
