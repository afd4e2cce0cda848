import Evaluation
import Features
import Foundation

/// Evaluates the generator of a run against its data: what `saddle evaluate` does, and training now and then.
public final class RunEvaluator {
  /// What may be chosen.
  public struct Options: Sendable {
    /// The run's images; those of the configuration where it is nil.
    public var data: String?
    /// Images that training did not see; the data's own held-out part where it is nil.
    public var heldOut: String?
    /// Rows of `Metric.all`, separated by commas; all that can be had where it is nil.
    public var metrics: String?
    /// A row of `FeatureSource.all`, or auto.
    public var features = "auto"
    /// Samples.
    public var count = 10_000
    /// Training images that they are compared with; as many as samples where it is nil.
    public var reference: Int?
    /// A file of mean and covariance (.npz) to compare with in the images' place.
    public var statistics: String?
    /// A row of `Resizer.all`; as the extractor's own port does it where it is nil.
    public var resizer: String?
    /// The weights that samples are drawn with; the configuration's where it is nil.
    public var weights: SampleWeights?
    public var seed: UInt64 = 1

    public init() {}
  }

  /// What is said and shown on the way.
  public struct ProgressReporter {
    /// A line that stays.
    let say: (String) -> Void
    /// A line that the next one replaces; empty at the end.
    let show: (String) -> Void

    public init(say: @escaping (String) -> Void, show: @escaping (String) -> Void) {
      (self.say, self.show) = (say, show)
    }

    /// A progress line with the time that is left.
    func progress() -> (_ what: String, _ done: Int, _ count: Int) -> Void {
      var (task, start) = ("", ContinuousClock.now)
      return { what, done, count in
        if what != task { (task, start) = (what, .now) }
        let left = (ContinuousClock.now - start) / .seconds(1) * Double(count - done) / Double(max(done, 1))
        show("\(what): \(done) of \(count)  \(ProgressLine.duration(left)) left")
      }
    }

    /// Says nothing.
    public static var silent: ProgressReporter { ProgressReporter(say: { _ in }, show: { _ in }) }
  }

  public let evaluator: Evaluator
  public let configuration: Configuration
  private let options: Options
  private let images: Images?
  private let conditions: EvaluationProtocol
  private let reporter: ProgressReporter

  /// Opens data and features, and computes all that does not depend on the generator.
  ///
  /// What can be wrong is found first: names, data, whether the metrics can be had.
  ///
  /// - Throws: `EvaluationError`, `FeatureError`, `DatasetError`, `MetricError`, the device's first failure.
  public init(
    _ configuration: Configuration, _ options: Options = Options(), on device: Device, _ reporter: ProgressReporter
  ) throws {
    (self.configuration, self.options, self.reporter) = (configuration, options, reporter)
    let wanted = try options.metrics.map { try Metric.named($0, of: configuration.registry.metrics) }
    try FeatureSource.check(options.features)
    let resizer = try options.resizer.map(Self.resizer)
    let sample = configuration.sampleShape
    guard sample.rank == 3 else {
      throw EvaluationError("the run was trained on points, which metrics of images do not judge; saddle judge does")
    }
    let moments = try options.statistics.map { try FeatureMoments(readingFrom: $0) }
    // Statistics need no images, and the run's own may be elsewhere.
    images = moments == nil || options.data != nil ? try Images(configuration, options) : nil

    // Before anything is computed: what these data cannot serve is refused where it was asked for.
    let serves = Self.kinds(images: moments == nil ? images : nil)
    try Evaluator.check(wanted ?? [], serves: serves)
    let progress = reporter.progress()
    let context = FeatureSource.Context(
      images: images?.train, heldOut: images?.heldOut, sample: sample, resizer: resizer, device: device,
      progress: progress)
    let (row, extractor) = try FeatureSource.opened(options.features, context)
    reporter.show("")
    try extractor.check(height: sample[0], width: sample[1], channels: sample[2])
    if options.features == "auto" { reporter.say("features: \(row.name), \(row.summary)") }
    if let classifier = extractor as? Classifier {
      reporter.say(String(format: "classifier: %.2f%% of held-out images right", 100 * classifier.accuracy))
    }
    let metrics =
      wanted
      ?? configuration.registry.metrics.filter { metric in
        metric.needs.isSubset(of: serves) && (extractor.classes > 0 || !metric.needs.contains(.logits))
          && metric.least <= options.count
      }
    try Evaluator.check(metrics, extractor, count: options.count, serves: serves)
    let real = moments.map { $0.count ?? .max } ?? images?.reference.count ?? .max
    if let caution = Evaluator.caution(metrics, width: extractor.width, count: options.count, real: real) {
      reporter.say("warning: \(caution)")
    }

    var entries = EvaluationProtocol()
    let (reference, heldOut) =
      try moments.map { (try Self.reference($0, options.statistics ?? "", extractor, &entries), nil) }
      ?? images.map { try $0.reference(by: extractor, needing: metrics, &entries, progress) }
      ?? { throw EvaluationError("there is nothing to compare with: give --data") }()
    reporter.show("")
    for entry in extractor.identity { entries.append(entry.name, entry.value) }
    entries.append("samples", "\(options.count), seed \(options.seed)")
    conditions = entries
    evaluator = try Evaluator(
      extractor, metrics, reference: reference, heldOutImages: heldOut, count: options.count, seed: options.seed,
      classNames: (extractor as? Classifier)?.classNames ?? [])
  }

  /// The needs that images can serve, or statistics in their place.
  private static func kinds(images: Images?) -> Set<Metric.Need> {
    guard let images else { return [.features, .logits, .moments] }
    let all: Set<Metric.Need> = [.features, .logits, .moments, .realFeatures, .images]
    return images.heldOut == nil ? all : all.union([.heldOut])
  }

  private static func resizer(_ name: String) throws(EvaluationError) -> Resizer {
    guard let row = Resizer.all.first(where: { $0.name == name }) else {
      throw EvaluationError(
        "no resizer is called '\(name)'; there are \(Resizer.all.map(\.name).joined(separator: ", "))")
    }
    return row
  }

  /// Statistics from a file as the reference.
  private static func reference(
    _ moments: FeatureMoments, _ path: String, _ extractor: any FeatureExtractor, _ entries: inout EvaluationProtocol
  ) throws -> Reference {
    guard moments.width == extractor.width else {
      throw EvaluationError(
        "\(path) has the mean of \(moments.width) features, the extractor gives \(extractor.width): compare with "
          + "statistics of the same features")
    }
    var hash = SHA256()
    for numbers in [moments.means, moments.covariance] { numbers.withUnsafeBytes { hash.add($0) } }
    entries.append("reference", "statistics of \(moments.count.map { "\($0)" } ?? "unknown") images from a file")
    entries.append("reference's sha256", hash.digest.description)
    return Reference(moments: moments)
  }

  // MARK: Evaluating

  /// Whether another run's samples can be compared with the same images.
  public func serves(_ other: Configuration) -> Bool {
    (options.data != nil || other.data.path == configuration.data.path) && other.readsImages(like: configuration)
  }

  /// Evaluates a generator as it stands.
  ///
  /// - Parameters:
  ///   - trainer: Whose generator is evaluated.
  ///   - configuration: The run's, which `serves` has agreed to.
  ///   - run: The run's folder, for the record.
  /// - Throws: The device's first failure; what metrics throw.
  public func evaluate(_ trainer: Trainer, _ configuration: Configuration, run: String) throws -> EvaluationRecord {
    let (start, progress) = (ContinuousClock.now, reporter.progress())
    var sampling = configuration.samplingMode
    if let weights = options.weights {
      guard weights == .raw || trainer.generator.ema != nil else {
        throw EvaluationError("the run keeps no average of weights: leave --weights away, or train with ema.decay")
      }
      sampling.usesEMA = weights == .ema
    }
    var entries = conditions
    entries.append("generator's weights", sampling.usesEMA && trainer.generator.ema != nil ? "average" : "raw")
    entries.append("batch norm", sampling.usesRunningStatistics ? "running statistics" : "batches of \(Evaluator.page)")
    let classes = trainer.game.classes
    let isTold = trainer.generator.network.classes != nil
    if isTold { entries.append("classes", "\(classes) in turn") }
    entries.append("contract", trainer.generator.network.weights.device.contract.description)

    let report = try evaluator.evaluate(
      { range in
        let latents = trainer.latents(range.count, seed: options.seed, page: range.lowerBound / Evaluator.page)
        let labels =
          isTold
          ? Tensor(range.map { Double($0 % classes) }, shape: [range.count], on: latents.device) : nil
        let samples = trainer.samples(latents, labels: labels, sampling)
        return ImageBytes(
          try samples.imageBytes(), count: range.count, height: samples.shape[1], width: samples.shape[2],
          channels: samples.shape[3])
      }, entries
    ) { progress("samples", $0, $1) }
    reporter.show("")
    return EvaluationRecord(
      run: run, step: trainer.step, data: images?.trainPath ?? options.statistics ?? "",
      heldOutData: images?.heldOutPath,
      features: evaluator.extractor.suffix, seconds: (ContinuousClock.now - start) / .seconds(1), report: report)
  }
}

extension Configuration {
  /// What is measured while training goes on.
  var evaluationOptions: RunEvaluator.Options {
    var options = RunEvaluator.Options()
    (options.metrics, options.features) = (evaluation.metrics, evaluation.features)
    (options.count, options.seed) = (evaluation.count, UInt64(training.seed))
    return options
  }
}
