import Foundation
import Testing

@testable import Adversaries

/// PyTorch's gradients for games that go through gradients, made by tools/reference/games.py in float64.
private struct Reference: Decodable {
  let generator, discriminator, real, latents: [Double]
  let cases: [String: [Double]]

  static func load() throws -> Reference {
    let url = try #require(Bundle.module.url(forResource: "games", withExtension: "json", subdirectory: "Reference"))
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
  }
}

/// A game whose players move by plain gradient descent at rate 1, so that a step shows the gradient.
struct GameRow: Sendable, CustomTestStringConvertible {
  enum Move { case discriminator, generator, together }
  let name: String
  let move: Move
  /// Whether the generated samples are the real ones, so that the line between the two is a point.
  var isFakeReal = false
  var optimizer = "sgd"
  var rate = 1.0
  let change: @Sendable (inout Game) -> Void
  var testDescription: String { name }

  private static func term(_ name: String, _ weight: Double, _ move: Move, isFakeReal: Bool = false) -> GameRow {
    GameRow(name: name, move: move, isFakeReal: isFakeReal) { game in
      game.regularizers = Regularizer.all.filter { $0.name == name }.map { ($0, Schedule(weight)) }
    }
  }

  static let all = [
    term("r1", 3, .discriminator), term("r2", 3, .discriminator),
    term("gradient-penalty", 10, .discriminator, isFakeReal: true),
    term("one-sided-gradient-penalty", 10, .discriminator, isFakeReal: true),
    term("orthogonal", 0.5, .discriminator), term("feature-matching", 2, .generator),
    term("pulling-away", 0.7, .generator),
    GameRow(name: "consensus", move: .together) { $0.training.consensus = 0.7 },
    GameRow(name: "unrolled sgd", move: .generator, rate: 0.5) { $0.training.unroll = 2 },
    GameRow(name: "unrolled adam", move: .generator, optimizer: "adam", rate: 0.05) { $0.training.unroll = 2 },
  ]
}

@Test func everyReferenceIsAsked() throws {
  let names = Set(
    GameRow.all.flatMap { $0.move == .together ? ["\($0.name) discriminator", "\($0.name) generator"] : [$0.name] })
  #expect(names == Set(try Reference.load().cases.keys))
}

@Test(arguments: GameRow.all)
func movesAgreeWithPyTorch(row: GameRow) throws {
  let reference = try Reference.load()
  let device = try Device.cpu(precision: .double, threads: 1)
  func network(_ widths: [Int], _ input: Int, _ weights: [Double]) throws -> Network {
    var layers: [any Layer] = []
    for (number, width) in widths.enumerated() {
      let isLast = number == widths.count - 1
      layers +=
        isLast ? [FeatureMark(), Dense(width, initializer: .he)] : [Dense(width, initializer: .he), Activation.tanh]
    }
    let network = try Network(Sequential(layers), input: [input], random: .init(seed: 0, stream: 0), on: device)
    network.weights.write(weights)
    return network
  }
  func player(_ network: Network, _ rule: String, _ rate: Double) throws -> TrainableNetwork {
    var settings = OptimizerSettings(rate: rate)
    (settings.beta1, settings.beta2) = (0.5, 0.9)
    return TrainableNetwork(network, try #require(OptimizerRule.all.first { $0.name == rule }), settings)
  }
  var game = Game(try #require(Objective.named("non-saturating")))
  row.change(&game)
  let trainer = Trainer(
    generator: try player(network([6, 2], 3, reference.generator), "sgd", 1),
    discriminator: try player(network([6, 5, 1], 2, reference.discriminator), row.optimizer, row.rate), game: game,
    seed: 1)
  let microBatch = MicroBatch(
    Batch(Tensor(reference.real, shape: [6, 2], on: device)),
    latents: Tensor(reference.latents, shape: [6, 3], on: device), draw: 1)

  func expect(_ name: String, _ network: Network, _ before: [Double]) throws {
    let after: [Double] = try network.weights.scalars()
    let expected = try #require(reference.cases[name])
    let size = expected.map(abs).max() ?? 0
    #expect(size > 0 && expected.count == after.count)
    for (i, gradient) in zip(before, after).map({ $0 - $1 }).enumerated() {
      #expect(abs(gradient - expected[i]) <= 1e-8 * size, "\(name), weight \(i): \(gradient), not \(expected[i])")
    }
  }
  var columns = Columns(isMeasuring: false)
  switch row.move {
  case .discriminator:
    _ = trainer.discriminatorStep([microBatch], row.isFakeReal ? microBatch.batch.samples : nil, &columns)
    try expect(row.name, trainer.discriminator.network, reference.discriminator)
  case .generator:
    trainer.generatorStep([microBatch], nil, &columns)
    try expect(row.name, trainer.generator.network, reference.generator)
  case .together:
    _ = trainer.moveTogether(false, [microBatch])
    try expect(row.name + " discriminator", trainer.discriminator.network, reference.discriminator)
    try expect(row.name + " generator", trainer.generator.network, reference.generator)
  }
}
