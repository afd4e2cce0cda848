import Testing

@testable import Adversaries

/// Passes through the discriminator that a context makes, by the mean of what the discriminator sees: reals are 1 and 2,
/// generated samples 3 and 4.
private func passes(_ wanted: [LossContext.Pass], isJoint: Bool = false, labeled: Bool = false) throws -> [[Double]] {
  let device = try Device.cpu(threads: 1)
  func samples(_ values: [Double]) -> Tensor { Tensor(values, shape: [values.count, 1], on: device) }
  var seen: [[Double]] = []
  let batch = Batch(
    samples([1, 2]),
    labeledBatch: labeled ? Batch.Labeled(samples([7]), labels: Tensor([0], shape: [1], on: device)) : nil)
  let context = LossContext(MicroBatch(batch), fake: samples([3, 4]), isJoint: isJoint) { x, _, run in
    seen.append(((try? x.scalars(as: Double.self)) ?? []) + (run.updatesStatistics ? [] : [0]))
    return LossContext.DiscriminatorOutput(output: x)
  }
  context.run(wanted)
  context.run(wanted)
  return seen
}

/// A pass is made once, in the order in which it is declared; what is beside the game's own moves no statistics (0).
@Test(
  arguments: [
    ([.fake], false, false, [[3, 4]]),
    ([.real, .fake], false, false, [[1, 2], [3, 4]]),
    ([.fake, .real, .fake], false, false, [[3, 4], [1, 2]]),
    ([.real], true, false, [[1, 2, 3, 4]]),
    ([.fake, .real], true, false, [[1, 2, 3, 4]]),
    ([.pairs], false, false, [[1, 3, 2, 4, 0], [3, 1, 4, 2, 0]]),
    ([.labeled, .real, .fake], true, true, [[7, 0], [1, 2, 3, 4]]),
    ([.labeled, .fake], false, false, [[3, 4]]),
    ([], true, true, []),
  ] as [([LossContext.Pass], Bool, Bool, [[Double]])])
func passesAreMadeOnceInTheirOrder(
  wanted: [LossContext.Pass], isJoint: Bool, labeled: Bool, seen: [[Double]]
) throws {
  #expect(try passes(wanted, isJoint: isJoint, labeled: labeled) == seen)
}

/// Losses read what their rows declare: every part of every row can be computed behind its own passes, and one that reads
/// more is told.
@Test func undeclaredPassesTrap() async {
  await #expect(processExitsWith: .failure) {
    let device = try Device.cpu(threads: 1)
    let x = Tensor(1, shape: [2, 1], on: device)
    let row = Regularizer(name: "r", summary: "", generatorPasses: [.fake], generator: { $0.realLogits.mean() })
    _ = row.generator?(LossContext(real: x, fake: x) { $0 })
  }
}

/// Regularizers and input transforms keep state as objectives do: it is saved, reported, and taken on once a step of the
/// discriminator.
@Test func everyKindOfRowKeepsState() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let sum = StateVariable("regularizers.sum", initial: 1) {
    2 * $0[StateVariable("regularizers.sum", initial: 0) { $0.real }]
  }
  let count = StateVariable("input.count", initial: 0) { $0[StateVariable("input.count", initial: 0) { $0.real }] + 1 }
  var seen: [Double] = []
  var game = Game(try #require(Objective.named("hinge")))
  game.training.discriminatorSteps = 2
  game.regularizers = [
    (Regularizer(name: "own", summary: "", discriminator: { $0[sum] }, state: [sum]), 1)
  ]
  game.inputTransforms = [InputTransform(name: "own", state: [count]) { samples, context in context[count] + samples }]
  func network(_ layers: [any Layer], _ input: Int) throws -> TrainableNetwork {
    let network = try Network(Sequential(layers), input: [input], random: .init(seed: 1, stream: 1), on: device)
    return TrainableNetwork(
      network, try #require(OptimizerRule.all.first { $0.name == "sgd" }), OptimizerSettings(rate: 0))
  }
  let trainer = Trainer(
    generator: try network([Dense(2, initializer: .he)], 3),
    discriminator: try network([Dense(1, initializer: .he)], 2),
    game: game, seed: 1)
  for _ in 1...2 {
    let step = trainer.advance { Batch(Tensor(0.5, shape: [4, 2], on: device)) }
    for name in ["sum", "count"] {
      let column = try #require(step.columns.first { $0.name == name })
      seen.append(try column.value.scalars(as: Double.self)[0])
    }
  }
  // The columns are those of the last step of the discriminator, before it is over: 2^1 and 1, then 2^3 and 3.
  #expect(seen == [2, 1, 8, 3])
  let saved = try trainer.saved.suffix(2).map { ($0.name, try $0.tensor.scalars(as: Double.self)[0]) }
  #expect(saved.map(\.0) == ["regularizers.sum", "input.count"] && saved.map(\.1) == [16, 4])
}
