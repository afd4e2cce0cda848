import Saddle

/// A way to train on points, as settings that a user can give: a row of `ModeMethod.all`.
struct ModeMethod: Sendable {
  let name: String
  /// Whether it is known to find all modes at high quality.
  var isExpectedToCover = false
  /// A share of the common number of steps, for methods whose steps are dear.
  var share = 1.0
  private let assignments: @Sendable (_ steps: Int) -> [String]

  init(
    _ name: String, covers: Bool = false, share: Double = 1, _ assignments: @escaping @Sendable (Int) -> [String]
  ) {
    (self.name, isExpectedToCover, self.share, self.assignments) = (name, covers, share, assignments)
  }

  static let all = [
    // As people write it: rates that stay, the last weights.
    ModeMethod("GAN") { _ in
      [
        "optimizer.generator-rate=1e-3", "optimizer.critic-rate=1e-3", "average.decay=0", "sampling.weights=raw",
      ]
    },
    ModeMethod("GAN, rates to 0") { _ in [] },
    // Metz et al. 2017; five updates ahead, as in its section 3.1.
    ModeMethod("unrolled", share: 0.2) { _ in ["training.unroll=5"] },
    ModeMethod("GAN+R1+R2") { slopes(by: $0) },
    // A critic of packs sees a half or a quarter as many samples as its batch has.
    ModeMethod("Pac2+R1+R2", covers: true) { ["views.pack=2", "training.batch=512"] + slopes(by: $0) },
    ModeMethod("Pac4+R1+R2", covers: true) { ["views.pack=4", "training.batch=1024"] + slopes(by: $0) },
    ModeMethod("minibatch discrimination", share: 0.2) { _ in
      ["model.minibatch=discrimination", "training.batch=32"]
    },
    ModeMethod("consensus") { _ in ["training.consensus=0.1"] },
    ModeMethod("WGAN-GP", share: 0.2) { _ in
      ["objective.name=wasserstein", "terms.gradient-penalty=0.1", "training.critic-steps=5"]
    },
    ModeMethod("RpGAN+R1+R2", covers: true) { ["objective.name=relativistic"] + slopes(by: $0) },
  ]

  /// Penalties of the critic's slope at real and generated samples that all but vanish: at the end what they hold back
  /// would be missing in the samples.
  private static func slopes(by steps: Int) -> [String] {
    ["r1", "r2"].map { "terms.\($0)=linear 0.1 to 0.005 by \(steps)" }
  }

  /// The configuration of a run of so many steps, the preset `ring` with rates that fall to 0 and an average.
  ///
  /// - Parameter depth: Hidden layers of both networks.
  func configuration(_ mixture: PointMixture, depth: Int, steps: Int, seed: UInt64) throws -> Configuration {
    let common = [
      "model.depth=\(depth)",
      "data.path=\(mixture.name)", "training.steps=\(steps)", "training.seed=\(seed)",
      "optimizer.generator-rate=linear 1e-3 to 0 by \(steps)", "optimizer.critic-rate=linear 1e-3 to 0 by \(steps)",
      "optimizer.beta2=0.99", "average.decay=0.995", "sampling.weights=average",
    ]
    return try Configuration(from: "ring", assignments: common + assignments(steps))
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
