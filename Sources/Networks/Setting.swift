/// A value of a setting, written as one scalar of YAML.
public protocol SettingValue: Sendable {
  init?(settingText: String)
  var settingText: String { get }
}

/// A setting, declared where it is read: its key, its default, what it may be, and what it means.
public struct Setting<Value: SettingValue>: SettingRow {
  public let key: String
  /// The default.
  public let standard: Value
  public private(set) var allowed: String
  public private(set) var choices: [String]
  public let summary: String
  public private(set) var idle: [String] = []
  public private(set) var condition: SettingCondition?
  public private(set) var formerKeys: [String] = []
  public private(set) var formerValues: [String: String] = [:]
  private var isAllowed: @Sendable (Value) -> Bool
  private let refuse: @Sendable (String) -> String?

  /// - Parameters:
  ///   - key: Section and name, as in YAML: `training.batch`.
  ///   - allowed: What may be given, as it completes "must be ...".
  ///   - choices: The values that may be given, where there is a list of them.
  ///   - summary: What it means, in a line.
  ///   - refusal: What a refused text must be, as it completes "must be ...", where more can be said than `allowed` does.
  public init(
    _ key: String, _ standard: Value, allowed: String, choices: [String] = [], _ summary: String,
    where isAllowed: @escaping @Sendable (Value) -> Bool = { _ in true },
    refusal: @escaping @Sendable (String) -> String? = { _ in nil }
  ) {
    (self.key, self.standard, self.allowed, self.choices, self.summary) = (key, standard, allowed, choices, summary)
    (self.isAllowed, refuse) = (isAllowed, refusal)
  }

  /// The same setting for a row that takes these values alone; another is refused where that row is chosen.
  public func among(_ values: Value...) -> Setting {
    var narrowed = self
    narrowed.choices = values.map(\.settingText)
    narrowed.allowed = Self.oneOf(narrowed.choices)
    narrowed.isAllowed = { [choices = narrowed.choices] in choices.contains($0.settingText) }
    return narrowed
  }

  /// The same setting, of which some values ask for nothing where the chosen rows do not read it.
  public func idle(at values: String...) -> Setting {
    var setting = self
    setting.idle = values
    return setting
  }

  /// The same setting, read only under a condition.
  ///
  /// - Parameter who: Who reads it, as it completes "only ... reads it".
  public func read(by who: String, if isRead: @escaping @Sendable (Settings) -> Bool) -> Setting {
    var setting = self
    setting.condition = SettingCondition(who: who, isRead: isRead)
    return setting
  }

  /// The same setting, which once had other keys.
  public func formerly(_ keys: String...) -> Setting {
    var setting = self
    setting.formerKeys = keys
    return setting
  }

  /// The same setting, of which some values once had other names.
  public func formerly(values: [String: String]) -> Setting {
    var setting = self
    setting.formerValues = values
    return setting
  }

  public func united(with rows: [any SettingRow]) -> any SettingRow {
    let others = rows.compactMap { $0 as? Setting }.filter { $0.key == key }
    guard others.contains(where: { $0.choices != choices }), others.allSatisfy({ !$0.choices.isEmpty }) else {
      return self
    }
    var united = self
    united.choices = others.flatMap(\.choices).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    if Value.self == Int.self { united.choices.sort { Int($0) ?? 0 < Int($1) ?? 0 } }
    united.allowed = Self.oneOf(united.choices)
    united.isAllowed = { value in others.contains { $0.isAllowed(value) } }
    return united
  }

  public func text(in settings: Settings) -> String { settings[self].settingText }
  public var standardText: String { standard.settingText }
  public func allows(_ settings: Settings) -> Bool { isAllowed(settings[self]) }
  public func refusal(of text: String) -> String? { refuse(text) }

  public func assign(_ text: String, in settings: inout Settings) -> Bool {
    guard let value = Value(settingText: text), isAllowed(value) else { return false }
    settings[self] = value
    return true
  }

  fileprivate static func oneOf(_ names: [String]) -> String { "one of " + names.joined(separator: ", ") }
}

/// A setting of any type: a row of the table that gives YAML, `--set`, completion, help and checks.
public protocol SettingRow: Sendable {
  var key: String { get }
  /// What may be given, as it completes "must be ...".
  var allowed: String { get }
  /// The values that may be given, where there is a list of them.
  var choices: [String] { get }
  /// What it means, in a line.
  var summary: String { get }
  /// Values that ask for nothing where nobody reads the setting, beside the default.
  var idle: [String] { get }
  var condition: SettingCondition? { get }
  /// Keys that it once had: they are refused with this one named.
  var formerKeys: [String] { get }
  /// Values that were renamed, as they were and as they are.
  var formerValues: [String: String] { get }
  /// The default, as text.
  var standardText: String { get }

  /// The value in some settings, as text.
  func text(in settings: Settings) -> String
  /// Whether the value in some settings is one of this row's.
  func allows(_ settings: Settings) -> Bool
  /// Puts a value in from text; false where the text is not allowed.
  func assign(_ text: String, in settings: inout Settings) -> Bool
  /// What a refused text must be, where more can be said of it than `allowed` does.
  func refusal(of text: String) -> String?
  /// This setting, allowing what any of the rows allow that narrow it: all of them have choices, or it stays as it is.
  func united(with rows: [any SettingRow]) -> any SettingRow
}

extension SettingRow {
  /// The part of the key before the dot.
  public var section: String { String(key.prefix { $0 != "." }) }
  /// The part of the key behind the dot.
  public var name: String { String(key.drop { $0 != "." }.dropFirst()) }
}

/// What must be so for anything to read a setting.
public struct SettingCondition: Sendable {
  /// As it completes "only ... reads it".
  public let who: String
  public let isRead: @Sendable (Settings) -> Bool
}

/// A combination of settings that contradicts itself, or makes little sense, and what to say of it.
public struct SettingCheck: Sendable {
  public let says: String
  public let isThere: @Sendable (Settings) -> Bool
  public init(_ says: String, when isThere: @escaping @Sendable (Settings) -> Bool) {
    (self.says, self.isThere) = (says, isThere)
  }
}

/// The values of settings; what was never given has its default.
public struct Settings: Sendable, Equatable {
  private var values: [String: any SettingValue] = [:]

  public init() {}

  public subscript<Value>(setting: Setting<Value>) -> Value {
    get { values[setting.key] as? Value ?? setting.standard }
    set { values[setting.key] = newValue.settingText == setting.standardText ? nil : newValue }
  }

  /// Whether a setting has another value than its default.
  public func isGiven<Value>(_ setting: Setting<Value>) -> Bool { values[setting.key] != nil }

  public static func == (a: Settings, b: Settings) -> Bool {
    a.values.mapValues(\.settingText) == b.values.mapValues(\.settingText)
  }
}

/// A section of the settings: a type whose stored properties are its rows.
public protocol SettingSection: Sendable {
  static var rows: Self { get }
}

extension SettingSection {
  /// The section's settings in the order in which they are declared.
  public static var all: [any SettingRow] {
    Mirror(reflecting: rows).children.compactMap { $0.value as? any SettingRow }
  }
}

/// The values of a section, by the names of its properties: `settings.training.batch`.
@dynamicMemberLookup
public struct SectionValues<Section: SettingSection>: Sendable, Equatable {
  public var settings: Settings
  public init(_ settings: Settings) { self.settings = settings }

  public static func == (a: SectionValues, b: SectionValues) -> Bool {
    Section.all.allSatisfy { $0.text(in: a.settings) == $0.text(in: b.settings) }
  }

  public subscript<Value>(dynamicMember path: KeyPath<Section, Setting<Value>>) -> Value {
    get { settings[Section.rows[keyPath: path]] }
    set { settings[Section.rows[keyPath: path]] = newValue }
  }
}

// MARK: - The kinds of settings

extension Setting where Value == Int {
  /// An integer in a range.
  public init(_ key: String, _ standard: Int, in range: ClosedRange<Int>, _ summary: String) {
    let limits =
      range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
    self.init(key, standard, allowed: "an integer \(limits)", summary) { range.contains($0) }
  }

  /// One of a few integers.
  public init(_ key: String, _ standard: Int, among values: [Int], _ summary: String) {
    let choices = values.map(String.init)
    self.init(key, standard, allowed: Self.oneOf(choices), choices: choices, summary) { values.contains($0) }
  }
}

extension Setting where Value == String {
  /// One of the names of a table.
  public init(_ key: String, _ standard: String, among names: [String], _ summary: String) {
    self.init(key, standard, allowed: Self.oneOf(names), choices: names, summary) { names.contains($0) }
  }

  public init(_ key: String, _ standard: String, _ summary: String) {
    self.init(key, standard, allowed: "a text", summary)
  }
}

extension Setting where Value == Double {
  /// A number in an interval.
  public init(_ key: String, _ standard: Double, _ interval: SettingInterval, _ summary: String) {
    self.init(key, standard, allowed: "a number \(interval.description)", summary) { interval.contains($0) }
  }
}

extension Setting where Value == Schedule {
  /// A number in an interval that may change while training.
  public init(_ key: String, _ standard: Schedule, _ interval: SettingInterval, _ summary: String) {
    self.init(
      key, standard, allowed: "a number \(interval.description), or a schedule such as linear 1 to 0 by 5000", summary
    ) { interval.contains($0.start) && interval.contains($0.end) }
  }
}

extension Setting where Value: CaseIterable & RawRepresentable<String> {
  /// One of an enumeration's cases.
  public init(_ key: String, _ standard: Value, _ summary: String) {
    let choices = Value.allCases.map(\.rawValue)
    self.init(key, standard, allowed: Self.oneOf(choices), choices: choices, summary)
  }
}

extension Setting where Value == Bool {
  public init(_ key: String, _ standard: Bool, _ summary: String) {
    self.init(key, standard, allowed: "true or false", choices: ["true", "false"], summary)
  }
}

/// The numbers that a setting allows; infinity and NaN are in none.
public enum SettingInterval: Sendable {
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

// MARK: - The kinds of values

extension SettingValue where Self: LosslessStringConvertible {
  public init?(settingText: String) { self.init(settingText) }
  public var settingText: String { description }
}

extension SettingValue where Self: RawRepresentable<String> {
  public init?(settingText: String) { self.init(rawValue: settingText) }
  public var settingText: String { rawValue }
}

extension Int: SettingValue {}
extension Double: SettingValue {}
extension Bool: SettingValue {}
extension String: SettingValue {}
extension Schedule: SettingValue {}
