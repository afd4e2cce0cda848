import Adversaries

/// Everything that a game can be made of, from the tables themselves: for `saddle options` and docs/options.md.
public struct OptionsReference: Sendable {
  /// A group of rows: a name, what it is, and perhaps what it estimates.
  public struct Section: Sendable {
    public let title: String
    /// How its rows are asked for in a configuration.
    public let usage: String
    public let rows: [Row]
  }

  public struct Row: Sendable {
    public let name, summary: String
    public let note: String?
    init(_ name: String, _ summary: String, _ note: String? = nil) {
      (self.name, self.summary, self.note) = (name, summary, note)
    }
  }

  public let sections: [Section]

  /// - Parameter registry: The tables that are told of.
  public init(_ registry: Registry = .standard) {
    let standard = Set(
      Divergence.all.flatMap { [Adversaries.Objective.divergence($0), .divergence($0, alternative: true)] }.map(\.name))
    let divergences = Divergence.all.map { Row($0.name, "f(u) = " + $0.summary) }
    let families = Divergence.families.map {
      Row("\($0.prefix)X", "f(u) = \($0.summary), \($0.range), such as fgan-\($0.prefix)0.8")
    }
    func settings(_ section: String, without rows: [any SettingRow] = []) -> [Row] {
      registry.settings.filter { row in row.section == section && !rows.contains { $0.key == row.key } }.map { row in
        let readers = row.condition?.who ?? registry.readers(of: row)
        return Row(row.name, row.summary, row.allowed + (readers.isEmpty ? "" : "; read by " + readers))
      }
    }
    let weights = registry.regularizers.map { Row($0.name, $0.summary) }
    let (model, training, objective) = (ModelSection.rows, TrainingSection.rows, ObjectiveSection.rows)
    sections = [
      Section(
        title: "Objectives", usage: "objective.name: NAME",
        rows: registry.objectives.filter { !standard.contains($0.name) }.map {
          Row($0.name, $0.summary, "at the optimal discriminator: " + $0.estimates)
        }),
      Section(
        title: "f-divergences",
        usage:
          "objective.name: fgan-NAME, or fgan-NAME-alternative (the generator's -E g(v)); X is a number of your own",
        rows: divergences + families),
      Section(
        title: "Regularizers and auxiliary losses", usage: "regularizers.NAME: WEIGHT, a number or a schedule",
        rows: weights + settings("regularizers", without: registry.regularizers.map(\.weight))),
      Section(
        title: "What objectives are set with", usage: "objective.NAME: VALUE",
        rows: settings("objective", without: [objective.name])),
      Section(
        title: "What the discriminator sees", usage: "input.NAME: VALUE",
        rows: settings("input") + Augmentation.all.map { Row("augment: \($0.name)", $0.summary) }),
      Section(
        title: "Order of updates", usage: "training.NAME: VALUE",
        rows: settings("training", without: [training.batch, training.steps, training.seed])),
      Section(
        title: "Networks", usage: "model.architecture: NAME",
        rows: registry.architectures.map { Row($0.name, $0.summary) }),
      Section(
        title: "What networks are made with", usage: "model.NAME: VALUE",
        rows: settings("model", without: [model.architecture, model.channels, model.latent, model.width])),
      Section(title: "How they learn", usage: "optimizer.NAME: VALUE", rows: settings("optimizer")),
    ]
  }

  /// The reference as a page.
  public var markdown: String {
    let page = sections.map { section in
      "## \(section.title)\n\n`\(section.usage)`\n\n| name | what it is |\n|---|---|\n"
        + section.rows.map { row in
          "| `\(row.name)` | \(([row.summary] + [row.note].compactMap { $0 }).map(Self.escaped).joined(separator: "<br>")) |"
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
