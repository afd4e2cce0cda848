import Adversaries

extension Configuration {
  /// Every setting, in the order in which a configuration is printed. Adding a setting is adding its property, with its
  /// default, and its row here.
  public static let settings: [Setting] =
    modelSettings + objectiveSettings + regularizerSettings + trainingSettings + evaluationSettings + outputSettings

  private static let modelSettings: [Setting] = [
    Setting("model.architecture", \.model.architecture, among: Architecture.all.map(\.name), "the pair of networks"),
    Setting(
      "model.size", \.model.size, among: [28, 32, 64, 128],
      "side of the images in pixels; 28 only for mlp; 128 for mlp, dcgan, autoencoder"),
    Setting("model.channels", \.model.channels, among: [1, 3], "1 for grey images, 3 for colour"),
    Setting("model.latent", \.model.latent, in: 1...4096, "dimensions of the generator's input z"),
    Setting("model.width", \.model.width, in: 1...4096, "channels next to the image (dcgan), hidden units (others)"),
    Setting("model.depth", \.model.depth, in: 1...64, "hidden layers (mlp, mlp-points)"),
    Setting(
      "model.initializer", \.model.initializer, among: Initializer.all.keys.sorted(),
      "distribution of the first weights, but for r3gan's; dcgan: normal(0, 0.02)"),
    Setting(
      "model.norm", \.model.norm, among: Architecture.normalizations.keys.sorted(),
      "normalization in the discriminator (dcgan, resnet, autoencoder); spectral: of its weights (all but r3gan)"),
    Setting(
      "model.minibatch", \.model.minibatch, among: Architecture.minibatchLayers.keys.sorted(),
      "how the discriminator sees its whole batch: features behind its last hidden layer (dcgan, resnet, mlp, mlp-points)"
    ),
    Setting(
      "model.generator-norm", \.model.generatorNorm, among: Architecture.generatorNormalizations.keys.sorted(),
      "normalization in the generator (dcgan, autoencoder); virtual and reference: by a batch that stays the same"),
    Setting(
      "model.activation", \.model.activation, among: Architecture.activations.keys.sorted(),
      "in the hidden layers of mlp and mlp-points; relu is leaky in the discriminator"),
    Setting("model.classes", \.model.classes, in: 0...100_000, "classes of the data; 0: labels are not looked at"),
    Setting("model.conditioning", \.model.conditioning, "how both networks know a sample's class"),
    Setting(
      "model.split-latent", \.model.splitLatent, "whether each block of resnet's generator gets latents of its own"),
    Setting(
      "model.categories", \.model.categories, in: 0...4096, "categories of the latent code, 0 for none (InfoGAN)"),
    Setting("model.continuous-codes", \.model.continuousCodes, in: 0...4096, "continuous latent codes (InfoGAN)"),

    Setting("data.path", \.data.path, "folder of the images; ring or grid for points"),
    Setting("data.flip", \.data.flip, "whether half of the images are mirrored left to right"),
    Setting(
      "data.labelled", \.data.labelled, in: 0...1_000_000,
      "images of each class whose labels are told (semi-supervised), a batch of them each step; 0: all"),
    Setting(
      "data.skip-unreadable", \.data.skipUnreadable, "whether pictures that cannot be read are left out and counted"),
    Setting("data.background", \.data.background, "colour behind transparent pixels: grey, or red,green,blue"),
    Setting(
      "data.fit", \.data.fit, "smaller images: pad gives a border, resize enlarges; auto pads arrays, refuses pictures"),
  ]

  private static let objectiveSettings: [Setting] = [
    Setting(
      objective: "objective.name", \.objective.name,
      "what the two players are trained for (saddle options tells of each)"
    ),
    Setting("objective.clip", \.objective.clip, .nonNegative, "largest weight of the critic (0.01 in WGAN); 0: free"),
    Setting(
      "objective.generator-weight", \.objective.generatorWeight, .nonNegative,
      "weight of the objective in the generator's loss; 0 leaves it to the regularizers"),
    Setting(
      "objective.real-target", \.objective.realTarget, .positive,
      "what the discriminator is to say of real samples; 0.9: one-sided label smoothing"),
    Setting(
      "objective.generator-target", \.objective.generatorTarget, .positive,
      "what the generator wants the discriminator to say; half of real-target is the smoothed game's equilibrium"),
    Setting(
      "objective.margin", \.objective.margin, .positive, "energy up to which generated samples are pushed (ebgan)"),
    Setting(
      "objective.diversity", \.objective.diversity, .positive, "ratio of generated to real errors (began's gamma)"),
    Setting("objective.balance-rate", \.objective.balanceRate, .nonNegative, "how fast k follows that ratio (began)"),
  ]

  /// One row for each regularizer: its weight.
  private static let regularizerSettings: [Setting] =
    Regularizer.all.map {
      Setting("regularizers.\($0.name)", \.regularizers[$0.name], .nonNegative, "weight of: " + $0.summary)
    } + [
      Setting(
        "regularizers.interval", \.regularizers.interval, in: 1...1000,
        "penalties on slopes have an update of their own every so many discriminator steps, times that; Adam's discriminator rate and "
          + "betas make up for it"
      ),
      Setting("input.noise", \.input.noise, "distribution of instance noise on the discriminator's inputs"),
      Setting("input.noise-std", \.input.noiseStd, .nonNegative, "its deviation; images lie in [-1, 1]"),
      Setting(
        "input.noise-on-both-sides", \.input.noiseOnBothSides,
        "whether the generator's step has the noise too (training.order alternating)"),
      Setting("input.augment", \.input.augment, "differentiable augmentations, such as color,translation,cutout"),
      Setting("input.augment-probability", \.input.augmentProbability, .probability, "share of samples that get them"),
      Setting("input.pack", \.input.pack, in: 1...64, "samples that the discriminator sees as one (PacGAN)"),
    ]

  private static let trainingSettings: [Setting] = [
    Setting("training.batch", \.training.batch, in: 1...65_536, "images a step"),
    Setting("training.steps", \.training.steps, in: 0...1_000_000_000, "steps of the generator, in all"),
    Setting(
      "training.discriminator-steps", \.training.discriminatorSteps, .counts,
      "steps of the discriminator for each of them"),
    Setting(
      "training.discriminator-tolerance", \.training.discriminatorTolerance, .nonNegative,
      "ends the discriminator's steps early: when its loss, averaged over \(Adversaries.Game.toleranceWindow) of them, falls by "
        + "less than this; 0: never"),
    Setting("training.order", \.training.order, "whether the players move in turn or at once"),
    Setting(
      "training.shared-samples", \.training.sharedSamples,
      "whether the generator learns from the samples of the discriminator's last step (training.order alternating)"),
    Setting("training.accumulation", \.training.accumulation, in: 1...4096, "batches whose gradients make one step"),
    Setting(
      "training.unroll", \.training.unroll, in: 0...100,
      "discriminator updates that the generator looks ahead, to raise the discriminator's loss after them"),
    Setting(
      "training.consensus", \.training.consensus, .nonNegative, "weight of consensus optimization; 10 in its paper"),
    Setting("training.seed", \.training.seed, in: 0...Int.max, "of every random number: weights, z, order of data"),

    Setting("optimizer.name", \.optimizer.name, among: OptimizerRule.all.map(\.name), "the optimizer of both networks"),
    Setting(
      "optimizer.generator-lr", \.optimizer.generatorLearningRate, .nonNegative, "learning rate of the generator"),
    Setting(
      "optimizer.discriminator-lr", \.optimizer.discriminatorLearningRate, .nonNegative,
      "learning rate of the discriminator"),
    Setting("optimizer.beta1", \.optimizer.beta1, .fraction, "decay of the first moment (adam, adamw)"),
    Setting("optimizer.beta2", \.optimizer.beta2, .fraction, "decay of the second moment (adam, adamw)"),
    Setting("optimizer.epsilon", \.optimizer.epsilon, .positive, "added to the root of the second moment"),
    Setting("optimizer.momentum", \.optimizer.momentum, .fraction, "momentum (rmsprop, sgd)"),
    Setting(
      "optimizer.weight-decay", \.optimizer.weightDecay, .nonNegative, "pull of the weights to 0; decoupled in adamw"),
    Setting("optimizer.alpha", \.optimizer.alpha, .fraction, "decay of the mean square (rmsprop)"),

    Setting("ema.decay", \.ema.decay, .fraction, "decay of the generator's weight average; 0: none is kept"),

    Setting("sampling.statistics", \.sampling.statistics, "batch norm's statistics in samples"),
    Setting("sampling.weights", \.sampling.weights, "the weights that samples are drawn with"),
  ]

  private static let evaluationSettings: [Setting] = [
    Setting("evaluation.every", \.evaluation.every, in: 0...1_000_000_000, "steps between two evaluations; 0: none"),
    Setting(
      "evaluation.metrics", \.evaluation.metrics, "what is measured, such as fid,kid (saddle evaluate --list shows all)"
    ),
    Setting("evaluation.features", \.evaluation.features, "by which features; auto takes the best that are there"),
    Setting("evaluation.count", \.evaluation.count, in: 10...10_000_000, "samples, and as many training images"),
  ]

  private static let outputSettings: [Setting] = [
    Setting("output.log-every", \.output.logEvery, in: 1...1_000_000_000, "steps between two rows of metrics.jsonl"),
    Setting("output.sample-every", \.output.sampleEvery, in: 0...1_000_000_000, "steps between two pictures; 0: none"),
    Setting(
      "output.checkpoint-every", \.output.checkpointEvery, in: 0...1_000_000_000,
      "steps between two checkpoints; 0: only at the end"),
    Setting("output.keep", \.output.keep, in: 0...1_000_000, "how many checkpoints stay; 0: all"),
    Setting("output.grid", \.output.grid, in: 1...4096, "images in a picture"),
    Setting("output.scale", \.output.scale, in: 0...64, "times a pixel is enlarged; 0: to 64 pixels an image or more"),
    Setting("output.report", \.output.report, "whether report.html is written, and again while the run goes on"),
    Setting("output.events", \.output.events, "whether event files for TensorBoard are written"),
  ]
}
