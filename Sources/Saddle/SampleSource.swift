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
  /// Each image's class; nil for games without classes.
  private let labels: [Int]?
  /// The images whose labels are told, where those of all others are not, and how many come with each batch.
  private var lessons: (draws: ImageDraws, count: Int)?
  private var drawn: Int
  private let device: Device

  /// - Parameter first: Batches that were drawn before: a run that resumes goes on with the next.
  init(_ dataset: any ImageDataset, _ configuration: Configuration, first: Int, on device: Device) throws {
    (self.dataset, self.device) = (dataset, device)
    let sampler = try BatchSampler(
      count: dataset.count, batchSize: configuration.training.batch, seed: UInt64(configuration.training.seed),
      flips: configuration.data.flip ? .horizontal : .none)
    let (epoch, batch) = first.quotientAndRemainder(dividingBy: sampler.batchesPerEpoch)
    labels = try Self.labels(of: dataset, configuration)
    drawn = first
    if let labels, configuration.data.labelled > 0 {
      // The first of each class, in the order of the data: no random choice that a seed would move.
      var kept = [Int](repeating: 0, count: configuration.model.classes)
      let told = labels.indices.filter {
        kept[labels[$0]] += 1
        return kept[labels[$0]] <= configuration.data.labelled
      }
      let part = try DatasetPart(dataset, told, called: "labelled")
      lessons = (
        try ImageDraws(part, seed: UInt64(configuration.training.seed)), min(configuration.training.batch, told.count)
      )
    }
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
    return labels
  }

  var summary: String {
    "\(dataset.name): \(dataset.count) images, \(dataset.height) x \(dataset.width), "
      + (dataset.channels == 1 ? "grey" : "colour")
  }
  var count: Int { dataset.count }

  func next() throws -> Batch {
    let batch = try prefetcher.next()
    let samples = tensor(batch.bytes, of: dataset, batch.indices.count)
    let truths = labels.map { numbers(batch.indices, $0) }
    drawn += 1
    return Batch(samples, labels: lessons == nil ? truths : nil, truths: truths, lesson: try lesson())
  }

  private func lesson() throws -> Batch.Lesson? {
    guard let count = lessons?.count, let indices = lessons?.draws.indices(drawn, count),
      let told = lessons?.draws.dataset, let labels = told.labels
    else { return nil }
    return Batch.Lesson(tensor(try told.read(indices), of: told, count), labels: numbers(indices, labels))
  }

  private func tensor(_ bytes: [UInt8], of dataset: any ImageDataset, _ count: Int) -> Tensor {
    Tensor(imageBytes: bytes, shape: [count, dataset.height, dataset.width, dataset.channels], on: device)
  }

  private func numbers(_ indices: [Int], _ labels: [Int]) -> Tensor {
    Tensor(indices.map { Double(labels[$0]) }, shape: [indices.count], on: device)
  }

  func stop() { prefetcher.stop() }
}
