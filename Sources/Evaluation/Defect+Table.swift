import Foundation

extension Defect {
  /// Every defect. Adding one is adding its row here; those that explain others come first.
  public static let all: [Defect] = [
    Defect(
      name: "blurred", sign: "detail below 0.6 of the held-out images'",
      remedy:
        "A longer training, a wider generator or a discriminator with more capacity sharpens them; an average of weights that "
        + "decays too slowly blurs early samples.", explained: []
    ) { comparison in
      guard let detail = comparison.ratio(.detail), detail.ratio < 0.6 else { return nil }
      return
        "The samples are blurred: they have \(number(detail.value)) of the real images' fine detail, held-out images "
        + number(detail.expected)
    },
    Defect(
      name: "noisy", sign: "detail above 1.7 times the held-out images'",
      remedy:
        "Train longer, lower optimizer.generator-lr towards the end, or draw samples with an average of weights "
        + "(ema.decay=0.999, sampling.weights=ema).", explained: []
    ) { comparison in
      guard let detail = comparison.ratio(.detail), detail.ratio > 1.7 else { return nil }
      return
        "The samples are noisy: they have \(number(detail.value)) of the real images' fine detail, held-out images "
        + number(detail.expected)
    },
    Defect(
      name: "memorised", sign: "copying above 0.3, and five standard errors from 0",
      remedy:
        "Give more images, augment what the discriminator sees (input.augment=color,translation,cutout), take smaller networks, "
        + "or go back to an earlier checkpoint (--from).", explained: []
    ) { comparison in
      guard let copying = comparison.value(.copies), copying.value > 0.3,
        copying.value > 5 * (copying.standardDeviation ?? 0)
      else { return nil }
      return
        "The samples repeat training images: \(percent(min(copying.value, 1))) of them, by how often a training image is "
        + "nearer to them than any held-out one"
    },
    Defect(
      name: "missing classes", sign: "a class below a quarter of its share among held-out images",
      remedy:
        "The generator has dropped them: let the discriminator see several samples at once (input.pack=2, "
        + "model.minibatch=discrimination), or tell it the classes (model.conditioning).",
      explained: ["blurred", "noisy"]
    ) { comparison in
      // Classes of another data set say nothing that a user could act on.
      guard comparison.classNames.count == comparison.shares.count else { return nil }
      let missing = zip(comparison.shares, comparison.expected).enumerated().filter { _, shares in
        // So many would be missing by chance alone once in 10^8.
        shares.1 * Double(comparison.count) >= 30 && shares.0 < shares.1 / 4
      }
      guard !missing.isEmpty else { return nil }
      let named = missing.prefix(5).map { place, shares in
        "'\(comparison.classNames[place])' makes \(percent(shares.0)) of the samples, \(percent(shares.1)) of held-out images"
      }
      let more = missing.count > 5 ? ", and \(missing.count - 5) more" : ""
      return "\(missing.count == 1 ? "A class is" : "\(missing.count) classes are") missing: "
        + named.joined(separator: "; ") + more
    },
    Defect(
      name: "narrow", sign: "recall below 0.6 of the held-out images' (coverage where there is no recall)",
      remedy:
        "Parts of the data are not drawn (mode collapse): pack samples (input.pack=2), add regularizers.r1 and regularizers.r2 with "
        + "objective.name=relativistic, or take larger batches.", explained: ["blurred", "noisy", "memorised"]
    ) { comparison in
      // Coverage also falls where samples are merely unlike real images: recall is the better sign.
      let recall = comparison.ratio(.precisionAndRecall, 1)
      guard let figure = recall ?? comparison.ratio(.densityAndCoverage, 1), figure.ratio < 0.6 else { return nil }
      let name = recall == nil ? "coverage" : "recall"
      return "The samples are less varied than real images: their \(name) is \(number(figure.value)), held-out images' "
        + number(figure.expected)
    },
    Defect(
      name: "unlike", sign: "precision or density below 0.6 of the held-out images'",
      remedy:
        "Train longer, take a wider generator, or truncate the latents when sampling (--truncate).",
      explained: ["blurred", "noisy"]
    ) { comparison in
      let low = [
        ("precision", comparison.ratio(.precisionAndRecall)), ("density", comparison.ratio(.densityAndCoverage)),
      ]
      .compactMap { name, figure in figure.flatMap { $0.ratio < 0.6 ? (name, $0) : nil } }
      guard let (name, figure) = low.first else { return nil }
      return "Many samples lie far from all real images: their \(name) is \(number(figure.value)), held-out images' "
        + number(figure.expected)
    },
    Defect(
      name: "alike", sign: "MS-SSIM of pairs above the held-out images' by 0.15",
      remedy:
        "The generator draws variations of few images (mode collapse): pack samples (input.pack=2) or lower "
        + "optimizer.generator-lr.", explained: ["blurred", "missing classes"]
    ) { comparison in
      guard let pairs = comparison.ratio(.diversity), pairs.value > pairs.expected + 0.15 else { return nil }
      return "The samples look alike: the mean MS-SSIM of pairs is \(number(pairs.value)), held-out images' "
        + number(pairs.expected)
    },
  ]

  private static func number(_ value: Double) -> String { String(format: "%.2f", value) }
  private static func percent(_ share: Double) -> String { String(format: "%.1f%%", 100 * share) }
}
