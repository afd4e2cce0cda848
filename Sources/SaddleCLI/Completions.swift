import ArgumentParser
import Foundation
import Laboratory

/// What a shell offers when a word is being written.
enum Completions {
  static let presets = CompletionKind.custom { _, _, prefix in names(registry.presets.map(\.name), prefix) }

  /// What `saddle train` begins with: a preset, a file or a folder.
  static let sources = CompletionKind.custom { _, _, prefix in
    names(registry.presets.map(\.name), prefix) + paths(prefix)
  }

  /// `--set`: the settings' names, and behind the equals sign the values of those that have a list.
  static let assignments = CompletionKind.custom { _, _, prefix in
    guard let equals = prefix.firstIndex(of: "=") else {
      return names(registry.settings.map { $0.key + "=" }, prefix)
    }
    let key = String(prefix[..<equals])
    return names(choices(key).map { "\(key)=\($0)" }, prefix)
  }

  private static func choices(_ key: String) -> [String] {
    registry.settings.first { $0.key == key }?.choices ?? []
  }

  static let devices = CompletionKind.list(Device.kindNames)
  static let objectives = CompletionKind.custom { _, _, prefix in names(registry.objectives.map(\.name), prefix) }
  static let experiments = CompletionKind.custom { _, _, prefix in names(Experiment.all.map(\.name), prefix) }

  private static func names(_ all: [String], _ prefix: String) -> [String] { all.filter { $0.hasPrefix(prefix) } }

  /// Files and folders that begin so; a folder ends in a slash.
  private static func paths(_ prefix: String) -> [String] {
    let parent = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
    let found = try? FileManager.default.contentsOfDirectory(atPath: parent.isEmpty ? "." : parent)
    return (found ?? []).filter { !$0.hasPrefix(".") && (parent + $0).hasPrefix(prefix) }.sorted().map { name in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: parent + name, isDirectory: &isFolder)
      return parent + name + (isFolder.boolValue ? "/" : "")
    }
  }
}
