import Adversaries
import Exchange

extension TrainingRun {
  /// Makes a run of PyTorch state dicts: its folder with a checkpoint at step 0, from which it can be sampled, evaluated
  /// and trained on. Optimizers start afresh; a moving average starts as the weights.
  ///
  /// - Parameters:
  ///   - generator: A safetensors file.
  ///   - critic: A safetensors file; the critic's first weights are drawn where there is none.
  ///   - configuration: Of the networks that the files hold, and of the training that may follow.
  ///   - path: The run's folder, which must not be there yet.
  ///   - device: What the weights are read into.
  /// - Throws: `ExchangeError` where a file is not the configuration's network, before anything is written;
  ///   `RecordError`, `NetworkError`, `DeviceError`.
  public static func importing(
    generator: String, critic: String?, _ configuration: Configuration, in path: String, on device: Device
  ) throws -> RunDirectory {
    let trainer = try Trainer(configuration, on: device)
    for (player, file) in [(trainer.generator, generator), (trainer.critic, critic)] {
      guard let file else { continue }
      try PyTorchState(of: player.network).read(try SafetensorsFile(readingFrom: file), path: file)
      player.average?.assign(player.network.weights)
      player.history?.assign(player.network.weights)
    }
    let checkpoint = try trainer.checkpoint()
    do throws(SafetensorsFault) { try checkpoint.checkNumbers() } catch {
      throw RecordError.safetensors(path: generator, fault: error)
    }
    let lock = try RunLock(creating: path, configuration: configuration.yaml())
    try CheckpointStore(directory: lock.directory.checkpoints).save(checkpoint, step: 0)
    try lock.end(.interrupted)
    return lock.directory
  }
}
