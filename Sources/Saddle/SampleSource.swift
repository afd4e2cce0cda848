import Adversaries
import Datasets
import Evaluation

/// Where real samples come from, batch after batch.
protocol SampleSource: AnyObject {
  /// What is trained on, in a line.
  var summary: String { get }
  /// Samples in all; an epoch sees each once.
  var count: Int { get }
  /// The next batch, its samples [N, ...] in [-1, 1]; nil where somebody asks to stop waiting for it.
  func next(unless isInterrupted: () -> Bool) throws -> Batch?
  /// What tells the data from others; nil where they are drawn, and the configuration says all.
  var fingerprint: String? { get }
  /// Stops what runs in the background.
  func stop()
}

extension SampleSource {
  /// The next batch, however long it takes.
  func next() throws -> Batch {
    guard let batch = try next(unless: { false }) else { preconditionFailure("nobody asked to stop waiting") }
    return batch
  }
}

/// Images, decoded and put in order in the background.
final class ImageSource: SampleSource {
  private let dataset: any ImageDataset
  private let prefetcher: BatchPrefetcher
  /// Batches of the images whose labels are told, where those of the others are not.
  private let lessons: BatchPrefetcher?
  /// Whether there are classes to be told.
  private let hasClasses: Bool
  private let device: Device
  let fingerprint: String?

  /// - Parameter first: Batches that were drawn before: a run that resumes goes on with the next.
  init(_ dataset: any ImageDataset, _ configuration: Configuration, first: Int, on device: Device) throws {
    (self.dataset, self.device) = (dataset, device)
    fingerprint = try Self.fingerprint(of: dataset)
    let labels = try Self.labels(of: dataset, configuration)
    hasClasses = labels != nil
    let batch = configuration.training.batch
    prefetcher = try Self.batches(of: batch, from: dataset, configuration, first: first)
    guard let labels, configuration.data.labelled > 0 else {
      lessons = nil
      return
    }
    // The first of each class, in the order of the data: no random choice that a seed would move.
    var kept = [Int](repeating: 0, count: configuration.model.classes)
    let told = labels.indices.filter {
      kept[labels[$0]] += 1
      return kept[labels[$0]] <= configuration.data.labelled
    }
    let part = try DatasetPart(dataset, told, called: "labelled")
    lessons = try Self.batches(of: min(batch, part.count), from: part, configuration, first: first)
  }

  private static func batches(
    of size: Int, from dataset: any ImageDataset, _ configuration: Configuration, first: Int
  ) throws -> BatchPrefetcher {
    let sampler = try BatchSampler(
      count: dataset.count, batchSize: size, seed: UInt64(configuration.training.seed),
      flips: configuration.data.flip ? .horizontal : .none)
    let (epoch, batch) = first.quotientAndRemainder(dividingBy: sampler.batchesPerEpoch)
    return BatchPrefetcher(dataset, sampler, from: .init(epoch: epoch, batch: batch))
  }

  /// The names of all files, all labels, and the pixels of some images: what costs little and changes with the data.
  private static func fingerprint(of dataset: any ImageDataset) throws -> String {
    var hash = SHA256()
    let shape = [dataset.count, dataset.height, dataset.width, dataset.channels]
    let names = (dataset as? FolderDataset)?.fileNames ?? []
    hash.add(Array("\(shape) \(dataset.classNames) \(names)".utf8))
    hash.add(
      (dataset.labels ?? []).flatMap { label in withUnsafeBytes(of: Int32(truncatingIfNeeded: label)) { Array($0) } })
    let some = try dataset.spread(64)
    hash.add(try some.read(Array(0..<some.count)))
    return hash.digest.description
  }

  private static func labels(of dataset: any ImageDataset, _ configuration: Configuration) throws -> [Int]? {
    let classes = configuration.model.classes
    guard classes > 0 else { return nil }
    guard let labels = dataset.labels, let first = labels.min(), let last = labels.max() else {
      throw ConfigurationError.contradiction(
        "model.classes is \(classes), but \(dataset.name) has no labels: give data with labels (IDX, CIFAR-10, or a folder "
          + "for each class), or set model.classes=0")
    }
    guard first >= 0 else {
      throw DatasetError(path: dataset.name, problem: "has the label \(first)", remedy: "labels are numbers from 0 on")
    }
    guard last < classes else {
      throw ConfigurationError.contradiction(
        "model.classes is \(classes), but \(dataset.name) has \(last + 1) classes: set model.classes=\(last + 1)")
    }
    return labels
  }

  var summary: String {
    "\(dataset.name): \(dataset.count) images, \(dataset.height) x \(dataset.width), "
      + (dataset.channels == 1 ? "grey" : "colour") + dataset.notes.map { "; " + $0 }.joined()
  }
  var count: Int { dataset.count }

  func next(unless isInterrupted: () -> Bool) throws -> Batch? {
    guard let batch = try prefetcher.next(unless: isInterrupted) else { return nil }
    var labeledBatch: ImageBatch?
    if let lessons {
      labeledBatch = try lessons.next(unless: isInterrupted)
      if labeledBatch == nil { return nil }
    }
    let classes = hasClasses ? classes(of: batch) : nil
    return Batch(
      samples(of: batch), labels: labeledBatch == nil ? classes : nil, trueLabels: classes,
      labeledBatch: labeledBatch.flatMap { labeledBatch in
        self.classes(of: labeledBatch).map { Batch.Labeled(samples(of: labeledBatch), labels: $0) }
      })
  }

  private func samples(of batch: ImageBatch) -> Tensor {
    Tensor(
      imageBytes: batch.bytes, shape: [batch.indices.count, dataset.height, dataset.width, dataset.channels], on: device
    )
  }

  private func classes(of batch: ImageBatch) -> Tensor? {
    batch.labels.map { Tensor($0.map(Double.init), shape: [$0.count], on: device) }
  }

  func stop() {
    prefetcher.stop()
    lessons?.stop()
  }
}
