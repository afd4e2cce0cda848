import Saddle

/// What `saddle train --list` shows: the presets by family, a line for each.
struct PresetList: CustomStringConvertible {
  var description: String {
    let data = registry.presets.map { Self.data($0).count }.max() ?? 0
    var lines: [String] = []
    let known = Set(Preset.all.map(\.name))
    let own = registry.presets.filter { !known.contains($0.name) }
    for family in Preset.families + (own.isEmpty ? [] : [("Your own", own)]) {
      lines += lines.isEmpty ? [family.title] : ["", family.title]
      let name = family.presets.map(\.name.count).max() ?? 0
      for preset in family.presets {
        lines.append("  \(padded(preset.name, name))  \(padded(Self.data(preset), data))  \(preset.summary)")
      }
    }
    return (lines + ["", Self.legend]).joined(separator: "\n")
  }

  private static let legend = """
    In the middle is what a preset learns from: images of so many pixels a side, or points.
    Grey images are Debian's Fashion-MNIST (tools/datasets fashion-mnist) unless --data names others.
    * has no data of its own: give --data a folder of images, such as that of tools/datasets emoji.
    saddle train NAME begins; with --dry-run it prints the whole configuration and what it takes.
    """

  /// The samples that a preset expects, in a word or two.
  private static func data(_ preset: Preset) -> String {
    guard let configuration = try? Saddle.Configuration(from: preset.name, registry: registry) else { return "" }
    let (model, path) = (configuration.model, configuration.data.path)
    if configuration.sampleShape.rank == 1 { return path }
    return "\(model.size) \(model.channels == 1 ? "grey" : "colour")" + (path.isEmpty ? " *" : "")
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: width - text.count)
  }
}
