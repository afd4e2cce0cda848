import Devices
import Features
import Foundation
import Records
import Testing

@testable import Evaluation

private let fashion = URL(fileURLWithPath: "/usr/share/datasets/fashion-mnist")

/// Bright and dark images, with or without their labels.
private func plain(_ count: Int, size: Int = 8, labelled: Bool = true, classes: Int = 2) throws -> ImageArray {
  let labels = (0..<count).map { $0 % classes }
  let pixels = labels.flatMap { label in [UInt8](repeating: UInt8(40 + 150 * label / classes), count: size * size) }
  return try ImageArray(
    name: "plain", height: size, width: size, channels: 1, pixels: pixels, labels: labelled ? labels : nil)
}

private func short(_ steps: Int) -> Classifier.Settings {
  var settings = Classifier.Settings()
  (settings.steps, settings.filters) = (steps, 8)
  return settings
}

/// What images a classifier can learn: 28, 32 and 64 pixels, grey and colour; it learns what is easy, and its logits
/// and features are as wide as it says.
@Test(arguments: [(28, 1), (32, 3), (64, 1), (7, 1)])
func classifiersTakeImagesOfManySizes(size: Int, channels: Int) throws {
  let images = try plain(256, size: size, classes: 3).fitted(size: nil, channels: channels)
  let classifier = try Classifier.trained(on: images, heldOut: images, short(40), on: .cpu(threads: 1))
  let seen = try classifier.features(of: images.bytes(0..<256))
  #expect((seen.count, seen.width, seen.classes) == (256, 128, 3))
  #expect(classifier.width == 128 && classifier.classes == 3 && classifier.suffix == "classifier")
  #expect(classifier.accuracy > 0.9, "\(classifier.accuracy)")
}

/// Real clothes in a fifth of the usual training: the whole of it gives 90.9%.
@Test func clothesAreRecognised() throws {
  let (train, heldOut) = (try openDataset(at: fashion), try openDataset(at: fashion, split: .heldOut))
  let classifier = try Classifier.trained(
    on: train, heldOut: try heldOut.spread(2000), short(280), on: .cpu())
  #expect(classifier.accuracy > 0.84, "\(classifier.accuracy)")
}

/// The weights are a function of images and seed, whatever the threads; and another seed gives others.
@Test func classifiersAreReproducible() throws {
  let images = try DatasetPart(try openDataset(at: fashion), Array(0..<512), called: "some")
  func digits(seed: UInt64, threads: Int) throws -> String {
    var settings = short(5)
    settings.seed = seed
    return try Classifier.trained(on: images, heldOut: images, settings, on: .cpu(threads: threads)).network.digits()
  }
  let first = try digits(seed: 1, threads: 1)
  #expect(try digits(seed: 1, threads: 2) == first)
  #expect(try digits(seed: 2, threads: 1) != first)
}

/// A classifier that was trained is found again, with the same identity; other images, labels and settings need others;
/// a damaged file is replaced.
@Test func classifiersAreKept() throws {
  let folder = CacheFolder(path: NSTemporaryDirectory() + "saddle-kept-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(atPath: folder.path) }
  let device = try Device.cpu(threads: 1)
  var trainings = 0
  func open(_ images: ImageArray, _ settings: Classifier.Settings = short(20)) throws -> [String] {
    try Classifier.opened(for: images, heldOut: images, settings, in: folder, on: device) { _, _ in trainings += 1 }
      .identity.map(\.value)
  }
  let images = try plain(256)
  let first = try open(images)
  #expect(trainings == 1)
  #expect(try open(images) == first && trainings == 1)
  let relabelled = try ImageArray(
    name: "plain", height: 8, width: 8, channels: 1, pixels: images.pixels,
    labels: (images.labels ?? []).map { 1 - $0 })
  #expect(try open(relabelled) != first && trainings == 2)
  _ = try open(images, short(40))
  #expect(trainings == 4)
  for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
    try Data("no weights".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
  }
  #expect(try open(images) == first && trainings == 5)
}

/// Images that no classifier learns from, and what is said.
@Test(arguments: [
  ("unlabelled", ["no labels", "--features random"]), ("one class", ["one class only"]),
  ("few", ["has 20 images", "128 at least"]), ("small", ["6 x 6", "--features pixels"]),
])
func badImagesForClassifiers(kind: String, words: [String]) throws {
  let images =
    switch kind {
    case "unlabelled": try plain(256, labelled: false)
    case "one class": try plain(256, classes: 1)
    case "few": try plain(20)
    default: try plain(256, size: 6)
    }
  let error = try #require(throws: FeatureError.self) {
    try Classifier.trained(on: images, heldOut: images, on: .cpu(threads: 1))
  }
  for word in words { #expect(error.description.contains(word), "\(error)") }
}

@Test func classifiersRefuseOtherSizes() throws {
  let images = try plain(128)
  let classifier = try Classifier.trained(on: images, heldOut: images, short(1), on: .cpu(threads: 1))
  let error = try #require(throws: FeatureError.self) { try classifier.check(height: 8, width: 8, channels: 3) }
  #expect(error.description.contains("8 x 8 with 3 channels") && error.description.contains("8 x 8 with 1"), "\(error)")
}
