// Presets that differ in what the discriminator is asked for. Papers' CIFAR-10, at 32 x 32, is replaced by
// Fashion-MNIST; with CIFAR-10 at hand: --data FOLDER --set model.channels=3.

extension Preset {
  static let boundedSlopes = [
    // Arjovsky, Chintala, Bottou, "Wasserstein GAN" (2017), algorithm 1.
    Preset(
      name: "wgan", summary: "Wasserstein GAN as in its paper, clipped weights (Arjovsky et al. 2017)",
      yaml: """
        objective: {name: wasserstein, clip: 0.01}
        training: {steps: 100000, discriminator-steps: 5}
        optimizer: {name: rmsprop, generator-lr: 5e-5, discriminator-lr: 5e-5}
        """),
    // Gulrajani et al., "Improved training of Wasserstein GANs" (2017), appendix F; rates of the authors' CIFAR-10
    // code.
    Preset(
      name: "wgan-gp", summary: "Wasserstein GAN with gradient penalty, residual (Gulrajani et al. 2017)",
      yaml: """
        model: {architecture: resnet, size: 32, channels: 1, latent: 128, width: 128, initializer: he, norm: none}
        \(fashion)
        objective: {name: wasserstein}
        regularizers: {gradient-penalty: 10}
        training: {steps: 100000, discriminator-steps: 5}
        optimizer:
          generator-lr: linear 2e-4 to 0 by 100000
          discriminator-lr: linear 2e-4 to 0 by 100000
          beta1: 0
          beta2: 0.9
        """),
    // Kodali et al., "On convergence and stability of GANs" (2017), section 2.3. Batch normalization in the
    // discriminator, which the paper's DCGAN has, would mix the samples whose slopes are penalized.
    Preset(
      name: "dragan", summary: "slope of 1 around the real samples (Kodali et al. 2017)",
      yaml: """
        model: {size: 32, channels: 1, norm: none}
        \(fashion)
        regularizers: {dragan: 10}
        """),
    // Miyato et al., "Spectral normalization for GANs" (2018), tables 3 and 4; 5 discriminator steps, Adam of 2e-4, (0,
    // 0.9).
    Preset(
      name: "sngan", summary: "spectral normalization, hinge loss, residual (Miyato et al. 2018)",
      yaml: spectralResidual()),
    // Miyato, Koyama, "cGANs with projection discriminator" (2018), section 5.
    Preset(
      name: "projection", summary: "sngan that knows classes, projection discriminator (Miyato, Koyama 2018)",
      yaml: spectralResidual(", classes: 10, conditioning: projection")),
    // Huang et al., "The GAN is dead; long live the GAN!" (2024), table of hyper-parameters for CIFAR-10. There the
    // width is 768, the batch 512, the schedules end after 20 million images, and the average's half-life grows; here
    // width and batch fit a processor, and the schedules end at half of the steps.
    Preset(
      name: "r3gan", summary: "RpGAN + R1 + R2, no normalization, small width (Huang et al. 2024)",
      yaml: """
        model: {architecture: r3gan, size: 32, channels: 1, latent: 64}
        \(fashion)
        \(r3gan(gamma: "0.05 to 0.005", augmentation: "0.55"))
        """),
    // The same for FFHQ-64, there of batch 256.
    Preset(
      name: "r3gan64", summary: "the same at 64 x 64",
      yaml: """
        model: {architecture: r3gan, latent: 64}
        \(r3gan(gamma: "2 to 0.2", augmentation: "0.3"))
        """),
  ]

  private static func spectralResidual(_ more: String = "") -> String {
    """
    model: {architecture: resnet, size: 32, channels: 1, latent: 128, width: 128, initializer: glorot, norm: spectral\
    \(more)}
    \(fashion)
    objective: {name: hinge}
    training: {steps: 100000, discriminator-steps: 5}
    optimizer:
      generator-lr: linear 2e-4 to 0 by 100000
      discriminator-lr: linear 2e-4 to 0 by 100000
      beta1: 0
      beta2: 0.9
    """
  }

  private static func r3gan(gamma: String, augmentation: String) -> String {
    """
    objective: {name: relativistic}
    regularizers: {r1: cosine \(gamma) by 25000, r2: cosine \(gamma) by 25000}
    input:
      augment: color,translation,cutout
      augment-probability: cosine 0 to \(augmentation) by 25000
    training: {steps: 50000}
    optimizer:
      generator-lr: cosine 2e-4 to 5e-5 by 25000
      discriminator-lr: cosine 2e-4 to 5e-5 by 25000
      beta1: 0
      beta2: cosine 0.9 to 0.99 by 25000
    ema: {decay: cosine 0 to 0.999 by 25000}
    sampling: {weights: ema}
    """
  }

  static let losses = [
    // Goodfellow et al., "Generative adversarial nets" (2014), equation 1, before the remedy at the end of section 3.
    Preset(
      name: "minimax", summary: "the saturating loss: see its gradient vanish (Goodfellow et al. 2014)",
      yaml: """
        model: {size: 32, channels: 1}
        \(fashion)
        objective: {name: minimax}
        """),
    // Mao et al., "Least squares GANs" (2017), equation 9, on DCGAN.
    Preset(
      name: "lsgan", summary: "least squares on DCGAN's logits (Mao et al. 2017)",
      yaml: """
        model: {size: 32, channels: 1}
        \(fashion)
        objective: {name: least-squares}
        """),
    // Lim, Ye, "Geometric GAN" (2017), section 3; DCGAN's networks and optimizer.
    Preset(
      name: "hinge", summary: "the hinge loss on DCGAN's logits (Lim, Ye 2017)",
      yaml: """
        model: {size: 32, channels: 1}
        \(fashion)
        objective: {name: hinge}
        """),
  ]

  static let comparisons = [
    // Jolicoeur-Martineau, "The relativistic discriminator" (2019), section 5: spectral normalization in the
    // discriminator, Adam of 2e-4, (0.5, 0.999), batches of 32, 100,000 steps of one discriminator step.
    Preset(
      name: "rpgan", summary: "the discriminator compares pairs (RSGAN, Jolicoeur-Martineau 2019)",
      yaml: """
        model: {size: 32, channels: 1, norm: spectral}
        \(fashion)
        objective: {name: relativistic}
        training: {batch: 32, steps: 100000}
        """),
    Preset(
      name: "ragan", summary: "the discriminator compares with the other side's mean (RaSGAN, the same)",
      yaml: """
        model: {size: 32, channels: 1, norm: spectral}
        \(fashion)
        objective: {name: relativistic-average}
        training: {batch: 32, steps: 100000}
        """),
    // Huszar, "Adversarial preference loss" (2017), a note without experiments on images.
    Preset(
      name: "preference", summary: "the discriminator sees two and says which is real (Huszar 2017)",
      yaml: """
        model: {size: 32, channels: 1}
        \(fashion)
        objective: {name: preference}
        """),
  ]

  // Zhao, Mathieu, LeCun, "Energy-based GAN" (2017), section 2. Its margins (10 for MNIST) are of other energies: here
  // one is a mean squared error of pixels in [-1, 1].
  static let energies = [
    Preset(
      name: "ebgan", summary: "energy-based: reconstruction up to a margin (Zhao et al. 2017)",
      yaml: """
        model: {architecture: autoencoder, size: 32, channels: 1}
        \(fashion)
        objective: {name: ebgan}
        """),
    // Section 2.4: the weight is the paper's.
    Preset(
      name: "ebgan-pt", summary: "ebgan with the pulling-away regularizer",
      yaml: """
        model: {architecture: autoencoder, size: 32, channels: 1}
        \(fashion)
        objective: {name: ebgan}
        regularizers: {pulling-away: 0.1}
        """),
    // Berthelot, Schumm, Metz, "BEGAN" (2017), sections 3 and 4: Adam of 1e-4, batches of 16, 64 latents and as many
    // codes. The paper halves the rates whenever the measure of convergence stalls, at steps that it does not tell;
    // here they are halved once, midway.
    Preset(
      name: "began", summary: "errors in balance, rates halved midway (Berthelot et al. 2017)",
      yaml: """
        model: {architecture: autoencoder, size: 32, channels: 1, latent: 64, norm: none}
        \(fashion)
        objective: {name: began}
        training: {batch: 16, steps: 100000}
        optimizer: {generator-lr: step 1e-4 to 5e-5 by 50000, discriminator-lr: step 1e-4 to 5e-5 by 50000}
        """),
  ]
}
