import Foundation
import Testing

@testable import Networks

/// One parameter under PyTorch 2's update, as the documentation of torch.optim writes each algorithm.
private struct Follower {
  var w: Double
  var moments = [0.0, 0.0]
  var t = 0

  mutating func step(_ rule: String, _ gradient: Double, _ s: OptimizerSettings) {
    t += 1
    var g = gradient
    if rule == "adamw" { w -= s.rate * s.weightDecay * w } else { g += s.weightDecay * w }
    switch rule {
    case "sgd":
      moments[0] = s.momentum * moments[0] + g
      w -= s.rate * moments[0]
    case "rmsprop":
      moments[1] = s.alpha * moments[1] + (1 - s.alpha) * g * g
      moments[0] = s.momentum * moments[0] + g / (moments[1].squareRoot() + s.epsilon)
      w -= s.rate * moments[0]
    default:
      moments[0] = s.beta1 * moments[0] + (1 - s.beta1) * g
      moments[1] = s.beta2 * moments[1] + (1 - s.beta2) * g * g
      let first = moments[0] / (1 - pow(s.beta1, Double(t)))
      let second = moments[1] / (1 - pow(s.beta2, Double(t)))
      w -= s.rate * first / (second.squareRoot() + s.epsilon)
    }
  }
}

private let weights = [0.5, -1.25, 2, 0, -0.03125, 8]
private let gradients = [[1, -0.5, 0.25, 3, -2, 0], [0.5, 0.5, -4, 0, 1, 1e-3], [-1, 2, 0.125, 0.75, 0, -1e3]]

/// A network of six weights.
private func network(on device: Device) throws -> Network {
  let layer = Dense(2, bias: false, initializer: .constant(0))
  let network = try Network(layer, input: [3], random: RandomStream(seed: 0, stream: 0), on: device)
  network.weights.write(weights)
  return network
}

private let settings: [OptimizerSettings] = {
  var plain = OptimizerSettings(rate: 0.1)
  plain.beta1 = 0.9
  var all = plain
  (all.beta2, all.epsilon, all.momentum, all.alpha, all.weightDecay) = (0.95, 1e-3, 0.75, 0.9, 0.05)
  return [plain, all]
}()

@Test(arguments: ["sgd", "rmsprop", "adam", "adamw"], settings)
func rulesFollowPyTorch(name: String, settings: OptimizerSettings) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let rule = try #require(OptimizerRule.all.first { $0.name == name })
  for decay in [0, 0.875] {
    let network = try network(on: device)
    var player = TrainableNetwork(network, rule, settings, emaDecay: decay)
    var followers = weights.map { Follower(w: $0) }
    var average = weights
    for gradient in gradients {
      player.optimizer.update(network, along: Tensor(gradient, shape: [6], on: device), ema: player.emaUpdate)
      for i in followers.indices {
        followers[i].step(name, gradient[i], settings)
        average[i] = decay * average[i] + (1 - decay) * followers[i].w
      }
    }
    func expect(_ tensor: Tensor, _ expected: [Double], _ what: String) throws {
      for (ours, theirs) in zip(try tensor.scalars(as: Double.self), expected) {
        #expect(abs(ours - theirs) <= 1e-13 * max(1, abs(theirs)), "\(name), \(what): \(ours), not \(theirs)")
      }
    }
    try expect(network.weights, followers.map(\.w), "weights")
    for (i, moment) in player.optimizer.moments.enumerated() {
      try expect(moment, followers.map { $0.moments[i] }, rule.moments[i])
    }
    #expect((player.ema == nil) == (decay == 0))
    if let weights = player.ema { try expect(weights, average, "average") }
  }
}

@Test func everyRuleIsTested() { #expect(OptimizerRule.all.map(\.name) == ["sgd", "rmsprop", "adam", "adamw"]) }

/// A first gradient g leaves these moments: what lies below 2^-100 in magnitude is stored as 0.
@Test(
  arguments: [Precision.single, .double],
  [
    // 2^-100 itself, the number below it, and both signs.
    ("sgd", 0x1p-100, [true]), ("sgd", 0x1.fffffep-101, [false]), ("sgd", -0x1p-100, [true]),
    ("sgd", -0x1p-101, [false]),
    // First moment (1 - 0.5) g, second (1 - 0.75) g^2.
    ("adam", 0x1p-48, [true, true]), ("adam", 0x1p-49, [true, true]), ("adam", 0x1p-50, [true, false]),
    ("adam", 0x1p-99, [true, false]), ("adamw", -0x1p-100, [false, false]),
    // Square (1 - 0.75) g^2, velocity g / (sqrt(square) + epsilon).
    ("rmsprop", 0x1p-49, [true, true]), ("rmsprop", 0x1p-50, [true, false]), ("rmsprop", 0x1p-127, [true, false]),
    ("rmsprop", 0x1p-128, [false, false]),
  ] as [(String, Double, [Bool])])
func tinyMomentsAreStoredAsZero(precision: Precision, row: (rule: String, gradient: Double, isKept: [Bool])) throws {
  let device = try Device.cpu(precision: precision, threads: 1)
  let network = try network(on: device)
  var settings = OptimizerSettings(rate: 0.1)
  (settings.beta1, settings.beta2, settings.alpha, settings.epsilon) = (0.5, 0.75, 0.75, 0x1p-27)
  let rule = try #require(OptimizerRule.all.first { $0.name == row.rule })
  var optimizer = Optimizer(rule, settings, for: network)
  optimizer.update(network, along: Tensor(row.gradient, shape: [6], on: device))
  for (moment, isKept) in zip(optimizer.moments, row.isKept) {
    #expect(try moment.scalars(as: Double.self).allSatisfy { ($0 != 0) == isKept }, "\(row)")
  }
}

@Test func clippingKeepsWeightsWithinTheLimit() throws {
  let network = try network(on: Device.cpu(precision: .double, threads: 1))
  network.clipWeights(0.5)
  #expect(try network.weights.scalars(as: Double.self) == [0.5, -0.5, 0.5, 0, -0.03125, 0.5])
}
