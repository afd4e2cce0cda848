import Adversaries
import Datasets

/// Everything that decides a run: the values of settings, and the tables that they choose from.
///
/// Each section's settings are declared once, with their defaults, where they are read: `configuration.training.batch`.
public struct Configuration: Sendable, Equatable {
  public var values: Settings
  public let registry: Registry

  /// The defaults.
  public init(registry: Registry = .standard) { (values, self.registry) = (Settings(), registry) }

  public static func == (a: Configuration, b: Configuration) -> Bool { a.values == b.values }

  public subscript<Value>(setting: Setting<Value>) -> Value {
    get { values[setting] }
    set { values[setting] = newValue }
  }

  public var model: SectionValues<ModelSection> {
    get { values.model }
    set { values = newValue.settings }
  }
  public var data: SectionValues<DataSection> {
    get { SectionValues(values) }
    set { values = newValue.settings }
  }
  public var objective: SectionValues<ObjectiveSection> {
    get { values.objective }
    set { values = newValue.settings }
  }
  public var regularizers: SectionValues<RegularizerSection> {
    get { values.regularizers }
    set { values = newValue.settings }
  }
  public var input: SectionValues<InputSection> {
    get { values.input }
    set { values = newValue.settings }
  }
  public var training: SectionValues<TrainingSection> {
    get { values.training }
    set { values = newValue.settings }
  }
  public var optimizer: SectionValues<OptimizerSection> {
    get { values.optimizer }
    set { values = newValue.settings }
  }
  public var ema: SectionValues<EMASection> {
    get { values.ema }
    set { values = newValue.settings }
  }
  public var sampling: SectionValues<SamplingSection> {
    get { SectionValues(values) }
    set { values = newValue.settings }
  }
  public var evaluation: SectionValues<EvaluationSection> {
    get { SectionValues(values) }
    set { values = newValue.settings }
  }
  public var output: SectionValues<OutputSection> {
    get { SectionValues(values) }
    set { values = newValue.settings }
  }
}

/// The images.
public struct DataSection: SettingSection {
  public let path = Setting("data.path", "", "folder of the images; ring or grid for points")
  public let flip = Setting("data.flip", false, "whether half of the images are mirrored left to right")
  public let labelled = Setting(
    "data.labelled", 0, in: 0...1_000_000,
    "images of each class whose labels are told (semi-supervised), a batch of them each step; 0: all")
  public let skipUnreadable = Setting(
    "data.skip-unreadable", false, "whether pictures that cannot be read are left out and counted")
  public let background = Setting(
    "data.background", RGB(red: 255, green: 255, blue: 255),
    allowed: "a grey value from 0 to 255, or three of them: red,green,blue",
    "colour behind transparent pixels: grey, or red,green,blue")
  public let fit = Setting(
    "data.fit", UpscalePolicy.auto,
    "smaller images: pad gives a border, resize enlarges; auto pads arrays, refuses pictures")

  public static let rows = DataSection()
}

/// What is done with images smaller than `model.size`.
public enum UpscalePolicy: String, CaseIterable, SettingValue {
  /// Arrays (IDX, CIFAR) get a border; a small picture of a folder is refused with its name.
  case auto
  case pad, resize

  /// As the data sets take it.
  public var fit: Fit? { Fit(rawValue: rawValue) }
}

/// How samples are drawn.
public struct SamplingSection: SettingSection {
  public let statistics = Setting(
    "sampling.statistics", SampleStatistics.running, "batch norm's statistics in samples")
  public let weights = Setting("sampling.weights", SampleWeights.raw, "the weights that samples are drawn with")
    .formerly(values: ["average": "ema"])

  public static let rows = SamplingSection()
}

public enum SampleStatistics: String, CaseIterable, SettingValue { case running, batch }
public enum SampleWeights: String, CaseIterable, SettingValue { case raw, ema }

/// What is measured while training goes on.
public struct EvaluationSection: SettingSection {
  public let every = Setting("evaluation.every", 0, in: 0...1_000_000_000, "steps between two evaluations; 0: none")
  public let metrics = Setting(
    "evaluation.metrics", "fid,kid", "what is measured, such as fid,kid (saddle evaluate --list shows all)")
  public let features = Setting("evaluation.features", "auto", "by which features; auto takes the best that are there")
  public let count = Setting("evaluation.count", 2000, in: 10...10_000_000, "samples, and as many training images")

  public static let rows = EvaluationSection()
}

/// What a run writes, and how often.
public struct OutputSection: SettingSection {
  public let logEvery = Setting(
    "output.log-every", 10, in: 1...1_000_000_000, "steps between two rows of metrics.jsonl")
  public let sampleEvery = Setting(
    "output.sample-every", 200, in: 0...1_000_000_000, "steps between two pictures; 0: none")
  public let checkpointEvery = Setting(
    "output.checkpoint-every", 500, in: 0...1_000_000_000, "steps between two checkpoints; 0: only at the end")
  public let keep = Setting("output.keep", 3, in: 0...1_000_000, "how many checkpoints stay; 0: all")
  public let grid = Setting("output.grid", 64, in: 1...4096, "images in a picture")
  public let scale = Setting(
    "output.scale", 0, in: 0...64, "times a pixel is enlarged; 0: to 64 pixels an image or more")
  public let report = Setting(
    "output.report", true, "whether report.html is written, and again while the run goes on")
  public let events = Setting("output.events", true, "whether event files for TensorBoard are written")

  public static let rows = OutputSection()
}

/// A colour of 8 bits a channel, written `255` or `255,255,255`.
extension RGB: SettingValue {
  public init?(settingText: String) {
    let parts = settingText.split(separator: ",", omittingEmptySubsequences: false).map { part in
      UInt8(part.drop { $0 == " " })
    }
    switch parts.count {
    case 1:
      guard let grey = parts[0] else { return nil }
      self.init(red: grey, green: grey, blue: grey)
    case 3:
      guard let red = parts[0], let green = parts[1], let blue = parts[2] else { return nil }
      self.init(red: red, green: green, blue: blue)
    default: return nil
    }
  }

  public var settingText: String { red == green && green == blue ? "\(red)" : "\(red),\(green),\(blue)" }
}
