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
    ModeMethod("unrolled", share: 0.4) { _ in ["training.unroll=5"] },
    ModeMethod("Pac2", covers: true) { _ in ["views.pack=2"] },
    // The critic sees a quarter as many packs as samples.
    ModeMethod("Pac4", covers: true) { _ in ["views.pack=4", "training.batch=512"] },
    ModeMethod("minibatch discrimination", share: 0.4) { _ in
      ["model.minibatch=discrimination", "training.batch=32"]
    },
    ModeMethod("consensus") { _ in ["training.consensus=0.1"] },
    ModeMethod("WGAN-GP", share: 0.4) { _ in
      ["objective.name=wasserstein", "terms.gradient-penalty=0.1", "training.critic-steps=5"]
    },
    ModeMethod("RpGAN+R1+R2", covers: true) { steps in
      [
        "objective.name=relativistic", "terms.r1=linear 0.1 to 0.005 by \(steps)",
        "terms.r2=linear 0.1 to 0.005 by \(steps)",
      ]
    },
  ]

  /// The configuration of a run of so many steps, the preset `ring` with rates that fall to 0 and an average.
  func configuration(_ mixture: PointMixture, steps: Int, seed: UInt64) throws -> Configuration {
    let common = [
      "data.path=\(mixture.name)", "training.steps=\(steps)", "training.seed=\(seed)",
      "optimizer.generator-rate=linear 1e-3 to 0 by \(steps)", "optimizer.critic-rate=linear 1e-3 to 0 by \(steps)",
      "optimizer.beta2=0.99", "average.decay=0.995", "sampling.weights=average",
    ]
    return try Configuration(from: "ring", assignments: common + assignments(steps))
  }

  /// The samples that a generator makes after its training, `count` points.
  ///
  /// - Throws: What the configuration, the networks or the device throw.
  func samples(_ count: Int, of mixture: PointMixture, steps: Int, seed: UInt64, on device: Device) throws
    -> [Plot.Point]
  {
    let configuration = try configuration(mixture, steps: steps, seed: seed)
    let trainer = try Trainer(configuration, on: device)
    let source = PointSource(mixture, batch: configuration.training.batch, seed: seed, on: device)
    while trainer.step < steps { _ = trainer.advance(measuring: false) { source.next() } }
    let numbers = try trainer.samples(trainer.latents(count), configuration.samplingMode).scalars(as: Double.self)
    return stride(from: 0, to: numbers.count, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
  }
}
