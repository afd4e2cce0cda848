/// A configuration with a name. Its text holds only what differs from the defaults.
public struct Preset: Sendable {
  public let name: String
  /// What it trains, in a line.
  public let summary: String
  public let yaml: String

  public static let all: [Preset] = [
    Preset(
      name: "fashion", summary: "DCGAN on Fashion-MNIST (Debian: dataset-fashion-mnist), 32 x 32 grey",
      yaml: """
        model: {size: 32, channels: 1}
        data: {path: /usr/share/datasets/fashion-mnist}
        training: {steps: 2000}
        """),
    Preset(
      name: "dcgan32", summary: "DCGAN, 32 x 32 colour, batches of 128",
      yaml: """
        model: {size: 32}
        training: {batch: 128, steps: 50000}
        """),
    // Radford, Metz, Chintala, "Unsupervised representation learning with deep convolutional GANs" (2015), section 4.
    Preset(
      name: "dcgan64", summary: "DCGAN as in its paper, 64 x 64 colour, batches of 128",
      yaml: """
        training: {batch: 128, steps: 50000}
        """),
    Preset(
      name: "dcgan128", summary: "DCGAN with one more layer, 128 x 128 colour",
      yaml: """
        model: {size: 128}
        training: {steps: 100000}
        average: {decay: 0.999}
        sampling: {weights: average}
        """),
    // Arjovsky, Chintala, Bottou, "Wasserstein GAN" (2017), algorithm 1.
    Preset(
      name: "wgan", summary: "Wasserstein GAN as in its paper (clipped weights), DCGAN networks, 64 x 64 colour",
      yaml: """
        objective: {name: wasserstein, clip: 0.01}
        training: {steps: 100000, critic-steps: 5}
        optimizer: {name: rmsprop, generator-rate: 5e-5, critic-rate: 5e-5}
        """),
    Preset(
      name: "mlp", summary: "fully connected networks on Fashion-MNIST (Debian: dataset-fashion-mnist), 28 x 28 grey",
      yaml: """
        model: {architecture: mlp, size: 28, channels: 1, width: 512, initializer: he, norm: none}
        data: {path: /usr/share/datasets/fashion-mnist}
        """),
    Preset(
      name: "ring", summary: "eight Gaussians on a ring: whether all modes are found, in seconds",
      yaml: """
        model: {architecture: mlp-points, latent: 2, width: 128, initializer: he}
        data: {path: ring}
        training: {batch: 256, steps: 5000}
        optimizer: {generator-rate: 1e-3, critic-rate: 1e-3}
        """),
  ]
}
