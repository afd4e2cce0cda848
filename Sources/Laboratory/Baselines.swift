import Foundation
import Saddle

extension Experiment {
  /// What generators learn without a critic, each beside what is known of it in closed form or by quadrature.
  ///
  /// Sources: Tipping and Bishop 1999 (probabilistic PCA), Dinh et al. 2017 (Real NVP), Grover et al. 2018 (the same
  /// generator by likelihood and by a critic), Kingma and Welling 2014 (variational autoencoders), Lucas et al. 2019
  /// (linear ones are probabilistic PCA).
  static let baselines = Experiment(
    "baselines", "generators without a critic: PCA by EM, exact likelihood beside a GAN's, variational autoencoders"
  ) { lab in
    lab.note(
      "The GAN's Real NVP is one run of one critic. Where its likelihood is the lower one, its samples do not "
        + "show where it puts too little mass; how good they look is another question.")
    lab.note(
      "Log-likelihoods and bounds of images count pixels in [-1, 1] as continuous numbers: they depend on "
        + "that scale and on the noise of each model, and must not be set beside bits per dimension of other "
        + "work. The autoencoder's row is a bound, PCA's the likelihood itself.")
    try principalComponents(lab)
    try affineLikelihood(lab)
    try flowLikelihoods(lab)
    try autoencoders(lab)
  }

  // MARK: Probabilistic PCA

  /// EM ends at the best likelihood there is, which the eigenvalues of the samples' covariance give.
  private static func principalComponents(_ lab: Lab) throws {
    let (device, count, features, latent) = (try lab.double(), 500, 8, 3)
    lab.progress("probabilistic PCA by EM")
    let mixing = Tensor(
      (0..<features * features).map { 2 / Double(1 + $0 / features) * cos(Double($0 * $0)) },
      shape: [features, features], on: device)
    let x = matmul(lab.random(1).normal([count, features], step: 0, on: device), mixing) + 0.5
    let eigenvalues = singularValues(try covariance(x))
    let variance = Array(eigenvalues[latent...]).mean
    let best = gaussianLikelihood(eigenvalues: eigenvalues[..<latent] + eigenvalues[latent...].map { _ in variance })

    var model = try PrincipalComponents(x, latent: latent, random: lab.random(2))
    let likelihoods = try (0..<1000).map { _ in try model.advance() }
    lab.expect("PCA by EM: σ² less the mean of the eigenvalues left out", model.variance - variance, 0, within: 1e-9)
    lab.expect("PCA by EM: log-likelihood less its closed form", likelihoods.last ?? 0, best, within: 1e-9)
    let falls = zip(likelihoods, likelihoods.dropFirst()).count { $1 < $0 - 1e-12 }
    lab.expect("PCA by EM: steps in which the log-likelihood fell", Double(falls), 0, within: 0)
    let weights: [Double] = try matmul(model.weights, model.weights, transposingB: true).scalars()
    let spectrum = singularValues((0..<features).map { Array(weights[$0 * features..<($0 + 1) * features]) })
    for i in 0..<latent {
      lab.expect(
        "PCA by EM: eigenvalue \(i + 1) of W Wᵀ + σ²", spectrum[i] + model.variance, eigenvalues[i],
        within: 1e-6)
    }
    lab.figure(
      "em",
      Plot(
        "EM climbs to the closed form", x: "step", y: .logarithmic("nats below the best", 1e-12...100),
        [.line("probabilistic PCA", likelihoods.map { max(best - $0, 1e-16) })]))
  }

  /// Rows of the samples' covariance, by N.
  private static func covariance(_ x: Tensor) throws -> [[Double]] {
    let (centred, size) = (x - x.mean(over: [0]), x.shape[1])
    let values: [Double] = try (matmul(centred, centred, transposingA: true) / Double(x.shape[0])).scalars()
    return (0..<size).map { Array(values[$0 * size..<($0 + 1) * size]) }
  }

  /// The mean log-likelihood of samples under a normal distribution with their own mean and a covariance C of these
  /// eigenvalues for which tr(C⁻¹ S) is their number, as it is at every maximum here.
  private static func gaussianLikelihood(eigenvalues: some Sequence<Double>) -> Double {
    eigenvalues.reduce(0) { $0 - 0.5 * (log(2 * Double.pi) + log($1) + 1) }
  }

  // MARK: An affine generator

  /// x = z A + b by its exact likelihood: it ends at the samples' mean and covariance.
  private static func affineLikelihood(_ lab: Lab) throws {
    let (device, count, size) = (try lab.double(), 400, 4)
    lab.progress("an affine generator by maximum likelihood")
    let mixing = Tensor(
      [1, 0.5, -0.3, 0.2, 0, 0.8, 0.4, -0.6, 0, 0, 1.2, 0.5, 0, 0, 0, 0.6], shape: [size, size], on: device)
    let x = matmul(lab.random(3).normal([count, size], step: 0, on: device), mixing) + 0.7
    var player = try adamPlayer(Network(Flow.affine, input: [size], random: lab.random(4), on: device), rate: 0.02)
    let steps = 1000
    var likelihood = 0.0
    for step in 1...steps {
      player.optimizer.settings.rate = 0.02 * min(1, 2 * (1 - Double(step - 1) / Double(steps)))
      let last = player.raiseLikelihood(of: x)
      if step == steps { likelihood = try last.scalars()[0] }
    }
    let expected = try covariance(x)
    let weights: [Double] = try player.network.weights.scalars()
    // A = diag(exp s) (1 + U), and the covariance is Aᵀ A.
    let a = (0..<size).map { i in
      (0..<size).map { j in exp(weights[i]) * (i == j ? 1 : j > i ? weights[size + i * size + j] : 0) }
    }
    let gaps = (0..<size * size).map { k in
      abs((0..<size).reduce(-expected[k / size][k % size]) { $0 + a[$1][k / size] * a[$1][k % size] })
    }
    let mean: [Double] = try x.mean(over: [0]).scalars()
    let shift = zip(mean, weights[(size + size * size)...]).map { abs($0 - $1) }
    lab.expect("affine generator: distance of its mean from the samples'", shift.max() ?? 0, atMost: 1e-5)
    lab.expect("affine generator: distance of its covariance from the samples'", gaps.max() ?? 0, atMost: 1e-5)
    lab.expect(
      "affine generator: log-likelihood beside its closed form", likelihood,
      gaussianLikelihood(eigenvalues: singularValues(expected)), within: 1e-8)
  }
}
