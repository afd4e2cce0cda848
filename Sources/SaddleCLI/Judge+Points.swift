import Saddle

// Runs of points: what they were trained on can be drawn again, and so can points that they never saw.

extension Judge {
  /// - Throws: `ConfigurationError` where options are given that only images have.
  func checkPoints(_ folder: String) throws {
    if data != nil || heldOut != nil || split != nil {
      throw ConfigurationError.contradiction(
        "\(folder) was trained on points, which are drawn afresh: leave --data, --held-out and --split away")
    }
    if nnd {
      throw ConfigurationError.contradiction(
        "\(folder) was trained on points, and the critic of --nnd is one of images: name an --objective instead")
    }
  }

  /// Points of the run's mixture: those of its own batches, and those of a seed that no run has.
  func points(_ configuration: Saddle.Configuration, _ trainer: Trainer, _ critic: IndependentCritic) throws -> Reals {
    let mixture = try configuration.pointMixture()
    let device = trainer.generator.network.weights.device
    let (batch, batches) = (configuration.training.batch, max(1, trainer.drawn))
    let run = PointSource(mixture, batch: batch, seed: UInt64(configuration.training.seed), on: device)
    /// As many of the run's batches as make up `count` points, the first again after the last.
    let seen: IndependentCritic.Samples = { draw, count in
      let needed = (count + batch - 1) / batch
      let parts = (0..<needed).map { part in
        run.points(min(batch, count - part * batch), draw: 1 + ((draw - 1) * needed + part) % batches).samples
      }
      return Tensor.concatenated(parts, axis: 0)
    }
    // Settings hold seeds up to Int.max.
    let unseen = PointSource(mixture, batch: batch, seed: .max - seed % 1000, on: device)
    let fresh: IndependentCritic.Samples = { unseen.points($1, draw: $0).samples }
    let readings = critic.readings * critic.batch
    return Reals(
      train: seen, fitting: fresh, heldOut: fresh,
      names: ("the run's batches of \(mixture.name)", "\(mixture.name), drawn anew"),
      counts: (readings, critic.steps * critic.batch, readings))
  }
}
