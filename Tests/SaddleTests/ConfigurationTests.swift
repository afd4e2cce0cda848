import Foundation
import Testing

@testable import Saddle

@Suite struct ConfigurationTests {
  // MARK: - The table

  /// Texts that no rule finds: quoting, schedules, the ends of ranges.
  private static let special = [
    "model.size": "32", "model.width": "32",
    "data.path": "some folder/a: b # \"c\" \\ é\n", "data.background": "0,128,255",
    "regularizers.r1": "cosine 0.1 to 0.01 by 5000", "input.noise-std": "linear 0.1 to 0 from 10 by 2000",
    "input.augment": "color,translation", "input.augment-probability": "cosine 0 to 0.5 by 100",
    "model.architecture": "mlp", "objective.name": "wasserstein", "model.norm": "instance",
    "training.seed": "9223372036854775807", "optimizer.discriminator-lr": "5e-05", "evaluation.metrics": "fid",
    "evaluation.features": "random",
  ]

  /// A text for each setting that its default is not.
  static let others: [String: String] = {
    let rows = Registry.standard.settings
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.key, special[$0.key] ?? other($0)) })
  }()

  /// The first of some texts that a setting takes, prints as it stands, and does not have by default.
  private static func other(_ row: any SettingRow) -> String {
    (row.choices + ["1", "0", "2", "0.5", "10", "0.25"]).first { text in
      var settings = Settings()
      return row.assign(text, in: &settings) && row.text(in: settings) == text && text != row.standardText
    } ?? ""
  }

  @Test(arguments: Registry.standard.settings.map(\.key))
  func everyRowSetsItsOwnValue(key: String) throws {
    let setting = try #require(Registry.standard.settings.first { $0.key == key })
    let text = try #require(Self.others[key])
    var configuration = Configuration()
    #expect(setting.text(in: configuration.values) != text)
    #expect(setting.assign(text, in: &configuration.values))
    for row in Registry.standard.settings {
      #expect(row.text(in: configuration.values) == (row.key == key ? text : row.standardText))
    }
    #expect(setting.assign(setting.standardText, in: &configuration.values), "the default is allowed")
    #expect(configuration == Configuration())
  }

  @Test func theTableIsWellFormed() {
    let settings = Registry.standard.settings
    #expect(Set(settings.map(\.key)).count == settings.count)
    #expect(settings.allSatisfy { $0.key.split(separator: ".").count == 2 && !$0.summary.isEmpty })
    // A section is one piece, since it is printed under one heading.
    var headings: [String] = []
    for setting in settings where headings.last != setting.section { headings.append(setting.section) }
    #expect(Set(headings).count == headings.count)
  }

  @Test func valuesArriveWhereTheyAreRead() throws {
    // Not all of them go together.
    let sections = ["data.", "optimizer.", "ema.", "sampling.", "output.", "training.seed", "model.norm"]
    let assignments =
      Self.others.filter { other in sections.contains { other.key.hasPrefix($0) } }.map { "\($0.key)=\($0.value)" }
      + [
        "model.architecture=mlp", "objective.name=wasserstein", "objective.clip=0.1", "training.discriminator-steps=5",
        "data.labelled=0", "output.log-every=1", "sampling.weights=ema", "ema.decay=0.5",
      ]
    let configuration = try Configuration(assignments: assignments)
    #expect(configuration.model.architecture == "mlp")
    #expect(configuration.model.norm == "instance")
    #expect(configuration.data.path == "some folder/a: b # \"c\" \\ é\n")
    #expect(configuration.data.background == RGB(red: 0, green: 128, blue: 255))
    #expect(configuration.objective.name == "wasserstein")
    #expect(configuration.training.discriminatorSteps == 5)
    #expect(configuration.training.seed == .max)
    #expect(configuration.optimizer.discriminatorLearningRate == 5e-5)
    #expect(configuration.sampling.weights == .ema)
    #expect(configuration.output.logEvery == 1)
    #expect(try Configuration(yaml: configuration.yaml(), name: "printed") == configuration)
  }

  // MARK: - Printing

  @Test func aPrintedConfigurationReadsBack() throws {
    #expect(try Configuration(yaml: Configuration().yaml(), name: "printed") == Configuration())
    for preset in Preset.all {
      let configuration = try Configuration(from: preset.name)
      #expect(try Configuration(yaml: configuration.yaml(), name: preset.name) == configuration)
    }
    let text = try Configuration(assignments: ["data.flip=true"]).yaml()
    let pairs = "one of dcgan, resnet, r3gan, autoencoder, mlp, mlp-points"
    #expect(text.hasPrefix("model:\n  # the pair of networks (\(pairs))\n  architecture: dcgan\n"))
    #expect(text.contains("\n\ndata:\n  # folder of the images; ring or grid for points (a text)\n  path: \"\"\n"))
    #expect(text.contains("\n  flip: true\n"))
  }

  @Test(arguments: [
    "", " ", "~", "null", "a b", "-", "- a", "---", "a: b", "a #b", "#", "'", "\"", "\\", "\n", "\t", "é", "🙂", "%",
    "@",
    "true", "1e5", "-1", "{a}", "[a]", "/usr/share", "./a", "../a", "a,b", "\u{0}", "\u{85}\u{2028}\u{FEFF}",
  ])
  func everyPathReadsBack(path: String) throws {
    var configuration = Configuration()
    configuration.data.path = path
    #expect(try Configuration(yaml: configuration.yaml(), name: "printed") == configuration)
  }

  // MARK: - Presets and sources

  @Test(arguments: Preset.all.map(\.name))
  func aPresetHoldsOnlyDifferences(name: String) throws {
    let preset = try #require(Preset.all.first { $0.name == name })
    let configuration = try Configuration(from: name)
    let changed = Registry.standard.settings.filter { $0.text(in: configuration.values) != $0.standardText }
    // A value that equals its default would be a leaf of the text without a change.
    let leaves = preset.yaml.replacing(/\w+:( \{|\n)/, with: "").count { $0 == ":" }
    #expect(changed.count == leaves && leaves > 0)
  }

  @Test func thePaperOfWassersteinGANs() throws {
    let configuration = try Configuration(from: "wgan")
    #expect(configuration.objective.name == "wasserstein" && configuration.objective.clip == 0.01)
    #expect(configuration.training.discriminatorSteps == 5 && configuration.training.batch == 64)
    #expect(configuration.optimizer.name == "rmsprop")
    #expect(
      configuration.optimizer.generatorLearningRate == 5e-5 && configuration.optimizer.discriminatorLearningRate == 5e-5
    )
  }

  @Test(
    arguments: [
      ("", [], [], 10_000),
      ("training: {steps: 1}", [], [], 1),
      ("preset: fashion", [], [], 2000),
      ("training: {steps: 1}\npreset: fashion", [], [], 1),
      ("training.steps: 1", [], [], 1),
      ("preset: fashion\ntraining: {steps: 1}", ["training.steps=2"], [], 2),
      ("training: {steps: 1}", ["training.steps=2", "training.steps=3"], [], 3),
      ("training: {steps: 1}", ["training.steps=2"], ["4"], 4),
      ("# nothing but a comment\n", [], [], 10_000),
      ("training:\n  # steps: 3\n", [], [], 10_000),
      ("a: &n 5\n".replacing("a:", with: "training.batch:") + "training.steps: *n", [], [], 5),
      ("training: {steps: '7'}", [], [], 7),
    ] as [(String, [String], [String], Int)])
  func whatComesLaterPrevails(yaml: String, assignments: [String], flags: [String], steps: Int) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml").path
    try yaml.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let flags = flags.map { Configuration.Flag("--steps", key: "training.steps", value: $0) }
    #expect(try Configuration(from: path, assignments: assignments, flags: flags).training.steps == steps)
  }

  // MARK: - What is wrong

  @Test(arguments: [
    ("training:\n  bacth: 1", "f.yaml:2:3: there is no setting 'training.bacth'; did you mean 'training.batch'?"),
    ("traning:\n  batch: 1", "f.yaml:2:3: there is no setting 'traning.batch'; did you mean 'training.batch'?"),
    (
      "training: {discriminator_steps: 1}",
      "'training.discriminator_steps'; did you mean 'training.discriminator-steps'?"
    ),
    ("batch: 1", "f.yaml:1:1: there is no setting 'batch'; did you mean 'training.batch'?"),
    ("colour.of.the.sky: blue", "f.yaml:1:1: there is no setting 'colour.of.the.sky'."),
    ("sky: [blue]", "f.yaml:1:1: there is no setting 'sky'."),
    ("? [a, b]\n: 1", "there is no setting ''"),
    (
      "training: 5",
      "f.yaml:1:1: 'training' is a section; its settings are batch, steps, discriminator-steps, discriminator-tolerance"
    ),
    ("training: [5]", "'training' is a section"),
    (
      "training:\n  steps: 1\n  batch: many",
      "f.yaml:3:3: training.batch must be an integer from 1 to 65536, but it is 'many'."
    ),
    ("training:\n  batch:", "f.yaml:2:3: training.batch must be an integer from 1 to 65536, but it is empty."),
    ("training: {batch: 0}", "f.yaml:1:12: training.batch must be an integer from 1 to 65536, but it is '0'."),
    ("training: {batch: 65537}", "must be an integer from 1 to 65536, but it is '65537'"),
    ("training: {batch: 6.5}", "but it is '6.5'"),
    ("training: {batch: [1]}", "but it is a list"),
    ("training: {batch: {a: 1}}", "but it is a mapping"),
    ("training: {seed: -1}", "training.seed must be an integer of at least 0, but it is '-1'"),
    ("training: {seed: 9223372036854775808}", "training.seed must be an integer of at least 0"),
    ("model: {size: 48}", "model.size must be one of 28, 32, 64, 128, but it is '48'"),
    (
      "model: {architecture: vit}",
      "model.architecture must be one of dcgan, resnet, r3gan, autoencoder, mlp, mlp-points, but it is 'vit'"
    ),
    ("data: {flip: yes}", "data.flip must be true or false, but it is 'yes'"),
    ("data: {background: 256}", "data.background must be a grey value from 0 to 255, or three of them"),
    ("data: {background: '1,2'}", "red,green,blue, but it is '1,2'"),
    ("data: {background: '1,,3'}", "red,green,blue, but it is '1,,3'"),
    ("optimizer: {beta1: 1}", "optimizer.beta1 must be a number of at least 0 and below 1, but it is '1'"),
    ("optimizer: {beta1: -0.1}", "of at least 0 and below 1, but it is '-0.1'"),
    ("optimizer: {epsilon: 0}", "optimizer.epsilon must be a number above 0, but it is '0'"),
    (
      "optimizer: {discriminator-lr: nan}",
      "optimizer.discriminator-lr must be a number of at least 0, or a schedule such as linear 1 to 0 by 5000, but it is 'nan'"
    ),
    ("optimizer: {discriminator-lr: inf}", "but it is 'inf'"),
    (
      "objective: {name: hinges}",
      "objective.name must be one of non-saturating, minimax, blended"
    ),
    ("objective: {name: fgan-pearsons}", "objective.name must be one of non-saturating"),
    (
      "objective: {name: fgan-alpha-1}",
      "objective.name must be fgan-alpha-X with X a number other than 0 (reverse-kl) and 1 (kl), but it is 'fgan-alpha-1'."
    ),
    ("objective: {name: fgan-alpha-x-alternative}", "must be fgan-alpha-X with X a number other than 0"),
    ("objective: {name: fgan-alpha-inf}", "must be fgan-alpha-X with X a number other than 0"),
    ("objective: {name: fgan-alpha-1e-9}", "less extreme (the divergence 'alpha-1e-09': in single precision the compo"),
    ("objective: {name: fgan-alpha-1e9}", "fgan-alpha-X with an X less extreme (the f of 'alpha-1000000000.0' must be"),
    (
      "objective: {name: fgan-jensen-shannon-1}",
      "objective.name must be fgan-jensen-shannon-X with X a number between 0 and 1, but it is 'fgan-jensen-shannon-1'."
    ),
    ("[1, 2]", "f.yaml:1:1: this is not valid YAML: it holds no settings"),
    ("training", "f.yaml:1:1: this is not valid YAML: it holds no settings"),
    ("training:\n  batch: 1\n bad: 2", "f.yaml:3:"),
    ("training: {batch: 1", "f.yaml:2:1: this is not valid YAML: did not find expected ',' or '}'"),
    ("a: \"b", "this is not valid YAML: found unexpected end of stream"),
    ("training:\n  batch: 1\n  batch: 2", "f.yaml:2:3: this is not valid YAML: 'batch' is given twice"),
    ("a: 1\n---\nb: 2", "f.yaml:2:1: this is not valid YAML"),
    ("a: \u{1}", "f.yaml:1: this is not valid YAML: control characters are not allowed"),
    ("preset: fashoin", "f.yaml:1:9: there is no preset 'fashoin'; did you mean 'fashion'? saddle train --list shows"),
    ("preset: [a]", "there is no preset ''. saddle train --list shows "),
    (
      "model: {size: 28}", "model.size must be one of 32, 64, 128 for model.architecture dcgan, but it is 28."
    ),
    ("sampling: {weights: ema}", "sampling.weights ema needs an ema.decay above 0, such as 0.999."),
  ])
  func aBadFileIsTold(yaml: String, part: String) {
    let error = #expect(throws: ConfigurationError.self) { _ = try Configuration(yaml: yaml, name: "f.yaml") }
    #expect(error.map { "\($0)".contains(part) } ?? false, "\(error.map(String.init(describing:)) ?? "")")
  }

  @Test(arguments: [
    ("training.batch", "--set training.batch: write key=value, such as --set training.batch=64."),
    ("=5", "--set =5: write key=value"),
    ("training.batch=", "--set training.batch=: training.batch must be an integer from 1 to 65536, but it is empty."),
    ("training.batch=a=b", "but it is 'a=b'"),
    ("bach=1", "--set bach=1: there is no setting 'bach'"),
    ("training=1", "--set training=1: 'training' is a section"),
    ("sampling.weights=ema", "needs an ema.decay above 0"),
  ])
  func aBadAssignmentIsTold(assignment: String, part: String) {
    let error = #expect(throws: ConfigurationError.self) { _ = try Configuration(assignments: [assignment]) }
    #expect(error.map { "\($0)".contains(part) } ?? false, "\(error.map(String.init(describing:)) ?? "")")
  }

  @Test(arguments: [
    (
      "fashoin",
      "'fashoin' is neither a preset nor a file nor a folder; did you mean 'fashion'? saddle train --list shows"
    ),
    ("/no/such.yaml", "'/no/such.yaml' is neither a preset nor a file nor a folder. saddle train --list shows "),
    ("/", "/ cannot be read: it is a folder."),
    ("/bin/sh", "/bin/sh cannot be read: it is not UTF-8 text."),
  ])
  func aBadSourceIsTold(source: String, part: String) {
    let error = #expect(throws: ConfigurationError.self) { _ = try Configuration(from: source) }
    #expect(error.map { "\($0)".hasPrefix(part) } ?? false, "\(error.map(String.init(describing:)) ?? "")")
  }

  @Test func aBadFlagIsTold() {
    let flag = Configuration.Flag("--steps", key: "training.steps", value: "-3")
    let error = #expect(throws: ConfigurationError.self) { _ = try Configuration(flags: [flag]) }
    #expect(
      error.map(String.init(describing:))
        == "--steps -3: training.steps must be an integer from 0 to 1000000000, but it is '-3'.")
  }

  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("fashoin", "fashion", 1), ("ca", "abc", 3),
    ("batch", "batch", 0),
  ])
  func distances(a: String, b: String, distance: Int) {
    #expect(editDistance(a, b) == distance)
    #expect(editDistance(b, a) == distance)
  }
}

/// docs/options.md is what the tables say.
@Test func thePageOfGamesIsCurrent() throws {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let page = try String(contentsOf: root.appendingPathComponent("docs/options.md"), encoding: .utf8)
  #expect(page == OptionsReference().markdown, "write it again: saddle options --markdown > docs/options.md")
}
