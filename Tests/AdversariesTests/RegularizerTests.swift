import Foundation
import Testing

@testable import Adversaries

/// Every term of every player: its gradient by the player's weights, which goes through gradients by inputs for
/// penalties, against a central difference in one random direction, in double.
@Test(arguments: Regularizer.all.map(\.name), [true, false])
func termsHaveTheirGradients(name: String, isDiscriminator: Bool) throws {
  let term = try #require(Regularizer.named(name))
  guard let value = isDiscriminator ? term.discriminator : term.generator else { return }
  let device = try Device.cpu(precision: .double, threads: 1)
  func network(_ layers: [any Layer], _ input: Int, _ stream: UInt32) throws -> Network {
    try Network(Sequential(layers), input: [input], random: .init(seed: 3, stream: stream), on: device)
  }
  let hidden: [any Layer] = [Dense(7, initializer: .he), Activation.tanh, Dense(6, initializer: .he), Activation.tanh]
  // A logit, and four more outputs: classes, or a code of three categories and a number.
  let discriminator = try network(hidden + [FeatureMark(), Dense(5, initializer: .he)], 2, 1)
  let generator = try network([Dense(6, initializer: .he), Activation.tanh, Dense(2, initializer: .he)], 6, 2)
  let count = 8
  let random = RandomStream(seed: 5, stream: 0)
  let real = random.normal([count, 2], step: 1, on: device)
  var settings = Settings()
  settings.codes = LatentCodes(categories: 3, continuous: 1)
  let latents = random.latents(count, 6, settings.codes, step: 2, on: device)
  let player = isDiscriminator ? discriminator : generator

  /// The term at some weights of the player, and its gradient by them.
  func added(at flat: Tensor) -> (value: Tensor, weights: [Tensor]) {
    let tape = Tape()
    let weights = player.views(of: flat).map(tape.watch)
    var rules = LossContext.Rules()
    (rules.settings, rules.random) = (settings, StepRandom(seed: 9, step: 1))
    let batch = Batch(real, labels: Tensor([0.0, 1, 2, 3, 3, 2, 1, 0], shape: [count], on: device))
    let moving = LossContext.Moving(
      tape: tape, network: player, weights: weights,
      historicalAverage: player.views(of: Tensor(0.1, shape: player.weights.shape, on: device)))
    let fake = generator(latents, weights: isDiscriminator ? nil : weights, mode: .inference)
    let context = LossContext(
      MicroBatch(batch, latents: latents), fake: fake, isJoint: isDiscriminator, moving: moving, rules: rules
    ) { samples, _, _ in
      let (output, features) = discriminator.evaluate(
        samples, weights: isDiscriminator ? weights : nil, mode: .inference)
      return LossContext.DiscriminatorOutput(output: output, features: features)
    }
    return (value(context), weights)
  }
  let direction: [Double] = try random.normal(player.weights.shape, step: 7, on: device).scalars()
  let start: [Double] = try player.weights.scalars()
  func moved(_ h: Double) throws -> Double {
    let flat = Tensor(zip(start, direction).map { $0 + h * $1 }, shape: player.weights.shape, on: device)
    return try added(at: flat).value.scalars(as: Double.self)[0]
  }
  let (value0, weights) = added(at: player.weights)
  #expect(value0.shape == [])
  let slopes: [Double] = try player.flattened(gradient(of: value0, wrt: weights)).scalars()
  let ours = zip(slopes, direction).reduce(0) { $0 + $1.0 * $1.1 }
  let h = 1e-5
  let expected = (try moved(h) - moved(-h)) / (2 * h)
  #expect(expected != 0)
  #expect(abs(ours - expected) <= 1e-6 * max(1, abs(expected)), "\(ours), not \(expected)")
}

/// DRAGAN's points are x + a s u / 2: each sample has a share a of its own, uniform on (0, 1), each coordinate a u, and
/// s is the deviation over the whole batch.
@Test(arguments: [1, 2])
func draganLooksAroundRealSamples(pack: Int) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let (count, size) = (400, 300)
  let random = RandomStream(seed: 3, stream: 1)
  let real = 2 * random.normal([pack * count, size / pack], step: 1, on: device) + 5
  var rules = LossContext.Rules()
  (rules.random, rules.pack) = (StepRandom(seed: 8, step: 3), pack)
  let context = LossContext(MicroBatch(Batch(real)), fake: real, rules: rules) { x, _, _ in
    LossContext.DiscriminatorOutput(output: x)
  }
  let (x, moved): ([Double], [Double]) = (try real.scalars(), try Regularizer.around(context).scalars())
  let mean = x.reduce(0, +) / Double(x.count)
  let standardDeviation = (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)).squareRoot()
  let steps = zip(moved, x).map { ($0 - $1) / (0.5 * standardDeviation) }
  #expect(steps.allSatisfy { $0 > 0 && $0 < 1 })
  // A sample's largest step is nearly its a; over a, steps are uniform: mean 1/2, mean square 1/3.
  let samples = (0..<count).map { Array(steps[($0 * size)..<(($0 + 1) * size)]) }
  let shares = samples.map { $0.max() ?? 0 }.sorted()
  for (rank, share) in shares.enumerated() { #expect(abs(share - (Double(rank) + 0.5) / Double(count)) < 0.08) }
  let scaled = samples.flatMap { sample in sample.map { $0 / (sample.max() ?? 1) } }
  let (first, second) = scaled.reduce((0, 0)) { ($0.0 + $1, $0.1 + $1 * $1) }
  #expect(abs(first / Double(scaled.count) - 0.5) < 0.01 && abs(second / Double(scaled.count) - 1.0 / 3) < 0.01)
}

/// The mean squared cosine of random codes of d dimensions is 1 / d; of the codes (1, 0), (1, 1), (0, -2), by hand, the
/// squares 1/2, 0 and 1/2 over three pairs.
@Test(arguments: [2, 8, 64])
func pullingAwayOfRandomCodes(dimensions: Int) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let codes = RandomStream(seed: 2, stream: 1).normal([500, dimensions], step: 1, on: device)
  let value = try Regularizer.pullingAway(3 * codes).scalars(as: Double.self)[0]
  #expect(abs(value * Double(dimensions) - 1) < 0.02, "\(value)")
  let few = Tensor([1.0, 0, 1, 1, 0, -2], shape: [3, 2], on: device)
  #expect(abs(try Regularizer.pullingAway(few).scalars(as: Double.self)[0] - 1.0 / 3) < 1e-11)
}

/// Noise of each kind has the deviation it is told, at the step that it is told for, and only where it is wanted.
@Test(arguments: InputTransform.Noise.allCases)
func noiseHasItsDeviation(noise: InputTransform.Noise) throws {
  let device = try Device.cpu(threads: 1)
  let view = InputTransform.noise(noise, standardDeviation: Schedule(0.4, to: 0, .linear, last: 100))
  // Two coordinates of deviations 1 and 3.
  let n = 20_000
  let scales = Tensor([1.0, 3], shape: [1, 2], on: device)
  let real = RandomStream(seed: 1, stream: 1).normal([n, 2], step: 1, on: device) * scales
  let zeros = Tensor(0, shape: [n, 2], on: device)
  func seen(_ step: Int) throws -> [Float] {
    try view.apply(zeros, InputTransform.Context(step: step, random: StepRandom(seed: 2, step: step), real: real))
      .scalars()
  }
  let values = try seen(50)
  for coordinate in 0..<2 {
    let own = stride(from: coordinate, to: values.count, by: 2).map { Double(values[$0]) }
    let standardDeviation = (own.reduce(0) { $0 + $1 * $1 } / Double(n)).squareRoot()
    let expected = 0.2 * (noise == .diagonal && coordinate == 1 ? 3 : 1)
    #expect(abs(standardDeviation - expected) < 0.02 * expected, "\(coordinate): \(standardDeviation), not \(expected)")
  }
  if noise == .bounded { #expect(values.allSatisfy { abs($0) <= Float(0.2 * 3.0.squareRoot()) + 1e-6 }) }
  #expect(try seen(100).allSatisfy { $0 == 0 })
}

/// A schedule as it is written, and its values on the way.
struct ScheduleRow: Sendable {
  let text: String
  let values: [(step: Int, value: Double)]

  private static let quarter = 0.5.squareRoot() / 2
  static let all = [
    ScheduleRow(text: "2e-4", values: [(1, 2e-4), (1_000_000, 2e-4)]),
    ScheduleRow(text: "5", values: [(1, 5)]),
    ScheduleRow(text: "linear 1 to 0 by 10", values: [(1, 0.9), (5, 0.5), (10, 0), (99, 0)]),
    ScheduleRow(text: "linear 2 to 4 from 10 by 20", values: [(1, 2), (10, 2), (15, 3), (20, 4)]),
    ScheduleRow(
      text: "cosine 1 to 0 by 4", values: [(1, 0.5 + quarter), (2, 0.5), (3, 0.5 - quarter), (4, 0)]),
    ScheduleRow(text: "step 1 to 5 by 100", values: [(99, 1), (100, 5)]),
  ]
}

@Test(arguments: ScheduleRow.all)
func schedulesGoTheirWay(row: ScheduleRow) throws {
  let schedule = try #require(Schedule(row.text))
  for (step, value) in row.values { #expect(abs(schedule.value(at: step) - value) < 1e-14) }
  #expect(Schedule(schedule.description) == schedule)
}

@Test(arguments: [
  "", "a", "linear", "linear 1 to 0", "linear 1 to 0 by 0", "linear 1 to 0 from 5 by 5", "sine 1 to 0 by 5",
  "1 to 0 by 5",
])
func noSchedules(text: String) { #expect(Schedule(text) == nil) }

/// Four batches accumulated give the gradient of the batch that they make up, for players without batch statistics.
@Test func accumulationIsALargerBatch() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  func weights(_ batches: Int) throws -> [Double] {
    func player(_ widths: [Int], _ input: Int) throws -> TrainableNetwork {
      let layers = widths.enumerated().flatMap { number, width in
        [Dense(width, initializer: .he)] + (number < widths.count - 1 ? [Activation.tanh] : []) as [any Layer]
      }
      let network = try Network(
        Sequential(layers), input: [input], random: .init(seed: 1, stream: UInt32(input)), on: device)
      return TrainableNetwork(
        network, try #require(OptimizerRule.all.first { $0.name == "sgd" }), OptimizerSettings(rate: 0.5))
    }
    var game = Game(try #require(Objective.named("non-saturating")))
    game.training.accumulation = batches
    let trainer = Trainer(generator: try player([5, 2], 3), discriminator: try player([5, 1], 2), game: game, seed: 1)
    func points(_ count: Int, _ step: Int) -> Tensor {
      RandomStream(seed: 8, stream: 0).normal([count, 2], step: step, on: device)
    }
    func latents(_ step: Int) -> Tensor { trainer.latents(.latents, 4, at: step) }
    let groups = (1...4).map { MicroBatch(Batch(points(4, $0)), latents: latents($0), draw: $0) }
    func joined(_ x: [Tensor]) -> Tensor { x.dropFirst().reduce(x[0]) { $0.concatenated(with: $1, axis: 0) } }
    let whole = MicroBatch(
      Batch(joined(groups.map(\.batch.samples))), latents: joined(groups.compactMap(\.latents)), draw: 1)
    var columns = Columns(isMeasuring: false)
    let microBatches = batches == 1 ? [whole] : groups
    _ = trainer.discriminatorStep(microBatches, nil, &columns)
    trainer.generatorStep(microBatches, nil, &columns)
    return try trainer.discriminator.network.weights.scalars() + trainer.generator.network.weights.scalars()
  }
  for (ours, whole) in zip(try weights(4), try weights(1)) { #expect(abs(ours - whole) < 1e-14) }
}

/// A discriminator that is trained until its loss stalls takes fewer steps than it may, and more than the window.
@Test func criticsStopNearTheirOptimum() throws {
  let device = try Device.cpu(threads: 1)
  func player(_ layers: [any Layer], _ input: Int, _ rate: Double) throws -> TrainableNetwork {
    let network = try Network(
      Sequential(layers), input: [input], random: .init(seed: 1, stream: UInt32(input)), on: device)
    return TrainableNetwork(
      network, try #require(OptimizerRule.all.first { $0.name == "adam" }), OptimizerSettings(rate: rate))
  }
  var game = Game(try #require(Objective.named("non-saturating")))
  (game.training.discriminatorSteps, game.training.discriminatorTolerance) = (5000, 1e-3)
  let trainer = Trainer(
    generator: try player([Dense(1, initializer: .he)], 2, 1e-3),
    discriminator: try player([Dense(1, initializer: .he)], 1, 0.05),
    game: game, seed: 1)
  _ = trainer.advance(measuring: false) {
    Batch(RandomStream(seed: 1, stream: 5).normal([64, 1], step: trainer.drawn + 1, on: device) + 2)
  }
  #expect(trainer.discriminator.optimizer.step >= 50 && trainer.discriminator.optimizer.step < 2000)
  #expect(trainer.generator.optimizer.step == 1 && trainer.drawn == trainer.discriminator.optimizer.step)
}
