import Adversaries

/// Training came to a number that is not finite.
public struct TrainingFault: Error, Sendable, CustomStringConvertible {
  /// The step at which it arose.
  public let step: Int
  /// The first result that was not finite, in words; nil where a replay of the step did not show it again.
  public let finding: String?
  /// The last checkpoint before it.
  public let checkpoint: String?

  public var description: String {
    "training broke down at step \(step): "
      + (finding ?? "a loss or a number to be saved is not finite, though a replay of the step did not show where")
      + ". Lower optimizer.generator-lr and optimizer.discriminator-lr, or bound the discriminator's slope (regularizers.r1, "
      + "regularizers.gradient-penalty, model.norm=spectral)"
      + (checkpoint.map {
        "; \($0) is the last good checkpoint: --resume goes on from there, with --set for what changes."
      }
        ?? "; no checkpoint was written before.")
  }
}

extension TrainingRun {
  /// The first of some steps whose losses are not finite, or the last one if something that is to be saved is not.
  func firstFault(in steps: [(step: Int, losses: [Tensor])], saving file: SafetensorsFile?) throws -> Int? {
    for (step, losses) in steps {
      for loss in losses where !(try loss.scalars(as: Float.self)[0].isFinite) { return step }
    }
    guard let file, (try? file.checkNumbers()) == nil else { return nil }
    return trainer.step
  }

  /// Goes once more from the last checkpoint to the step before the one where a fault showed, and looks at every result
  /// from there on: the same bits come again.
  func fault(at step: Int) throws -> TrainingFault {
    let latest = try store.latest()
    let checkpoint = try latest.map { (step: $0, file: try store.load(step: $0)) }
    let first =
      try checkpoint.map { try Trainer.Counts($0.file, step: $0.step, configuration.training.discriminatorSteps).drawn }
      ?? 0
    let source = try Self.open(configuration, first: first, on: device, nil)
    defer { source.stop() }
    let trainer = try Trainer(configuration, on: device)
    if let checkpoint { try trainer.restore(checkpoint.file, step: checkpoint.step) }
    let anomalyDetector = AnomalyDetector()
    defer { device.anomalyDetector = nil }
    while trainer.step < step && anomalyDetector.finding == nil {
      // Weights that broke in one step show in the losses of the next.
      if trainer.step + 1 >= step - 1 { device.anomalyDetector = anomalyDetector }
      _ = try trainer.advance(measuring: false) { try source.next() }
      device.anomalyDetector = nil
      if trainer.step >= step - 1, anomalyDetector.finding == nil, let broken = try brokenNumbers(of: trainer) {
        return TrainingFault(step: trainer.step, finding: broken, checkpoint: latest.map(store.path))
      }
    }
    return TrainingFault(step: trainer.step, finding: anomalyDetector.finding, checkpoint: latest.map(store.path))
  }

  private func brokenNumbers(of trainer: Trainer) throws -> String? {
    for (name, player) in [("generator", trainer.generator), ("discriminator", trainer.discriminator)] {
      for (parameter, view) in zip(player.network.parameters, player.network.views(of: player.network.weights)) {
        let values: [Float] = try view.scalars()
        let bad = values.count { !$0.isFinite }
        if bad > 0 { return "\(bad) of \(values.count) values of the \(name)'s \(parameter.name) after its update" }
      }
    }
    let file = try trainer.checkpoint()
    do throws(SafetensorsFault) { try file.checkNumbers() } catch { return "\(error) after the updates" }
    return nil
  }
}
