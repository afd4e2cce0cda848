import Adversaries
import Interop
import Foundation

extension TrainingRun {
  /// Makes a run of PyTorch state dicts: its folder with a checkpoint at step 0, from which it can be sampled,
  /// evaluated and trained on. Optimizers start afresh; a moving average starts as the weights.
  ///
  /// - Parameters:
  ///   - generator: A safetensors file.
  ///   - discriminator: A safetensors file; the discriminator's first weights are drawn where there is none.
  ///   - configuration: Of the networks that the files hold, and of the training that may follow.
  ///   - path: The run's folder, which must not be there yet.
  ///   - device: What the weights are read into.
  /// - Throws: `InteropError` where a file is not the configuration's network, before anything is written;
  ///   `RecordError`, `NetworkError`, `DeviceError`.
  public static func importing(
    generator: String, discriminator: String?, _ configuration: Configuration, in path: String, on device: Device
  ) throws -> RunDirectory {
    let trainer = try Trainer(configuration, on: device)
    for (player, file) in [(trainer.generator, generator), (trainer.discriminator, discriminator)] {
      guard let file else { continue }
      try PyTorchState(of: player.network).read(try stateDict(file), path: file)
      player.ema?.assign(player.network.weights)
      player.historicalAverage?.assign(player.network.weights)
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

  private static func stateDict(_ path: String) throws -> SafetensorsFile {
    do {
      return try SafetensorsFile(readingFrom: path)
    } catch {
      if case .safetensors = error { try refusePickle(path) }
      throw error
    }
  }

  /// PyTorch's own files are programs that build what they hold: they are named, and not run.
  ///
  /// - Throws: `InteropError` that says how to convert one.
  private static func refusePickle(_ path: String) throws {
    let handle = FileHandle(forReadingAtPath: path)
    defer { try? handle?.close() }
    let first = [UInt8]((try? handle?.read(upToCount: 4)) ?? Data())
    // A zip archive, as torch.save writes since PyTorch 1.6, or a bare pickle.
    guard first == [0x50, 0x4B, 3, 4] || (first.first == 0x80 && (2...5).contains(first.dropFirst().first ?? 0)) else {
      return
    }
    let program =
      "import sys, torch, safetensors.torch; safetensors.torch.save_file({name: value.contiguous() for name, value in "
      + "torch.load(sys.argv[1], map_location=\"cpu\", weights_only=True).items()}, sys.argv[2])"
    throw InteropError(
      "\(path) is a file of torch.save, which only Python reads: make a safetensors file of its state dict by python3 -c "
        + "\(program.shellWord) \(path.shellWord) \((path + ".safetensors").shellWord), and import that.")
  }
}
