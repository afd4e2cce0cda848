import Adversaries

extension Configuration {
  /// Every setting, in the order in which a configuration is printed. Adding a setting is adding its property, with its
  /// default, and its row here.
  public static let settings: [Setting] = [
    Setting("model.architecture", \.model.architecture, among: Architecture.all.map(\.name), "the pair of networks"),
    Setting("model.size", \.model.size, among: [28, 32, 64, 128], "side of the images in pixels; 28 only for mlp"),
    Setting("model.channels", \.model.channels, among: [1, 3], "1 for grey images, 3 for colour"),
    Setting("model.latent", \.model.latent, in: 1...4096, "dimensions of the generator's input z"),
    Setting("model.width", \.model.width, in: 1...4096, "channels next to the image (dcgan), hidden units (others)"),
    Setting(
      "model.initializer", \.model.initializer, among: Initializer.all.keys.sorted(),
      "distribution of the first weights; dcgan: normal(0, 0.02)"),
    Setting(
      "model.norm", \.model.norm, among: Architecture.normalizations.keys.sorted(),
      "normalization in the critic of dcgan"),
    Setting(
      "model.activation", \.model.activation, among: Architecture.activations.keys.sorted(),
      "in the hidden layers of mlp and mlp-points; relu is leaky in the critic"),

    Setting("data.path", \.data.path, "folder of the images; ring or grid for points"),
    Setting("data.flip", \.data.flip, "whether half of the images are mirrored left to right"),
    Setting("data.background", \.data.background, "colour behind transparent pixels: grey, or red,green,blue"),

    Setting(
      "objective.name", \.objective.name, among: Adversaries.Objective.all.map(\.name),
      "what the two players are trained for"),
    Setting("objective.clip", \.objective.clip, .positive, "largest weight of a wasserstein critic"),

    Setting("training.batch", \.training.batch, in: 1...65_536, "images a step"),
    Setting("training.steps", \.training.steps, in: 0...1_000_000_000, "steps of the generator, in all"),
    Setting("training.critic-steps", \.training.criticSteps, in: 1...1000, "steps of the critic for each of them"),
    Setting("training.seed", \.training.seed, in: 0...Int.max, "of every random number: weights, z, order of data"),

    Setting("optimizer.name", \.optimizer.name, among: OptimizerRule.all.map(\.name), "the optimizer of both networks"),
    Setting("optimizer.generator-rate", \.optimizer.generatorRate, .nonNegative, "learning rate of the generator"),
    Setting("optimizer.critic-rate", \.optimizer.criticRate, .nonNegative, "learning rate of the critic"),
    Setting("optimizer.beta1", \.optimizer.beta1, .fraction, "decay of the first moment (adam, adamw)"),
    Setting("optimizer.beta2", \.optimizer.beta2, .fraction, "decay of the second moment (adam, adamw)"),
    Setting("optimizer.epsilon", \.optimizer.epsilon, .positive, "added to the root of the second moment"),
    Setting("optimizer.momentum", \.optimizer.momentum, .fraction, "momentum (rmsprop, sgd)"),
    Setting(
      "optimizer.weight-decay", \.optimizer.weightDecay, .nonNegative, "pull of the weights to 0; decoupled in adamw"),
    Setting("optimizer.decay", \.optimizer.decay, .fraction, "decay of the mean square (rmsprop)"),

    Setting("average.decay", \.average.decay, .fraction, "decay of the generator's weight average; 0: none is kept"),

    Setting("sampling.statistics", \.sampling.statistics, "batch norm's statistics in samples"),
    Setting("sampling.weights", \.sampling.weights, "the weights that samples are drawn with"),

    Setting("output.log-every", \.output.logEvery, in: 1...1_000_000_000, "steps between two rows of metrics.jsonl"),
    Setting("output.sample-every", \.output.sampleEvery, in: 0...1_000_000_000, "steps between two pictures; 0: none"),
    Setting(
      "output.checkpoint-every", \.output.checkpointEvery, in: 0...1_000_000_000,
      "steps between two checkpoints; 0: only at the end"),
    Setting("output.keep", \.output.keep, in: 0...1_000_000, "how many checkpoints stay; 0: all"),
    Setting("output.grid", \.output.grid, in: 1...4096, "images in a picture"),
    Setting("output.scale", \.output.scale, in: 0...64, "times a pixel is enlarged; 0: to 64 pixels an image or more"),
  ]

  /// What no setting can say alone.
  func checkTogether() throws(ConfigurationError) {
    if model.architecture == "dcgan" && model.size == 28 {
      throw .contradiction("model.size 28 is for model.architecture mlp; dcgan needs 32, 64 or 128")
    }
    if sampling.weights == .average && average.decay == 0 {
      throw .contradiction("sampling.weights average needs an average.decay above 0, such as 0.999")
    }
  }
}
