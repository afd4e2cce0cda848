import Testing

@testable import Networks

private let random = RandomStream(seed: 8, stream: 1)

/// A pair of networks that is built and run.
struct PairRow: Sendable, CustomTestStringConvertible {
  let name: String
  var size = 32
  var width = 4
  var norm = "none"
  var conditioning = Architecture.Conditioning.none
  var outputs = 0
  var splitsLatent = false
  /// The shapes of the discriminator's outputs and features, worked out from the options.
  let output: Shape
  let features: Shape
  var testDescription: String {
    "\(name) \(size) \(norm) \(conditioning)\(outputs > 0 ? " +\(outputs)" : "")\(splitsLatent ? " split" : "")"
  }

  /// Three classes, ten latents.
  var options: Architecture.Options {
    var options = Architecture.Options()
    (options.size, options.width, options.latent, options.classes) = (size, width, 10, 3)
    (options.norm, options.conditioning, options.outputs) = (norm, conditioning, outputs)
    options.settings[Architecture.splitLatent] = splitsLatent
    options.initializer = .glorot
    return options
  }

  static let all: [PairRow] = [
    PairRow(name: "resnet", output: [1], features: [4]),
    PairRow(name: "resnet", size: 64, output: [1], features: [32]),
    PairRow(name: "resnet", norm: "spectral", conditioning: .projection, output: [1], features: [4]),
    PairRow(name: "resnet", norm: "spectral", splitsLatent: true, output: [1], features: [4]),
    PairRow(name: "resnet", norm: "batch", conditioning: .auxiliary, output: [4], features: [4]),
    PairRow(name: "resnet", norm: "layer", conditioning: .concat, splitsLatent: true, output: [1], features: [4]),
    PairRow(
      name: "resnet", size: 64, norm: "instance", conditioning: .auxiliary, outputs: 2, splitsLatent: true,
      output: [6], features: [32]),
    PairRow(name: "dcgan", norm: "spectral", output: [1], features: [4, 4, 16]),
    PairRow(name: "dcgan", norm: "spectral", conditioning: .projection, output: [1], features: [256]),
    PairRow(name: "dcgan", size: 64, norm: "batch", conditioning: .auxiliary, output: [4], features: [4, 4, 32]),
    PairRow(name: "dcgan", conditioning: .concat, outputs: 2, output: [3], features: [4, 4, 16]),
    PairRow(name: "r3gan", width: 16, output: [1], features: [16]),
    PairRow(name: "r3gan", size: 64, width: 16, conditioning: .projection, output: [1], features: [16]),
    PairRow(name: "r3gan", size: 64, width: 32, conditioning: .concat, output: [1], features: [32]),
    PairRow(
      name: "r3gan", size: 64, width: 16, conditioning: .auxiliary, outputs: 2, output: [6], features: [16]),
    PairRow(name: "autoencoder", norm: "batch", output: [32, 32, 3], features: [10]),
    PairRow(name: "autoencoder", size: 64, norm: "spectral", output: [64, 64, 3], features: [10]),
    PairRow(name: "autoencoder", conditioning: .concat, output: [32, 32, 3], features: [10]),
    PairRow(name: "mlp", conditioning: .concat, output: [1], features: [4]),
    PairRow(name: "mlp-points", norm: "spectral", conditioning: .projection, outputs: 1, output: [2], features: [4]),
    PairRow(name: "mlp-points", conditioning: .auxiliary, output: [4], features: [4]),
  ]

  /// What a turn of both players makes.
  struct Turn {
    let fake: Tensor
    let discriminator: Network
    let output: Tensor
    let features: Tensor?
    /// Gradients, and what the networks keep beside their weights.
    let rest: [Tensor]
  }

  /// One turn of both players, with a penalty on the discriminator's slopes.
  func turn(on device: Device) throws -> Turn {
    let pair = try #require(Architecture.all.first { $0.name == name })
    let generator = try Network(pair.generator(options), input: [10], random: random, on: device)
    let discriminator = try Network(
      pair.discriminator(options), input: pair.sample(options), random: random, on: device)
    var mode = Mode.training
    mode.labels = Tensor([2.0, 0, 1], shape: [3], on: device)
    let tape = Tape()
    let generatorWeights = generator.watched(on: tape)
    let fake = generator(random.normal([3, 10], step: 100, on: device), weights: generatorWeights, mode: mode)
    let (output, features) = discriminator.evaluate(fake, mode: mode)
    let moves = gradient(of: output.squared().summed(), wrt: generatorWeights)

    mode.statistics = .batch(updating: false)
    let penaltyTape = Tape()
    let (x, weights) = (penaltyTape.watch(fake.detached()), discriminator.watched(on: penaltyTape))
    let logits = discriminator(x, weights: weights, mode: mode)
    let slope = gradient(of: logits.summed(), wrt: [x], createGraph: true)[0]
    let slopes = gradient(of: slope.squared().summed() + logits.squared().mean(), wrt: weights)
    return Turn(
      fake: fake.detached(), discriminator: discriminator, output: output.detached(), features: features?.detached(),
      rest: moves + slopes + [generator.runningStatistics, discriminator.runningStatistics])
  }
}

@Suite struct ConditionedArchitectureTests {
  @Test(arguments: PairRow.all)
  func pairsAreBuiltAndRun(row: PairRow) throws {
    let device = try Device.cpu()
    let turn = try row.turn(on: device)
    let sample: Shape = row.name == "mlp-points" ? [2] : [row.size, row.size, 3]
    #expect(turn.fake.shape == Shape([3] + sample.sizes))
    #expect(turn.output.shape == Shape([3] + row.output.sizes) && turn.discriminator.output == row.output)
    #expect(turn.features?.shape == Shape([3] + row.features.sizes))
    for tensor in turn.rest + [turn.fake, turn.output] {
      #expect(try tensor.scalars(as: Double.self).allSatisfy(\.isFinite))
    }
    // Each map has a vector beside it where the discriminator is spectral, and none elsewhere.
    let vectors = turn.discriminator.statistics.count { $0.name.hasSuffix("_u") }
    let maps = turn.discriminator.parameters.count { $0.outputAxis != nil }
    #expect(vectors == (row.norm == "spectral" ? maps : 0))
  }

  /// The class reaches the samples and the logits wherever the networks are conditioned on it.
  @Test(arguments: PairRow.all)
  func classesMatterWhereTheyShould(row: PairRow) throws {
    let device = try Device.cpu()
    let pair = try #require(Architecture.all.first { $0.name == row.name })
    for (layers, input, isConditioned) in [
      (try pair.generator(row.options), [10] as Shape, row.conditioning != .none),
      (
        try pair.discriminator(row.options), pair.sample(row.options),
        [.concat, .projection].contains(row.conditioning)
      ),
    ] {
      let network = try Network(layers, input: input, random: random, on: device)
      // Tables start as equal rows.
      for (number, (parameter, view)) in zip(network.parameters, network.views(of: network.weights)).enumerated() {
        view.assign(0.3 * random.normal(parameter.shape, step: 200 + number, on: device))
      }
      let x = random.normal(Shape([2] + input.sizes), step: 300, on: device)
      func outputs(_ label: Double) throws -> [Float] {
        var mode = Mode.inference
        mode.labels = Tensor(label, shape: [2], on: device)
        return try network(x, mode: mode).scalars()
      }
      #expect((try outputs(0) != outputs(1)) == isConditioned)
    }
  }

  /// With the papers' widths at 32 pixels: Miyato et al. 2018, table 4, counted by hand. The generator has the dense
  /// layer 128 -> 4096, three blocks of two 3 x 3 and one 1 x 1 convolution of 256 channels with two normalizations,
  /// and the last normalization and convolution; the discriminator blocks 3 -> 128 and 128 -> 128 with, two without a 1
  /// x 1 convolution, and the last layer.
  @Test func resnetHasThePapersParameters() throws {
    var options = Architecture.Options()
    (options.size, options.width, options.latent, options.norm) = (32, 128, 128, "spectral")
    let pair = try #require(Architecture.all.first { $0.name == "resnet" })
    let device = Device.dryRun()
    let generator = try Network(pair.generator(options), input: [128], random: random, on: device)
    let discriminator = try Network(pair.discriminator(options), input: [32, 32, 3], random: random, on: device)
    let block = 2 * (9 * 256 * 256 + 256) + 256 * 256 + 256 + 4 * 256
    #expect(generator.weights.shape == [128 * 4096 + 4096 + 3 * block + 512 + 9 * 256 * 3 + 3])
    let wide = 9 * 128 * 128 + 128
    let first = 9 * 3 * 128 + 128 + wide + 3 * 128 + 128
    #expect(discriminator.weights.shape == [first + (2 * wide + 128 * 128 + 128) + 4 * wide + 129])
  }

  /// What cannot be built, and words of the message.
  @Test(arguments: [
    ("resnet", 128, "none", 3, "batch", "32 or 64"), ("dcgan", 48, "none", 3, "batch", "32, 64 or 128"),
    ("resnet", 32, "projection", 0, "batch", "'projection' needs"), ("mlp", 32, "concat", 0, "batch", "'concat' needs"),
    ("autoencoder", 32, "auxiliary", 3, "batch", "not logits"), ("r3gan", 32, "none", 0, "spectral", "regularizers.r1"),
  ])
  func whatCannotBeBuiltIsSaid(
    name: String, size: Int, conditioning: String, classes: Int, norm: String, words: String
  ) throws {
    var options = Architecture.Options()
    (options.size, options.classes, options.norm) = (size, classes, norm)
    options.conditioning = try #require(Architecture.Conditioning(rawValue: conditioning))
    let pair = try #require(Architecture.all.first { $0.name == name })
    let error = #expect(throws: NetworkError.self) {
      _ = try pair.generator(options)
      _ = try pair.discriminator(options)
    }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}

/// A turn of each pair gives the same bits on every build of the processor and on OpenCL in both forms.
@Suite(.serialized) struct ArchitectureBitsTests {
  static let rows: [DeviceCheck.Row] = PairRow.all.filter { $0.size == 32 }.map { row in
    DeviceCheck.Row(name: row.testDescription, size: 3 * 32 * 32 * 3) { device in
      let turn = try row.turn(on: device)
      return try (turn.rest + [turn.fake, turn.output]).flatMap { x throws in try x.scalars(as: Float.self) }
    }
  }

  @Test(arguments: DeviceCheckTests.contenders.map(\.name))
  func architecturesGiveTheSameBits(name: String) throws {
    let contender = try #require(DeviceCheckTests.contenders.first { $0.name == name })
    let device: Device
    do { device = try contender.open() } catch DeviceError.unsupported(let isa, let processor) {
      try Test.cancel("this processor (\(processor)) has no \(isa)")
    }
    let reference = try Device.cpu(isa: "baseline", threads: 2)
    for row in Self.rows {
      #expect(throws: Never.self, "\(row.name)") { try DeviceCheck.compare(row, device, to: reference) }
    }
  }
}
