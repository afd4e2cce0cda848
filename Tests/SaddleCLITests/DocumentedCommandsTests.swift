import Foundation
import SaddleCLI
import Testing

/// A command line of `saddle` in a shell block of README.md or a page of docs.
struct DocumentedCommand: Sendable, CustomTestStringConvertible {
  let page: String
  /// What follows `saddle`, as a shell reads it.
  let words: String
  var testDescription: String { "\(page): saddle \(words)" }

  /// The values of `--set`, without quotes.
  var assignments: [String] {
    words.matches(of: #/--set\s+((?:[^\s"]|"[^"]*")+)/#).map { String($0.1).replacing("\"", with: "") }
  }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  /// Programs write these; no reader is told to run what they show.
  static let generated = ["docs/laboratory.md", "docs/presets.md"]

  static let all: [DocumentedCommand] = pages.flatMap { page in
    let text = (try? String(contentsOfFile: "\(root)/\(page)", encoding: .utf8)) ?? ""
    return commands(in: text).map { DocumentedCommand(page: page, words: $0) }
  }

  static var pages: [String] {
    let folders = ["docs", "docs/transcripts"].flatMap { folder in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
      return names.sorted().map { "\(folder)/\($0)" }
    }
    return ["README.md"] + folders.filter { $0.hasSuffix(".md") && !generated.contains($0) }
  }

  /// Lines that begin with `saddle`, behind `$` in transcripts; one that ends in a backslash goes on in the next.
  private static func commands(in text: String) -> [String] {
    var block: String?
    var found: [String] = []
    for part in text.replacing("\\\n", with: " ").split(separator: "\n") {
      let line = part.trimmingCharacters(in: .whitespaces)
      if line.hasPrefix("```") {
        block = block == nil ? String(line.dropFirst(3)) : nil
      } else if block == "sh" || block == "console" {
        let command = line.hasPrefix("$ ") ? String(line.dropFirst(2)) : line
        if command.hasPrefix("saddle ") { found.append(String(command.dropFirst(7))) }
      }
    }
    return found
  }
}

@Test func pagesShowCommands() {
  #expect(DocumentedCommand.all.count > 60)
  #expect(DocumentedCommand.all.contains { $0.assignments.contains("input.noise-std=linear 0.1 to 0 by 1000") })
}

/// Each command parses, and each setting is one that exists, with a value that it takes.
@Test(arguments: DocumentedCommand.all)
func documentedCommandsAreTaken(command: DocumentedCommand) throws {
  // Nothing heavy runs: the folder is empty, no device has this name, and no OpenCL is found.
  let folder = try TemporaryFolder()
  let environment = [
    "HOME": folder.path, "SADDLE_DEVICE": "none", "SADDLE_OPENCL_LIBRARY": "/none", "SADDLE_CACHE": "",
  ]
  let outcome = try Command.run(
    ["-c", "exec \"$0\" \(command.words)", Command.binary.path], by: URL(fileURLWithPath: "/bin/bash"),
    environment: environment, in: folder.path)
  // 0: done; 1: there is no such run, folder or device; 2 would be wrong usage.
  #expect([0, 1].contains(outcome.status), "\(outcome.output)")
  for assignment in command.assignments {
    #expect(isTaken(assignment), "\(assignment)")
  }
}

/// Whether a setting exists and takes the value, perhaps beside another setting that it asks for.
private func isTaken(_ assignment: String) -> Bool {
  let result = Result { try Configuration(assignments: [assignment]) }
  guard case .failure(let error) = result else { return true }
  if let error = error as? ConfigurationError, case .contradiction = error { return true }
  return false
}
