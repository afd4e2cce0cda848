import Features

/// What a generator's samples are worth beside real images: figures, the same of held-out images, and the defects that
/// they show.
public struct EvaluationReport: Sendable, Codable {
  public let conditions: EvaluationProtocol
  public let figures: [MetricValue]
  /// What held-out images give in the samples' place, as a yardstick; empty where there are none.
  public let baseline: [MetricValue]
  public let defects: [Defect.Finding]

  public init(
    conditions: EvaluationProtocol, figures: [MetricValue], baseline: [MetricValue] = [], defects: [Defect.Finding] = []
  ) {
    (self.conditions, self.figures, self.baseline, self.defects) = (conditions, figures, baseline, defects)
  }
}

/// Evaluates generators against one reference by one extractor.
public final class Evaluator {
  public let extractor: any FeatureExtractor
  public let metrics: [Metric]
  public let reference: Reference
  /// How many samples are drawn.
  public let count: Int
  public let seed: UInt64
  /// Names of the classes that the extractor tells apart; empty where it knows none.
  public let classNames: [String]
  /// What held-out images give, with the share of each class; nil where there are none.
  private let baseline: (figures: [MetricValue], shares: [Double])?

  /// Samples that are made and looked at together: part of what batch statistics depend on.
  public static let page = 250

  /// - Parameters:
  ///   - heldOutImages: Those whose features the reference has: what a perfect generator would give.
  /// - Throws: As `check`; what metrics throw.
  public init(
    _ extractor: any FeatureExtractor, _ metrics: [Metric], reference: Reference, heldOutImages: ImageBytes? = nil,
    count: Int, seed: UInt64, classNames: [String] = []
  ) throws {
    try Self.check(metrics, extractor, count: count, serves: reference.serves)
    (self.extractor, self.metrics, self.reference) = (extractor, metrics, reference)
    (self.count, self.seed, self.classNames) = (count, seed, classNames)
    if let heldOut = reference.heldOut, let heldOutImages {
      // Held-out images are no other images than themselves: whether they are copies is not asked.
      let others = Reference(
        moments: reference.moments, features: reference.features, images: reference.images)
      let evidence = Evidence(
        generated: heldOut.spread(count), samples: heldOutImages.spread(min(count, Metric.pictures)), reference: others,
        seed: seed)
      baseline = (
        try metrics.filter { !$0.needs.contains(.heldOut) && $0.least <= evidence.generated.count }
          .flatMap { try $0.figures(evidence, suffix: extractor.suffix) },
        try Self.shares(evidence.generated)
      )
    } else {
      baseline = nil
    }
  }

  private static func shares(_ features: Features) throws -> [Double] {
    features.classes > 0 ? try classShares(of: features) : []
  }

  /// Whether these metrics can be had, before anything is computed.
  ///
  /// - Throws: `EvaluationError` that says which cannot, and what to do.
  public static func check(
    _ metrics: [Metric], _ extractor: any FeatureExtractor, count: Int, serves: Set<Metric.Need>
  ) throws(EvaluationError) {
    if let metric = metrics.first(where: { $0.least > count }) {
      throw EvaluationError("\(metric.name) needs \(metric.least) samples or more, not \(count): raise the count")
    }
    if extractor.classes == 0, let metric = metrics.first(where: { $0.needs.contains(.logits) }) {
      throw EvaluationError(
        "\(metric.name) needs a classifier, which the features '\(extractor.suffix)' are not: leave it away, or give "
          + "features with classes (inception, lite0, classifier)")
    }
    try check(metrics, serves: serves)
  }

  /// Whether what samples are compared with serves these metrics.
  ///
  /// - Throws: `EvaluationError` that says which it does not, and what to do.
  public static func check(_ metrics: [Metric], serves: Set<Metric.Need>) throws(EvaluationError) {
    let missing = metrics.filter { !$0.needs.isSubset(of: serves) }.map(\.name)
    guard !missing.isEmpty else { return }
    throw EvaluationError(
      "\(missing.joined(separator: ", ")) cannot be had: "
        + (serves.contains(.realFeatures)
          ? "there are no images that training did not see: put some into a folder held-out beside train, or give "
            + "--held-out"
          : "statistics hold a mean and a covariance alone: compare with the images (--data), or ask for "
            + all(serves) + " only"))
  }

  private static func all(_ serves: Set<Metric.Need>) -> String {
    Metric.all.filter { $0.needs.isSubset(of: serves) }.map(\.name).joined(separator: ",")
  }

  /// What is to be said before a long evaluation begins; nil where there is nothing.
  public static func caution(_ metrics: [Metric], width: Int, count: Int, real: Int) -> String? {
    guard metrics.contains(where: { $0.needs.contains(.moments) }), min(count, real) <= width else { return nil }
    let few = count <= real ? "\(count) samples" : "\(real) real images"
    return
      "\(few) are too few for the covariance of \(width) features: it is singular, and the Fréchet distance says more "
      + "of the count than of the generator. Give \(10 * width) or more, or go by kid, which has no such bias"
  }

  /// Evaluates a generator.
  ///
  /// - Parameters:
  ///   - generator: Gives the samples of some numbers, at most a page of them.
  ///   - entries: What the protocol says beside the samples' count and seed.
  ///   - progress: Told how many samples are done.
  /// - Throws: What the generator, the extractor and the metrics throw.
  public func evaluate(
    _ generator: (Range<Int>) throws -> ImageBytes, _ entries: EvaluationProtocol,
    progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }
  ) throws -> EvaluationReport {
    var features = Features(count: 0, width: extractor.width, values: [], classes: extractor.classes)
    var pixels: [UInt8] = [], pictures = 0, shape = (height: 0, width: 0, channels: 0)
    var kept = Set((0..<min(count, Metric.pictures)).map { $0 * count / min(count, Metric.pictures) })
    for start in stride(from: 0, to: count, by: Self.page) {
      let range = start..<min(start + Self.page, count)
      let images = try generator(range)
      features.append(try extractor.features(of: images))
      shape = (images.height, images.width, images.channels)
      for number in range where kept.remove(number) != nil {
        pixels += images.part(number - start..<number - start + 1).bytes
        pictures += 1
      }
      progress(range.upperBound, count)
    }
    let samples = ImageBytes(
      pixels, count: pictures, height: shape.height, width: shape.width, channels: shape.channels)
    let evidence = Evidence(generated: features, samples: samples, reference: reference, seed: seed)
    let figures = try metrics.flatMap { try $0.figures(evidence, suffix: extractor.suffix) }
    let comparison = Defect.Comparison(
      figures: figures, baseline: baseline?.figures ?? [], shares: try Self.shares(evidence.generated),
      expected: baseline?.shares ?? [], classNames: classNames, count: count)
    return EvaluationReport(
      conditions: entries, figures: figures, baseline: baseline?.figures ?? [], defects: Defect.findings(comparison))
  }
}
