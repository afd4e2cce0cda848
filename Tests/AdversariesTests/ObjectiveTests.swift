import Foundation
import Testing

@testable import Adversaries

/// log sigmoid(x), free of overflow.
private func logSigmoid(_ x: Double) -> Double { min(x, 0) - log1p(exp(-abs(x))) }
private func sigmoid(_ x: Double) -> Double { exp(logSigmoid(x)) }

/// An objective's terms of one real logit r and one fake logit f, as its paper writes them, and their slopes.
struct ClosedForm: Sendable, CustomTestStringConvertible {
  let name: String
  let criticLossOfReal, criticLossOfFake, generatorLoss: @Sendable (Double) -> Double
  let criticSlopeOfReal, criticSlopeOfFake, generatorSlope: @Sendable (Double) -> Double
  var testDescription: String { name }

  static let all = [
    // D = sigmoid(logit): -log D(x) - log(1 - D(G(z))), and -log D(G(z)).
    ClosedForm(
      name: "non-saturating", criticLossOfReal: { -logSigmoid($0) }, criticLossOfFake: { -logSigmoid(-$0) },
      generatorLoss: { -logSigmoid($0) }, criticSlopeOfReal: { -sigmoid(-$0) }, criticSlopeOfFake: { sigmoid($0) },
      generatorSlope: { -sigmoid(-$0) }),
    // The generator's is log(1 - D(G(z))).
    ClosedForm(
      name: "minimax", criticLossOfReal: { -logSigmoid($0) }, criticLossOfFake: { -logSigmoid(-$0) },
      generatorLoss: { logSigmoid(-$0) }, criticSlopeOfReal: { -sigmoid(-$0) }, criticSlopeOfFake: { sigmoid($0) },
      generatorSlope: { -sigmoid($0) }),
    ClosedForm(
      name: "wasserstein", criticLossOfReal: { -$0 }, criticLossOfFake: { $0 }, generatorLoss: { -$0 },
      criticSlopeOfReal: { _ in -1 }, criticSlopeOfFake: { _ in 1 }, generatorSlope: { _ in -1 }),
    // The generator's is -log(D / (1 - D)), and -D / (1 - D).
    ClosedForm(
      name: "blended", criticLossOfReal: { -logSigmoid($0) }, criticLossOfFake: { -logSigmoid(-$0) },
      generatorLoss: { -$0 }, criticSlopeOfReal: { -sigmoid(-$0) }, criticSlopeOfFake: { sigmoid($0) },
      generatorSlope: { _ in -1 }),
    ClosedForm(
      name: "maximum-likelihood", criticLossOfReal: { -logSigmoid($0) }, criticLossOfFake: { -logSigmoid(-$0) },
      generatorLoss: { -exp($0) }, criticSlopeOfReal: { -sigmoid(-$0) }, criticSlopeOfFake: { sigmoid($0) },
      generatorSlope: { -exp($0) }),
  ]
}

/// Those of the f-divergences are in DivergenceTests.swift.
@Test func everyObjectiveHasAClosedForm() {
  #expect(Objective.all.map(\.name).filter { !$0.hasPrefix("fgan-") } == ClosedForm.all.map(\.name))
}

@Test func onlyWassersteinClips() { #expect(Objective.all.filter(\.clipsWeights).map(\.name) == ["wasserstein"]) }

/// Losses and their gradients by the logits; the last logits are where log(1 - sigmoid(x)) would be infinite.
@Test(arguments: ClosedForm.all)
func objectivesAreTheirFormulas(row: ClosedForm) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let objective = try #require(Objective.named(row.name))
  let (real, fake) = ([0, -1.5, 3, 40, -800], [0.25, -2, 5, 900, -35, 1, 0.5])
  func mean(_ x: [Double], _ f: (Double) -> Double) -> Double { x.map(f).reduce(0, +) / Double(x.count) }
  func expect(_ tensor: Tensor, _ expected: [Double], _ what: String) throws {
    for (ours, theirs) in zip(try tensor.scalars(as: Double.self), expected) {
      #expect(
        ours == theirs || abs(ours - theirs) <= 1e-13 * abs(theirs), "\(row.name), \(what): \(ours), not \(theirs)")
    }
  }
  let tape = Tape()
  let r = tape.watch(Tensor(real, shape: [5, 1], on: device))
  let f = tape.watch(Tensor(fake, shape: [7, 1], on: device))
  let scene = Scene(real: r, fake: f) { x, _ in x }

  let criticLoss = objective.criticLoss(scene)
  #expect(criticLoss.shape == [])
  try expect(criticLoss, [mean(real, row.criticLossOfReal) + mean(fake, row.criticLossOfFake)], "critic's loss")
  let slopes = gradient(of: criticLoss, wrt: [r, f])
  try expect(slopes[0], real.map { row.criticSlopeOfReal($0) / 5 }, "critic's slopes by real logits")
  try expect(slopes[1], fake.map { row.criticSlopeOfFake($0) / 7 }, "critic's slopes by fake logits")

  let generatorLoss = objective.generatorLoss(scene)
  #expect(generatorLoss.shape == [])
  try expect(generatorLoss, [mean(fake, row.generatorLoss)], "generator's loss")
  try expect(gradient(of: generatorLoss, wrt: [f])[0], fake.map { row.generatorSlope($0) / 7 }, "generator's slopes")
}

/// The generator's losses never look at the real logits: they would be computed for nothing.
@Test(arguments: Objective.all.map(\.name))
func generatorsDoNotScoreReals(name: String) throws {
  let device = try Device.cpu(threads: 1)
  let objective = try #require(Objective.named(name))
  let real = Tensor(1, shape: [3, 1], on: device)
  let scene = Scene(real: real, fake: Tensor(0, shape: [2, 1], on: device)) { x, _ in
    #expect(x.shape == [2, 1])
    return x
  }
  _ = objective.generatorLoss(scene)
}
