import Foundation
import Saddle

/// A critic with batch normalization that learns from scratch against a generator that stands still: what its loss, its
/// accuracy and the gradients that it would give the generator do meanwhile (Arjovsky and Bottou 2017, figures 1 to 3).
struct FrozenGenerator {
  /// The gradient of one loss by the generator's weights.
  struct Slope {
    let step: Int
    /// The norm of the mean gradient of some minibatches.
    let norm: Double
    /// The root of the summed variances of a minibatch's gradient; 0 where there was one minibatch.
    let standardDeviation: Double
  }

  /// What one critic did, by its steps.
  struct Record {
    /// The mean of both cross entropies, in nats; log 2 for a critic that knows nothing.
    var entropy: [Plot.Point] = []
    var accuracy: [Plot.Point] = []
    /// Of E log(1 - D), which the minimax game descends.
    var saturating: [Slope] = []
    /// Of -E log D.
    var nonSaturating: [Slope] = []
  }

  let lab: Lab
  let network: Network
  /// How often gradients are read, and from how many minibatches: each costs a pass back through both networks.
  var interval = 10
  var minibatches = 1
  /// On what the critic sees, in its steps and in the generator's.
  var noise: InputTransform?

  /// - Parameter name: For the progress line.
  func record(_ name: String, steps: Int) throws -> Record {
    let (device, batch) = (lab.device, FashionDCGAN.batch)
    let objective = try Experiment.objective("non-saturating")
    let images = try FashionImages(batch: batch, seed: lab.seed + 1, on: device)
    var critic = try Experiment.adamPlayer(try FashionDCGAN.critic(lab.random(10), on: device), rate: 2e-4)
    var record = Record()
    for step in 0...steps {
      let real = try images.next()
      if step % interval == 0 {
        lab.progress("\(name): step \(step) of \(steps)")
        let (saturating, nonSaturating) = try slopes(critic.network, real, step: step)
        record.saturating.append(saturating)
        record.nonSaturating.append(nonSaturating)
      }
      let weights = critic.network.watched(on: Tape())
      let fake = network(latents(11, step: step), mode: .inference)
      let context = context(critic.network, weights, real: real, fake: fake, step: step)
      let loss = objective.discriminatorLoss(context)
      critic.minimize(loss, by: weights)
      let right = try (context.realLogits.step().mean() + 1 - context.fakeLogits.step().mean()).scalars(
        as: Double.self)[0]
      record.entropy.append((Double(step), try loss.scalars(as: Double.self)[0] / 2))
      record.accuracy.append((Double(step), right / 2))
    }
    return record
  }

  private func latents(_ stream: UInt32, step: Int) -> Tensor {
    lab.random(stream).normal([FashionDCGAN.batch, FashionDCGAN.latent], step: step, on: lab.device)
  }

  /// Real and generated samples are judged in batches of their own, as DCGAN's are.
  private func context(_ critic: Network, _ weights: [Tensor]?, real: Tensor, fake: Tensor, step: Int) -> LossContext {
    let seen = InputTransform.Context(step: step, random: StepRandom(seed: lab.seed, step: step), real: real)
    let mode = Mode(statistics: .batch(updating: weights != nil))
    return LossContext(real: real, fake: fake) {
      critic(noise?.apply($0, seen) ?? $0, weights: weights, mode: mode)
    }
  }

  private func slopes(_ critic: Network, _ real: Tensor, step: Int) throws -> (Slope, Slope) {
    let losses = try ["minimax", "non-saturating"].map { try Experiment.objective($0).generatorLoss }
    var sums: [(gradient: Tensor, square: Tensor)] = []
    for minibatch in 0..<minibatches {
      let weights = network.watched(on: Tape())
      let fake = network(latents(12, step: minibatches * step + minibatch), weights: weights, mode: .inference)
      let context = context(critic, nil, real: real, fake: fake, step: minibatches * step + minibatch)
      let flat = losses.map { network.flattened(gradient(of: $0(context), wrt: weights)) }
      let new = flat.map { ($0, $0.squared().summed()) }
      sums = sums.isEmpty ? new : zip(sums, new).map { ($0.gradient + $1.0, $0.square + $1.1) }
    }
    let read = try sums.map { sum in
      let count = Double(minibatches)
      let mean = try (sum.gradient / count).squared().summed().scalars(as: Double.self)[0]
      let square = try sum.square.scalars(as: Double.self)[0]
      let variance = minibatches > 1 ? max((square - count * mean) / (count - 1), 0) : 0
      return Slope(step: step, norm: mean.squareRoot(), standardDeviation: variance.squareRoot())
    }
    return (read[0], read[1])
  }
}

extension [FrozenGenerator.Slope] {
  var norms: [Plot.Point] { map { (Double($0.step), $0.norm) } }
  var standardDeviations: [Plot.Point] { map { (Double($0.step), $0.standardDeviation) } }
}
