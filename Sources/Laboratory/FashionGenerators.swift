import Foundation
import Saddle

/// Fashion-MNIST (Xiao et al. 2017) as the experiments with images see it: 32 x 32, grey, in [-1, 1].
final class FashionImages {
  static let folder = "/usr/share/datasets/fashion-mnist"
  private let images: any ImageDataset
  private let sampler: BatchSampler
  private let device: Device
  private var order: (epoch: Int, indices: [Int]) = (-1, [])
  private var drawn = 0

  /// - Throws: `LaboratoryError` that says how to get the images where they are missing; `DatasetError` where they are
  ///   damaged.
  init(_ split: Split = .train, batch: Int, seed: UInt64, on device: Device) throws {
    guard FileManager.default.fileExists(atPath: Self.folder) else {
      throw LaboratoryError(
        "this experiment needs Fashion-MNIST in \(Self.folder): install Debian's package dataset-fashion-mnist "
          + "(tools/datasets fashion-mnist does)")
    }
    images = try openDataset(at: URL(fileURLWithPath: Self.folder), split: split, size: 32)
    sampler = try BatchSampler(count: images.count, batchSize: batch, seed: seed)
    self.device = device
  }

  /// The next batch [N, 32, 32, 1].
  func next() throws -> Tensor {
    let (epoch, batch) = drawn.quotientAndRemainder(dividingBy: sampler.batchesPerEpoch)
    drawn += 1
    if order.epoch != epoch { order = (epoch, sampler.order(epoch: epoch)) }
    let indices = Array(order.indices[batch * sampler.batchSize..<(batch + 1) * sampler.batchSize])
    return Tensor(imageBytes: try images.read(indices), shape: [indices.count, 32, 32, 1], on: device)
  }
}

/// DCGAN-32 on Fashion-MNIST at a width that takes minutes on a processor.
enum FashionDCGAN {
  static let batch = 64
  static let latent = 100
  /// Channels of the layers next to the image: a quarter of the paper's 64.
  static let width = 16

  static func options(criticNormalization: String = "batch") -> Architecture.Options {
    var options = Architecture.Options()
    (options.size, options.channels, options.latent, options.width) = (32, 1, latent, width)
    options.norm = criticNormalization
    return options
  }

  static func generator(_ random: RandomStream, on device: Device) throws -> Network {
    try Network(architecture("dcgan").generator(options()), input: [latent], random: random, on: device)
  }

  static func critic(_ random: RandomStream, _ name: String = "dcgan", on device: Device) throws -> Network {
    try Network(architecture(name).discriminator(options()), input: [32, 32, 1], random: random, on: device)
  }

  static func architecture(_ name: String) throws -> Architecture {
    guard let architecture = Architecture.all.first(where: { $0.name == name }) else {
      throw LaboratoryError("the table of architectures has no row '\(name)'")
    }
    return architecture
  }

  /// One training run of the non-saturating game, its generator frozen after each of these numbers of steps.
  ///
  /// - Parameter steps: In rising order.
  static func frozenGenerators(_ lab: Lab, after steps: [Int]) throws -> [Network] {
    let device = lab.device
    let images = try FashionImages(batch: batch, seed: lab.seed, on: device)
    let trainer = Trainer(
      generator: try Experiment.adamPlayer(try generator(lab.random(1), on: device), rate: 2e-4),
      discriminator: try Experiment.adamPlayer(try critic(lab.random(2), on: device), rate: 2e-4),
      game: Game(try Experiment.objective("non-saturating")), seed: lab.seed)
    return try steps.map { count in
      while trainer.step < count {
        if trainer.step % 10 == 0 {
          lab.progress("training the generator: step \(trainer.step) of \(steps.max() ?? 0)")
        }
        _ = try trainer.advance(measuring: false) { Batch(try images.next()) }
      }
      let frozen = try generator(lab.random(1), on: device)
      frozen.weights.assign(trainer.generator.network.weights)
      frozen.runningStatistics.assign(trainer.generator.network.runningStatistics)
      return frozen
    }
  }
}
