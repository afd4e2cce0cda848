extension Architecture {
  public static let autoencoder = Architecture(
    name: "autoencoder",
    summary:
      "EBGAN, BEGAN (Zhao et al. 2017, Berthelot et al. 2017): DCGAN's generator; the discriminator is an autoencoder",
    reads: dcganSizes,
    contradictions: [
      SettingCheck(
        "model.architecture autoencoder gives images, not logits of classes or codes: set model.conditioning to none or "
          + "concat, and model.categories and model.continuous-codes to 0"
      ) {
        ![.none, .concat].contains($0.model.conditioning) || $0.model.categories + $0.model.continuousCodes > 0
      }
    ], sample: image, gives: .reconstructions,
    generator: { options throws(NetworkError) in try options.dcganGenerator() },
    discriminator: { options throws(NetworkError) in
      guard [.none, .concat].contains(options.conditioning), options.outputs == 0 else {
        throw NetworkError(
          "the discriminator of autoencoder gives images, not logits: it takes the conditioning none or concat and no further outputs"
        )
      }
      // As many codes as latents, as in BEGAN.
      let maps: Shape = [4, 4, options.width << (try options.halvings() - 1)]
      let code: [any Layer] = [
        Reshape.flat, Dense(options.latent, initializer: options.initializer), FeatureMark(),
        Dense(maps.count, initializer: options.initializer), Reshape(maps),
      ]
      let decoder = try options.dcganDecoder(options.normalization(), .leakyReLU())
      return options.discriminator(try options.labelledSamples() + options.dcganEncoder() + code + decoder)
    })
}
