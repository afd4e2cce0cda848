import Foundation
import Yams

extension Configuration {
  /// A value from a flag of its own, such as `--steps 500`.
  public struct Flag: Sendable, Equatable {
    /// As the user wrote it: `--steps`.
    public let name: String
    /// The setting that it stands for: `training.steps`.
    public let key: String
    public let value: String

    public init(_ name: String, key: String, value: String) {
      self.name = name
      self.key = key
      self.value = value
    }
  }

  /// Resolves a configuration. What comes later prevails: the defaults, the preset or the file (and the preset that the
  /// file names), the assignments, the flags.
  ///
  /// - Parameters:
  ///   - source: the name of a preset, or the path of a YAML file (`./fashion` for a file called like a preset).
  ///   - assignments: `key=value`, the arguments of `--set`.
  ///   - flags: values from flags of their own.
  ///   - registry: the tables that names are looked up in.
  public init(
    from source: String? = nil, assignments: [String] = [], flags: [Flag] = [], registry: Registry = .standard
  ) throws(ConfigurationError) {
    self.init(registry: registry)
    if let source { try read(source) }
    for assignment in assignments {
      guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
        throw .notAssignment(assignment)
      }
      let value = String(assignment[assignment.index(after: equals)...])
      try assign(value, to: String(assignment[..<equals]), place: "--set \(assignment)")
    }
    for flag in flags { try assign(flag.value, to: flag.key, place: "\(flag.name) \(flag.value)") }
    try checkTogether()
  }

  /// Reads a configuration from YAML text; what it leaves out keeps its default. `name` serves the errors' messages.
  public init(yaml text: String, name: String, registry: Registry = .standard) throws(ConfigurationError) {
    self.init(registry: registry)
    try read(yaml: text, name: name)
    try checkTogether()
  }

  private mutating func read(_ source: String) throws(ConfigurationError) {
    if let preset = registry.presets.first(where: { $0.name == source }) {
      return try read(preset)
    }
    guard FileManager.default.fileExists(atPath: source) else {
      let names = registry.presets.map(\.name)
      throw .unknownPreset(place: nil, name: source, nearest: nearest(to: source, among: names))
    }
    let text: String
    do {
      text = try String(contentsOfFile: source, encoding: .utf8)
    } catch {
      throw .unreadable(path: source, reason: Self.unreadableReason(source))
    }
    try read(yaml: text, name: source)
  }

  private static func unreadableReason(_ path: String) -> String {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      return "it is a folder"
    }
    return FileManager.default.isReadableFile(atPath: path) ? "it is not UTF-8 text" : "access is denied"
  }

  private mutating func read(_ preset: Preset) throws(ConfigurationError) {
    try read(yaml: preset.yaml, name: "preset \(preset.name)")
  }

  private mutating func read(yaml text: String, name: String) throws(ConfigurationError) {
    let root: Node?
    do {
      root = try compose(yaml: text)
    } catch {
      throw .malformed(error, name: name)
    }
    // A file of comments only changes nothing.
    guard let root, !(root.tag == Tag(.null) && root.scalar?.string.isEmpty == true) else { return }
    guard case .mapping(let mapping) = root else {
      throw .malformed(place: place(name, root), problem: "it holds no settings, such as 'training: {batch: 64}'")
    }
    if let node = mapping[Self.presetKey] {
      let names = registry.presets.map(\.name)
      let wanted = node.scalar?.string ?? ""
      guard let preset = registry.presets.first(where: { $0.name == wanted }) else {
        throw .unknownPreset(
          place: place(name, node), name: wanted, nearest: nearest(to: wanted, among: names))
      }
      try read(preset)
    }
    try read(mapping, under: "", name: name)
  }

  /// The key by which a file builds on a preset.
  private static let presetKey = "preset"

  private mutating func read(_ mapping: Node.Mapping, under prefix: String, name: String) throws(ConfigurationError) {
    for (keyNode, value) in mapping {
      let key = prefix + (keyNode.scalar?.string ?? "")
      if key == Self.presetKey { continue }
      switch value {
      case .scalar(let scalar):
        // A section whose settings are all commented out.
        if scalar.string.isEmpty, registry.settings.contains(where: { $0.section == key }) { continue }
        try assign(scalar.string, to: key, place: place(name, keyNode))
      case .mapping(let inner) where registry.setting(key) == nil:
        try read(inner, under: key + ".", name: name)
      case .mapping, .sequence, .alias:
        guard let setting = registry.setting(key) else { throw unknown(key, place: place(name, keyNode)) }
        let found = if case .mapping = value { "a mapping" } else { "a list" }
        throw .badValue(place: place(name, keyNode), key: key, allowed: setting.allowed, found: found)
      }
    }
  }

  private mutating func assign(_ text: String, to key: String, place: String) throws(ConfigurationError) {
    guard let setting = registry.setting(key) else { throw unknown(key, place: place) }
    guard setting.assign(text, in: &values) else {
      if let renamed = setting.formerValues[text] {
        throw .renamed(place: place, key: "\(key) \(text)", to: renamed)
      }
      let found = text.isEmpty ? "empty" : "'\(text)'"
      throw .badValue(place: place, key: key, allowed: setting.refusal(of: text) ?? setting.allowed, found: found)
    }
  }

  private func unknown(_ key: String, place: String) -> ConfigurationError {
    let settings = registry.settings
    if let renamed = settings.first(where: { $0.formerKeys.contains(key) }) {
      return .renamed(place: place, key: key, to: renamed.key)
    }
    let names = settings.filter { $0.section == key }.map(\.name)
    if !names.isEmpty { return .section(place: place, section: key, names: names) }
    // Whoever forgets the section is told of it.
    let bare = settings.first { $0.name == key }?.key
    return .unknownKey(place: place, key: key, nearest: bare ?? nearest(to: key, among: settings.map(\.key)))
  }
}

private func place(_ name: String, _ node: Node) -> String {
  node.mark.map { "\(name):\($0.line):\($0.column)" } ?? name
}

extension ConfigurationError {
  fileprivate static func malformed(_ error: any Error, name: String) -> ConfigurationError {
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let text = context.map { "\(problem) (\($0.text) of line \($0.mark.line))" } ?? problem
      return .malformed(place: "\(name):\(mark.line):\(mark.column)", problem: text)
    case .duplicatedKeysInMapping(let keys, let context):
      let text = "'\(keys.joined(separator: "', '"))' is given twice"
      return .malformed(place: "\(name):\(context.mark.line):\(context.mark.column)", problem: text)
    case .reader(let problem, let offset?, _, let text):
      let line = text.prefix(offset).count { $0.isNewline } + 1
      return .malformed(place: "\(name):\(line)", problem: problem)
    default:
      return .malformed(place: name, problem: "\(error)")
    }
  }
}
