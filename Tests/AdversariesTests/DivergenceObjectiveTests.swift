import Foundation
import Testing

@testable import Adversaries

/// Losses and their gradients by the logits, from the printed table: direct and alternative.
@Test(arguments: PrintedDivergence.all, [false, true])
func divergenceGamesAreTheirFormulas(printed: PrintedDivergence, alternative: Bool) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let objective = try #require(Objective.named("fgan-\(printed.name)" + (alternative ? "-alternative" : "")))
  let (real, fake) = ([0, -1.5, 3, 4, -8], [0.25, -2, 5, 7, -3.5, 1, 0.5])
  func mean(_ x: [Double], _ f: (Double) -> Double) -> Double { x.map(f).reduce(0, +) / Double(x.count) }
  let tape = Tape()
  let r = tape.watch(Tensor(real, shape: [5, 1], on: device))
  let f = tape.watch(Tensor(fake, shape: [7, 1], on: device))
  let context = LossContext(real: r, fake: f) { $0 }
  func expect(_ loss: Tensor, _ value: Double, _ slopesOfReal: [Double], _ slopesOfFake: [Double]) throws {
    #expect(loss.shape == [])
    let slopes = gradient(of: loss, wrt: [r, f])
    let ours = try [loss.reshaped(to: [1]), slopes[0], slopes[1]].flatMap { try $0.scalars(as: Double.self) }
    for (ours, theirs) in zip(ours, [value] + slopesOfReal + slopesOfFake) {
      #expect(abs(ours - theirs) <= 1e-10 * max(1, abs(theirs)), "\(objective.name): \(ours), not \(theirs)")
    }
  }
  let bound = mean(real, printed.activation) - mean(fake, printed.composition)
  try expect(
    objective.discriminatorLoss(context), -bound, real.map { -printed.activationSlope($0) / 5 },
    fake.map { printed.compositionSlope($0) / 7 })
  let (value, slope) =
    alternative
    ? (printed.activation, printed.activationSlope) : (printed.composition, printed.compositionSlope)
  try expect(
    objective.generatorLoss(context), -mean(fake, value), real.map { _ in 0 }, fake.map { -slope($0) / 7 })
  let divergence = try #require(Divergence.named(printed.name))
  #expect(
    abs(try Objective.bound(of: divergence, in: context).scalars(as: Double.self)[0] - bound) <= 1e-10 * abs(bound))
}

// MARK: - By quadrature

/// N(theta, 1) generated, N(0, 1) real: the density's nodes and weights on a line, on which analytic integrands are
/// exact to double.
private let nodes = (-4800...4800).map { Double($0) / 400 }
private func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }

/// The generator's gradient by theta, x = theta + z, before a critic that stands still: the integral over z of the
/// slope of each sample's loss.
private func generatorGradient(
  _ objective: Objective, theta: Double, critic: @escaping (Tensor) -> Tensor
) throws -> Double {
  let device = try Device.cpu(precision: .double, threads: 1)
  let tape = Tape()
  let fake = tape.watch(Tensor(nodes.map { theta + $0 }, shape: [nodes.count, 1], on: device))
  let loss = objective.generatorLoss(LossContext(real: fake.detached(), fake: fake) { critic($0) })
  let slopes: [Double] = try gradient(of: loss, wrt: [fake])[0].scalars()
  // The loss is a mean: each sample's slope is the node's share of it.
  return zip(nodes, slopes).reduce(0) { $0 + $1.1 * Double(nodes.count) * density($1.0) / 400 }
}

/// The logit of the optimal critic, log p / q = theta^2 / 2 - theta x.
private func logRatio(_ theta: Double) -> @Sendable (Tensor) -> Tensor {
  { -theta * $0 + theta * theta / 2 }
}

/// What a generator descends before the optimal critic, at theta = .8: the numbers are recomputed by quadrature of the
/// divergences themselves in the project's notes.
@Test(arguments: [
  // Theorem 2.5 of Arjovsky and Bottou 2017: KL(Q, P) - 2 JSD.
  ("non-saturating", 0.455741),
  // 2 JSD.
  ("minimax", 0.344259),
  // KL(Q, P) = theta^2 / 2 = KL(P, Q).
  ("blended", 0.8), ("maximum-likelihood", 0.8),
])
func generatorsDescendTheirDivergence(name: String, expected: Double) throws {
  let ours = try generatorGradient(try #require(Objective.named(name)), theta: 0.8, critic: logRatio(0.8))
  #expect(abs(ours - expected) < 1e-4, "\(name): \(ours), not \(expected)")
}

/// A critic that is optimal for a divergence, as a function of l = log p / q: v with g(v) = f'(e^l), in closed form.
struct OptimalCritic: Sendable, CustomTestStringConvertible {
  let name: String
  let logit: @Sendable (_ l: Tensor) -> Tensor
  var testDescription: String { name }

  static let all = [
    OptimalCritic(name: "kl") { $0 + 1 },
    OptimalCritic(name: "reverse-kl") { $0 },
    OptimalCritic(name: "pearson") { 2 * $0.exponentialMinusOne() },
    OptimalCritic(name: "neyman") { 2 * $0 },
    OptimalCritic(name: "squared-hellinger") { 0.5 * $0 },
    OptimalCritic(name: "jeffrey") { $0 - (-$0).exponentialMinusOne() },
    OptimalCritic(name: "jensen-shannon") { $0 },
    // (1 + e^-v)^(-1/w) = w u / (1 - w + w u) at the optimum.
    OptimalCritic(name: "jensen-shannon-0.3") { l in
      let s = (l + log(0.3 / 0.7)).sigmoid()
      return -(s.power(-0.3) - 1).logarithm()
    },
    OptimalCritic(name: "gan") { $0 },
    // (1 - 1/2) softplus(-v) = u^-1/2.
    OptimalCritic(name: "alpha-0.5") { -(2 * (-0.5 * $0).exponential()).exponentialMinusOne().logarithm() },
    OptimalCritic(name: "alpha-3.0") { 0.5 * (2 * $0).exponentialMinusOne() },
  ]
}

/// At the optimal critic the bound is the divergence, and the direct generator descends it: against quadrature of
/// q f(p / q) and a central difference of it.
@Test(arguments: OptimalCritic.all)
func boundsAreTightAtTheOptimalCritic(row: OptimalCritic) throws {
  let printed = try #require(PrintedDivergence.all.first { $0.name == row.name })
  let objective = try #require(Objective.named("fgan-" + row.name))
  let divergence = try #require(Divergence.named(row.name))
  let theta = 0.4
  func exact(_ theta: Double) -> Double {
    nodes.reduce(0) { $0 + density($1 - theta) * printed.f(exp(theta * theta / 2 - theta * $1)) / 400 }
  }
  let critic: @Sendable (Tensor) -> Tensor = { row.logit(logRatio(theta)($0)) }
  let gradient = try generatorGradient(objective, theta: theta, critic: critic)
  let difference = (exact(theta + 1e-4) - exact(theta - 1e-4)) / 2e-4
  #expect(abs(gradient - difference) < 1e-5, "\(row.name): the gradient is \(gradient), not \(difference)")

  // F from each sample's terms, weighted by the densities.
  let device = try Device.cpu(precision: .double, threads: 1)
  let v = critic(Tensor(nodes, shape: [nodes.count, 1], on: device))
  let real: [Double] = try divergence.activation(v).scalars()
  let fake: [Double] = try divergence.composition(v).scalars()
  let bound = zip(nodes, zip(real, fake)).reduce(0) {
    $0 + (density($1.0) * $1.1.0 - density($1.0 - theta) * $1.1.1) / 400
  }
  #expect(abs(bound - exact(theta)) < 1e-6, "\(row.name): the bound is \(bound), not \(exact(theta))")
}

/// Every row's alternative generator moves the way of the direct one.
@Test(arguments: Divergence.all.map(\.name))
func alternativesPushTheSameWay(name: String) throws {
  let slopes = try ["", "-alternative"].map { ending in
    try generatorGradient(try #require(Objective.named("fgan-\(name)\(ending)")), theta: 0.8, critic: logRatio(0.8))
  }
  #expect(slopes.allSatisfy { $0 > 0.01 }, "\(name): \(slopes)")
}
