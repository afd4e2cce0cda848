import Features
import Foundation

extension Metric {
  /// Every metric. Adding one is adding its row here.
  public static let all: [Metric] = distances + classifications + manifolds + images

  private static let distances: [Metric] = [
    Metric(
      name: "fid", summary: "Fréchet distance between Gaussians fitted to features",
      paper: "Heusel et al. 2017, arXiv 1706.08500", columns: [Column("FD", original: "FID", .smaller)],
      needs: [.features, .moments], least: 2
    ) { evidence in
      let moments = FeatureMoments(evidence.generated)
      let distance = try frechetDistance(evidence.reference.moments, moments)
      return [
        Measured(
          distance.value, real: evidence.reference.moments.count ?? 0, generated: evidence.generated.count,
          note: distance.warning ?? (distance.isSingular ? "a covariance is singular" : nil))
      ]
    },
    Metric(
      name: "kid", summary: "squared kernel distance of features, unbiased, a mean over subsets",
      paper: "Bińkowski et al. 2018, arXiv 1801.01401", columns: [Column("KD", original: "KID", .smaller)],
      needs: [.features, .realFeatures], least: 10
    ) { evidence in
      let real = try evidence.realFeatures
      let size = min(1000, real.count, evidence.generated.count)
      let distance = try kernelDistance(real, evidence.generated, size: size, seed: evidence.seed)
      return [
        Measured(
          distance.mean, standardDeviation: distance.standardDeviation, real: real.count,
          generated: evidence.generated.count,
          note: size < 1000 ? "subsets of \(size)" : nil)
      ]
    },
  ]

  private static let classifications: [Metric] = [
    Metric(
      name: "is", summary: "how surely samples are of classes, and how evenly of all (Inception Score)",
      paper: "Salimans et al. 2016, arXiv 1606.03498", columns: [Column("IS", .larger)], needs: [.features, .logits],
      least: 10
    ) { evidence in
      let score = try inceptionScore(evidence.generated, seed: evidence.seed)
      return [Measured(score.mean, standardDeviation: score.standardDeviation, generated: evidence.generated.count)]
    },
    Metric(
      name: "modes", summary: "classes that samples are surely of, and KL(samples || real) of classes' shares in nats",
      paper: "Metz et al. 2017, arXiv 1611.02163; Lin et al. 2018, arXiv 1712.04086",
      columns: [Column("modes", .larger), Column("KL-modes", .smaller)],
      needs: [.features, .logits, .realFeatures], least: 10
    ) { evidence in
      let (real, generated) = (try evidence.realFeatures, evidence.generated)
      let shares = try classShares(of: real)
      // Half an image is added to each class, so that one that no real image is of divides by no zero.
      let sum = Double(real.count) + 0.5 * Double(shares.count)
      let smooth = shares.map { ($0 * Double(real.count) + 0.5) / sum }
      let covered = try classCoverage(of: generated, realShares: shares).covered
      return [
        Measured(Double(covered), real: real.count, generated: generated.count),
        Measured(
          try classCoverage(of: generated, realShares: smooth).divergence, real: real.count,
          generated: generated.count),
      ]
    },
  ]

  /// Images of either kind that neighbourhoods are drawn around: their cost grows with the square.
  static let manifold = 10_000

  private static let manifolds: [Metric] = [
    precisionAndRecall,
    densityAndCoverage,
    Metric(
      name: "neighbours", summary: "samples nearer to a training image than that one's own nearest neighbour",
      paper: "after Alaa et al. 2022, arXiv 2102.08921", columns: [Column("repeated", .alike)],
      needs: [.features, .realFeatures], least: 2
    ) { evidence in
      let (real, generated) = (try evidence.realFeatures.spread(manifold), evidence.generated.spread(manifold))
      let share = try memorization(generated: generated, training: real).share
      return [Measured(share, real: real.count, generated: generated.count)]
    },
  ]

  /// Images that are looked at as they are.
  public static let pictures = 2000

  private static let images: [Metric] = [
    detail,
    copies,
    diversity,
  ]

  /// How many of the samples are copies of training images, by how often their nearest real image is one of those.
  ///
  /// Training and held-out images are exchangeable for whoever saw neither: a new sample's nearest one is then a
  /// training image as often as training images are among them all. A copy's is always, where the reference has it.
  /// Networks would not do here: one that has learned the training images tells them from others itself.
  private static func copying(_ evidence: Evidence) throws -> Measured {
    guard let thumbnails = evidence.reference.thumbnails else { throw EvaluationError("there are no held-out images") }
    var pool = thumbnails.train
    pool.append(thumbnails.heldOut)
    let generated = evidence.samples.thumbnails
    let near = try nearestNeighbours(of: generated, among: pool)
    let chance = Double(thumbnails.train.count) / Double(pool.count)
    let share = Double(near.count { $0.index < thumbnails.train.count }) / Double(generated.count)
    let scale = (1 - chance) * thumbnails.share
    // Samples that share their nearest image, as those of a collapsed generator do, say no more than one of them.
    let distinct = Double(Set(near.map(\.index)).count)
    return Measured(
      (share - chance) / scale, standardDeviation: (chance * (1 - chance) / distinct).squareRoot() / scale,
      real: pool.count, generated: generated.count)
  }

  static let precisionAndRecall = Metric(
    name: "precision-recall", summary: "samples that lie among real images, and real images that lie among samples",
    paper: "Kynkäänniemi et al. 2019, arXiv 1904.06991",
    columns: [Column("precision", .larger), Column("recall", .larger)], needs: [.features, .realFeatures], least: 4
  ) { evidence in
    let (real, generated) = (try evidence.realFeatures.spread(manifold), evidence.generated.spread(manifold))
    let (precision, recall) = try precisionRecall(real: real, generated: generated, neighbours: 3)
    return [precision, recall].map { Measured($0, real: real.count, generated: generated.count) }
  }

  static let densityAndCoverage = Metric(
    name: "density-coverage", summary: "real neighbourhoods around a sample, and real images with samples near them",
    paper: "Naeem et al. 2020, arXiv 2002.09797",
    columns: [Column("density", .alike), Column("coverage", .larger)], needs: [.features, .realFeatures], least: 6
  ) { evidence in
    let (real, generated) = (try evidence.realFeatures.spread(manifold), evidence.generated.spread(manifold))
    let (density, coverage) = try densityCoverage(real: real, generated: generated, neighbours: 5)
    return [density, coverage].map { Measured($0, real: real.count, generated: generated.count) }
  }

  static let detail = Metric(
    name: "detail", summary: "fine detail beside the real images': below 1 for blurred samples, above for noisy ones",
    paper: "mean squared Laplacian; after Pech-Pacheco et al. 2000", columns: [Column("detail", .alike)],
    needs: [.images], least: 1
  ) { evidence in
    guard let real = evidence.reference.images else { throw EvaluationError("there are no real images") }
    return [
      Measured(
        evidence.samples.meanSquaredLaplacian / real.meanSquaredLaplacian, real: real.count,
        generated: evidence.samples.count)
    ]
  }

  static let copies = Metric(
    name: "copying", summary: "share of samples that copy training images, by their nearest ones in small pictures",
    paper: "after Meehan et al. 2020, arXiv 2004.05675", columns: [Column("copying", .alike)], needs: [.heldOut],
    least: 10
  ) { evidence in
    try [copying(evidence)]
  }

  static let diversity = Metric(
    name: "diversity", summary: "likeness of pairs of samples (mean MS-SSIM): above the real images' they are alike",
    paper: "Odena et al. 2017, arXiv 1610.09585", columns: [Column("MS-SSIM", .alike)], needs: [.images], least: 2
  ) { evidence in
    let scales = similarityScales(height: evidence.samples.height, width: evidence.samples.width)
    return [
      Measured(
        try multiscaleSimilarity(evidence.samples, pairs: 2000, seed: evidence.seed),
        generated: evidence.samples.count, note: scales < 5 ? "\(scales) scales: the images are small" : nil)
    ]
  }
}

extension Evidence {
  fileprivate var realFeatures: Features {
    get throws {
      guard let features = reference.features else { throw EvaluationError("there are no features of real images") }
      return features
    }
  }
}
