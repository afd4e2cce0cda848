@_exported import Datasets

// What an independent critic of images looks at.

extension IndependentCritic {
  /// The images of a data set in [-1, 1], each once before any comes again.
  ///
  /// - Throws: `DatasetError` where there are none.
  public static func samples(of dataset: any ImageDataset, seed: UInt64, on device: Device) throws -> Samples {
    var draws = try ImageDraws(dataset, seed: seed)
    return { draw, count in
      let shape: Shape = [count, dataset.height, dataset.width, dataset.channels]
      return Tensor(imageBytes: try draws(draw, count), shape: shape, on: device)
    }
  }

  /// What a generator makes, each draw of latents of its own; images are rounded to bytes as files are: no critic can
  /// tell them by values between them.
  public static func samples(of trainer: Trainer, _ sampling: Trainer.Sampling, seed: UInt64) -> Samples {
    { draw, count in
      let samples = trainer.samples(trainer.latents(count, seed: seed, page: draw), sampling)
      guard samples.shape.rank == 4 else { return samples }
      return Tensor(imageBytes: try samples.imageBytes(), shape: samples.shape, on: samples.device)
    }
  }
}
