import Adversaries
import Datasets

/// Where real samples come from, batch after batch.
protocol SampleSource: AnyObject {
  /// What is trained on, in a line.
  var summary: String { get }
  /// Samples in all; an epoch sees each once.
  var count: Int { get }
  /// The next batch, its samples [N, ...] in [-1, 1].
  func next() throws -> Batch
  /// Stops what runs in the background.
  func stop()
}

/// Images, decoded and put in order in the background.
final class ImageSource: SampleSource {
  private let dataset: any ImageDataset
  private let prefetcher: BatchPrefetcher
  /// Each image's class, -1 where it is not told; nil for games without classes.
  private let labels: [Int]?
  /// Each image's class where `labels` hides some.
  private let truths: [Int]?
  private let device: Device

  /// - Parameter first: Batches that were drawn before: a run that resumes goes on with the next.
  init(_ dataset: any ImageDataset, _ configuration: Configuration, first: Int, on device: Device) throws {
    (self.dataset, self.device) = (dataset, device)
    let sampler = try BatchSampler(
      count: dataset.count, batchSize: configuration.training.batch, seed: UInt64(configuration.training.seed),
      flips: configuration.data.flip ? .horizontal : .none)
    let (epoch, batch) = first.quotientAndRemainder(dividingBy: sampler.batchesPerEpoch)
    labels = try Self.labels(of: dataset, configuration)
    truths = labels != nil && configuration.data.labelled > 0 ? dataset.labels : nil
    prefetcher = BatchPrefetcher(dataset, sampler, from: .init(epoch: epoch, batch: batch))
  }

  private static func labels(of dataset: any ImageDataset, _ configuration: Configuration) throws -> [Int]? {
    let classes = configuration.model.classes
    guard classes > 0 else { return nil }
    guard let labels = dataset.labels, let last = labels.max() else {
      throw ConfigurationError.contradiction(
        "model.classes is \(classes), but \(dataset.name) has no labels: give data with labels (IDX, CIFAR-10, or a folder "
          + "for each class), or set model.classes=0")
    }
    guard last < classes else {
      throw ConfigurationError.contradiction(
        "model.classes is \(classes), but \(dataset.name) has \(last + 1) classes: set model.classes=\(last + 1)")
    }
    guard configuration.data.labelled > 0 else { return labels }
    // The first of each class, in the order of the data: no random choice that a seed would move.
    var kept = [Int](repeating: 0, count: classes)
    return labels.map { label in
      kept[label] += 1
      return kept[label] <= configuration.data.labelled ? label : -1
    }
  }

  var summary: String {
    "\(dataset.name): \(dataset.count) images, \(dataset.height) x \(dataset.width), "
      + (dataset.channels == 1 ? "grey" : "colour")
  }
  var count: Int { dataset.count }

  func next() throws -> Batch {
    let batch = try prefetcher.next()
    let shape: Shape = [batch.indices.count, dataset.height, dataset.width, dataset.channels]
    func classes(_ all: [Int]?) -> Tensor? {
      all.map { all in Tensor(batch.indices.map { Double(all[$0]) }, shape: [batch.indices.count], on: device) }
    }
    return Batch(
      Tensor(imageBytes: batch.bytes, shape: shape, on: device), labels: classes(labels), truths: classes(truths))
  }

  func stop() { prefetcher.stop() }
}
