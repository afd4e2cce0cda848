import Saddle

/// A way to train on points, as settings that a user can give: a row of `ModeMethod.all`.
struct ModeMethod: Sendable {
  let name: String
  /// Whether it is known to find all modes at high quality.
  var isExpectedToCover = false
  /// A share of the common number of steps, for methods whose steps are dear.
  var share = 1.0
  /// What it changes of the common settings.
  private let assignments: @Sendable (_ steps: Int) -> [String]

  init(
    _ name: String, covers: Bool = false, share: Double = 1, _ assignments: @escaping @Sendable (Int) -> [String]
  ) {
    (self.name, isExpectedToCover, self.share, self.assignments) = (name, covers, share, assignments)
  }

  static let all = [
    ModeMethod("GAN") { _ in asWritten },
    ModeMethod("Pac2") { _ in asWritten + ["input.pack=2"] },
    ModeMethod("GAN, rates to 0") { _ in [] },
    // Metz et al. 2017; five updates ahead, as in its section 3.1.
    ModeMethod("unrolled", share: 0.2) { _ in ["training.unroll=5"] },
    ModeMethod("GAN+R1+R2") { slopes(by: $0) },
    // A critic of packs sees a half or a quarter as many samples as its batch has; of 256 packs of four, one seed in
    // three finds 18 modes of the grid.
    ModeMethod("Pac2+R1+R2", covers: true) { ["input.pack=2", "training.batch=512"] + slopes(by: $0) },
    ModeMethod("Pac4+R1+R2", covers: true) { ["input.pack=4", "training.batch=2048"] + slopes(by: $0) },
    ModeMethod("minibatch discrimination", share: 0.2) { _ in
      ["model.minibatch=discrimination", "training.batch=32"]
    },
    ModeMethod("consensus") { _ in ["training.consensus=0.1"] },
    ModeMethod("WGAN-GP", share: 0.2) { _ in
      ["objective.name=wasserstein", "regularizers.gradient-penalty=0.1", "training.discriminator-steps=5"]
    },
    ModeMethod("RpGAN+R1+R2", covers: true) {
      ["objective.name=relativistic", "training.batch=512"] + slopes(by: $0)
    },
  ]

  /// As a GAN is usually written: rates that stay, the last weights.
  private static let asWritten = [
    "optimizer.generator-lr=1e-3", "optimizer.discriminator-lr=1e-3", "ema.decay=0", "sampling.weights=raw",
  ]

  /// Penalties of the critic's slope at real and generated samples that all but vanish: at the end what they hold back
  /// would be missing in the samples.
  private static func slopes(by steps: Int) -> [String] {
    ["r1", "r2"].map { "regularizers.\($0)=linear 0.1 to 0.005 by \(steps)" }
  }

  /// What it changes of the common settings in so many steps, in words.
  func changes(steps: Int) -> String {
    let own = Int(share * Double(steps))
    let changes = (share < 1 ? ["in \(own) steps"] : []) + assignments(own)
    return "\(name): \(changes.isEmpty ? "nothing" : changes.joined(separator: ", "))"
  }

  /// What all runs have in common: the preset `ring` with rates that fall to 0 and an average.
  private static func common(depth: Int, steps: Int) -> [String] {
    [
      "model.depth=\(depth)", "training.steps=\(steps)",
      "optimizer.generator-lr=linear 1e-3 to 0 by \(steps)", "optimizer.discriminator-lr=linear 1e-3 to 0 by \(steps)",
      "optimizer.beta2=0.99", "ema.decay=0.995", "sampling.weights=ema",
    ]
  }

  /// The settings of all methods, in words.
  ///
  /// - Parameter depth: Hidden layers of both networks.
  static func changes(depth: Int, steps: Int) -> String {
    let common = common(depth: depth, steps: steps).joined(separator: ", ")
    let changes = all.map { $0.changes(steps: steps) }.joined(separator: "; ")
    return "All methods are the preset ring with \(common), and change of that: \(changes)."
  }

  /// The configuration of a run of so many steps.
  ///
  /// - Parameter depth: Hidden layers of both networks.
  func configuration(_ mixture: PointMixture, depth: Int, steps: Int, seed: UInt64) throws -> Configuration {
    try Configuration(
      from: "ring",
      assignments: ["data.path=\(mixture.name)", "training.seed=\(seed)"] + Self.common(depth: depth, steps: steps)
        + assignments(steps))
  }

  /// The samples that a generator makes after its training, `count` points.
  ///
  /// - Throws: What the configuration, the networks or the device throw.
  func samples(
    _ count: Int, of mixture: PointMixture, depth: Int, steps: Int, seed: UInt64, on device: Device
  ) throws -> [Plot.Point] {
    let configuration = try configuration(mixture, depth: depth, steps: steps, seed: seed)
    let trainer = try Trainer(configuration, on: device)
    let source = PointSource(mixture, batch: configuration.training.batch, seed: seed, on: device)
    while trainer.step < steps { _ = trainer.advance(measuring: false) { source.next() } }
    let numbers = try trainer.samples(trainer.latents(count), configuration.samplingMode).scalars(as: Double.self)
    return stride(from: 0, to: numbers.count, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
  }
}
