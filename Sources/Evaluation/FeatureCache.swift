import Datasets
import Devices
import Features
import Records

/// Features of real images on disk, by what they are of and what saw them, so that they are computed once.
package struct FeatureCache {
  private let folder: CacheFolder?

  /// - Parameter folder: The user's own by default; nil keeps nothing.
  package init(_ folder: CacheFolder? = .user) { self.folder = folder }

  /// The features of all images of a data set.
  ///
  /// - Parameters:
  ///   - digits: The images' hash, as `ImageDataset.sha256` gives it.
  ///   - progress: Told how many images are done; not at all where they were known.
  /// - Throws: `DatasetError`; what the extractor throws.
  package func features(
    of images: any ImageDataset, digits: String, by extractor: any FeatureExtractor,
    progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }
  ) throws -> Features {
    let name = "features-\(Self.key(digits, extractor).prefix(32)).safetensors"
    if let folder, let kept = Self.reading(name, in: folder, count: images.count, extractor) { return kept }
    var features = Features(count: 0, width: extractor.width, values: [], classes: extractor.classes)
    for start in stride(from: 0, to: images.count, by: Evaluator.page) {
      let end = min(start + Evaluator.page, images.count)
      features.append(try extractor.features(of: images.bytes(start..<end)))
      progress(end, images.count)
    }
    // What cannot be kept is computed again next time: no reason to fail.
    if let folder { try? folder.write(to: name) { try Self.file(features).write(to: $0) } }
    return features
  }

  private static func key(_ digits: String, _ extractor: any FeatureExtractor) -> String {
    let entries = extractor.identity.map { "\($0.name): \($0.value)" }
    return SHA256.digest(of: (["features 1", digits] + entries).joined(separator: "\n").utf8).description
  }

  private static func file(_ features: Features) -> SafetensorsFile {
    SafetensorsFile(tensors: [
      .init("values", shape: [features.count, features.width], .float32(features.values)),
      .init("logits", shape: [features.count, features.classes], .float32(features.logits)),
    ])
  }

  private static func reading(
    _ name: String, in folder: CacheFolder, count: Int, _ extractor: any FeatureExtractor
  ) -> Features? {
    guard let bytes = folder.read(name),
      let file = try? SafetensorsFile(bytes: bytes, path: folder.file(name), strict: true),
      let values = try? file.float32("values", shape: [count, extractor.width]),
      let logits = try? file.float32("logits", shape: [count, extractor.classes])
    else { return nil }
    return Features(
      count: count, width: extractor.width, values: values, classes: extractor.classes, logits: logits)
  }
}
