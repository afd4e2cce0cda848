/// A chart of a report, and a group of tags in TensorBoard: which columns of the metrics belong together.
public struct ReportChart: Sendable {
  /// The part of a tag before the slash: `losses`.
  public let name: String
  let title: String
  /// What is shown, in a line.
  let note: String
  var isLogarithmic = false
  /// The values that a share can have; nil takes what the curves need.
  var range: ClosedRange<Double>?
  /// A value worth comparing with: a coin's accuracy.
  var reference: Double?
  /// Columns, and what they are called in the chart.
  let columns: [(column: String, name: String)]

  /// What a run measures, in the order in which a reader asks.
  public static let all: [ReportChart] = [
    ReportChart(
      name: "losses", title: "Losses", note: "what each player minimises; only their balance means something",
      columns: [("discriminator_loss", "discriminator"), ("generator_loss", "generator")]),
    ReportChart(
      name: "accuracy", title: "Discriminator’s accuracy", note: "share of right decisions; a half is a coin’s",
      range: 0...1, reference: 0.5,
      columns: [("discriminator_accuracy_real", "on real"), ("discriminator_accuracy_fake", "on generated")]),
    ReportChart(
      name: "classes", title: "Classes", note: "share of real images whose class the discriminator names, told or not",
      range: 0...1, columns: [("class_accuracy", "accuracy")]),
    ReportChart(
      name: "gradients", title: "Gradient norms", note: "of all weights of a player", isLogarithmic: true,
      columns: [("discriminator_gradient_norm", "discriminator"), ("generator_gradient_norm", "generator")]),
    ReportChart(
      name: "divergence", title: "Divergence", note: "real to generated, as the discriminator estimates it",
      columns: [("divergence_estimate", "estimate")]),
    ReportChart(
      name: "variety", title: "Variety of samples", note: "standard deviation over a batch, relative to real samples",
      reference: 1, columns: [("sample_diversity", "generated to real")]),
    ReportChart(
      name: "calibration", title: "Calibration", note: "how much surer the discriminator is than it is right",
      reference: 0,
      columns: [("discriminator_calibration_gap", "gap")]),
    ReportChart(
      name: "unrest", title: "Gradient norm variability", note: "standard deviation of the norms over 20 readings",
      isLogarithmic: true,
      columns: [
        ("discriminator_gradient_norm_std", "discriminator"), ("generator_gradient_norm_std", "generator"),
      ]),
    ReportChart(
      name: "saturation", title: "Saturated outputs", note: "share of values at the limits of tanh",
      columns: [("saturated_share", "share")]),
    ReportChart(
      name: "speed", title: "Speed", note: "images a second", columns: [("images_per_second", "images/s")]),
  ]

  /// The chart of a column that no row names: its own.
  static func alone(_ column: String) -> ReportChart {
    ReportChart(
      name: "other", title: column.replacing("_", with: " "), note: "", columns: [(column, "value")])
  }

  /// What a column is called in TensorBoard: `losses/discriminator_loss`.
  public static func tag(of column: String) -> String {
    (all.first { chart in chart.columns.contains { $0.column == column } }?.name ?? "other") + "/" + column
  }

  /// The charts of some columns, those that no row names at the end.
  static func charts(of columns: Set<String>) -> [ReportChart] {
    let known = Set(all.flatMap { $0.columns.map(\.column) })
    let strange = columns.subtracting(known).subtracting(["step", "epoch"]).sorted()
    return all.filter { chart in chart.columns.contains { columns.contains($0.column) } } + strange.map(alone)
  }
}
