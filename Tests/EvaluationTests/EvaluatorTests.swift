import Devices
import Features
import Foundation
import Testing

@testable import Evaluation

/// What a number is called: the papers' names for the papers' features alone.
@Test(arguments: [
  ("fid", "", ["FID"]), ("fid", "lite0", ["FD-lite0"]), ("kid", "", ["KID"]), ("kid", "random", ["KD-random"]),
  ("is", "", ["IS"]), ("is", "classifier", ["IS-classifier"]),
  ("precision-recall", "classifier", ["precision-classifier", "recall-classifier"]),
  ("fid", "inception-12345678", ["FD-inception-12345678"]), ("diversity", "lite0", ["MS-SSIM"]),
])
func numbersBearTheirFeatures(metric: String, suffix: String, names: [String]) throws {
  let metric = try #require(Metric.named(metric).first)
  let isOfFeatures = metric.needs.contains(.features)
  #expect(metric.columns.map { $0.name(isOfFeatures ? suffix : nil) } == names)
}

/// What cannot be evaluated is refused before it is begun.
struct Refusal: Sendable, CustomTestStringConvertible {
  let metrics: String
  var count = 100
  var serves: Set<Metric.Need> = [.features, .logits, .moments, .realFeatures, .images, .heldOut]
  let words: [String]
  var testDescription: String { words.joined(separator: " ") }
}

@Test(arguments: [
  Refusal(metrics: "fidd", words: ["'fidd'", "there are fid, kid"]),
  Refusal(metrics: "", words: ["no metric is named"]),
  Refusal(metrics: "fid,is", words: ["is needs a classifier", "'pixels'"]),
  Refusal(metrics: "fid,precision-recall", count: 3, words: ["precision-recall needs 4 samples", "not 3"]),
  Refusal(
    metrics: "fid,kid,detail", serves: [.features, .logits, .moments],
    words: ["kid, detail cannot be had", "a mean and a covariance alone", "fid,is only"]),
  Refusal(
    metrics: "copying", serves: [.features, .logits, .moments, .realFeatures, .images],
    words: ["copying cannot be had", "--held-out"]),
])
func badEvaluationsAreRefused(row: Refusal) throws {
  let pixels = Pixels(height: 8, width: 8, channels: 1)
  let error = try #require(throws: EvaluationError.self) {
    try Evaluator.check(try Metric.named(row.metrics), pixels, count: row.count, serves: row.serves)
  }
  for word in row.words { #expect(error.description.contains(word), "\(error)") }
}

/// Too few images for the covariance are told of, and only where a covariance is wanted.
@Test(arguments: [
  ("fid", 100, 1000, "100 samples are too few for the covariance of 128 features"),
  ("fid", 1000, 128, "128 real images are too few"), ("fid", 1000, 1000, nil), ("kid", 100, 100, nil),
])
func fewSamplesAreToldOf(metrics: String, count: Int, real: Int, words: String?) throws {
  let caution = Evaluator.caution(try Metric.named(metrics), width: 128, count: count, real: real)
  #expect(words.map { caution?.contains($0) == true } ?? (caution == nil), "\(caution ?? "nothing")")
}

/// Protocols are equal where all that they say is, and no two that differ share a hash.
@Test func protocolsAreToldApart() {
  let entries: [(name: String, value: String)] = [("reference", "10 images"), ("seed", "1"), ("weights", "raw")]
  let first = EvaluationProtocol(entries)
  #expect(EvaluationProtocol(entries).hash == first.hash && first.hash.count == 12)
  var hashes: Set<String> = [first.hash]
  for (place, value) in [(0, "11 images"), (1, "2"), (2, "average")] {
    var other = entries
    other[place].value = value
    #expect(hashes.insert(EvaluationProtocol(other).hash).inserted)
  }
  #expect(first["weights"] == "raw" && first["nothing"] == nil)
}

/// Real features are computed once for each set of images and each extractor.
@Test func featuresAreKept() throws {
  let folder = CacheFolder(path: NSTemporaryDirectory() + "saddle-features-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(atPath: folder.path) }
  let images = try ImageArray(
    name: "ramp", height: 2, width: 2, channels: 1, pixels: (0..<1200).map { UInt8($0 % 251) })
  let cache = FeatureCache(folder)
  var told = 0
  func features(_ digits: String) throws -> [Float] {
    try cache.features(of: images, digits: digits, by: Pixels(height: 2, width: 2, channels: 1)) { _, _ in told += 1 }
      .values
  }
  let first = try features(images.sha256())
  #expect(first == (0..<1200).map { Float($0 % 251) / 255 } && told == 2)
  #expect(try features(images.sha256()) == first && told == 2)
  _ = try features("other images")
  #expect(told == 4)
}

/// The hash of decoded bytes is the one that hashlib gives for the same bytes: of 0, 1, ..., 47.
@Test func dataSetsAreNamedByTheirBytes() throws {
  let images = try ImageArray(name: "ramp", height: 4, width: 4, channels: 3, pixels: (0..<48).map { UInt8($0) })
  #expect(try images.sha256() == "4dbdc2b2b62cb00749785bc84202236dbc3777d74660611b8e58812f0cfde6c3")
}

/// By hand: an image of 3 x 3 with one bright pixel in its middle has (4 · 10)² there; two by two blocks of 17 x 17.
@Test func picturesAreMeasured() {
  let dot = ImageBytes([0, 0, 0, 0, 10, 0, 0, 0, 0], count: 1, height: 3, width: 3, channels: 1)
  #expect(dot.meanSquaredLaplacian == 1600)
  let halves = ImageBytes(
    (0..<18 * 18).map { $0 % 18 < 9 ? 0 : 255 }, count: 1, height: 18, width: 18, channels: 1)
  let small = halves.thumbnails
  #expect(small.width == 81 && small.values[0] == 0 && small.values[4] == 0.5 && small.values[8] == 1)
}
