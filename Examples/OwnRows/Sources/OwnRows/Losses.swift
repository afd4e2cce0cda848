import SaddleCLI

extension Objective {
  /// A setting that this objective alone reads.
  static let temperature = Setting("objective.temperature", 1.0, .positive, "what logits are divided by")

  /// The non-saturating game on logits over a temperature.
  static let tempered = Objective(
    name: "tempered", summary: "non-saturating on logits divided by objective.temperature",
    estimates: "log 4 - 2 JSD(P, G) nats", reads: [temperature],
    discriminatorLoss: { context in
      let scale = 1 / context.settings[temperature]
      return (-scale * context.realLogits).softplus().mean() + (scale * context.fakeLogits).softplus().mean()
    },
    generatorLoss: { (-1 / $0.settings[temperature] * $0.fakeLogits).softplus().mean() })
}

extension Divergence {
  /// u log u - u + 1: its game is called fgan-shifted-kl.
  static func shiftedKL() throws -> Divergence {
    try Divergence(
      "shifted-kl", summary: "u log u - u + 1", f: { $0 * $0.logarithm() - $0 + 1 },
      conjugate: { $0.exponential() - 1 },
      activation: { $0 })
  }
}

extension Regularizer {
  /// Karras et al. 2018, "Progressive growing of GANs", appendix A.1: keeps real logits near 0.
  static let drift = Regularizer(
    name: "drift", summary: "E D(x)^2 at real samples; 0.001 in progressive GANs", discriminatorPasses: [.real],
    discriminator: { $0.realLogits.squared().mean() })
}
