import Datasets
import Testing

@testable import Saddle

/// Data, and what must be chosen for them.
struct Chosen: Sendable, CustomTestStringConvertible {
  let outline: DatasetOutline
  let preset: String
  let settings: [String]
  var words: [String] = []
  var cautions: [String] = []
  var testDescription: String { "\(outline.name) \(outline.count)" }

  init(
    _ name: String, _ sizes: [(Int, Int, count: Int)], channels: Int = 3, classes: Int = 0, preset: String,
    settings: [String], words: [String] = [], cautions: [String] = []
  ) {
    let counts = sizes.map { (DatasetOutline.Size(width: $0, height: $1), $2) }
    outline = DatasetOutline(
      name: name, sizes: Dictionary(uniqueKeysWithValues: counts), channels: channels,
      classNames: (0..<classes).map(String.init))
    (self.preset, self.settings, self.words, self.cautions) = (preset, settings, words, cautions)
  }
}

@Test(arguments: [
  Chosen(
    "digits", [(28, 28, count: 60_000)], channels: 1, preset: "dcgan32",
    settings: ["model.size=32", "model.channels=1", "data.fit=pad"], words: ["given a border", "32 x 32"]),
  Chosen(
    "clothes", [(28, 28, count: 60_000)], channels: 1, classes: 10, preset: "acgan",
    settings: ["model.size=32", "model.channels=1", "model.classes=10"], words: ["10 classes", "dcgan"]),
  Chosen(
    "photos", [(640, 480, count: 3000), (480, 640, count: 2000)], preset: "dcgan64",
    settings: ["model.size=64", "model.channels=3"],
    words: ["480 x 640 to 640 x 480", "central square", "averaged down", "model.size=128"]),
  Chosen("many", [(256, 256, count: 50_000)], preset: "dcgan128", settings: ["model.size=128"]),
  Chosen(
    "few", [(100, 100, count: 1999)], preset: "diffaugment", settings: ["model.size=64"],
    words: ["augmented", "2000", "data.flip=false"]),
  Chosen("enough", [(100, 100, count: 2000)], preset: "dcgan64", settings: []),
  Chosen(
    "handful", [(64, 64, count: 20)], preset: "diffaugment", settings: ["training.batch=16"],
    words: ["images stay as they are", "batch: 16"], cautions: ["20 images are so few", "--held-out"]),
  Chosen(
    "mixed", [(200, 100, count: 9_500), (50, 50, count: 500)], preset: "dcgan64", settings: ["data.fit=resize"],
    words: ["500 of them enlarged"], cautions: ["500 images are smaller"]),
  // One more small image than a twentieth, and the size is the next one.
  Chosen(
    "smaller", [(200, 100, count: 9_500), (50, 50, count: 501)], preset: "dcgan32", settings: ["model.size=32"],
    words: ["averaged down"]),
  Chosen(
    "classes of two", [(64, 64, count: 4000)], classes: 2000, preset: "dcgan64", settings: ["model.size=64"]),
])
func aPresetIsChosenForData(chosen: Chosen) throws {
  let choice = PresetChoice(for: chosen.outline)
  #expect(choice.preset == chosen.preset)
  for setting in chosen.settings { #expect(choice.assignments.contains(setting), "\(choice.assignments)") }
  let reasons = choice.reasons.joined(separator: "\n")
  for word in chosen.words { #expect(reasons.contains(word), "\(reasons)") }
  #expect(choice.cautions.count == (chosen.cautions.isEmpty ? 0 : 1), "\(choice.cautions)")
  for word in chosen.cautions { #expect(choice.cautions.joined().contains(word), "\(choice.cautions)") }
  // What is chosen is a configuration without contradictions that fits its networks.
  let configuration = try Configuration(from: choice.preset, assignments: choice.assignments)
  #expect(configuration.sampleShape.sizes.last == chosen.outline.channels)
  #expect(configuration.training.batch <= chosen.outline.count)
  _ = try configuration.dryRun()
}

/// The 25 modes of the grid take deeper networks than the ring's eight.
@Test(arguments: [("ring", 2), ("grid", 4)])
func pointsHaveTheirPresets(name: String, depth: Int) throws {
  let choice = try #require(PresetChoice(mixture: name))
  let configuration = try Configuration(from: choice.preset, assignments: choice.assignments)
  #expect(configuration.data.path == name && configuration.sampleShape == [2])
  #expect(configuration[Architecture.depth] == depth)
  // Rates that reach 0 before the last step, or long behind it, are of another run's length.
  let rate = "\(configuration.optimizer.generatorLearningRate)"
  #expect(name == "ring" || rate.hasSuffix("by \(configuration.training.steps)"), "\(rate)")
}
