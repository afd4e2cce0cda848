import Evaluation
import Features

/// A row of the table of extractors: where features can come from.
public struct FeatureSource: Sendable {
  /// As the user writes it: `classifier`, or `inception:FILE` where it takes a file.
  public let name: String
  public let summary: String
  /// Whether it is to be followed by a colon and a file.
  public let takesFile: Bool
  /// Whether `auto` may take it here; rows are asked in their order.
  let isThere: @Sendable (Context) -> Bool
  let open: @Sendable (Context, _ file: String) throws -> any FeatureExtractor

  /// What an extractor may be made for.
  struct Context {
    let images: any ImageDataset
    /// Images that training did not see; nil where there are none.
    let heldOut: (any ImageDataset)?
    let device: Device
    let seed: UInt64
    /// Told what is going on: what, and which step of how many.
    let progress: (_ what: String, _ step: Int, _ steps: Int) -> Void
  }

  /// Every extractor. Adding one is adding its row here.
  public static let all: [FeatureSource] = [
    FeatureSource(
      name: "classifier", summary: "a classifier that learns the labelled data at hand in about a minute, and is kept",
      takesFile: false, isThere: { (try? Classifier.check($0.images)) != nil }
    ) { context, _ in
      let parts = try context.heldOut.map { (images: context.images, heldOut: $0) } ?? divided(context.images)
      return try Classifier.opened(for: parts.images, heldOut: parts.heldOut, on: context.device) {
        context.progress("the classifier learns", $0, $1)
      }
    },
    FeatureSource(
      name: "pixels", summary: "the pixels themselves, for small tests", takesFile: false, isThere: { _ in false }
    ) { context, _ in
      Pixels(height: context.images.height, width: context.images.width, channels: context.images.channels)
    },
  ]

  /// Where nothing is held out, a tenth tells the accuracy.
  private static func divided(
    _ images: any ImageDataset
  ) throws -> (images: any ImageDataset, heldOut: any ImageDataset) {
    let parts = try images.divided(share: 0.1)
    return (parts.rest, parts.share)
  }

  /// The row and the file that a user names: `auto`, `classifier`, `inception:FILE`.
  ///
  /// - Throws: `EvaluationError` for a name that is none, and for a file that is missing or too many.
  static func chosen(_ text: String, _ context: Context) throws(EvaluationError) -> (row: FeatureSource, file: String) {
    if text == "auto" {
      guard let row = all.first(where: { $0.isThere(context) }) ?? all.last else {
        throw EvaluationError("there are no features")
      }
      return (row, "")
    }
    let (row, file) = try parsed(text)
    return (row, file)
  }

  /// Whether a text names features, without opening any.
  ///
  /// - Throws: As `chosen`.
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
