import Devices
import Features
import Foundation
import Testing

@testable import Evaluation

/// Fashion-MNIST in small: what a generator learned from, what it did not, and what generators are made of.
private struct Clothes {
  let train, heldOut, others: any ImageDataset
  let extractor: Classifier
  let reference: Reference

  /// The classifier is trained once for all rows: they run one after the other and find it in this folder.
  init() throws {
    let folder = URL(fileURLWithPath: "/usr/share/datasets/fashion-mnist")
    train = try DatasetPart(try openDataset(at: folder), Array(0..<10_000), called: "first")
    let halves = try openDataset(at: folder, split: .heldOut).divided(share: 0.5)
    (heldOut, others) = (halves.share, halves.rest)
    var settings = Classifier.Settings()
    (settings.steps, settings.filters) = (300, 16)
    let cache = CacheFolder(path: NSTemporaryDirectory() + "saddle-defects-\(getpid())")
    extractor = try Classifier.opened(for: train, heldOut: heldOut, settings, in: cache, on: .cpu())
    let some = try train.spread(2500)
    let real = try extractor.features(of: some.bytes(0..<2500))
    reference = Reference(
      moments: FeatureMoments(real), features: real, heldOut: try extractor.features(of: heldOut.bytes(0..<5000)),
      images: try some.bytes(0..<2000),
      thumbnails: (try train.thumbnails(), try heldOut.thumbnails(), 1))
  }

  func evaluator(_ names: String = "all") throws -> Evaluator {
    try Evaluator(
      extractor, try Metric.named(names), reference: reference, heldOutImages: try heldOut.bytes(0..<2000),
      count: 2500, seed: 1, classNames: extractor.classNames)
  }
}

/// A generator with a defect that is known: which images it gives, what must be said of it, and which figures move:
/// each beside what held-out images give.
private struct KnownDefect: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let images: @Sendable (Clothes) throws -> ImageBytes
  let names: [String]
  var words: [String] = []
  /// Name of a figure, and whether its value and what held-out images give are as they should be.
  let moves: [(String, @Sendable (Double, Double) -> Bool)]

  static let all: [KnownDefect] = [
    KnownDefect(
      testDescription: "none: other real images", images: { try $0.others.bytes(0..<2500) }, names: [],
      moves: [
        ("FD-classifier", { $0 < 2 * $1 + 0.5 }), ("copying", { value, _ in abs(value) < 0.2 }),
        ("precision-classifier", { abs($0 - $1) < 0.1 }), ("recall-classifier", { abs($0 - $1) < 0.1 }),
        ("detail", { abs($0 - $1) < 0.1 }), ("MS-SSIM", { abs($0 - $1) < 0.05 }),
      ]),
    KnownDefect(
      testDescription: "a class is missing",
      images: { clothes in
        let labels = clothes.others.labels ?? []
        return try DatasetPart(clothes.others, labels.indices.filter { labels[$0] != 8 }, called: "kept")
          .bytes(0..<2500)
      }, names: ["missing classes"], words: ["'8' makes", "of held-out images", "input.pack=2"],
      moves: [
        ("FD-classifier", { $0 > 2 * $1 }), ("modes-classifier", { $0 == $1 - 1 }),
        ("KL-modes-classifier", { $0 > $1 + 0.05 }), ("coverage-classifier", { $0 < $1 - 0.05 }),
      ]),
    KnownDefect(
      testDescription: "training images are repeated", images: { try $0.train.bytes(2000..<4500) },
      names: ["memorised"], words: ["repeat training images", "input.augment"],
      moves: [("copying", { value, _ in value > 0.8 }), ("FD-classifier", { $0 < $1 + 2 })]),
    KnownDefect(
      testDescription: "blurred", images: { try $0.others.bytes(0..<2500).blurred }, names: ["blurred"],
      words: ["are blurred", "fine detail"],
      moves: [("detail", { $0 < 0.6 * $1 }), ("FD-classifier", { $0 > 3 * $1 }), ("KD-classifier", { $0 > $1 })]),
    KnownDefect(
      testDescription: "noisy", images: { try $0.others.bytes(0..<2500).noisy }, names: ["noisy"], words: ["are noisy"],
      moves: [
        ("detail", { $0 > 1.7 * $1 }), ("FD-classifier", { $0 > 3 * $1 }), ("precision-classifier", { $0 < $1 - 0.1 }),
      ]),
    KnownDefect(
      testDescription: "collapsed",
      images: { try DatasetPart($0.others, (0..<2500).map { $0 % 60 }, called: "few").bytes(0..<2500) },
      names: ["narrow"], words: ["less varied", "mode collapse"],
      moves: [("recall-classifier", { $0 < 0.6 * $1 }), ("coverage-classifier", { $0 < 0.6 * $1 })]),
  ]
}

@Suite(.serialized) struct DefectTests {
  @Test(arguments: KnownDefect.all)
  private func defectsAreNamed(row: KnownDefect) throws {
    let clothes = try Clothes()
    let images = try row.images(clothes)
    let report = try clothes.evaluator().evaluate({ images.part($0) }, EvaluationProtocol())
    #expect(report.defects.map(\.name) == row.names, "\(report.defects)\n\(report.figures)")
    let says = report.defects.map(\.says).joined(separator: "\n")
    for word in row.words { #expect(says.contains(word), "\(says)") }
    for (name, isMoved) in row.moves {
      let value = try #require(report.figures.first { $0.name == name }, "\(name)").value
      let expected = report.baseline.first { $0.name == name }?.value ?? .nan
      #expect(isMoved(value, expected), "\(name): \(value), held-out \(expected)")
    }
  }

  /// Numbers that decide nothing here: every metric has its figures, by their names, and those of held-out images.
  @Test func everyMetricHasItsFigures() throws {
    let clothes = try Clothes()
    let images = try clothes.others.bytes(0..<2500)
    let report = try clothes.evaluator().evaluate({ images.part($0) }, EvaluationProtocol())
    let names = Metric.all.flatMap { metric in
      metric.columns.map { $0.name(metric.needs.contains(.features) ? "classifier" : nil) }
    }
    #expect(report.figures.map(\.name) == names && Set(names).count == names.count)
    #expect(report.baseline.map(\.name) == names.filter { $0 != "copying" })
    #expect(report.figures.allSatisfy { $0.value.isFinite && $0.generated > 0 })
    // The same seed gives the same numbers.
    let again = try clothes.evaluator("kid,is,diversity").evaluate({ images.part($0) }, EvaluationProtocol())
    #expect(again.figures == report.figures.filter { ["kid", "is", "diversity"].contains($0.metric) })
  }
}

extension ImageBytes {
  /// The mean of each pixel and its eight neighbours; pixels outside are 0.
  fileprivate var blurred: ImageBytes {
    mapped { image, y, x, channel in
      var sum = 0
      for row in y - 1...y + 1 {
        for column in x - 1...x + 1 where row >= 0 && row < height && column >= 0 && column < width {
          sum += Int(bytes[((image * height + row) * width + column) * channels + channel])
        }
      }
      return sum / 9
    }
  }

  /// With noise of four uniform numbers, of deviation 40, from a generator of its own (Knuth's MMIX).
  fileprivate var noisy: ImageBytes {
    var state: UInt64 = 1
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 53)
    }
    return mapped { image, y, x, channel in
      let noise = (0..<4).reduce(-2.0) { sum, _ in sum + uniform() } * 3.0.squareRoot() * 40
      return Int(bytes[((image * height + y) * width + x) * channels + channel]) + Int(noise)
    }
  }

  private func mapped(_ pixel: (_ image: Int, _ y: Int, _ x: Int, _ channel: Int) -> Int) -> ImageBytes {
    var result = bytes
    for place in bytes.indices {
      let (rest, channel) = place.quotientAndRemainder(dividingBy: channels)
      let (row, x) = rest.quotientAndRemainder(dividingBy: width)
      result[place] = UInt8(clamping: pixel(row / height, row % height, x, channel))
    }
    return ImageBytes(result, count: count, height: height, width: width, channels: channels)
  }
}
