// Presets with labels, codes and what keeps a game stable.

extension Preset {
  static let labelled = [
    // Mirza, Osindero, "Conditional generative adversarial nets" (2014), section 4.1: SGD, batches of 100, a rate of
    // 0.1 divided by 1.00004 each step, momentum from 0.5 on. Maxout and dropout are left out; 512 hidden units.
    Preset(
      name: "cgan", summary: "fully connected networks that see the class (Mirza, Osindero 2014)",
      yaml: """
        model:
          {architecture: mlp, size: 28, channels: 1, width: 512, initializer: he, norm: none,
           classes: 10, conditioning: concat}
        \(fashion)
        training: {batch: 100, steps: 50000}
        optimizer:
          name: sgd
          momentum: 0.5
          generator-lr: linear 0.02 to 0.0027 by 50000
          discriminator-lr: linear 0.02 to 0.0027 by 50000
        """),
    // Odena, Olah, Shlens, "Conditional image synthesis with auxiliary classifier GANs" (2017), appendix A, CIFAR-10.
    Preset(
      name: "acgan", summary: "the discriminator names the class too (Odena et al. 2017)",
      yaml: """
        model: {size: 32, channels: 1, latent: 110, classes: 10, conditioning: auxiliary}
        \(fashion)
        regularizers: {auxiliary-classifier: 1}
        training: {batch: 100, steps: 50000}
        """),
    // Chen et al., "InfoGAN" (2016), appendix C.1, MNIST: 62 latents, a category of ten, two numbers; 50 epochs of 100.
    Preset(
      name: "infogan", summary: "finds ten categories and two directions (Chen et al. 2016)",
      yaml: """
        model: {size: 32, channels: 1, latent: 62, categories: 10, continuous-codes: 2}
        \(fashion)
        regularizers: {information: 1}
        training: {batch: 128, steps: 5000}
        optimizer: {generator-lr: 1e-3}
        """),
    // Salimans et al., "Improved techniques for training GANs" (2016), section 5.1 and the authors' code for MNIST with
    // 100 labels: rates of 3e-3, batches of 100, feature matching alone, input noise of 0.3 where pixels lie in [0, 1].
    Preset(
      name: "semi-supervised", summary: "learns classes from 100 labels (Salimans et al. 2016)",
      yaml: """
        model: {architecture: mlp, size: 28, channels: 1, width: 500, initializer: he, norm: none, classes: 10}
        data: {path: /usr/share/datasets/fashion-mnist, labelled: 10}
        objective: {name: semi-supervised, generator-weight: 0}
        regularizers: {feature-matching: 1}
        input: {noise-std: 0.6}
        training: {batch: 100, steps: 180000}
        optimizer: {generator-lr: 3e-3, discriminator-lr: 3e-3}
        """),
  ]

  static let stabilizers = [
    // Sonderby et al., "Amortised MAP inference" (2017), section 3; Arjovsky, Bottou, "Towards principled methods"
    // (2017), section 3. Neither gives numbers for these networks: the deviation falls to 0 over the run.
    Preset(
      name: "instance-noise", summary: "fading noise for the discriminator (Sonderby et al. 2017)",
      yaml: """
        model: {size: 32, channels: 1}
        \(fashion)
        input: {noise-std: linear 0.5 to 0 by 10000}
        """),
    // Salimans et al. (2016), sections 3.2, 3.4 and 3.5: smoothing to 0.9, the others by default.
    Preset(
      name: "minibatch-discrimination", summary: "and virtual batch norm (Salimans et al. 2016)",
      yaml: """
        model: {size: 32, channels: 1, minibatch: discrimination, generator-norm: virtual}
        \(fashion)
        objective: {real-target: 0.9}
        """),
    // Zhao et al., "Differentiable augmentation for data-efficient GAN training" (2020), section 4; here on DCGAN.
    Preset(
      name: "diffaugment", summary: "augments both sides, for few images (Zhao et al. 2020)",
      yaml: """
        data: {flip: true}
        input: {augment: "color,translation,cutout"}
        training: {steps: 50000}
        ema: {decay: 0.999}
        sampling: {weights: ema}
        """),
  ]

  static let points = [
    Preset(
      name: "ring", summary: "eight Gaussians on a ring: whether all modes are found",
      yaml: """
        model: {architecture: mlp-points, latent: 2, width: 128, initializer: he}
        data: {path: ring}
        training: {batch: 256, steps: 5000}
        optimizer: {generator-lr: 1e-3, discriminator-lr: 1e-3}
        """),
    // Mirza, Osindero (2014) on the ring, a point's class being its Gaussian.
    Preset(
      name: "ring-cgan", summary: "both networks see which of the Gaussians it is: one answer to each",
      yaml: """
        model: {architecture: mlp-points, latent: 2, width: 128, initializer: he, classes: 8, conditioning: concat}
        data: {path: ring}
        training: {batch: 256, steps: 5000}
        optimizer: {generator-lr: 1e-3, discriminator-lr: 1e-3}
        """),
    // The game of Huang et al. (2024) with rates and weights that find all modes of the ring; the grid's take deeper
    // networks and longer (`PresetChoice`).
    Preset(
      name: "ring-rpgan", summary: "RpGAN + R1 + R2, as in r3gan",
      yaml: """
        model: {architecture: mlp-points, latent: 2, width: 128, initializer: he}
        data: {path: ring}
        objective: {name: relativistic}
        regularizers: {r1: linear 0.1 to 0.005 by 15000, r2: linear 0.1 to 0.005 by 15000}
        training: {batch: 256, steps: 15000}
        optimizer: {generator-lr: linear 1e-3 to 0 by 15000, discriminator-lr: linear 1e-3 to 0 by 15000, beta2: 0.99}
        ema: {decay: 0.995}
        sampling: {weights: ema}
        """),
    // Metz et al., "Unrolled GANs" (2017), with the networks and the schedule of ring-rpgan: those of its appendix A
    // (tanh, orthogonal weights, a discriminator ten times as slow as the generator) end as six soft clouds on the ring
    // after 25,000 steps of 512.
    Preset(
      name: "ring-unrolled", summary: "the generator looks five updates ahead (Metz et al. 2017)",
      yaml: """
        model: {architecture: mlp-points, latent: 2, width: 128, initializer: he}
        data: {path: ring}
        training: {batch: 256, steps: 5000, unroll: 5}
        optimizer: {generator-lr: linear 1e-3 to 0 by 5000, discriminator-lr: linear 1e-3 to 0 by 5000, beta2: 0.99}
        ema: {decay: 0.995}
        sampling: {weights: ema}
        """),
    // Lin et al., "PacGAN" (2018), section 4.1, and the authors' code; its discriminator has three maxout layers.
    Preset(
      name: "ring-pacgan", summary: "the discriminator sees two samples as one (Lin et al. 2018)",
      yaml: """
        model: {architecture: mlp-points, latent: 2, width: 400, initializer: he}
        data: {path: ring}
        input: {pack: 2}
        training: {batch: 200, steps: 400000}
        optimizer: {generator-lr: 1e-4, discriminator-lr: 1e-4, beta1: 0.8}
        """),
    // Mescheder, Nowozin, Geiger, "The numerics of GANs" (2017), section 5, and the authors' code: gamma 10.
    Preset(
      name: "ring-consensus", summary: "consensus optimization (Mescheder et al. 2017)",
      yaml: """
        model: {architecture: mlp-points, latent: 16, width: 128, initializer: he}
        data: {path: ring}
        training: {batch: 512, steps: 50000, order: simultaneous, consensus: 10}
        optimizer: {name: rmsprop, generator-lr: 1e-4, discriminator-lr: 1e-4}
        """),
  ]
}
