import Adversaries
import Synchronization

/// The tables that a configuration chooses from: what comes with Saddle, and a user's own rows beside it.
///
/// A row owns its facts: from what the rows declare follow the settings, their help, their completion and their checks.
public struct Registry: Sendable {
  public let architectures: [Architecture]
  public let objectives: [Adversaries.Objective]
  public let regularizers: [Regularizer]
  public let inputTransforms: [InputTransformKind]
  public let optimizers: [OptimizerRule]
  public let metrics: [Metric]
  public let presets: [Preset]
  /// Every setting, in the order in which a configuration is printed.
  public let settings: [any SettingRow]

  private let configurations = PresetConfigurations()

  /// What comes with Saddle.
  public static let standard = Registry()

  /// A user's rows, behind those that come with Saddle.
  ///
  /// - Precondition: No two rows of a table have one name.
  public init(
    architectures: [Architecture] = [], objectives: [Adversaries.Objective] = [], regularizers: [Regularizer] = [],
    inputTransforms: [InputTransformKind] = [], optimizers: [OptimizerRule] = [], metrics: [Metric] = [],
    presets: [Preset] = []
  ) {
    func joined<Row>(_ standard: [Row], _ own: [Row], _ table: String, _ name: (Row) -> String) -> [Row] {
      var names: Set<String> = []
      for row in standard + own where !names.insert(name(row)).inserted {
        preconditionFailure("two \(table) are called '\(name(row))': give yours another name")
      }
      return standard + own
    }
    self.architectures = joined(Architecture.all, architectures, "architectures") { $0.name }
    self.objectives = joined(Adversaries.Objective.all, objectives, "objectives") { $0.name }
    self.regularizers = joined(Regularizer.all, regularizers, "regularizers") { $0.name }
    self.inputTransforms = joined(InputTransformKind.all, inputTransforms, "input transforms") { $0.name }
    self.optimizers = joined(OptimizerRule.all, optimizers, "optimizers") { $0.name }
    self.metrics = joined(Metric.all, metrics, "metrics") { $0.name }
    self.presets = joined(Preset.all, presets, "presets") { $0.name }
    settings = Self.settings(
      architectures: self.architectures, objectives: self.objectives, regularizers: self.regularizers,
      inputTransforms: self.inputTransforms, optimizers: self.optimizers)
  }

  /// The objective of this name: a row, or a member of a family of f-divergences; or nil.
  public func objective(_ name: String) -> Adversaries.Objective? {
    objectives.first { $0.name == name } ?? Adversaries.Objective.named(name)
  }

  /// The preset whose settings differ least from a configuration's, and in how many; nil where there are no presets.
  func nearestPreset(
    to configuration: Configuration, by settings: [any SettingRow]
  ) -> (name: String, configuration: Configuration, changes: Int)? {
    let texts = settings.map { $0.text(in: configuration.values) }
    return configurations.all(of: self).map { name, preset in
      (name, preset, zip(settings, texts).count { $0.text(in: preset.values) != $1 })
    }.min { $0.2 < $1.2 }
  }

  public func setting(_ key: String) -> (any SettingRow)? { settings.first { $0.key == key } }

  /// The sections in their order, each with the settings that rows declare behind its own.
  private static func settings(
    architectures: [Architecture], objectives: [Adversaries.Objective], regularizers: [Regularizer],
    inputTransforms: [InputTransformKind], optimizers: [OptimizerRule]
  ) -> [any SettingRow] {
    let declared =
      architectures.flatMap(\.reads) + objectives.flatMap(\.reads) + regularizers.flatMap(\.reads)
      + inputTransforms.flatMap(\.reads) + optimizers.flatMap(\.reads)
    let weights = regularizers.map { $0.weight as any SettingRow }
    let named: [String: any SettingRow] = [
      ModelSection.rows.architecture.key: Setting(
        ModelSection.rows.architecture.key, ModelSection.rows.architecture.standard, among: architectures.map(\.name),
        ModelSection.rows.architecture.summary),
      ObjectiveSection.rows.name.key: Setting(objectives: objectives),
      OptimizerSection.rows.name.key: Setting(
        OptimizerSection.rows.name.key, OptimizerSection.rows.name.standard, among: optimizers.map(\.name),
        OptimizerSection.rows.name.summary),
    ]
    let sections: [[any SettingRow]] = [
      ModelSection.all, DataSection.all, ObjectiveSection.all, weights + RegularizerSection.all, InputSection.all,
      TrainingSection.all, OptimizerSection.all, EMASection.all, SamplingSection.all, EvaluationSection.all,
      OutputSection.all,
    ]
    var settings: [any SettingRow] = []
    func add(_ row: any SettingRow) {
      guard !settings.contains(where: { $0.key == row.key }) else { return }
      settings.append(named[row.key] ?? row.united(with: declared))
    }
    for section in sections {
      section.forEach(add)
      for row in declared where row.section == section[0].section { add(row) }
    }
    declared.forEach(add)
    return settings
  }
}

extension Setting where Value == String {
  /// The objective: a row of the table, or an f-divergence with a number of one's own.
  fileprivate init(objectives: [Adversaries.Objective]) {
    let (row, names) = (ObjectiveSection.rows.name, objectives.map(\.name))
    let families = Divergence.families.map { "fgan-\($0.prefix)X, X \($0.range)" }.joined(separator: "; ")
    self.init(
      row.key, row.standard,
      allowed: "one of \(names.joined(separator: ", ")); or \(families); these with -alternative too", choices: names,
      row.summary,
      where: { name in
        names.contains(name) || (Adversaries.Objective.named(name) != nil && Self.wrongNumber(in: name) == nil)
      }, refusal: Self.wrongNumber)
  }

  /// What the number in a divergence's name must be; nil where it has none, or a right one.
  package static func wrongNumber(in name: String) -> String? {
    guard let divergence = Adversaries.Objective.divergenceName(in: name),
      let family = Divergence.Family.of(divergence)
    else { return nil }
    guard let member = Divergence.named(divergence) else { return "fgan-\(family.prefix)X with X \(family.range)" }
    do {
      try member.check()
      try member.checkDigits()
      return nil
    } catch {
      return "fgan-\(family.prefix)X with an X less extreme (\(error))"
    }
  }
}

/// The presets' configurations, read once.
private final class PresetConfigurations: Sendable {
  private let read = Mutex<[(name: String, configuration: Configuration)]?>(nil)

  func all(of registry: Registry) -> [(name: String, configuration: Configuration)] {
    read.withLock { read in
      if let read { return read }
      let all = registry.presets.compactMap { preset in
        (try? Configuration(from: preset.name, registry: registry)).map { (preset.name, $0) }
      }
      read = all
      return all
    }
  }
}
