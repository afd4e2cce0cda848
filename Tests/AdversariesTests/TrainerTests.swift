import Testing

@testable import Adversaries

/// Two small players on points of the plane, in double, under plain gradient descent at this rate.
private func trainer(_ objective: String, _ change: (inout Game) -> Void = { _ in }) throws -> Trainer {
  var game = Game(try #require(Objective.named(objective)))
  change(&game)
  let device = try Device.cpu(precision: .double, threads: 1)
  let architecture = try #require(Architecture.all.first { $0.name == "mlp-points" })
  var options = Architecture.Options()
  (options.latent, options.width, options.initializer) = (3, 8, .he)
  func player(_ layers: Sequential, _ input: Shape, _ use: RandomUse) throws -> Player {
    let network = try Network(layers, input: input, random: RandomStream(seed: 1, stream: use.rawValue), on: device)
    return Player(network, try #require(OptimizerRule.all.first { $0.name == "sgd" }), OptimizerSettings(rate: rate))
  }
  return Trainer(
    generator: try player(architecture.generator(options), [3], .generatorWeights),
    critic: try player(architecture.critic(options), [2 * game.pack], .criticWeights), game: game, seed: 4)
}

private let rate = 0.25

extension Trainer {
  fileprivate var weights: (generator: [Double], critic: [Double]) {
    get throws { (try generator.network.weights.scalars(), try critic.network.weights.scalars()) }
  }

  /// Sixteen real points, others at each call.
  fileprivate func points(_ number: Int) -> Tensor {
    RandomStream(seed: 77, stream: 0).normal([16, 2], step: number, on: generator.network.weights.device)
  }
}

/// One step worked out by hand: the critic moves once, by the generator's old samples, and then stands still while the
/// generator follows it.
@Test(arguments: ["non-saturating", "minimax"])
func aStepIsTheCriticsThenTheGenerators(objective: String) throws {
  let trainer = try trainer(objective)
  let (generator, critic) = (trainer.generator.network, trainer.critic.network)
  let real = trainer.points(1)
  let latents = RandomStream(seed: 4, stream: RandomUse.latents.rawValue)
    .normal([16, 3], step: 1, on: real.device)

  func moved(_ network: Network, _ loss: ([Tensor]) -> Tensor) throws -> [Double] {
    let weights = network.watched(on: Tape())
    let slopes: [Double] = try network.flattened(gradient(of: loss(weights), wrt: weights)).scalars()
    return zip(try network.weights.scalars(as: Double.self), slopes).map { $0 - rate * $1 }
  }
  let fake = generator(latents, mode: .training)
  let newCritic = try moved(critic) { weights in
    let (real, fake) = (
      critic(real, weights: weights, mode: .training), critic(fake, weights: weights, mode: .training)
    )
    return (-real).softplus().mean() + fake.softplus().mean()
  }
  let criticViews = critic.views(of: Tensor(newCritic, shape: critic.weights.shape, on: real.device))
  let newGenerator = try moved(generator) { weights in
    let logits = critic(generator(latents, weights: weights, mode: .training), weights: criticViews, mode: .training)
    return objective == "minimax" ? -logits.softplus().mean() : (-logits).softplus().mean()
  }

  let before = try trainer.weights
  let step = trainer.advance { Batch(real) }
  let after = try trainer.weights
  #expect(before.generator != after.generator && before.critic != after.critic)
  for (ours, theirs) in zip(after.critic, newCritic) { #expect(abs(ours - theirs) < 1e-13) }
  for (ours, theirs) in zip(after.generator, newGenerator) { #expect(abs(ours - theirs) < 1e-13) }
  #expect(step.number == 1 && trainer.step == 1)
}

/// k critic steps to each of the generator's, each with a batch of its own.
@Test(arguments: [1, 3])
func criticsTakeTheirSteps(k: Int) throws {
  let trainer = try trainer("non-saturating") { $0.criticSteps = Schedule(Double(k)) }
  var batches = 0
  var generators: [[Double]] = []
  var critics: [[Double]] = []
  for _ in 0..<2 {
    let step = try trainer.advance {
      generators.append(try trainer.weights.generator)
      critics.append(try trainer.weights.critic)
      batches += 1
      return Batch(trainer.points(batches))
    }
    #expect(
      step.columns.map(\.name) == [
        "critic_loss", "generator_loss", "critic_accuracy_real", "critic_accuracy_fake", "critic_calibration_gap",
        "divergence_estimate", "sample_diversity", "saturated_share", "critic_gradient_norm",
        "generator_gradient_norm",
      ])
  }
  #expect(batches == 2 * k)
  #expect(trainer.step == 2 && trainer.generator.optimizer.step == 2 && trainer.critic.optimizer.step == 2 * k)
  // As each batch is fetched: the critic has moved every time, the generator only at the start of a step.
  #expect(Set(critics).count == 2 * k)
  #expect(Set(generators).count == 2 && generators[0] == generators[k - 1])
}

/// The accuracies and norms that a step reports, from the logits and slopes themselves.
@Test func aStepReportsWhatItSaw() throws {
  let trainer = try trainer("wasserstein")
  let (generator, critic) = (trainer.generator.network, trainer.critic.network)
  let real = trainer.points(1)
  let latents = RandomStream(seed: 4, stream: RandomUse.latents.rawValue).normal([16, 3], step: 1, on: real.device)
  let fakeLogits: [Double] = try critic(generator(latents, mode: .training), mode: .training).scalars()
  let realLogits: [Double] = try critic(real, mode: .training).scalars()
  let before = try trainer.weights
  let step = trainer.advance { Batch(real) }
  let after = try trainer.weights
  func norm(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() / rate
  }
  let expected = [
    "critic_loss": (fakeLogits.reduce(0, +) - realLogits.reduce(0, +)) / 16,
    "critic_accuracy_real": Double(realLogits.count { $0 > 0 }) / 16,
    "critic_accuracy_fake": Double(fakeLogits.count { $0 <= 0 }) / 16,
    "critic_gradient_norm": norm(before.critic, after.critic),
    "generator_gradient_norm": norm(before.generator, after.generator),
  ]
  for (name, value) in step.columns {
    guard let wanted = expected[name] else { continue }
    let ours = try value.scalars(as: Double.self)[0]
    #expect(abs(ours - wanted) < 1e-12 * max(1, abs(wanted)), "\(name): \(ours), not \(wanted)")
  }
}

@Test func clippingHolds() throws {
  let clipped = try trainer("wasserstein") { ($0.criticSteps, $0.clip) = (2, 0.03) }
  let free = try trainer("non-saturating")
  for trainer in [clipped, free] { for number in 1...3 { _ = trainer.advance { Batch(trainer.points(number)) } } }
  let weights = try clipped.weights
  #expect(weights.critic.allSatisfy { abs($0) <= 0.03 } && weights.critic.contains { abs($0) == 0.03 })
  #expect(weights.generator.contains { abs($0) > 0.03 })
  #expect(try free.weights.critic.contains { abs($0) > 0.03 })
}

/// Latents beyond the bound are drawn again: what is left is inside, and still spread.
@Test func truncatedLatentsStayInside() throws {
  let trainer = try trainer("non-saturating")
  let z: [Double] = try trainer.latents(2000, truncatedAt: 0.5).scalars()
  #expect(z.allSatisfy { abs($0) <= 0.5 } && !z.contains(0))
  // A normal cut off at ±c has variance 1 - 2 c phi(c) / (2 Phi(c) - 1) = 0.080589 at c = 0.5, and a kurtosis below 1.9.
  let variance = z.reduce(0) { $0 + $1 * $1 } / 6000
  #expect(abs(variance / 0.080589 - 1) < 4 * (0.9 / 6000).squareRoot())
}
