import Adversaries
import Testing

@testable import Saddle

/// Settings that are each allowed, but not together, and what is said of them; then those that raise a warning.
@Test(arguments: [
  (["objective.name=wasserstein"], "needs a critic with a bounded slope"),
  (["objective.name=began"], "began needs model.architecture autoencoder"),
  (["model.architecture=autoencoder"], "set objective.name to ebgan or began"),
  (["model.architecture=autoencoder", "objective.name=ebgan", "regularizers.r1=1"], "an autoencoder has none"),
  (["objective.name=preference", "regularizers.r1=1"], "preference scores pairs"),
  (["objective.name=preference", "regularizers.feature-matching=1"], "what the discriminator says of single samples"),
  (["objective.name=preference", "regularizers.pulling-away=1"], "what the discriminator says of single samples"),
  (
    ["objective.name=preference", "regularizers.information=1", "model.categories=9"],
    "what the discriminator says of single samples"
  ),
  (
    [
      "objective.name=preference", "regularizers.auxiliary-classifier=1", "model.classes=9",
      "model.conditioning=auxiliary",
    ], "what the discriminator says of single samples"
  ),
  (["regularizers.pulling-away=1", "training.batch=1"], "set training.batch to 2 or more"),
  (["regularizers.pulling-away=1", "training.batch=4", "input.pack=4"], "of each input.pack"),
  (
    ["model.architecture=autoencoder", "objective.name=ebgan", "model.classes=3", "model.conditioning=projection"],
    "set model.conditioning to none or concat"
  ),
  (
    ["model.architecture=autoencoder", "objective.name=began", "model.categories=3", "regularizers.information=1"],
    "not logits of classes or codes"
  ),
  (["training.unroll=2", "objective.name=semi-supervised", "model.classes=3"], "assumes a zero-sum loss"),
  (["training.unroll=2", "objective.name=began", "model.architecture=autoencoder"], "assumes a zero-sum loss"),
  (["training.unroll=2", "objective.name=wasserstein", "objective.clip=0.01"], "not clipped"),
  (["input.pack=2", "objective.name=preference"], "input.pack makes one sample of many"),
  (["input.pack=3"], "training.batch must be a multiple of input.pack"),
  (["model.conditioning=concat"], "set model.classes"),
  (["model.classes=10"], "set model.conditioning"),
  (["objective.name=semi-supervised"], "needs model.classes above 1"),
  (["regularizers.auxiliary-classifier=1"], "goes with model.conditioning auxiliary"),
  (["model.categories=10"], "regularizers.information goes with"),
  (["model.architecture=r3gan", "model.norm=spectral"], "start at 0"),
  (["model.architecture=r3gan", "model.norm=spectral", "objective.name=wasserstein"], "start at 0"),
  (["model.classes=10", "model.conditioning=concat", "data.labelled=5"], "leave data.labelled at 0"),
  (["training.order=simultaneous", "training.discriminator-steps=2"], "both networks take one step"),
  (["training.consensus=1", "training.unroll=2"], "both networks take one step"),
])
func contradictionsAreRefused(assignments: [String], part: String) {
  let error = #expect(throws: ConfigurationError.self) { try Configuration(assignments: assignments) }
  #expect(error.map { "\($0)".contains(part) } ?? false, "\(error.map { "\($0)" } ?? "")")
}

@Test(
  arguments: [
    ([], nil), (["regularizers.gradient-penalty=10"], "model.norm batch mixes the samples"),
    (["regularizers.gradient-penalty=10", "model.norm=layer"], nil),
    (["regularizers.r1=1", "model.architecture=r3gan"], nil),
    (["objective.name=wasserstein", "objective.clip=0.01"], "optimizer.name=rmsprop"),
    (
      ["objective.name=hinge", "objective.real-target=0.9"],
      "objective.real-target 0.9 does nothing here, only objective.name non-saturating, minimax"
    ),
    (["objective.real-target=0.9"], nil), (["regularizers.r2=1", "model.norm=none"], "set both"),
    (["objective.generator-weight=0"], "leaves the generator without an aim"),
    (["objective.generator-weight=0", "regularizers.feature-matching=1"], nil),
    (["model.minibatch=stddev", "model.norm=none", "regularizers.gradient-penalty=10"], "bounds none alone"),
    (["model.minibatch=discrimination", "model.norm=none", "regularizers.dragan=10"], "bounds none alone"),
    (["model.minibatch=stddev", "model.norm=none", "regularizers.one-sided-gradient-penalty=10"], "bounds none alone"),
    (["model.minibatch=stddev", "model.norm=none", "regularizers.r1=10"], nil),
    (["training.discriminator-tolerance=0.001"], "set training.discriminator-steps=1000"),
    (
      ["training.discriminator-tolerance=0.001", "training.discriminator-steps=50"],
      "set training.discriminator-steps=1000"
    ),
    (["training.discriminator-tolerance=0.001", "training.discriminator-steps=51"], nil),
    (
      ["input.noise-on-both-sides=false", "input.noise-std=1", "training.order=simultaneous"],
      "input.noise-on-both-sides false does nothing here, only an input.noise-std above 0, with training.order alt"
    ),
    (
      ["input.noise-on-both-sides=false", "input.noise-std=1", "training.consensus=1"],
      "with training.order alternating (and training.consensus 0), reads it"
    ),
    (["input.noise-on-both-sides=false", "input.noise-std=1"], nil),
    (["input.noise-on-both-sides=false"], "only an input.noise-std above 0, with training.order"),
    (["training.shared-samples=false", "training.order=simultaneous"], "training.shared-samples false does nothing"),
    (["model.split-latent=true"], "only model.architecture resnet reads it: leave it at false"),
    (["model.architecture=resnet", "model.generator-norm=virtual"], "only model.architecture dcgan or autoencoder"),
    (["model.architecture=r3gan", "model.minibatch=stddev"], "dcgan, resnet, mlp or mlp-points reads it"),
    (["model.architecture=mlp", "model.norm=layer"], "model.norm layer does nothing here"),
    (["model.architecture=mlp", "model.norm=none"], nil), (["model.architecture=mlp", "model.norm=spectral"], nil),
    (["objective.margin=10"], "objective.name ebgan"), (["optimizer.momentum=0.9"], "optimizer.name sgd or rmsprop"),
    (["input.augment-probability=0.5"], "only input.augment"),
    (["regularizers.interval=4"], "only a penalty on the discriminator's slope"),
    (["regularizers.interval=4", "regularizers.r1=1", "model.architecture=r3gan"], nil),
    (
      ["regularizers.interval=4", "regularizers.r1=1", "training.order=simultaneous"],
      "regularizers.interval 4 does nothing here"
    ),
    (["training.unroll=2", "objective.generator-target=0.9"], "only training.unroll 0 reads it"),
    (["model.architecture=mlp-points", "data.flip=true"], "a model.architecture for images"),
  ] as [([String], String?)])
func whatMakesLittleSenseIsWarnedOf(assignments: [String], part: String?) throws {
  let cautions = try Configuration(assignments: assignments).cautions
  if let part {
    #expect(cautions.contains { $0.contains(part) }, "\(cautions)")
  } else {
    #expect(cautions.isEmpty, "\(cautions)")
  }
}

/// The table of readers against the networks themselves: a setting is read where it changes their layers.
@Test(
  arguments: Registry.standard.settings.map(\.key).filter { key in
    // These go together with others, which the contradictions hold to.
    let joint = ["architecture", "classes", "conditioning", "categories", "continuous-codes"]
    return key.hasPrefix("model.") && !joint.contains { key == "model." + $0 }
  }, Architecture.all.map(\.name))
func networksReadWhatTheTableSays(key: String, architecture: String) throws {
  let row = try #require(Architecture.all.first { $0.name == architecture })
  let setting = try #require(Registry.standard.settings.first { $0.key == key })
  func layers(_ configuration: Configuration) throws -> String {
    let options = configuration.architectureOptions
    return "\(options.latent) \(try row.generator(options)) \(try row.discriminator(options))"
  }
  var configuration = Configuration()
  (configuration.model.architecture, configuration.model.size) = (architecture, 64)
  let before = try layers(configuration)
  #expect(setting.assign(try #require(ConfigurationTests.others[key]), in: &configuration.values))
  #expect(try (layers(configuration) != before) == configuration.reads(setting))
}

/// Divergences with a number of one's own, by any spelling of it.
@Test(arguments: [
  ("fgan-alpha-1.5", "fgan-alpha-1.5"), ("fgan-alpha-3", "fgan-alpha-3.0"), ("fgan-alpha--1", "fgan-alpha--1.0"),
  ("fgan-alpha-0.2-alternative", "fgan-alpha-0.2-alternative"),
  ("fgan-jensen-shannon-0.8-alternative", "fgan-jensen-shannon-0.8-alternative"),
])
func divergencesTakeANumber(name: String, row: String) throws {
  let configuration = try Configuration(assignments: ["objective.name=\(name)"])
  #expect(try Configuration(yaml: configuration.yaml(), name: "printed") == configuration)
  #expect(try Adversaries.Game(configuration).objective.name == row)
}

/// BEGAN's rates by step.
@Test(arguments: [(1, 1e-4), (49_999, 1e-4), (50_000, 5e-5), (100_000, 5e-5)])
func beganHalvesItsRates(step: Int, rate: Double) throws {
  let optimizer = try Configuration(from: "began").optimizer
  #expect(
    optimizer.generatorLearningRate.value(at: step) == rate
      && optimizer.discriminatorLearningRate.value(at: step) == rate)
}
