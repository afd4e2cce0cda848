import Adversaries

// Not every game reads every setting. What does nothing is told, so that nobody waits for its effect. Who reads what
// follows from what the rows declare.

extension Configuration {
  /// A row that a configuration chose, or could: the setting that names it, and what it declares.
  struct Chosen: Sendable {
    /// As it completes "only ... reads it": `model.architecture dcgan`.
    let table, name: String
    let reads: [any SettingRow]
    var contradictions: [SettingCheck] = []
    var cautions: [SettingCheck] = []

    /// What to say of the first setting whose value this row does not take; nil where it takes all.
    func refusal(_ values: Settings) -> String? {
      reads.first { !$0.allows(values) }.map {
        "\($0.key) must be \($0.allowed) for \(table) \(name), but it is \($0.text(in: values))"
      }
    }
  }

  /// The rows that this configuration chose.
  var chosen: [Chosen] {
    let weights = Set(weighted.map(\.weight.key))
    return registry.rows.filter { row in
      registry.setting(row.table).map { $0.text(in: values) == row.name } ?? false || weights.contains(row.table)
    }
  }

  var optimizerRule: OptimizerRule? { registry.optimizers.first { $0.name == optimizer.name } }

  /// Whether this game reads a setting.
  func reads(_ setting: any SettingRow) -> Bool { reader(of: setting) == nil }

  /// Who alone reads a setting, where this game does not; nil where it does.
  private func reader(of setting: any SettingRow) -> String? {
    if let condition = setting.condition, !condition.isRead(values) { return condition.who }
    // Settings of the data are of images, but for their path.
    if setting.section == DataSection.rows.path.section, setting.key != DataSection.rows.path.key,
      sampleShape.rank != 3
    {
      return "a model.architecture for images"
    }
    if setting.key == RegularizerSection.rows.interval.key, !has(.perSampleGradients) {
      return "a penalty on the discriminator's slope"
    }
    let readers = registry.rows(reading: setting)
    guard !readers.isEmpty,
      !chosen.contains(where: { row in readers.contains { $0.table == row.table && $0.name == row.name } })
    else { return nil }
    return registry.readers(of: setting)
  }

  /// What was set though this game does not read it, a sentence each.
  var unreadSettings: [String] {
    registry.settings.compactMap { setting in
      let (text, standard) = (setting.text(in: values), setting.standardText)
      guard text != standard, !setting.idle.contains(text), let who = reader(of: setting) else { return nil }
      return "\(setting.key) \(text) does nothing here, only \(who) reads it: leave it at \(standard), or set that"
    }
  }
}

extension Registry {
  /// Every row that declares settings.
  var rows: [Configuration.Chosen] {
    typealias Chosen = Configuration.Chosen
    return architectures.map {
      Chosen(
        table: ModelSection.rows.architecture.key, name: $0.name, reads: $0.reads, contradictions: $0.contradictions)
    } + objectives.map { Chosen(table: ObjectiveSection.rows.name.key, name: $0.name, reads: $0.reads) }
      + optimizers.map { Chosen(table: OptimizerSection.rows.name.key, name: $0.name, reads: $0.reads) }
      + regularizers.map {
        Chosen(table: $0.weight.key, name: "above 0", reads: $0.reads, cautions: $0.cautions)
      }
  }

  func rows(reading setting: any SettingRow) -> [Configuration.Chosen] {
    rows.filter { $0.reads.contains { $0.key == setting.key } }
  }

  /// Who alone reads a setting: "model.architecture dcgan or resnet"; empty where everyone does.
  func readers(of setting: any SettingRow) -> String {
    Dictionary(grouping: rows(reading: setting), by: \.table).sorted { $0.key < $1.key }.map { table, rows in
      "\(table) \(listed(rows.map(\.name)))"
    }.joined(separator: ", or ")
  }
}
