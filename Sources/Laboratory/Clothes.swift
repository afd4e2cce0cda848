import Foundation
import Saddle

/// Fashion-MNIST, and generators of it: what experiments on images use.
struct Clothes {
  let train, heldOut: ImageArray
  private let configuration: Configuration

  /// - Parameter width: Of the networks, which are the preset fashion's otherwise.
  /// - Throws: `DatasetError` where the data set is not installed.
  init(width: Int) throws {
    let configuration = try Configuration(from: "fashion", assignments: ["model.width=\(width)"])
    func open(_ split: Split) throws -> ImageArray {
      let path = URL(fileURLWithPath: configuration.data.path)
      guard let images = try openDataset(at: path, split: split, size: configuration.model.size) as? ImageArray else {
        throw LaboratoryError("\(path.path) holds no IDX files: install it with tools/datasets fashion-mnist")
      }
      return images
    }
    (train, heldOut, self.configuration) = (try open(.train), try open(.heldOut), configuration)
  }

  /// A pair of networks before its first step.
  func trainer(_ lab: Lab) throws -> Trainer {
    var configuration = configuration
    configuration.training.seed = Int(lab.seed)
    return try Trainer(configuration, on: lab.device)
  }

  /// Trains on the training images up to a step.
  func train(_ trainer: Trainer, to steps: Int, _ lab: Lab) throws {
    let samples = try IndependentCritic.samples(of: train, seed: lab.seed, on: lab.device)
    while trainer.step < steps {
      _ = try trainer.advance(measuring: false) {
        Batch(try samples(trainer.drawn + 1, configuration.training.batch))
      }
      if trainer.step % 20 == 0 {
        try lab.device.synchronize()
        lab.progress("a generator: step \(trainer.step) of \(steps)")
      }
    }
  }
}
