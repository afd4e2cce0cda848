import Foundation
import Testing

@testable import Saddle

private let temperature = Setting("objective.temperature", 1.0, .positive, "what logits are divided by")
private let tempered = Objective(
  name: "tempered", summary: "s", estimates: "e", reads: [temperature],
  discriminatorLoss: { ($0.fakeLogits - $0.realLogits).mean() / $0.settings[temperature] },
  generatorLoss: { -$0.fakeLogits.mean() })
private let pond = Architecture(
  name: "pond", summary: "s", reads: [ModelSection.rows.size.among(48)],
  contradictions: [SettingCheck("a pond has no classes: set model.classes=0") { $0.model.classes > 0 }],
  sample: Architecture.image, generator: { _ in Sequential([]) }, discriminator: { _ in Sequential([]) })
private let registry = Registry(
  architectures: [pond], objectives: [tempered],
  presets: [Preset(name: "mine", summary: "s", yaml: "objective: {name: tempered, temperature: 3}")])

/// Rows of one's own are chosen, set and checked like all others, in the places that are derived from the tables.
@Test func rowsOfOnesOwnAreChosenAndSet() throws {
  let mine = try Configuration(from: "mine", registry: registry)
  #expect(mine[temperature] == 3 && mine.objective.name == "tempered" && mine.cautions.isEmpty)
  #expect(try Game(mine).settings[temperature] == 3)
  // It is printed in its section, and reads back.
  #expect(mine.yaml().contains("  # what logits are divided by (a number above 0)\n  temperature: 3.0\n"))
  #expect(try Configuration(yaml: mine.yaml(), name: "printed", registry: registry) == mine)
  #expect(registry.setting("model.size")?.choices == ["28", "32", "48", "64", "128"])
  let page = OptionsReference(registry).markdown
  #expect(page.contains("| `tempered` |") && page.contains("a number above 0; read by objective.name tempered |"))
}

@Test(
  arguments: [
    (["objective.temperature=2"], nil, "only objective.name tempered reads it"),
    (["objective.name=tempered", "objective.margin=2"], nil, "only objective.name ebgan reads it"),
    (["model.architecture=pond"], "model.size must be one of 48 for model.architecture pond, but it is 64.", nil),
    (["model.size=48"], "model.size must be one of 32, 64, 128 for model.architecture dcgan, but it is 48.", nil),
    (
      ["model.architecture=pond", "model.size=48", "model.classes=2", "model.conditioning=concat"],
      "a pond has no classes: set model.classes=0.", nil
    ),
  ] as [([String], String?, String?)])
func factsOfRowsAreChecked(assignments: [String], error expected: String?, caution: String?) throws {
  do {
    let configuration = try Configuration(assignments: assignments, registry: registry)
    #expect(expected == nil && configuration.cautions.contains { $0.contains(caution ?? "no caution") })
  } catch {
    #expect("\(error)" == expected)
  }
}

/// Without the row nothing knows its name or its settings.
@Test(arguments: ["objective.name=tempered", "objective.temperature=2", "model.architecture=pond", "model.size=48"])
func rowsAreKnownToTheirRegistryAlone(assignment: String) {
  #expect(throws: ConfigurationError.self) { _ = try Configuration(assignments: [assignment]) }
}

@Test func twoRowsOfOneNameTrap() async {
  await #expect(processExitsWith: .failure) {
    _ = Registry(presets: [Preset(name: "fashion", summary: "", yaml: "")])
  }
}

/// Names of before are refused with today's.
@Test(
  arguments: Registry.standard.settings.flatMap { row in row.formerKeys.map { (was: $0, now: row.key) } })
func formerNamesAreRefused(was: String, now: String) throws {
  let error = #expect(throws: ConfigurationError.self) { _ = try Configuration(assignments: ["\(was)=1"]) }
  #expect(try #require(error).description.contains("\(was) is called \(now) now. saddle convert RUN"))
}
