import Foundation
import Saddle

extension Experiment {
  /// Autoencoders of garments, beside probabilistic PCA with as many latents, whose likelihood is exact.
  static func autoencoders(_ lab: Lab) throws {
    let (train, heldOut) = (try Garments(lab, .train, 2000), try Garments(lab, .heldOut, 500))
    try linearAutoencoder(lab, train)
    try convolutionalAutoencoder(lab, train, heldOut)
  }

  /// Fashion-MNIST in 32 x 32 pixels, on the experiment's device.
  private struct Garments {
    let count: Int
    private let images: any ImageDataset
    private let device: Device

    init(_ lab: Lab, _ split: Split, _ count: Int) throws {
      images = try openDataset(at: URL(filePath: "/usr/share/datasets/fashion-mnist"), split: split, size: 32)
      (self.count, device) = (lab.count(count, atLeast: 500), lab.device)
    }

    /// Images of the first `count`, in turn from `start` on: [size, 32, 32, 1] in [-1, 1].
    func batch(_ size: Int, from start: Int) throws -> Tensor {
      let bytes = try images.read((start..<start + size).map { $0 % count })
      return Tensor(imageBytes: bytes, shape: [size, 32, 32, 1], on: device)
    }

    func all() throws -> Tensor { try batch(count, from: 0) }
  }

  /// Probabilistic PCA by EM until it hardly moves, of images or flat samples.
  private static func components(_ lab: Lab, _ samples: Tensor, latent: Int) throws -> PrincipalComponents {
    let flat = samples.reshaped(to: [samples.shape[0], samples.shape.count / samples.shape[0]])
    var model = try PrincipalComponents(flat, latent: latent, random: lab.random(40))
    for _ in 0..<lab.count(150, atLeast: 50) { _ = try model.advance() }
    return model
  }

  /// A linear autoencoder's best bound is the likelihood of probabilistic PCA, with no gap: the posterior of a linear
  /// model is normal, and with orthogonal columns of W its covariance is diagonal (Lucas et al. 2019, section 4).
  private static func linearAutoencoder(_ lab: Lab, _ garments: Garments) throws {
    lab.progress("a linear autoencoder")
    let (latent, steps) = (4, lab.count(4000, atLeast: 20))
    // 8 x 8 pixels less their mean.
    let small = try garments.all().downsampled(by: 4).reshaped(to: [garments.count, 64])
    let x = small - small.mean(over: [0])
    let exact = try components(lab, x, latent: latent)
    let best = try exact.logLikelihood(of: x)
    let linear = { (inputs: Int, outputs: Int, stream: UInt32) in
      let network = try Network(
        Sequential([Dense(outputs, initializer: .glorot)]), input: [inputs], random: lab.random(stream), on: lab.device)
      return try adamPlayer(network, rate: 1)
    }
    var model = try VariationalAutoencoder(
      encoder: linear(64, 2 * latent, 41), decoder: linear(latent, 64, 42),
      likelihood: .gaussian(standardDeviation: exact.variance.squareRoot()), random: lab.random(43))
    let bound = { (model: VariationalAutoencoder) in
      try (0..<20).map { try model.bound(x, draw: $0).mean().scalars(as: Double.self)[0] }.mean
    }
    var curve: [Plot.Point] = []
    for step in 1...steps {
      model.setRate(1e-2 * (1 - Double(step - 1) / Double(steps)))
      _ = model.advance(x.rows(from: step * 250 % garments.count, count: 250))
      guard step % (steps / 20) == 0 else { continue }
      curve.append((Double(step), best - (try bound(model))))
    }
    let reached = try bound(model)
    lab.expect("linear autoencoder: bound less PCA's log-likelihood", reached - best, in: -0.1...0.05, fromScale: 1)
    lab.expect("linear autoencoder: bound, at most PCA's log-likelihood", reached - best, atMost: 0.1)
    lab.figure(
      "linear",
      Plot(
        "A linear autoencoder becomes probabilistic PCA", x: "step", y: .logarithmic("bound: nats below PCA"),
        [.line("linear autoencoder", curve)]))
  }

  /// DCGAN's own networks as decoder and encoder, against PCA with as many latents and the same noise about an image.
  private static func convolutionalAutoencoder(_ lab: Lab, _ train: Garments, _ heldOut: Garments) throws {
    let (latent, batch, steps) = (8, 50, lab.count(600, atLeast: 5))
    lab.progress("probabilistic PCA of images")
    let exact = try components(lab, try train.all(), latent: latent)
    guard let dcgan = Architecture.all.first(where: { $0.name == "dcgan" }) else {
      throw LaboratoryError("the table of architectures has no row 'dcgan'")
    }
    var options = Architecture.Options()
    (options.size, options.channels, options.latent, options.width) = (32, 1, latent, 16)
    options.outputs = 2 * latent - 1
    let decoder = try Network(dcgan.generator(options), input: [latent], random: lab.random(50), on: lab.device)
    let encoder = try Network(
      dcgan.discriminator(options), input: decoder.output, random: lab.random(51), on: lab.device)
    var model = try VariationalAutoencoder(
      encoder: adamPlayer(encoder, rate: 1), decoder: adamPlayer(decoder, rate: 1),
      likelihood: .gaussian(standardDeviation: exact.variance.squareRoot()), random: lab.random(52))

    let (x, test) = (try train.all(), try heldOut.all())
    let flat = { (images: Tensor) in images.reshaped(to: [images.shape[0], 1024]) }
    var curve: [Plot.Point] = []
    for step in 1...steps {
      model.setRate(2e-3 * (1 - Double(step - 1) / Double(steps)))
      _ = model.advance(try train.batch(batch, from: step * batch))
      guard step % max(steps / 20, 1) == 0 else { continue }
      lab.progress("a convolutional autoencoder: step \(step) of \(steps)")
      curve.append((Double(step), try model.bound(test, draw: step).mean().scalars(as: Double.self)[0]))
    }
    let likelihoods = try (exact.logLikelihood(of: flat(x)), exact.logLikelihood(of: flat(test)))
    let bound = curve.last?.y ?? .nan
    lab.record("PCA of garments: log-likelihood, training", likelihoods.0)
    lab.record("PCA of garments: log-likelihood, held out", likelihoods.1)
    lab.record("convolutional autoencoder: bound, training", try model.bound(x, draw: 0).mean().scalars()[0])
    lab.expect("convolutional autoencoder: bound, held out, less its first", bound - curve[0].y, atLeast: 0)
    lab.expect(
      "convolutional autoencoder: bound, held out, less PCA's", bound - likelihoods.1, atLeast: 0, fromScale: 1)
    let (ours, theirs) = (
      model.reconstructions(of: test), try exact.reconstructions(of: flat(test)).reshaped(to: test.shape)
    )
    let error = { (images: Tensor) in try (images - test).squared().mean().scalars(as: Double.self)[0] }
    lab.expect(
      "convolutional autoencoder: squared error of held-out images / PCA's", try error(ours) / error(theirs), atMost: 1,
      fromScale: 1)
    lab.figure(
      "bound",
      Plot(
        "Held-out garments", x: "step", y: "nats an image",
        [.line("convolutional autoencoder: bound", curve), .horizontal("PCA: log-likelihood", at: likelihoods.1)]))

    // Three times: nine images, what the autoencoder makes of them, and what PCA does.
    let rows = (0..<3).flatMap { row in [test, ours, theirs].map { $0.rows(from: 9 * row, count: 9) } }
    let z = lab.random(53).normal([64, latent], step: 0, on: lab.device)
    for (name, images) in [
      ("reconstructions", Tensor.concatenated(rows, axis: 0)), ("samples", model.decoded(z)),
    ] {
      try lab.figure(
        name, SampleGrid(pixels: images.imageBytes(), count: images.shape[0], height: 32, width: 32, channels: 1))
    }
  }
}
