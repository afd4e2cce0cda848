import Adversaries

/// Everything that a game can be made of, from the tables themselves: for `saddle options` and docs/options.md.
public struct OptionsReference: Sendable {
  /// A group of rows: a name, what it is, and perhaps what it estimates.
  public struct Section: Sendable {
    public let title: String
    /// How its rows are asked for in a configuration.
    public let usage: String
    public let rows: [(name: String, summary: String, note: String?)]
  }

  public static let sections: [Section] = [
    Section(
      title: "Objectives", usage: "objective.name: NAME",
      rows: Adversaries.Objective.all.filter { !$0.name.hasPrefix("fgan-") }.map {
        ($0.name, $0.summary, "at the optimal critic: " + $0.estimates)
      }),
    Section(
      title: "f-divergences",
      usage: "objective.name: fgan-NAME, or fgan-NAME-alternative (the generator's -E g(v)); X is a number of your own",
      rows: Divergence.all.map { ($0.name, "f(u) = " + $0.summary, nil) }
        + Divergence.families.map {
          ("\($0.prefix)X", "f(u) = \($0.summary), \($0.range), such as fgan-\($0.prefix)0.8", nil)
        }),
    Section(
      title: "Regularizers and auxiliary losses", usage: "regularizers.NAME: WEIGHT, a number or a schedule",
      rows: Regularizer.all.map { ($0.name, $0.summary, nil) }
        + settings("regularizers.").filter { $0.name == "interval" }.map { ($0.name, $0.summary, $0.allowed) }),
    Section(
      title: "What objectives are set with", usage: "objective.NAME: VALUE",
      rows: settings("objective.").filter { $0.name != "name" }.map { ($0.name, $0.summary, $0.allowed) }),
    Section(
      title: "What the discriminator sees", usage: "input.NAME: VALUE",
      rows: settings("input.").map { ($0.name, $0.summary, nil) }
        + Augmentation.all.map { ("augment: \($0.name)", $0.summary, nil) }),
    Section(
      title: "Who moves when", usage: "training.NAME: VALUE",
      rows: settings("training.").filter { !["batch", "steps", "seed"].contains($0.name) }.map {
        ($0.name, $0.summary, nil)
      }),
    Section(
      title: "Networks", usage: "model.architecture: NAME", rows: Architecture.all.map { ($0.name, $0.summary, nil) }),
    Section(
      title: "What networks are made with", usage: "model.NAME: VALUE",
      rows: settings("model.").filter { !["architecture", "size", "channels", "latent", "width"].contains($0.name) }.map
      {
        ($0.name, $0.summary, $0.allowed)
      }),
    Section(
      title: "How they learn", usage: "optimizer.NAME: VALUE",
      rows: settings("optimizer.").map { ($0.name, $0.summary, $0.allowed) }),
  ]

  private static func settings(_ section: String) -> [Setting] {
    Configuration.settings.filter { $0.key.hasPrefix(section) }
  }

  /// The catalogue as a page.
  public static var markdown: String {
    let page = sections.map { section in
      "## \(section.title)\n\n`\(section.usage)`\n\n| name | what it is |\n|---|---|\n"
        + section.rows.map { row in
          "| `\(row.name)` | \(([row.summary] + [row.note].compactMap { $0 }).map(escaped).joined(separator: "<br>")) |"
        }.joined(separator: "\n")
    }
    return """
      # Every game

      Written by `saddle options --markdown`. Each row is a value of a configuration (`--set KEY=VALUE`, or YAML); any number can
      be a schedule where the setting says so: `linear 2e-4 to 0 by 15000`, `cosine 1 to 0.1 from 100 by 5000`, `step 1 to 5 by 100`.
      D is the discriminator, r and f are its logits on real and generated samples. What contradicts itself is refused with what to
      change; what makes little sense is warned of.


      """ + page.joined(separator: "\n\n") + "\n"
  }

  /// Markdown's bars and stars stand for themselves.
  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "|", with: "\\|").replacingOccurrences(of: "*", with: "\\*")
  }
}
