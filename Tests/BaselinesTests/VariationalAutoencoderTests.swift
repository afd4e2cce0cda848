import Comparison
import Testing

@testable import Baselines

struct LikelihoodRow: Sendable, CustomTestStringConvertible {
  let name: String
  let likelihood: VariationalAutoencoder.Likelihood
  var testDescription: String { name }

  static let all = [
    LikelihoodRow(name: "bernoulli", likelihood: .bernoulli),
    LikelihoodRow(name: "gaussian", likelihood: .gaussian(standardDeviation: 0.4)),
  ]
}

@Suite struct VariationalAutoencoderTests {
  let device: Device
  private let random = RandomStream(seed: 1, stream: 0)

  init() throws { device = try .cpu(precision: .double, threads: 1) }

  private func player(_ inputs: Int, _ outputs: Int, _ weights: [Double]) throws -> TrainableNetwork {
    let layers: [any Layer] = [Dense(4, initializer: .he), Activation.tanh, Dense(outputs, initializer: .he)]
    let network = try Network(Sequential(layers), input: [inputs], random: random, on: device)
    network.weights.write(weights)
    return try TrainableNetwork(descending: network)
  }

  @Test(arguments: LikelihoodRow.all)
  func boundsAndTheirGradientsAgreeWithPyTorch(row: LikelihoodRow) throws {
    let expected = try #require(try Reference.load().autoencoders[row.name])
    let model = try VariationalAutoencoder(
      encoder: player(6, 4, expected.encoder), decoder: player(2, 6, expected.decoder), likelihood: row.likelihood,
      random: random)
    let x = Tensor(expected.x, shape: [5, 6], on: device)
    let epsilon = Tensor(expected.epsilon, shape: [5, 2], on: device)
    let tape = Tape()
    let weights = (model.encoder.network.watched(on: tape), model.decoder.network.watched(on: tape))
    let bounds = model.bound(x, weights, mode: .training, epsilon)
    #expect(gap(try bounds.scalars(), expected.bounds) < 1e-12)
    let slopes = gradient(of: bounds.mean(), wrt: weights.0 + weights.1)
    #expect(
      gap(try model.encoder.network.flattened(Array(slopes[..<4])).scalars(), expected.encoderSlopes) < 1e-12)
    #expect(
      gap(try model.decoder.network.flattened(Array(slopes[4...])).scalars(), expected.decoderSlopes) < 1e-12)
  }

  /// A step moves both players up the slope of the bound that it reports, with draws that differ from step to step.
  @Test(arguments: LikelihoodRow.all)
  func aStepClimbsTheBound(row: LikelihoodRow) throws {
    let expected = try #require(try Reference.load().autoencoders[row.name])
    var model = try VariationalAutoencoder(
      encoder: player(6, 4, expected.encoder), decoder: player(2, 6, expected.decoder), likelihood: row.likelihood,
      random: random)
    model.setRate(1e-4)
    let x = Tensor(expected.x, shape: [5, 6], on: device)
    let epsilon = random.normal([5, 2], step: 1, on: device)
    let bound = { (model: VariationalAutoencoder) in
      try model.bound(x, nil, mode: .training, epsilon).mean().scalars(as: Double.self)[0]
    }
    let before = try bound(model)
    let (encoder, decoder): ([Double], [Double]) = (
      try model.encoder.network.weights.scalars(), try model.decoder.network.weights.scalars()
    )
    let reported = try model.advance(x).scalars(as: Double.self)[0]
    #expect(abs(reported - before) < 1e-12)
    let moved = zip(
      encoder + decoder,
      try model.encoder.network.weights.scalars() + model.decoder.network.weights.scalars(as: Double.self)
    ).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    // Along a gradient g at rate r, r² g² = moved and the bound rises by r g².
    #expect(abs((try bound(model) - before) / (moved / 1e-4) - 1) < 0.01)
    #expect(try model.advance(x).scalars(as: Double.self)[0] != model.advance(x).scalars(as: Double.self)[0])
  }

  /// Every architecture of images is a pair for an autoencoder too.
  @Test(arguments: ["dcgan", "resnet", "r3gan", "mlp"])
  func architecturesAreAutoencoders(name: String) throws {
    let architecture = try #require(Architecture.all.first { $0.name == name })
    var options = Architecture.Options()
    (options.size, options.channels, options.latent, options.width, options.outputs) = (32, 1, 3, 16, 5)
    let device = try Device.cpu(threads: 1)
    let decoder = try Network(architecture.generator(options), input: [3], random: random, on: device)
    let encoder = try Network(architecture.discriminator(options), input: decoder.output, random: random, on: device)
    var model = try VariationalAutoencoder(
      encoder: try TrainableNetwork(descending: encoder), decoder: try TrainableNetwork(descending: decoder),
      likelihood: .gaussian(standardDeviation: 1), random: random)
    model.setRate(0)
    let x = random.uniform([2, 32, 32, 1], step: 9, on: device)
    // Outputs about 0 at first: half the squares of x, and log 2π half as often as there are pixels.
    let bound = try model.advance(x).scalars(as: Double.self)[0]
    #expect(bound < -0.9189 * 1024 && bound > -0.9189 * 1024 - 4096)
    #expect(model.reconstructions(of: x).shape == x.shape)
  }

  @Test func networksThatDoNotFitAreRefused() throws {
    let (encoder, decoder) = (
      try player(6, 3, [Double](repeating: 0, count: 43)), try player(2, 6, [Double](repeating: 0, count: 42))
    )
    #expect {
      try VariationalAutoencoder(encoder: encoder, decoder: decoder, likelihood: .bernoulli, random: random)
    } throws: {
      "\($0)".contains("a mean and a log variance each, not of [6] to [3]")
    }
  }
}
