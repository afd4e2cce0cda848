import Adversaries

/// One row of the table of settings: where a value lies, what it may be, and what it means.
public struct Setting: Sendable {
  /// As in YAML, section and name: `training.batch`.
  public let key: String
  /// What may be given, as it completes "must be ...".
  public let allowed: String
  /// What it means, in a line.
  public let summary: String
  /// The values that may be given, where there is a list of them.
  public let choices: [String]
  /// What a refused text must be, as it completes "must be ...", where more can be said of it than `allowed` does.
  let refusal: @Sendable (_ text: String) -> String?
  /// The value in a configuration, as text.
  let text: @Sendable (Configuration) -> String
  /// Puts a value in from text; false where the text is not allowed.
  let assign: @Sendable (inout Configuration, String) -> Bool

  /// The part of the key before the dot.
  public var section: String { String(key.prefix { $0 != "." }) }
  /// The part of the key behind the dot.
  public var name: String { String(key.drop { $0 != "." }.dropFirst()) }
  /// The default, as text.
  public var standard: String { text(Configuration()) }

  private init<Value: SettingValue>(
    _ key: String, _ path: any WritableKeyPath<Configuration, Value> & Sendable, allowed: String,
    choices: [String] = [], _ summary: String, where isAllowed: @escaping @Sendable (Value) -> Bool = { _ in true },
    refusal: @escaping @Sendable (String) -> String? = { _ in nil }
  ) {
    (self.key, self.allowed, self.choices, self.summary, self.refusal) = (key, allowed, choices, summary, refusal)
    text = { $0[keyPath: path].settingText }
    assign = { configuration, text in
      guard let value = Value(settingText: text), isAllowed(value) else { return false }
      configuration[keyPath: path] = value
      return true
    }
  }
}

// MARK: - The kinds of rows

extension Setting {
  /// An integer in a range.
  init(
    _ key: String, _ path: any WritableKeyPath<Configuration, Int> & Sendable, in range: ClosedRange<Int>,
    _ summary: String
  ) {
    let limits =
      range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
    self.init(key, path, allowed: "an integer \(limits)", summary) { range.contains($0) }
  }

  /// One of a few integers.
  init(
    _ key: String, _ path: any WritableKeyPath<Configuration, Int> & Sendable, among values: [Int], _ summary: String
  ) {
    let choices = values.map(String.init)
    self.init(key, path, allowed: Self.oneOf(choices), choices: choices, summary) { values.contains($0) }
  }

  /// One of the names of a table.
  init(
    _ key: String, _ path: any WritableKeyPath<Configuration, String> & Sendable, among names: [String],
    _ summary: String
  ) {
    self.init(key, path, allowed: Self.oneOf(names), choices: names, summary) { names.contains($0) }
  }

  /// An objective: a row of the table, or an f-divergence with a number of one's own.
  init(objective key: String, _ path: any WritableKeyPath<Configuration, String> & Sendable, _ summary: String) {
    let names = Adversaries.Objective.all.map(\.name)
    let families = Divergence.families.map { "fgan-\($0.prefix)X, X \($0.range)" }.joined(separator: "; ")
    self.init(
      key, path, allowed: "\(Self.oneOf(names)); or \(families); these with -alternative too", choices: names, summary,
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

  /// A number in an interval.
  init(
    _ key: String, _ path: any WritableKeyPath<Configuration, Double> & Sendable, _ interval: Interval,
    _ summary: String
  ) {
    self.init(key, path, allowed: "a number \(interval.description)", summary) { interval.contains($0) }
  }

  /// A number in an interval that may change while training.
  init(
    _ key: String, _ path: any WritableKeyPath<Configuration, Schedule> & Sendable, _ interval: Interval,
    _ summary: String
  ) {
    self.init(
      key, path, allowed: "a number \(interval.description), or a schedule such as linear 1 to 0 by 5000", summary
    ) { interval.contains($0.start) && interval.contains($0.end) }
  }

  /// One of an enumeration's cases.
  init<Choice: SettingValue & CaseIterable & RawRepresentable<String>>(
    _ key: String, _ path: any WritableKeyPath<Configuration, Choice> & Sendable, _ summary: String
  ) {
    let choices = Choice.allCases.map(\.rawValue)
    self.init(key, path, allowed: Self.oneOf(choices), choices: choices, summary)
  }

  init(_ key: String, _ path: any WritableKeyPath<Configuration, Bool> & Sendable, _ summary: String) {
    self.init(key, path, allowed: "true or false", choices: ["true", "false"], summary)
  }

  init(_ key: String, _ path: any WritableKeyPath<Configuration, String> & Sendable, _ summary: String) {
    self.init(key, path, allowed: "a text", summary)
  }

  init(
    _ key: String, _ path: any WritableKeyPath<Configuration, Configuration.Colour> & Sendable, _ summary: String
  ) {
    self.init(key, path, allowed: "a grey value from 0 to 255, or three of them: red,green,blue", summary)
  }

  private static func oneOf(_ names: [String]) -> String { "one of " + names.joined(separator: ", ") }

  /// The numbers that a setting allows; infinity and NaN are in none.
  enum Interval: Sendable {
    case nonNegative
    case positive
    /// At least 0 and below 1.
    case fraction
    /// From 0 to 1.
    case probability
    /// From 1 to 100,000.
    case counts

    func contains(_ value: Double) -> Bool {
      guard value.isFinite else { return false }
      return switch self {
      case .nonNegative: value >= 0
      case .positive: value > 0
      case .fraction: value >= 0 && value < 1
      case .probability: value >= 0 && value <= 1
      case .counts: value >= 1 && value <= 100_000
      }
    }

    var description: String {
      switch self {
      case .nonNegative: "of at least 0"
      case .positive: "above 0"
      case .fraction: "of at least 0 and below 1"
      case .probability: "from 0 to 1"
      case .counts: "from 1 to 100000"
      }
    }
  }
}

// MARK: - The kinds of values

/// A value that is written as one scalar of YAML.
protocol SettingValue: Sendable {
  init?(settingText: String)
  var settingText: String { get }
}

extension SettingValue where Self: LosslessStringConvertible {
  init?(settingText: String) { self.init(settingText) }
  var settingText: String { description }
}

extension SettingValue where Self: RawRepresentable<String> {
  init?(settingText: String) { self.init(rawValue: settingText) }
  var settingText: String { rawValue }
}

extension Int: SettingValue {}
extension Double: SettingValue {}
extension Bool: SettingValue {}
extension String: SettingValue {}
extension Schedule: SettingValue {}
extension InputTransform.Noise: SettingValue {}
extension Architecture.Conditioning: SettingValue {}
extension Game.Order: SettingValue {}
extension Configuration.Data.UpscalePolicy: SettingValue {}
extension Configuration.Sampling.Statistics: SettingValue {}
extension Configuration.Sampling.Weights: SettingValue {}

extension Configuration.Colour: SettingValue {
  init?(settingText: String) {
    let parts = settingText.split(separator: ",", omittingEmptySubsequences: false).map { part in
      UInt8(part.drop { $0 == " " })
    }
    switch parts.count {
    case 1:
      guard let grey = parts[0] else { return nil }
      self.init(grey: grey)
    case 3:
      guard let red = parts[0], let green = parts[1], let blue = parts[2] else { return nil }
      self.init(red: red, green: green, blue: blue)
    default: return nil
    }
  }

  var settingText: String { red == green && green == blue ? "\(red)" : "\(red),\(green),\(blue)" }
}
