import Foundation
import Testing

@testable import Adversaries

/// Two small players on points of the plane, in double, under plain gradient descent at this rate.
private func trainer(
  _ objective: String, rule: String = "sgd", outputs: Int = 1, _ change: (inout Game) -> Void = { _ in }
) throws -> Trainer {
  var game = Game(try #require(Objective.named(objective)))
  change(&game)
  let device = try Device.cpu(precision: .double, threads: 1)
  let architecture = try #require(Architecture.all.first { $0.name == "mlp-points" })
  var options = Architecture.Options()
  (options.latent, options.width, options.initializer) = (3, 8, .he)
  options.outputs = outputs - 1
  func player(_ layers: Sequential, _ input: Shape, _ use: RandomUse) throws -> TrainableNetwork {
    let network = try Network(layers, input: input, random: RandomStream(seed: 1, stream: use.rawValue), on: device)
    return TrainableNetwork(
      network, try #require(OptimizerRule.all.first { $0.name == rule }), OptimizerSettings(rate: rate))
  }
  return Trainer(
    generator: try player(architecture.generator(options), [3], .generatorWeights),
    discriminator: try player(architecture.discriminator(options), [2 * game.pack], .discriminatorWeights), game: game,
    seed: 4)
}

private let rate = 0.25

extension Trainer {
  fileprivate var weights: (generator: [Double], discriminator: [Double]) {
    get throws { (try generator.network.weights.scalars(), try discriminator.network.weights.scalars()) }
  }

  /// Sixteen real points, others at each call.
  fileprivate func points(_ number: Int) -> Tensor {
    RandomStream(seed: 77, stream: 0).normal([16, 2], step: number, on: generator.network.weights.device)
  }
}

/// A step, and what is different in it.
struct StepRow: Sendable, CustomTestStringConvertible {
  var objective = "non-saturating"
  /// Whether the generator learns from the samples that the discriminator saw.
  var isShared = true
  /// Whose steps have noise.
  var noise = Sides.neither
  enum Sides { case neither, discriminator, both }
  var testDescription: String { "\(objective), \(isShared ? "shared" : "fresh") samples, noise for \(noise)" }

  static let all = [
    StepRow(), StepRow(objective: "minimax"), StepRow(isShared: false), StepRow(noise: .discriminator),
    StepRow(noise: .both),
    StepRow(isShared: false, noise: .both),
  ]
}

/// A network's weights after a step along the gradient of a loss.
private func moved(
  _ network: Network, from start: [Double]? = nil, _ loss: ([Tensor]) -> Tensor
) throws -> [Double] {
  let start = try start ?? network.weights.scalars()
  let tape = Tape()
  let weights = network.views(of: Tensor(start, shape: network.weights.shape, on: network.weights.device))
    .map { tape.watch($0) }
  let slopes: [Double] = try network.flattened(gradient(of: loss(weights), wrt: weights)).scalars()
  return zip(start, slopes).map { $0 - rate * $1 }
}

/// One step worked out by hand: the discriminator moves once, by the generator's old samples, and then stands still
/// while the generator follows it.
@Test(arguments: StepRow.all)
func aStepIsTheCriticsThenTheGenerators(row: StepRow) throws {
  let trainer = try trainer(row.objective) { game in
    game.training.sharedSamples = row.isShared
    if row.noise != .neither {
      game.inputTransforms = [.noise(.gaussian, standardDeviation: 0.5, isOnBothSides: row.noise == .both)]
    }
  }
  let (generator, discriminator) = (trainer.generator.network, trainer.discriminator.network)
  let real = trainer.points(1)
  func drawn(_ use: RandomUse) -> Tensor {
    RandomStream(seed: 4, stream: use.rawValue).normal([16, 3], step: 1, on: real.device)
  }
  // The first numbers that a player's step draws beside its latents.
  func noise(_ shape: Shape) -> Tensor {
    0.5 * RandomStream(seed: 4, stream: RandomUse.draws.rawValue + 1).normal(shape, step: 1, on: real.device)
  }
  let fake = generator(drawn(.latents), mode: .training)
  let newDiscriminator = try moved(discriminator) { weights in
    let both = real.concatenated(with: fake, axis: 0)
    let logits = discriminator(row.noise == .neither ? both : both + noise([32, 2]), weights: weights, mode: .training)
    return (-logits.rows(from: 0, count: 16)).softplus().mean() + logits.rows(from: 16, count: 16).softplus().mean()
  }
  let discriminatorTransforms = discriminator.views(
    of: Tensor(newDiscriminator, shape: discriminator.weights.shape, on: real.device))
  let newGenerator = try moved(generator) { weights in
    let fake = generator(drawn(row.isShared ? .latents : .freshLatents), weights: weights, mode: .training)
    let logits = discriminator(
      row.noise == .both ? fake + noise([16, 2]) : fake, weights: discriminatorTransforms, mode: .training)
    return row.objective == "minimax" ? -logits.softplus().mean() : (-logits).softplus().mean()
  }

  let before = try trainer.weights
  let step = trainer.advance { Batch(real) }
  let after = try trainer.weights
  #expect(before.generator != after.generator && before.discriminator != after.discriminator)
  for (ours, theirs) in zip(after.discriminator, newDiscriminator) { #expect(abs(ours - theirs) < 1e-13) }
  for (ours, theirs) in zip(after.generator, newGenerator) { #expect(abs(ours - theirs) < 1e-13) }
  #expect(step.number == 1 && trainer.step == 1)
}

// MARK: Lazy penalties

/// Penalties on slopes come behind every third step of the discriminator, three times as large and in an update of
/// their own; what binds weights, at every step.
@Test func onlySlopesArePenalisedLazily() throws {
  let trainer = try trainer("non-saturating") { game in
    game.regularizers = [("r1", 0.4), ("orthogonal", 0.01)].compactMap { name, weight in
      Regularizer.named(name).map { ($0, Schedule(weight)) }
    }
    game.settings.regularizers.interval = 3
  }
  let (generator, discriminator) = (trainer.generator.network, trainer.discriminator.network)
  for number in 1...5 {
    let real = trainer.points(number)
    let latents = RandomStream(seed: 4, stream: RandomUse.latents.rawValue)
      .normal([16, 3], step: number, on: real.device)
    let fake = generator(latents, mode: .training)
    var expected = try moved(discriminator) { weights in
      let (r, f) = (
        discriminator(real, weights: weights, mode: .training), discriminator(fake, weights: weights, mode: .training)
      )
      return (-r).softplus().mean() + f.softplus().mean() + 0.01 * discriminator.orthogonality(of: weights)
    }
    if number % 3 == 1 {
      expected = try moved(discriminator, from: expected) { 3 * 0.4 * halfSquaredSlope(discriminator, $0, real) }
    }
    _ = trainer.advance { Batch(real) }
    for (ours, theirs) in zip(try trainer.weights.discriminator, expected) {
      #expect(abs(ours - theirs) < 1e-12, "step \(number): \(ours), not \(theirs)")
    }
  }
}

/// E |grad D|^2 / 2 of two hidden leaky layers by the chain rule: D = W3 s(W2 s(W1 x)), whose slope is piecewise
/// constant.
private func halfSquaredSlope(_ discriminator: Network, _ weights: [Tensor], _ x: Tensor) -> Tensor {
  func slopes(_ y: Tensor) -> Tensor { 0.2 + 0.8 * y.detached().step() }
  let first = matmul(x, weights[0]).adding(bias: weights[1])
  let second = matmul(first * slopes(first), weights[2]).adding(bias: weights[3])
  let back = matmul(slopes(second) * weights[4].reshaped(to: [1, weights[4].shape[0]]), weights[2].transposed([1, 0]))
  return 0.5 * matmul(slopes(first) * back, weights[0].transposed([1, 0])).squared().summed(over: [1]).mean()
}

/// Adam's numbers, of the discriminator alone, make up for penalties that do not come at every step (Karras et al.
/// 2020): its rate times c and its betas to the power of c = k / (k + 1).
@Test(
  arguments: [
    (16, 1, "adam"), (3, 1, "adamw"), (1, 1, "adam"), (16, 0, "adam"), (16, 1, "rmsprop"),
  ] as [(Int, Double, String)])
func lazinessIsMadeUpFor(interval: Int, weight: Double, rule: String) throws {
  let trainer = try trainer("non-saturating", rule: rule) { game in
    game.regularizers = [("r1", weight), ("orthogonal", 1)].compactMap { name, weight in
      Regularizer.named(name).map { ($0, Schedule(weight)) }
    }
    game.settings.regularizers.interval = interval
    (game.settings.optimizer.generatorLearningRate, game.settings.optimizer.discriminatorLearningRate) = (
      2e-3, Schedule(1e-3, to: 0, .linear, last: 4)
    )
    game.settings.optimizer.beta2 = Schedule(0.9, to: 0.99, .linear, last: 2)
  }
  let isLazy = interval > 1 && weight > 0 && rule != "rmsprop"
  let c = isLazy ? Double(interval) / Double(interval + 1) : 1
  for (number, rate, beta2) in [(1, 0.75e-3, 0.945), (2, 0.5e-3, 0.99), (3, 0.25e-3, 0.99)] {
    _ = trainer.advance { Batch(trainer.points(number)) }
    let (ours, theirs) = (trainer.discriminator.optimizer.settings, trainer.generator.optimizer.settings)
    #expect(abs(ours.rate - c * rate) < 1e-16 && abs(ours.beta1 - pow(0.5, c)) < 1e-15)
    #expect(abs(ours.beta2 - pow(beta2, c)) < 1e-15)
    #expect(theirs.rate == 2e-3 && theirs.beta1 == 0.5 && abs(theirs.beta2 - beta2) < 1e-15)
  }
}

@Test(arguments: [2, 16, 1000], [0, 0.5, 0.9, 0.999, 1e-6] as [Double])
func betasAreTakenToTheirPower(interval: Int, beta: Double) {
  var settings = OptimizerSettings(rate: 1)
  settings.beta1 = beta
  for rule in OptimizerRule.all where rule.name.hasPrefix("adam") {
    let ours = rule.settings(settings, withPenaltyEvery: interval).beta1
    let expected = pow(beta, Double(interval) / Double(interval + 1))
    #expect(abs(ours - expected) <= 1e-12 * expected, "\(ours), not \(expected)")
  }
}

// MARK: What a step tells

/// A classifier's guesses are measured by all classes, told or not.
@Test func classifiersAreMeasuredByTheTruth() throws {
  let trainer = try trainer("semi-supervised", outputs: 3)
  let real = trainer.points(1)
  let logits: [Double] = try trainer.discriminator.network(real, mode: .training).scalars()
  let guesses = (0..<16).map { n in (0..<3).max { logits[3 * n + $0] < logits[3 * n + $1] } ?? 0 }
  // Right for ten of them; the players are told no class of these.
  let trueLabels = guesses.enumerated().map { Double($0 < 10 ? $1 : ($1 + 1) % 3) }
  func tensor(_ x: [Double]) -> Tensor { Tensor(x, shape: [16], on: real.device) }
  let step = trainer.advance { Batch(real, trueLabels: tensor(trueLabels)) }
  let column = try #require(step.columns.first { $0.name == "class_accuracy" })
  #expect(abs(try column.value.scalars(as: Double.self)[0] - 10.0 / 16) < 1e-9)
}

/// k discriminator steps to each of the generator's, each with a batch of its own.
@Test(arguments: [1, 3])
func criticsTakeTheirSteps(k: Int) throws {
  let trainer = try trainer("non-saturating") { $0.training.discriminatorSteps = Schedule(Double(k)) }
  var batches = 0
  var generators: [[Double]] = []
  var discriminators: [[Double]] = []
  for _ in 0..<2 {
    let step = try trainer.advance {
      generators.append(try trainer.weights.generator)
      discriminators.append(try trainer.weights.discriminator)
      batches += 1
      return Batch(trainer.points(batches))
    }
    #expect(
      step.columns.map(\.name) == [
        "discriminator_loss", "generator_loss", "discriminator_accuracy_real", "discriminator_accuracy_fake",
        "discriminator_calibration_gap",
        "divergence_estimate", "sample_diversity", "saturated_share", "discriminator_gradient_norm",
        "generator_gradient_norm",
      ])
  }
  #expect(batches == 2 * k)
  #expect(trainer.step == 2 && trainer.generator.optimizer.step == 2 && trainer.discriminator.optimizer.step == 2 * k)
  // As each batch is fetched: the discriminator has moved every time, the generator only at the start of a step.
  #expect(Set(discriminators).count == 2 * k)
  #expect(Set(generators).count == 2 && generators[0] == generators[k - 1])
}

/// The accuracies and norms that a step reports, from the logits and slopes themselves.
@Test func aStepReportsWhatItSaw() throws {
  let trainer = try trainer("wasserstein")
  let (generator, discriminator) = (trainer.generator.network, trainer.discriminator.network)
  let real = trainer.points(1)
  let latents = RandomStream(seed: 4, stream: RandomUse.latents.rawValue).normal([16, 3], step: 1, on: real.device)
  let fakeLogits: [Double] = try discriminator(generator(latents, mode: .training), mode: .training).scalars()
  let realLogits: [Double] = try discriminator(real, mode: .training).scalars()
  let before = try trainer.weights
  let step = trainer.advance { Batch(real) }
  let after = try trainer.weights
  func norm(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() / rate
  }
  let expected = [
    "discriminator_loss": (fakeLogits.reduce(0, +) - realLogits.reduce(0, +)) / 16,
    "discriminator_accuracy_real": Double(realLogits.count { $0 > 0 }) / 16,
    "discriminator_accuracy_fake": Double(fakeLogits.count { $0 <= 0 }) / 16,
    "discriminator_gradient_norm": norm(before.discriminator, after.discriminator),
    "generator_gradient_norm": norm(before.generator, after.generator),
  ]
  let columns = try Dictionary(
    uniqueKeysWithValues: step.columns.map { ($0.name, try $0.value.scalars(as: Double.self)[0]) })
  for (name, wanted) in expected {
    let ours = try #require(columns[name], "there is no column \(name)")
    #expect(abs(ours - wanted) < 1e-12 * max(1, abs(wanted)), "\(name): \(ours), not \(wanted)")
  }
}

/// Of several micro-batches each enters the losses that are told, and a broken one shows, wherever it stands.
@Test(arguments: [true, false])
func lossesAreOfAllMicroBatches(movesTogether: Bool) throws {
  func step(_ accumulation: Int, _ batch: @escaping (Trainer, Int) -> Tensor) throws -> (
    losses: [Double], columns: [Double]
  ) {
    let player = try trainer("non-saturating") {
      ($0.training.order, $0.training.accumulation) = (movesTogether ? .simultaneous : .alternating, accumulation)
    }
    var number = 0
    let step = player.advance {
      number += 1
      return Batch(batch(player, number))
    }
    let named = step.columns.filter { $0.name.hasSuffix("_loss") }
    return (
      try step.losses.map { try $0.scalars(as: Double.self)[0] },
      try named.map { try $0.value.scalars(as: Double.self)[0] }
    )
  }
  // One batch that is drawn second has the second's latents; two of the same points are the mean of both.
  let both = try step(2) { $0.points($1) }
  #expect(both.losses == both.columns && both.losses.count == 2)
  let fresh = try trainer("non-saturating")
  let (generator, discriminator) = (fresh.generator.network, fresh.discriminator.network)
  let losses = try (1...2).map { number in
    let latents = RandomStream(seed: 4, stream: RandomUse.latents.rawValue)
      .normal([16, 3], step: number, on: generator.weights.device)
    let (real, fake) = (
      discriminator(fresh.points(number), mode: .training),
      discriminator(generator(latents, mode: .training), mode: .training)
    )
    return try ((-real).softplus().mean() + fake.softplus().mean()).scalars(as: Double.self)[0]
  }
  #expect(abs(both.losses[0] - (losses[0] + losses[1]) / 2) < 1e-13 && abs(losses[0] - losses[1]) > 1e-6)
  for broken in 1...2 {
    let losses = try step(2) { trainer, number in
      number == broken ? Double.nan * trainer.points(number) : trainer.points(number)
    }.losses
    #expect(losses[0].isNaN, "the discriminator's loss is \(losses[0]) where micro-batch \(broken) is NaN")
  }
}

@Test func clippingHolds() throws {
  let clipped = try trainer("wasserstein") { ($0.training.discriminatorSteps, $0.settings.objective.clip) = (2, 0.03) }
  let free = try trainer("non-saturating")
  for trainer in [clipped, free] { for number in 1...3 { _ = trainer.advance { Batch(trainer.points(number)) } } }
  let weights = try clipped.weights
  #expect(weights.discriminator.allSatisfy { abs($0) <= 0.03 } && weights.discriminator.contains { abs($0) == 0.03 })
  #expect(weights.generator.contains { abs($0) > 0.03 })
  #expect(try free.weights.discriminator.contains { abs($0) > 0.03 })
}

/// Latents beyond the bound are drawn again: what is left is inside, and still spread.
@Test func truncatedLatentsStayInside() throws {
  let trainer = try trainer("non-saturating")
  let z: [Double] = try trainer.latents(2000, truncatedAt: 0.5).scalars()
  #expect(z.allSatisfy { abs($0) <= 0.5 } && !z.contains(0))
  // A normal cut off at ±c has variance 1 - 2 c phi(c) / (2 Phi(c) - 1) = 0.080589 at c = 0.5, and a kurtosis below
  // 1.9.
  let variance = z.reduce(0) { $0 + $1 * $1 } / 6000
  #expect(abs(variance / 0.080589 - 1) < 4 * (0.9 / 6000).squareRoot())
}
