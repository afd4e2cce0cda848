import Datasets

/// A preset chosen for data at hand, and why.
public struct PresetChoice: Sendable, Equatable {
  /// The preset's name.
  public let preset: String
  /// What the data ask for beyond the preset, as `key=value`. What a user sets comes behind these and prevails.
  public let assignments: [String]
  /// What was chosen and why, a line each.
  public let reasons: [String]
  /// What may go wrong with these data, each with its remedy.
  public let cautions: [String]

  /// The preset for the points of a mixture of `PointMixture.all`; nil where none is called so.
  public init?(mixture name: String) {
    guard PointMixture.all.contains(where: { $0.name == name }) else { return nil }
    let isRing = name == PointMixture.ring.name
    preset = isRing ? "ring" : "ring-rpgan"
    // As in `saddle lab grid`, where two hidden layers blur 25 modes and four find them all.
    let steps = 30_000
    let schedules = [
      "regularizers.r1": "0.1 to 0.005", "regularizers.r2": "0.1 to 0.005", "optimizer.generator-lr": "1e-3 to 0",
      "optimizer.discriminator-lr": "1e-3 to 0",
    ]
    let deeper =
      ["model.depth=4", "training.steps=\(steps)"]
      + schedules.sorted { $0.key < $1.key }.map { "\($0.key)=linear \($0.value) by \(steps)" }
    assignments = ["data.path=\(name)"] + (isRing ? [] : deeper)
    reasons = ["preset: \(preset), for points of the plane" + (isRing ? "" : "; deeper and longer, it finds all modes")]
    cautions = []
  }

  /// The preset for images.
  public init(for outline: DatasetOutline) {
    let side = Self.side(for: outline)
    let row = Self.rows.first { $0.fits(outline, side) } ?? Self.last
    let adjustments = Self.adjustments.filter { $0.applies(outline, side) }
    preset = row.preset
    assignments =
      ["model.size=\(side)", "model.channels=\(outline.channels)"] + row.assignments(outline)
      + adjustments.flatMap { $0.assignments(outline) }
    reasons =
      ["preset: \(row.preset), \(row.reason(outline))", Self.sizeReason(outline, side)]
      + adjustments.filter { !$0.isCaution }.compactMap { $0.says?(outline) }
    cautions = adjustments.filter(\.isCaution).compactMap { $0.says?(outline) }
  }

  // MARK: Which preset

  /// Below this many images a discriminator learns them by heart unless they are augmented (Zhao et al. 2020,
  /// "Differentiable augmentation", figure 1, sees it from 20% of CIFAR-10 down).
  static let few = 2_000
  /// Below this many the generator can repeat them all, augmented or not.
  static let veryFew = 500
  /// From this many images on, 128 x 128 is worth its time.
  static let enoughForLarge = 10_000
  /// Images that a class must have for its label to help.
  static let enoughForClass = 100

  private struct Row: Sendable {
    let preset: String
    var assignments: @Sendable (DatasetOutline) -> [String] = { _ in [] }
    let reason: @Sendable (DatasetOutline) -> String
    let fits: @Sendable (DatasetOutline, Int) -> Bool
  }

  /// The first that fits is taken.
  private static let rows: [Row] = [
    Row(preset: "diffaugment") { _ in
      "since a discriminator learns fewer than \(few) images by heart: both sides are augmented (color, translation, cutout), "
        + "and half of the images mirrored; where left and right must stay: --set data.flip=false"
    } fits: { outline, _ in
      outline.count < few
    },
    Row(preset: "acgan", assignments: { ["model.classes=\($0.classNames.count)"] }) {
      "since the images come in \($0.classNames.count) classes, and the networks learn them; to leave them aside, name a "
        + "preset, such as dcgan64"
    } fits: { outline, _ in
      (2...100).contains(outline.classNames.count) && outline.count >= enoughForClass * outline.classNames.count
    },
    Row(preset: "dcgan32") { _ in
      "DCGAN for small images"
    } fits: { _, side in
      side == 32
    },
    Row(preset: "dcgan64") { _ in
      "DCGAN as in its paper"
    } fits: { _, side in
      side == 64
    },
  ]
  private static let last = Row(preset: "dcgan128") { _ in
    "DCGAN with one more layer, since there are many large images"
  } fits: { _, _ in
    true
  }

  // MARK: Which size

  /// The largest side that nearly all images have.
  static func side(for outline: DatasetOutline) -> Int {
    let sides = outline.count >= enoughForLarge ? [128, 64] : [64]
    return sides.first { 20 * outline.count(smallerThan: $0) <= outline.count } ?? 32
  }

  private static func sizeReason(_ outline: DatasetOutline, _ side: Int) -> String {
    let (smallest, largest) = outline.extremes
    var deeds: [String] = []
    if outline.sizes.keys.contains(where: { $0.width != $0.height }) { deeds.append("cropped to their central square") }
    if largest.shorterSide > side { deeds.append("averaged down") }
    if smallest.shorterSide < side {
      let deed = fit(outline, side) == "pad" ? "given a border" : "enlarged"
      let small = outline.count(smallerThan: side)
      deeds.append(small == outline.count ? deed : "\(small) of them \(deed)")
    }
    let all = smallest == largest ? "\(smallest)" : "\(smallest) to \(largest)"
    let larger = side == 64 && outline.count < enoughForLarge && 20 * outline.count(smallerThan: 128) <= outline.count
    return "size: \(side) x \(side), from \(all): "
      + (deeds.isEmpty ? "images stay as they are" : "images are " + deeds.joined(separator: ", "))
      + (larger ? "; --set model.size=128 wants some \(enoughForLarge) images" : "")
  }

  /// A border of a few pixels harms nothing; enlarging does not either where images differ in size anyway.
  private static func fit(_ outline: DatasetOutline, _ side: Int) -> String {
    let (smallest, largest) = outline.extremes
    return smallest == largest && side - smallest.shorterSide <= 8 ? "pad" : "resize"
  }

  // MARK: What else

  private struct Adjustment: Sendable {
    var isCaution = false
    /// Nil where another line says it.
    var says: (@Sendable (DatasetOutline) -> String)?
    var assignments: @Sendable (DatasetOutline) -> [String] = { _ in [] }
    let applies: @Sendable (DatasetOutline, Int) -> Bool
  }

  /// All that apply are made.
  private static let adjustments: [Adjustment] = [
    Adjustment(
      isCaution: true,
      says: { outline in
        "\(outline.count(smallerThan: side(for: outline))) images are smaller than the size and will be blurred; "
          + "to be told of the first of them instead: --set data.fit=auto"
      },
      assignments: { ["data.fit=\(fit($0, side(for: $0)))"] },
      applies: { $0.count(smallerThan: $1) > 0 && fit($0, $1) == "resize" }),
    Adjustment(
      assignments: { ["data.fit=\(fit($0, side(for: $0)))"] },
      applies: { $0.count(smallerThan: $1) > 0 && fit($0, $1) == "pad" }),
    Adjustment(
      says: { "batch: \(batch($0)) images, since there are no more" },
      assignments: { ["training.batch=\(batch($0))"] },
      applies: { outline, _ in outline.count < 64 }),
    Adjustment(
      isCaution: true,
      says: {
        "\($0.count) images are so few that the generator may learn them by heart: add images if you can, look at the "
          + "pictures early, and keep some images apart for saddle judge RUN --held-out FOLDER, which shows it"
      },
      applies: { outline, _ in outline.count < veryFew }),
  ]

  /// The largest power of two that the data have images for.
  private static func batch(_ outline: DatasetOutline) -> Int {
    var batch = 1
    while 2 * batch <= outline.count { batch *= 2 }
    return batch
  }
}
