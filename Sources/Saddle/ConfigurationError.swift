/// What can be wrong with a configuration. `place` says where: a file with line and column, or a flag.
public enum ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  case unknownKey(place: String, key: String, nearest: String?)
  /// A setting's name of before.
  case renamed(place: String, key: String, to: String)
  /// The value is of the wrong type, or out of range.
  case badValue(place: String, key: String, allowed: String, found: String)
  /// A section's name stands where a setting's should.
  case section(place: String, section: String, names: [String])
  case malformed(place: String, problem: String)
  case unreadable(path: String, reason: String)
  case unknownPreset(place: String?, name: String, nearest: String?)
  /// An argument of --set that is not `key=value`.
  case notAssignment(String)
  /// Settings that are each allowed, but not together.
  case contradiction(String)

  public var description: String {
    switch self {
    case .unknownKey(let place, let key, let nearest):
      "\(place): there is no setting '\(key)'" + (nearest.map { "; did you mean '\($0)'?" } ?? ". \(Self.whole)")
    case .renamed(let place, let key, let new):
      "\(place): \(key) is called \(new) now. saddle convert RUN renames it in a run's folder."
    case .badValue(let place, let key, let allowed, let found):
      "\(place): \(key) must be \(allowed), but it is \(found)."
    case .section(let place, let section, let names):
      "\(place): '\(section)' is a section; its settings are \(names.joined(separator: ", "))."
    case .malformed(let place, let problem):
      "\(place): this is not valid YAML: \(problem). \(Self.whole)"
    case .unreadable(let path, let reason):
      "\(path) cannot be read: \(reason). Give a preset, a YAML file or a folder of images."
    case .unknownPreset(let place, let name, let nearest):
      (place.map { "\($0): there is no preset '\(name)'" } ?? "'\(name)' is neither a preset nor a file nor a folder")
        + (nearest.map { "; did you mean '\($0)'?" } ?? ".") + " saddle train --list shows the presets."
    case .notAssignment(let text):
      "--set \(text): write key=value, such as --set training.batch=64."
    case .contradiction(let text):
      "\(text)."
    }
  }

  private static let whole =
    "saddle train fashion --dry-run prints a whole configuration, each setting with its meaning."
}
