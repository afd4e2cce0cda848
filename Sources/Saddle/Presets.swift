import Adversaries

/// A configuration with a name. Its text holds only what differs from the defaults.
public struct Preset: Sendable {
  public let name: String
  /// What it trains, in a line; the data stand in the configuration.
  public let summary: String
  public let yaml: String

  public init(name: String, summary: String, yaml: String) {
    (self.name, self.summary, self.yaml) = (name, summary, yaml)
  }

  public static let all: [Preset] = families.flatMap(\.presets)

  /// The presets by what they are about, in the order in which a reader should meet them.
  public static let families: [(title: String, presets: [Preset])] = [
    ("First runs", firstRuns),
    ("Discriminators with a bounded slope", boundedSlopes),
    ("Other losses of single samples", losses),
    ("Samples in comparison", comparisons),
    ("Discriminators that are autoencoders", energies),
    ("Classes and codes", labelled),
    ("Stabilizers", stabilizers),
    ("Points of the plane, in seconds", points),
    ("f-GAN, one for each f(u) (Nowozin et al. 2016)", divergences),
  ]

  /// Debian's dataset-fashion-mnist, 60,000 labelled grey images: what a preset learns from where its paper's data do
  /// not come as a package.
  static let fashion = "data: {path: /usr/share/datasets/fashion-mnist}"

  private static let firstRuns = [
    Preset(
      name: "fashion", summary: "DCGAN on Fashion-MNIST, for a first look",
      yaml: """
        model: {size: 32, channels: 1}
        \(fashion)
        training: {steps: 2000}
        """),
    Preset(
      name: "dcgan32", summary: "DCGAN, batches of 128",
      yaml: """
        model: {size: 32}
        training: {batch: 128, steps: 50000}
        """),
    // Radford, Metz, Chintala, "Unsupervised representation learning with deep convolutional GANs" (2015), section 4.
    Preset(
      name: "dcgan64", summary: "DCGAN as in its paper (Radford et al. 2015), batches of 128",
      yaml: """
        training: {batch: 128, steps: 50000}
        """),
    Preset(
      name: "dcgan128", summary: "DCGAN with one more layer, samples of averaged weights",
      yaml: """
        model: {size: 128}
        training: {steps: 100000}
        ema: {decay: 0.999}
        sampling: {weights: ema}
        """),
    Preset(
      name: "mlp", summary: "fully connected networks (Goodfellow et al. 2014)",
      yaml: """
        model: {architecture: mlp, size: 28, channels: 1, width: 512, initializer: he, norm: none}
        \(fashion)
        """),
  ]

  /// Nowozin, Cseke, Tomioka, "f-GAN" (2016), section 3.2 and appendix: Adam of 2e-4, batches of 4,096, fully connected
  /// networks. There they have 1200 and 240 hidden units, and z is uniform; here both have 512, and z is normal.
  private static let divergences = Divergence.all.map { divergence in
    Preset(
      name: "fgan-\(divergence.name)", summary: divergence.summary,
      yaml: """
        model: {architecture: mlp, size: 28, channels: 1, width: 512, initializer: he, norm: none}
        \(fashion)
        objective: {name: fgan-\(divergence.name)-alternative}
        training: {batch: 4096}
        """)
  }
}
