import Foundation
import Testing

@testable import Adversaries

/// log(1 + e^x), free of overflow.
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
private func mean(_ x: [Double]) -> Double { x.reduce(0, +) / Double(x.count) }
private func mean(_ x: [Double], _ f: (Double) -> Double) -> Double { mean(x.map(f)) }

/// An objective's losses of real logits r and generated ones f, as its paper writes them.
struct ClosedForm: Sendable, CustomTestStringConvertible {
  let name: String
  let discriminatorLoss, generatorLoss: @Sendable (_ r: [Double], _ f: [Double]) -> Double
  var testDescription: String { name }

  /// D = sigmoid(logit): -log D(x) - log(1 - D(G(z))).
  private static let discrimination: @Sendable ([Double], [Double]) -> Double = { r, f in
    mean(r) { softplus(-$0) } + mean(f, softplus)
  }

  static let all = [
    ClosedForm(
      name: "non-saturating", discriminatorLoss: discrimination, generatorLoss: { mean($1) { softplus(-$0) } }),
    ClosedForm(name: "minimax", discriminatorLoss: discrimination, generatorLoss: { -mean($1, softplus) }),
    ClosedForm(name: "blended", discriminatorLoss: discrimination, generatorLoss: { -mean($1) }),
    ClosedForm(name: "maximum-likelihood", discriminatorLoss: discrimination, generatorLoss: { -mean($1, exp) }),
    ClosedForm(
      name: "least-squares", discriminatorLoss: { mean($0) { ($0 - 1) * ($0 - 1) } / 2 + mean($1) { $0 * $0 } / 2 },
      generatorLoss: { mean($1) { ($0 - 1) * ($0 - 1) } / 2 }),
    ClosedForm(
      name: "hinge", discriminatorLoss: { mean($0) { max(0, 1 - $0) } + mean($1) { max(0, 1 + $0) } },
      generatorLoss: { -mean($1) }),
    ClosedForm(name: "wasserstein", discriminatorLoss: { mean($1) - mean($0) }, generatorLoss: { -mean($1) }),
    ClosedForm(
      name: "relativistic", discriminatorLoss: { r, f in mean(zip(r, f).map { softplus($1 - $0) }) },
      generatorLoss: { r, f in mean(zip(r, f).map { softplus($0 - $1) }) }),
    ClosedForm(
      name: "relativistic-average",
      discriminatorLoss: { r, f in mean(r) { softplus(mean(f) - $0) } + mean(f) { softplus($0 - mean(r)) } },
      generatorLoss: { r, f in mean(f) { softplus(mean(r) - $0) } + mean(r) { softplus($0 - mean(f)) } }),
  ]
}

@Test func everyObjectiveOfLogitsHasAClosedForm() {
  // The f-divergences have tests of their own.
  let ours = Objective.all.filter { $0.discriminator == .logit && !$0.name.hasPrefix("fgan-") }
  #expect(ours.map(\.name) == ClosedForm.all.map(\.name))
  #expect(Set(Objective.all.map(\.name)).count == Objective.all.count)
}

/// Losses, and their gradients by the logits against central differences; the outer logits are where log(1 -
/// sigmoid(x)) would be infinite.
@Test(arguments: ClosedForm.all)
func objectivesAreTheirFormulas(row: ClosedForm) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let objective = try #require(Objective.named(row.name))
  let isExponential = row.name == "maximum-likelihood"
  let (real, fake) = ([0, -1.5, 3, 40, -80], [0.25, -2, isExponential ? 5 : 90, -35, 1.25])
  let tape = Tape()
  let r = tape.watch(Tensor(real, shape: [5, 1], on: device))
  let f = tape.watch(Tensor(fake, shape: [5, 1], on: device))
  let context = LossContext(real: r, fake: f) { $0 }
  for (what, loss, formula) in [
    ("discriminator", objective.discriminatorLoss(context), row.discriminatorLoss),
    ("generator", objective.generatorLoss(context), row.generatorLoss),
  ] {
    #expect(loss.shape == [])
    let (ours, theirs) = (try loss.scalars(as: Double.self)[0], formula(real, fake))
    #expect(abs(ours - theirs) <= 1e-13 * abs(theirs), "the \(what)'s loss is \(ours), not \(theirs)")
    for (slopes, isReal) in zip(gradient(of: loss, wrt: [r, f]), [true, false]) {
      for (i, slope) in try slopes.scalars(as: Double.self).enumerated() {
        func moved(_ h: Double) -> Double {
          var (r, f) = (real, fake)
          if isReal { r[i] += h } else { f[i] += h }
          return formula(r, f)
        }
        let expected = (moved(1e-4) - moved(-1e-4)) / 2e-4
        #expect(abs(slope - expected) <= 1e-7 * max(1, abs(expected)), "\(what), logit \(i): \(slope), not \(expected)")
      }
    }
  }
}

/// Losses that look at generated samples alone: the real ones would be scored for nothing.
@Test(arguments: Objective.all.filter { $0.discriminator == .logit && !$0.name.hasPrefix("relativistic") }.map(\.name))
func generatorsDoNotScoreReals(name: String) throws {
  let device = try Device.cpu(threads: 1)
  let objective = try #require(Objective.named(name))
  let real = Tensor(1, shape: [3, 1], on: device)
  let context = LossContext(real: real, fake: Tensor(0, shape: [2, 1], on: device)) { x in
    #expect(x.shape == [2, 1])
    return x
  }
  _ = objective.generatorLoss(context)
}

/// One-sided smoothing: -t log D(x) - (1 - t) log(1 - D(x)) on reals, nothing smoothed on generated samples.
@Test func smoothedTargets() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let objective = try #require(Objective.named("non-saturating"))
  var rules = LossContext.Rules()
  rules.settings[Objective.realTarget] = 0.75
  rules.settings[Objective.generatorTarget] = 0.375
  let (r, f) = ([0.5, -1], [2.0, -3])
  let context = LossContext(
    MicroBatch(Batch(Tensor(r, shape: [2, 1], on: device))), fake: Tensor(f, shape: [2, 1], on: device), rules: rules
  ) { x, _, _ in LossContext.DiscriminatorOutput(output: x) }
  let discriminator = mean(r) { 0.75 * softplus(-$0) + 0.25 * softplus($0) } + mean(f, softplus)
  let generator = mean(f) { 0.375 * softplus(-$0) + 0.625 * softplus($0) }
  #expect(abs(try objective.discriminatorLoss(context).scalars(as: Double.self)[0] - discriminator) < 1e-14)
  #expect(abs(try objective.generatorLoss(context).scalars(as: Double.self)[0] - generator) < 1e-14)
}

/// A discriminator that says of pairs (a, b): 2 a - b + 0.5.
@Test func preferencesAreOfPairs() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let objective = try #require(Objective.named("preference"))
  let (x, g) = ([0.5, -1, 2], [1.5, 0.25, -0.5])
  let context = LossContext(
    MicroBatch(Batch(Tensor(x, shape: [3, 1], on: device))), fake: Tensor(g, shape: [3, 1], on: device)
  ) { pairs, _, _ in
    let weights = Tensor([2.0, -1], shape: [2, 1], on: device)
    return LossContext.DiscriminatorOutput(output: matmul(pairs, weights) + 0.5)
  }
  func t(_ a: Double, _ b: Double) -> Double { 2 * a - b + 0.5 }
  let discriminator = mean(zip(x, g).map { (softplus(-t($0, $1)) + softplus(t($1, $0))) / 2 })
  let generator = mean(zip(x, g).map { (softplus(t($0, $1)) + softplus(-t($1, $0))) / 2 })
  #expect(abs(try objective.discriminatorLoss(context).scalars(as: Double.self)[0] - discriminator) < 1e-14)
  #expect(abs(try objective.generatorLoss(context).scalars(as: Double.self)[0] - generator) < 1e-14)
}

/// Autoencoders that halve what they see: the errors are half of it, whatever the views made of the samples.
@Test(arguments: [true, false], [true, false])
func energiesAreErrorsOfReconstruction(isChanged: Bool, isJoint: Bool) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let (x, g) = ([0.5, -1, 2, 0.25], [1.5, 0.25, -0.5, 1])  // two samples of two coordinates each
  func context(_ state: [Double]) -> (LossContext, fake: Tensor) {
    var rules = LossContext.Rules()
    rules.state = Dictionary(uniqueKeysWithValues: state.map { ("objective.balance", Tensor($0, on: device)) })
    rules.settings[Objective.margin] = 0.3
    rules.settings[Objective.diversity] = 0.7
    rules.settings[Objective.balanceRate] = 0.5
    let fake = Tape().watch(Tensor(g, shape: [2, 2], on: device))
    return (
      LossContext(
        MicroBatch(Batch(Tensor(x, shape: [2, 2], on: device))), fake: fake, isJoint: isJoint, rules: rules,
        transform: isChanged ? { 3 * $0 + 1 } : nil
      ) { seen, _, _ in
        LossContext.DiscriminatorOutput(output: 0.5 * seen)
      }, fake
    )
  }
  func energies(_ samples: [Double], _ error: (Double) -> Double) -> [Double] {
    let x = samples.map { isChanged ? 3 * $0 + 1 : $0 }
    return [(error(x[0] / 2) + error(x[1] / 2)) / 2, (error(x[2] / 2) + error(x[3] / 2)) / 2]
  }
  func expect(_ ours: Tensor, _ theirs: Double, _ what: String) throws {
    let ours = try ours.scalars(as: Double.self)[0]
    #expect(abs(ours - theirs) < 1e-14, "\(what): \(ours), not \(theirs)")
  }
  let ebgan = try #require(Objective.named("ebgan"))
  let (real, fake) = (energies(x) { $0 * $0 }, energies(g) { $0 * $0 })
  let (first, samples) = context([])
  try expect(ebgan.discriminatorLoss(first), mean(real) + mean(fake) { max(0, 0.3 - $0) }, "ebgan's discriminator")
  let loss = ebgan.generatorLoss(first)
  try expect(loss, mean(fake), "ebgan's generator")
  // The target of the reconstruction has its gradient too: d (x / 2)^2 / dx = x / 2, over four coordinates.
  for (ours, x) in zip(try gradient(of: loss, wrt: [samples])[0].scalars(as: Double.self), g) {
    #expect(abs(ours - (isChanged ? 3 * (3 * x + 1) : x) / 2 / 4) < 1e-14)
  }
  let began = try #require(Objective.named("began"))
  let (realError, fakeError) = (mean(energies(x, abs)), mean(energies(g, abs)))
  let (second, _) = context([0.4])
  func next(_ context: LossContext) -> Tensor {
    context.run(began.discriminatorPasses)
    return began.state[0].next(context)
  }
  try expect(began.discriminatorLoss(second), realError - 0.4 * fakeError, "began's discriminator")
  try expect(began.generatorLoss(second), fakeError, "began's generator")
  try expect(next(second), 0.4 + 0.5 * (0.7 * realError - fakeError), "began's k")
  try expect(next(context([7]).0), 1, "k at its limit")
  try expect(next(context([-7]).0), 0, "k at its limit")
}

// MARK: Classes

private func logSumExp(_ x: [Double]) -> Double {
  let largest = x.max() ?? 0
  return largest + log(x.reduce(0) { $0 + exp($1 - largest) })
}

/// A classifier of three classes: half of -E log D(x) - E log(1 - D(G(z))) with D = Z / (Z + 1), Z the sum of the
/// classes' exponentials, and the cross entropy of the classes over the reals, over a lesson of others, or over none
/// (Salimans et al. 2016, section 5).
@Test(arguments: [([0, 2, 1], nil), ([1, 1, 0], nil), (nil, [2, 0]), (nil, nil)] as [([Double]?, [Double]?)])
func classifiersAreTheirFormula(classes: [Double]?, labeledBatch: [Double]?) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let objective = try #require(Objective.named("semi-supervised"))
  let real = [[1.5, -0.5, 0.25], [0, 2, -1], [40, -3, 5]]
  let fake = [[-1, 0.5, 0.75], [-60, -20, -80], [2, 2, 30]]
  var rules = LossContext.Rules()
  rules.discriminator = objective.discriminator
  let shown = [[0.5, 3, -2], [1, -1, 0.25]]
  let batch = Batch(
    Tensor(real.flatMap { $0 }, shape: [3, 3], on: device), labels: classes.map { Tensor($0, shape: [3], on: device) },
    labeledBatch: labeledBatch.map {
      Batch.Labeled(
        Tensor(shown.flatMap { $0 }, shape: [2, 3], on: device), labels: Tensor($0, shape: [2], on: device))
    })
  let context = LossContext(
    MicroBatch(batch), fake: Tensor(fake.flatMap { $0 }, shape: [3, 3], on: device), rules: rules
  ) { x, _, _ in LossContext.DiscriminatorOutput(output: x) }
  let told = zip(labeledBatch == nil ? real : shown, labeledBatch ?? classes ?? []).map { logSumExp($0) - $0[Int($1)] }
  let (r, f) = (real.map(logSumExp), fake.map(logSumExp))
  let telling = mean(r) { softplus(-$0) } / 2 + mean(f, softplus) / 2
  let estimate = try #require(objective.estimate)
  let ours = [objective.discriminatorLoss(context), objective.generatorLoss(context), estimate(context)]
  let theirs: [Double] = [(told.isEmpty ? 0 : mean(told)) + telling, -mean(f, softplus), log(2) - telling]
  for (loss, expected) in zip(ours, theirs) {
    let value = try loss.scalars(as: Double.self)[0]
    #expect(abs(value - expected) <= 1e-11 * max(1, abs(expected)), "\(value), not \(expected)")
  }
  let decisions: [Double] = try objective.decisions(context).real.scalars()
  for (decision, expected) in zip(decisions, r) { #expect(abs(decision - expected) < 1e-13) }
}

/// Penalties of a linear classifier x W are on the slope of its logit of being real: W softmax(x W), not that of a
/// class.
@Test(arguments: ["r1", "r2", "gradient-penalty"], [true, false])
func penaltiesOfClassifiersAreOnTheirLogOdds(name: String, isJoint: Bool) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let term = try #require(Regularizer.named(name)?.discriminator)
  let weights = [[0.5, -1, 2], [1.5, 0.25, -0.75]]
  let samples = [[0.3, -0.2], [1, 0.5], [-2, 0.1]]
  var rules = LossContext.Rules()
  rules.discriminator = .classes
  // The line between a sample and itself is a point.
  let x = Tensor(samples.flatMap { $0 }, shape: [3, 2], on: device)
  let context = LossContext(
    MicroBatch(Batch(x)), fake: x, isJoint: isJoint, moving: LossContext.Moving(tape: Tape()), rules: rules
  ) { x, _, _ in
    LossContext.DiscriminatorOutput(output: matmul(x, Tensor(weights.flatMap { $0 }, shape: [2, 3], on: device)))
  }
  let squares = samples.map { x in
    let logits = (0..<3).map { k in x[0] * weights[0][k] + x[1] * weights[1][k] }
    let shares = logits.map { exp($0 - logSumExp(logits)) }
    return weights.reduce(0) { sum, row in
      let slope = zip(row, shares).reduce(0) { $0 + $1.0 * $1.1 }
      return sum + slope * slope
    }
  }
  let expected =
    name == "gradient-penalty" ? mean(squares) { ($0.squareRoot() - 1) * ($0.squareRoot() - 1) } : mean(squares) / 2
  let ours = try term(context).scalars(as: Double.self)[0]
  #expect(abs(ours - expected) < 1e-11, "\(ours), not \(expected)")
}
