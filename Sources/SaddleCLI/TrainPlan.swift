import Foundation
import Saddle

/// What is trained, before anything is opened: the configuration, and where its preset was chosen, why.
struct TrainPlan {
  /// A preset's name or a file, as the user gave it or as it was chosen; nil where only settings are given.
  let source: String?
  /// What the data ask for, before the user's own settings.
  var assignments: [String] = []
  /// The data, where the choice found them in place of a preset.
  var data: String?
  /// Images, where they were counted.
  var count: Int?

  /// A preset by its name, a file, or a choice by the data: where no source is given, or the source holds images.
  ///
  /// - Throws: `PlanError`, `DatasetError`.
  init(source: String?, data: String?, skipsUnreadable: Bool = false) throws {
    if let source, !Self.holdsImages(source) || Self.isPreset(source) {
      if Self.isPreset(source), FileManager.default.fileExists(atPath: source) {
        tell(
          "note: \(source) is a preset's name, and what lies here under it is left aside: ./\(source) would mean that")
      }
      guard Self.isPreset(source) || FileManager.default.fileExists(atPath: source) else {
        throw ConfigurationError.unknownPreset(place: nil, name: source, nearest: Self.nearest(to: source))
      }
      self.source = source
      return
    }
    if let source, let data { throw PlanError.twoFolders(source, data) }
    guard let path = source ?? data else {
      self.source = nil
      return
    }
    if FileManager.default.fileExists(atPath: path + "/config.yaml") { throw PlanError.run(path) }
    let choice: PresetChoice
    if let mixture = PresetChoice(mixture: path) {
      choice = mixture
    } else {
      let outline = try DatasetOutline(at: URL(fileURLWithPath: path), skipsUnreadable: skipsUnreadable)
      choice = PresetChoice(for: outline)
      count = outline.count
      tell("data: \(Self.summary(outline))")
      self.data = path
    }
    for reason in choice.reasons { tell(reason) }
    for caution in choice.cautions { tell("warning: \(caution)") }
    (self.source, assignments) = (choice.preset, choice.assignments)
  }

  /// What the folder of a run is called where nobody says it: like its preset, its file or its data.
  static func name(_ source: String) -> String {
    if isPreset(source) { return source }  // fgan-alpha-0.5 has no file extension
    let url = URL(fileURLWithPath: source).standardizedFileURL
    return (isFolder(source) ? url : url.deletingPathExtension()).lastPathComponent
  }

  /// The preset, or the file or folder beside it, that a word which is neither was probably meant to be.
  private static func nearest(to source: String) -> String? {
    let url = URL(fileURLWithPath: source)
    let folder = source.contains("/") ? source.prefix(through: source.lastIndex(of: "/") ?? source.startIndex) : ""
    let neighbours = (try? FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)) ?? []
    return Saddle.nearest(to: source, among: registry.presets.map(\.name) + neighbours.sorted().map { folder + $0 })
  }

  private static func isPreset(_ name: String) -> Bool { registry.presets.contains { $0.name == name } }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// A folder, or a file of many images: its name says which.
  private static func holdsImages(_ path: String) -> Bool {
    isFolder(path) || (DatasetOutline.isNamedAsImages(path) && FileManager.default.fileExists(atPath: path))
  }

  private static func summary(_ outline: DatasetOutline) -> String {
    "\(outline.name): \(outline.count) image\(outline.count == 1 ? "" : "s"), "
      + (outline.channels == 1 ? "grey" : "colour")
      + (outline.classNames.isEmpty ? "" : ", in \(outline.classNames.count) classes")
  }
}

/// What a call of `saddle train` cannot mean.
enum PlanError: Error, CustomStringConvertible {
  case twoFolders(String, String)
  case run(String)

  var description: String {
    switch self {
    case .twoFolders(let source, let data):
      "\(source) and --data \(data) both hold images: give one of them, and perhaps a preset's name before it."
    case .run(let path):
      "\(path) is a run, not data: go on with it by saddle train --resume --out \(path.shellWord), "
        + "or draw from it by saddle sample \(path.shellWord)."
    }
  }
}

/// What a run will take, told before it starts.
struct TrainEstimate {
  let configuration: Saddle.Configuration
  let device: Device
  let estimate: Estimate

  init(_ configuration: Saddle.Configuration, images: Int?, from step: Int = 0, on device: Device) throws {
    (self.configuration, self.device) = (configuration, device)
    estimate = try configuration.estimate(images: images, from: step, on: device)
  }

  /// Says what is taken, and what is short.
  ///
  /// - Returns: What was said to be short.
  func tellMeans(folder: String) -> [String] {
    tell(
      "memory: \(Estimate.text(estimate.memoryBytes)); disk: up to \(Estimate.text(estimate.diskBytes)) in \(folder)")
    return tellShortages(folder: folder)
  }

  /// Says what is short on this device and this disk as they are now, and was not when `told` was said.
  @discardableResult func tellShortages(folder: String, after told: [String] = []) -> [String] {
    let shortages = configuration.shortages(estimate, Estimate.Means(device, folder: folder))
    guard shortages.count > told.count else { return shortages }
    for shortage in shortages where !told.contains(shortage) { tell("warning: \(shortage)") }
    return shortages
  }

  /// What --dry-run prints: the configuration, and what its run would take.
  func describe(folder: String) throws {
    let dryRun = estimate.dryRun
    try show(configuration.yaml())
    try show("# generator: \(dryRun.generatorParameters) parameters, discriminator: \(dryRun.discriminatorParameters)")
    try show(
      "# device memory: \(Estimate.text(estimate.memoryBytes)) at most, \(dryRun.launchesPerStep) launches a step")
    try show(
      "# disk: up to \(Estimate.text(estimate.diskBytes)), each checkpoint \(Estimate.text(dryRun.checkpointBytes))")
    // What does not fit is not tried.
    if tellShortages(folder: folder).isEmpty {
      try show("# \(configuration.timeEstimate(try configuration.measuredStep(on: device)))")
    }
  }
}
