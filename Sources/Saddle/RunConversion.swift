import Foundation
import Yams

/// Brings a run of an older Saddle to today's names: of settings, tensors and columns. No number changes, so that it goes
/// on to the bit.
public enum RunConversion {
  /// Parts of tensors' names, as they were and as they are.
  private static let tensors = [
    ("critic.", "discriminator."), (".average", ".ema"), (".history", ".historical-average"),
  ]
  private static let counts = ["critic-step": "discriminator-step"]
  /// Keys of JSON in the records of training and of evaluations.
  private static let columns = [
    ("\"critic_", "\"discriminator_"), ("_norm_deviation\"", "_norm_std\""), ("\"deviation\"", "\"standardDeviation\""),
    ("\"deviations\"", "\"standardDeviations\""),
  ]

  /// Converts a run's folder in place, each file whole or not at all.
  ///
  /// - Returns: The files that changed, by their paths.
  /// - Throws: `RecordError` where there is no run, another process trains there, or a file cannot be read or written;
  ///   `ConfigurationError` for settings that are none of any time.
  public static func convert(_ path: String, registry: Registry = .standard) throws -> [String] {
    let directory = try RunDirectory(opening: path)
    let lock = try RunLock(directory)
    var changed: [String] = []
    let store = CheckpointStore(readingFrom: directory.checkpoints)
    let steps = try store.steps()
    for step in steps {
      let file = try store.load(step: step), path = store.path(step: step)
      let new = renamed(file)
      guard new != file else { continue }
      try new.write(to: path)
      changed.append(path)
    }
    let evaluations = (try? FileManager.default.contentsOfDirectory(atPath: directory.evaluationFolder)) ?? []
    for path in [directory.metrics, directory.evaluations]
      + evaluations.sorted().filter({ $0.hasSuffix(".json") }).map({ "\(directory.evaluationFolder)/\($0)" })
    {
      try rewrite(path, &changed) { text in columns.reduce(text) { $0.replacing($1.0, with: $1.1) } }
    }
    // Last: a run with today's settings is converted whole.
    for path in [directory.configuration] + steps.map(directory.formerConfiguration) {
      try rewrite(path, &changed) { try configuration(from: $0, name: path, registry: registry) }
    }
    withExtendedLifetime(lock) {}
    return changed
  }

  private static func rewrite(_ path: String, _ changed: inout [String], _ new: (String) throws -> String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let text = String(decoding: try OpenFile.bytes(of: path), as: UTF8.self), converted = try new(text)
    guard converted != text else { return }
    try AtomicFile.write(Array(converted.utf8), to: path)
    changed.append(path)
  }

  private static func renamed(_ file: SafetensorsFile) -> SafetensorsFile {
    var new = file
    new.tensors = file.tensors.map { tensor in
      let name = tensors.reduce(tensor.name) { name, pair in
        // A prefix names the network, a suffix what is kept of it.
        if pair.0.hasSuffix("."), name.hasPrefix(pair.0) { return pair.1 + name.dropFirst(pair.0.count) }
        if pair.0.hasPrefix("."), name.hasSuffix(pair.0) { return name.dropLast(pair.0.count) + pair.1 }
        return name
      }
      return SafetensorsFile.Tensor(name, shape: tensor.shape, tensor.values)
    }
    new.metadata = Dictionary(uniqueKeysWithValues: file.metadata.map { (counts[$0] ?? $0, $1) })
    return new
  }

  /// The settings of a configuration as it was printed, printed anew; unchanged where all of them are today's.
  private static func configuration(from text: String, name: String, registry: Registry) throws -> String {
    guard let root = try? compose(yaml: text), case .mapping(let sections) = root else { return text }
    var assignments: [String] = [], isOld = false
    for (section, entries) in sections {
      guard let section = section.scalar?.string, case .mapping(let entries) = entries else { return text }
      for (name, value) in entries {
        guard let name = name.scalar?.string, let value = value.scalar?.string else { return text }
        let key = "\(section).\(name)"
        let row = registry.settings.first { $0.key == key || $0.formerKeys.contains(key) }
        let (newKey, newValue) = (row?.key ?? key, row?.formerValues[value] ?? value)
        isOld = isOld || newKey != key || newValue != value
        assignments.append("\(newKey)=\(newValue)")
      }
    }
    return isOld ? try Configuration(assignments: assignments, registry: registry).yaml() : text
  }
}
