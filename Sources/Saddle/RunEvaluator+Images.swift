import Evaluation
import Features
import Foundation

extension RunEvaluator {
  /// The images that samples are compared with.
  struct Images {
    let train: any ImageDataset
    let trainPath: String
    /// Those of them that are compared with.
    let reference: any ImageDataset
    /// Images that training did not see; nil where there are none.
    let heldOut: (any ImageDataset)?
    let heldOutPath: String?

    /// Small pictures are compared with so many training images.
    private static let thumbnails = 60_000

    /// - Throws: `DatasetError` that names the file or folder at fault.
    init(_ configuration: Configuration, _ options: Options) throws {
      trainPath = options.data ?? configuration.data.path
      guard !trainPath.isEmpty else { throw EvaluationError("there is nothing to compare with: give --data") }
      train = try configuration.openData(at: trainPath)
      heldOut = try configuration.openHeldOut(at: options.heldOut, of: trainPath)
      heldOutPath = heldOut == nil ? nil : options.heldOut ?? trainPath
      reference = try train.spread(options.reference ?? options.count)
    }

    /// What samples are compared with by some features, and held-out pictures; features that were computed before are
    /// read from the cache.
    ///
    /// - Parameter entries: Where the protocol's part on the images goes.
    /// - Throws: `DatasetError`; what the extractor throws.
    func reference(
      by extractor: any FeatureExtractor, needing metrics: [Metric], _ entries: inout EvaluationProtocol,
      _ progress: (_ what: String, _ done: Int, _ count: Int) -> Void
    ) throws -> (reference: Reference, heldOut: ImageBytes?) {
      let cache = FeatureCache()
      func features(_ name: String, _ images: any ImageDataset, _ text: String) throws -> Features {
        let digits = try images.sha256()
        entries.append(name, text)
        entries.append("\(name)'s sha256", digits)
        return try cache.features(of: images, digits: digits, by: extractor) { progress("\(name) images", $0, $1) }
      }
      let size = "\(train.height) x \(train.width) x \(train.channels)"
      let real = try features(
        "reference", reference, "\(reference.count) of \(train.count) training images of \(size)")
      // As many as the others: what more of them would tell, the samples could not answer.
      let judged = try heldOut?.spread(reference.count)
      let others = try judged.map { try features("held-out", $0, "\($0.count) of \(heldOut?.count ?? 0) images") }
      var thumbnails: (train: Features, heldOut: Features, share: Double)?
      if let heldOut, metrics.contains(where: { $0.needs.contains(.heldOut) }) {
        let some = try train.spread(Self.thumbnails)
        thumbnails = (
          try some.thumbnails(), try heldOut.spread(Self.thumbnails).thumbnails(),
          Double(some.count) / Double(train.count)
        )
      }
      func pictures(_ images: any ImageDataset) throws -> ImageBytes {
        let some = try images.spread(Metric.pictures)
        return try some.bytes(0..<some.count)
      }
      return (
        Reference(
          moments: FeatureMoments(real), features: real, heldOut: others, images: try pictures(reference),
          thumbnails: thumbnails), try judged.map(pictures)
      )
    }
  }
}
