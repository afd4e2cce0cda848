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
    /// A file of mean and covariance to compare with in the images' place.
    public var statistics: String?
    /// The weights that samples are drawn with; the configuration's where it is nil.
    public var weights: Configuration.Sampling.Weights?
    public var seed: UInt64 = 1

    public init() {}
  }

  /// What is said and shown on the way.
  public struct Voice {
    /// A line that stays.
    let say: (String) -> Void
    /// A line that the next one replaces; empty at the end.
    let show: (String) -> Void

    public init(say: @escaping (String) -> Void, show: @escaping (String) -> Void) {
      (self.say, self.show) = (say, show)
    }

    /// Says nothing.
    public static var silent: Voice { Voice(say: { _ in }, show: { _ in }) }
  }

  public let evaluator: Evaluator
  public let configuration: Configuration
  private let options: Options
  private let images: Images
  private let conditions: EvaluationProtocol
  private let voice: Voice

  /// The images of either kind, with their hashes.
  private struct Images {
    let train: any ImageDataset
    let trainPath: String
    let reference: any ImageDataset
    let heldOut: (any ImageDataset)?
    let heldOutPath: String?
  }

  /// Opens data and features, and computes all that does not depend on the generator.
  ///
  /// What can be wrong is found first: names, data, whether the metrics can be had.
  ///
  /// - Throws: `EvaluationError`, `FeatureError`, `DatasetError`, the device's first failure.
  public init(_ configuration: Configuration, _ options: Options = Options(), on device: Device, _ voice: Voice) throws
  {
    (self.configuration, self.options, self.voice) = (configuration, options, voice)
    let wanted = try options.metrics.map { try Metric.named($0) }
    try FeatureSource.check(options.features)
    images = try Self.open(configuration, options)
    let shape = configuration.sampleShape

    // Before anything is computed: what these data cannot serve is refused where it was asked for.
    var serves: Set<Metric.Need> = [.features, .logits, .moments, .realFeatures, .images]
    if images.heldOut != nil { serves.insert(.heldOut) }
    if let missing = wanted?.first(where: { !$0.needs.isSubset(of: serves) }) {
      throw EvaluationError(
        "\(missing.name) needs images that training did not see: put some into a folder held-out beside train, or give "
          + "--held-out")
    }

    let start = ContinuousClock.now
    let progress = { (what: String, done: Int, count: Int) in
      let left = (ContinuousClock.now - start) / .seconds(1) * Double(count - done) / Double(max(done, 1))
      voice.show("\(what): \(done) of \(count)  \(ProgressLine.duration(left)) left")
    }
    let context = FeatureSource.Context(
      images: images.train, heldOut: images.heldOut, device: device, seed: 0, progress: progress)
    let (row, file) = try FeatureSource.chosen(options.features, context)
    let extractor = try row.open(context, file)
    voice.show("")
    try extractor.check(height: shape[0], width: shape[1], channels: shape[2])
    if options.features == "auto" { voice.say("features: \(row.name), \(row.summary)") }
    if let classifier = extractor as? Classifier {
      voice.say(String(format: "classifier: %.2f%% of held-out images right", 100 * classifier.accuracy))
    }

    let metrics =
      wanted
      ?? Metric.all.filter { metric in
        metric.needs.isSubset(of: serves) && (extractor.classes > 0 || !metric.needs.contains(.logits))
          && metric.least <= options.count
      }
    try Evaluator.check(metrics, extractor, count: options.count, serves: serves)
    if let caution = Evaluator.caution(
      metrics, width: extractor.width, count: options.count, real: images.reference.count)
    {
      voice.say("warning: \(caution)")
    }

    let cache = FeatureCache()
    let digits = try images.reference.sha256()
    let real = try cache.features(of: images.reference, digits: digits, by: extractor) {
      progress("real images", $0, $1)
    }
    var entries = EvaluationProtocol([
      (
        "reference", "\(real.count) of \(images.train.count) training images of \(shape[0]) x \(shape[1]) x \(shape[2])"
      ),
      ("reference's sha256", digits),
    ])
    let heldOut = try images.heldOut.map { others in
      let digits = try others.sha256()
      entries.append("held-out", "\(others.count) images")
      entries.append("held-out's sha256", digits)
      return try cache.features(of: others, digits: digits, by: extractor) { progress("held-out images", $0, $1) }
    }
    voice.show("")
    for entry in extractor.identity { entries.append(entry.name, entry.value) }
    entries.append("samples", "\(options.count), seed \(options.seed)")
    conditions = entries
    let pictures = try images.reference.spread(2000)
    let heldOutPictures = try images.heldOut?.spread(2000)
    evaluator = try Evaluator(
      extractor, metrics,
      reference: Reference(
        moments: FeatureMoments(real), features: real, share: Double(real.count) / Double(images.train.count),
        heldOut: heldOut, images: try pictures.bytes(0..<pictures.count)),
      heldOutImages: try heldOutPictures.map { try $0.bytes(0..<$0.count) }, count: options.count, seed: options.seed,
      classNames: (extractor as? Classifier)?.classNames ?? [])
  }

  private static func open(_ configuration: Configuration, _ options: Options) throws -> Images {
    let shape = configuration.sampleShape
    guard shape.rank == 3 else {
      throw EvaluationError(
        "the run was trained on points, which metrics of images do not judge: saddle lab modes counts their modes")
    }
    let background = configuration.data.background
    func open(_ path: String, _ part: Split) throws -> any ImageDataset {
      try openDataset(
        at: URL(fileURLWithPath: path), split: part, size: shape[0], channels: shape[2],
        background: RGB(red: background.red, green: background.green, blue: background.blue))
    }
    let path = options.data ?? configuration.data.path
    guard !path.isEmpty else { throw EvaluationError("there is nothing to compare with: give --data") }
    let train = try open(path, .train)
    // A path that was given must open; the data's own part may be missing.
    let heldOut = try options.heldOut.map { try open($0, .train) } ?? (try? open(path, .heldOut))
    return Images(
      train: train, trainPath: path, reference: try train.spread(options.reference ?? options.count), heldOut: heldOut,
      heldOutPath: heldOut == nil ? nil : options.heldOut ?? path)
  }

  // MARK: Evaluating

  /// Whether another run's samples can be compared with the same images.
  public func serves(_ other: Configuration) -> Bool {
    (options.data != nil || other.data == configuration.data) && other.sampleShape == configuration.sampleShape
      && other.data.background == configuration.data.background
  }

  /// Evaluates a generator as it stands.
  ///
  /// - Parameters:
  ///   - configuration: The run's, which `serves` has agreed to.
  ///   - run: The run's folder, for the record.
  /// - Throws: The device's first failure; what metrics throw.
  public func evaluate(_ trainer: Trainer, _ configuration: Configuration, run: String) throws -> EvaluationRecord {
    let start = ContinuousClock.now
    var sampling = configuration.samplingMode
    if let weights = options.weights {
      guard weights == .raw || trainer.generator.average != nil else {
        throw EvaluationError("the run keeps no average of weights: leave --weights away, or train with average.decay")
      }
      sampling.usesAverage = weights == .average
    }
    var entries = conditions
    entries.append("weights", sampling.usesAverage && trainer.generator.average != nil ? "average" : "raw")
    entries.append("batch norm", sampling.usesRunningStatistics ? "running statistics" : "batches of \(Evaluator.page)")
    let classes = trainer.game.classes
    let isTold = trainer.generator.network.classes != nil
    if isTold { entries.append("classes", "\(classes) in turn") }
    entries.append("contract", TrainingRun.contract)

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
    ) { done, count in
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      voice.show(
        "samples: \(done) of \(count)  \(ProgressLine.duration(seconds * Double(count - done) / Double(done))) left")
    }
    voice.show("")
    return EvaluationRecord(
      run: run, step: trainer.step, data: images.trainPath, heldOutData: images.heldOutPath,
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
