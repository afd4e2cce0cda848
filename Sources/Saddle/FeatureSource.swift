import Evaluation
import Features
import Foundation

/// A row of the table of extractors: where features can come from.
public struct FeatureSource: Sendable {
  /// As the user writes it: `classifier`, or `inception:FILE` where it takes a file.
  public let name: String
  public let summary: String
  /// Whether it is to be followed by a colon and a file.
  public let takesFile: Bool
  /// Whether it brings images to a size of its own, so that a resizer may be chosen.
  let resizes: Bool
  /// Whether `auto` may take it here; rows are asked in their order.
  let isThere: @Sendable (Context) -> Bool
  let open: @Sendable (Context, _ file: String) throws -> any FeatureExtractor

  /// What an extractor may be made for.
  struct Context {
    /// What it may learn from; nil where statistics stand in the images' place.
    let images: (any ImageDataset)?
    /// Images that training did not see; nil where there are none.
    let heldOut: (any ImageDataset)?
    /// Of one sample: height, width, channels.
    let sample: Shape
    /// How images get the size that a network sees; nil as its own port does it.
    let resizer: Resizer?
    let device: Device
    /// Told what is going on: what, and which step of how many.
    let progress: (_ what: String, _ step: Int, _ steps: Int) -> Void
  }

  /// Every extractor. Adding one is adding its row here.
  public static let all: [FeatureSource] = [
    FeatureSource(
      name: "inception",
      summary: "Inception-v3 by a file of weights (tools/convert-inception makes it from the papers')",
      takesFile: true, resizes: true, isThere: { _ in false }
    ) { try Inception(contentsOf: $1, resizer: $0.resizer, on: $0.device) },
    FeatureSource(
      name: EfficientNetLite0.name,
      summary: "EfficientNet-Lite0, which knows ImageNet's classes (tools/fetch-features installs it)",
      resizes: true,
      isThere: { _ in (try? EfficientNetLite0.defaultPath()).map(FileManager.default.fileExists) ?? false }
    ) { context, _ in try EfficientNetLite0(resizer: context.resizer, on: context.device) },
    FeatureSource(
      name: Classifier.name,
      summary: "a classifier that learns the labelled data at hand in about a minute, and is kept",
      isThere: { $0.images.map { (try? Classifier.check($0)) != nil } ?? false }
    ) { context, _ in
      guard let images = context.images else {
        throw FeatureError("the classifier has no images to learn from: give --data, or other features")
      }
      let parts = try context.heldOut.map { (images: images, heldOut: $0) } ?? divided(images)
      return try Classifier.opened(for: parts.images, heldOut: parts.heldOut, on: context.device) {
        context.progress("the classifier learns", $0, $1)
      }
    },
    FeatureSource(
      name: RandomFeatures.name, summary: "a network with random weights: for tests, and where there is nothing else",
      isThere: { _ in true }
    ) { context, _ in try RandomFeatures(channels: context.sample[2], on: context.device) },
    FeatureSource(name: Pixels.name, summary: "the pixels themselves, for small tests", isThere: { _ in false }) {
      context, _ in
      Pixels(height: context.sample[0], width: context.sample[1], channels: context.sample[2])
    },
  ]

  init(
    name: String, summary: String, takesFile: Bool = false, resizes: Bool = false,
    isThere: @escaping @Sendable (Context) -> Bool,
    open: @escaping @Sendable (Context, _ file: String) throws -> any FeatureExtractor
  ) {
    (self.name, self.summary, self.takesFile, self.resizes) = (name, summary, takesFile, resizes)
    (self.isThere, self.open) = (isThere, open)
  }

  /// Where nothing is held out, a tenth tells the accuracy.
  private static func divided(
    _ images: any ImageDataset
  ) throws -> (images: any ImageDataset, heldOut: any ImageDataset) {
    let parts = try images.divided(share: 0.1)
    return (parts.rest, parts.share)
  }

  /// The extractor that a user names: `auto`, `classifier`, `inception:FILE`.
  ///
  /// - Throws: `EvaluationError` for a name that is none, a file that is missing or too many, and a resizer that would
  ///   do nothing; what opening it throws.
  static func opened(_ text: String, _ context: Context) throws -> (row: FeatureSource, extractor: any FeatureExtractor)
  {
    let auto = all.first { $0.isThere(context) }
    let (row, file) = try text == "auto" ? auto.map { ($0, "") } ?? parsed(RandomFeatures.name) : parsed(text)
    guard row.resizes || context.resizer == nil else {
      throw EvaluationError("features \(row.name) see images as they are: leave --resizer away")
    }
    return (row, try row.open(context, file))
  }

  /// Whether a text names features, without opening any.
  ///
  /// - Throws: As `opened`.
  public static func check(_ text: String) throws(EvaluationError) {
    if text != "auto" { _ = try parsed(text) }
  }

  private static func parsed(_ text: String) throws(EvaluationError) -> (row: FeatureSource, file: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let row = all.first(where: { $0.name == parts[0] }) else {
      let hint = nearest(to: parts[0], among: ["auto"] + all.map(\.name)).map { "; did you mean \($0)?" }
      throw EvaluationError(
        "no features are called '\(parts[0])'"
          + (hint ?? "; there are auto, \(all.map(\.name).joined(separator: ", "))"))
    }
    guard row.takesFile == (parts.count == 2) else {
      throw EvaluationError(
        row.takesFile
          ? "features \(row.name) need a file of weights: \(row.name):FILE" : "features \(row.name) take no file")
    }
    return (row, parts.count == 2 ? parts[1] : "")
  }
}
