import ArgumentParser
import Foundation
import Saddle

/// The names by which commands are called.
enum CommandName {
  /// Finds a word that stands where a command's name should.
  ///
  /// - Throws: `ValidationError` that says which was probably meant.
  static func check(_ arguments: [String], under root: any ParsableCommand.Type) throws {
    var (words, command, path) = (arguments[...], root, root._commandName)
    let isHelp = words.first == "help"
    if isHelp { words.removeFirst() }
    while let word = words.popFirst(), !word.hasPrefix("-") {
      let all = command.configuration.subcommands
      // What a command without others takes are its arguments.
      if all.isEmpty { return }
      if let next = all.first(where: { $0._commandName == word }) {
        (command, path) = (next, path + " " + word)
      } else {
        let names = all.map { $0._commandName }
        let hint = nearest(to: word, among: names).map { "; did you mean '\($0)'?" } ?? "."
        throw ValidationError("\(path) has no command '\(word)'\(hint) There are \(names.joined(separator: ", ")).")
      }
    }
  }
}

/// What stands on the command line.
enum Arguments {
  /// The arguments with a `~/` that no shell expanded, as one in quotes or behind an equals sign.
  static func expanded(_ arguments: [String], home: String? = ProcessInfo.processInfo.environment["HOME"]) -> [String] {
    guard let home, !home.isEmpty else { return arguments }
    return arguments.map { argument in
      if argument.hasPrefix("~/") { return home + argument.dropFirst() }
      guard argument.hasPrefix("--"), let value = argument.firstRange(of: "=~/") else { return argument }
      return argument[..<value.lowerBound] + "=\(home)/" + argument[value.upperBound...]
    }
  }
}
