import ArgumentParser
import Saddle

struct OptionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "options", abstract: "Lists objectives, regularizers and all other options.",
    discussion: """
      Objectives, regularizers, what the discriminator sees, order of updates: each is a setting of a configuration. Behind each title
      stands how its rows are asked for; train takes them from a YAML file, or from --set with = for the colon:
        saddle train fashion --set objective.name=relativistic \\
          --set regularizers.r1=0.1 --set regularizers.r2=0.1 --set model.norm=none
      Divergences and their numbers are free, such as an alpha of 1.5:
        saddle train mlp --set objective.name=fgan-alpha-1.5-alternative
      """)

  @Argument(help: "Only rows whose name contains this.") var name: String?
  @Flag(help: "Prints the page docs/options.md.") var markdown = false

  func run() throws {
    if markdown { return try show(OptionsReference(registry).markdown.dropLast()) }
    var found = 0
    for section in OptionsReference(registry).sections {
      let rows = section.rows.filter { row in name.map { row.name.contains($0) } ?? true }
      guard !rows.isEmpty else { continue }
      try show("\(found > 0 ? "\n" : "")\(section.title) (\(section.usage))")
      found += rows.count
      for row in rows {
        try show("  \(row.name)")
        for text in [row.summary] + [row.note].compactMap({ $0 }) {
          for line in wrapped(text, width: 92) { try show("      \(line)") }
        }
      }
    }
    if found == 0 { throw ValidationError("No row's name contains '\(name ?? "")'; saddle options lists all of them.") }
  }

  private func wrapped(_ text: String, width: Int) -> [String] {
    text.split(separator: " ").reduce(into: [""]) { lines, word in
      let line = lines[lines.count - 1]
      if line.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if line.count + 1 + word.count <= width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
  }
}
