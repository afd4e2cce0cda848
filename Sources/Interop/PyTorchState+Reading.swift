import Records

extension PyTorchState {
  /// Reads a state dict into the network's weights and statistics; spectral norms by their weight and left vector.
  ///
  /// Names may have anything in front, as `nn.DataParallel` and modules of modules put it there, or lack the "main.".
  ///
  /// - Parameter path: Serves the error's message.
  /// - Throws: `InteropError` that names the first tensor that is missing, has another shape, or is left over;
  ///   `DeviceError`. The network is unchanged then.
  public func read(_ file: SafetensorsFile, path: String) throws {
    let named = try prefix(in: file, path)
    var weights = [Float](repeating: 0, count: network.weights.shape.count)
    var statistics = [Float](repeating: 0, count: network.runningStatistics.shape.count)
    var left = Set(file.tensors.map(\.name))
    for entry in entries {
      left.subtract(entry.names.map(named))
      switch entry.content {
      case .weights(let order):
        for (place, value) in zip(order, try elements(of: entry, in: file, path, named)) { weights[place] = value }
      case .statistics(let order):
        for (place, value) in zip(order, try elements(of: entry, in: file, path, named)) { statistics[place] = value }
      case .rightVector, .batches: break
      }
    }
    if let name = left.sorted().first(where: { $0.hasPrefix(named("")) }) {
      throw InteropError(
        "\(path): tensor '\(name)' belongs to no layer of the preset's network, which ends with "
          + "'\(entries.last?.names[0] ?? "")': --preset and --set must describe the network of the file.")
    }
    network.weights.write(weights)
    network.runningStatistics.write(statistics)
  }

  /// How the file calls the tensors of this network: what stands before a name, or in the place of "main.".
  private func prefix(in file: SafetensorsFile, _ path: String) throws -> (String) -> String {
    guard let first = entries.first else { return { $0 } }
    let start = "main."
    var renamings: [(prefix: String, removed: Int, fits: Bool)] = []
    for name in first.names {
      for removed in [0, start.count] {
        let short = String(name.dropFirst(removed))
        for tensor in file.tensors where tensor.name == short || tensor.name.hasSuffix("." + short) {
          renamings.append((String(tensor.name.dropLast(short.count)), removed, tensor.shape == first.shape))
        }
      }
    }
    renamings.sort { ($0.fits ? 0 : 1, $0.prefix.count) < ($1.fits ? 0 : 1, $1.prefix.count) }
    guard let found = renamings.first else {
      throw missing(first, in: file, path) { $0 }
    }
    return { found.prefix + $0.dropFirst(found.removed) }
  }

  private func elements(
    of entry: Entry, in file: SafetensorsFile, _ path: String, _ named: (String) -> String
  ) throws -> [Float] {
    guard let tensor = entry.names.compactMap({ file[named($0)] }).first else {
      throw missing(entry, in: file, path, named)
    }
    guard tensor.shape == entry.shape else {
      throw InteropError(
        "\(path): tensor '\(tensor.name)' is \(tensor.shape), but \(entry.shape) is needed: --preset and "
          + "--set (model.architecture, model.width, model.latent, model.channels, model.size) must describe the file's network."
      )
    }
    switch tensor.values {
    case .float32(let values): return values
    case .float64(let values): return values.map { Float($0) }
    case .int64, .uint8:
      throw InteropError("\(path): tensor '\(tensor.name)' holds whole numbers, but reals are needed.")
    }
  }

  private func missing(
    _ entry: Entry, in file: SafetensorsFile, _ path: String, _ named: (String) -> String
  ) -> InteropError {
    let name = named(entry.names[0])
    // What the file has of the same module, or at all.
    let module = name.split(separator: ".").dropLast().joined(separator: ".") + "."
    let near = file.tensors.map(\.name).filter { $0.hasPrefix(module) }
    let shown = near.isEmpty ? file.tensors.map(\.name) : near
    let isSpectral = near.contains { $0.hasSuffix("_orig") || $0.hasSuffix(".original") }
    return InteropError(
      "\(path): it has no tensor '\(name)' \(entry.shape); it has \(shown.prefix(4).joined(separator: ", "))"
        + (shown.count > 4 ? " and \(shown.count - 4) more" : "")
        + (isSpectral ? ": that layer is spectrally normalized: --set model.norm=spectral." : "."))
  }
}
