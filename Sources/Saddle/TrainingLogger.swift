import Adversaries

/// What a run tells while it goes on: rows of metrics, the progress line, its page, and warnings where something goes
/// wrong.
final class TrainingLogger {
  private unowned let run: TrainingRun
  private let first: Int?
  private var metrics: MetricsStream?
  private var line: ProgressLine
  private var mark: (step: Int, time: ContinuousClock.Instant)
  private var monitor = TrainingMonitor()
  private(set) lazy var page = ReportWriter(run, resumingAt: first) { [unowned self] text in try? warn(text) }

  init(_ run: TrainingRun, _ progress: ProgressOutput) {
    self.run = run
    let training = run.configuration.training
    first = run.trainer.step > 0 ? run.trainer.step : nil
    line = ProgressLine(steps: training.steps, batch: training.batch, output: progress)
    mark = (run.trainer.step, .now)
  }

  /// The end, and why it is one where training broke down.
  func finish(_ state: Report.State, because reason: String? = nil) {
    line.finish()
    if let reason { try? run.directory.append(warning: reason) }
    page.finish(state)
  }

  /// Reads what a step left on the device, and tells the files and the terminal.
  func report(_ step: Trainer.Step) throws {
    let values = try step.columns.map { (name: $0.name, value: try $0.value.scalars(as: Float.self)[0]) }
    let healthChecks = monitor.read(values.map { ($0.name, Double($0.value)) })
    let seconds = mark.time.duration(to: .now) / .seconds(1)
    let images = (step.number - mark.step) * run.configuration.training.batch
    mark = (step.number, .now)
    let norms = ["discriminator_gradient_norm", "generator_gradient_norm"]
    let row =
      values + norms.map { ($0 + "_std", Float(monitor.standardDeviation(of: $0))) }
      + [("images_per_second", Float(Double(images) / max(seconds, 1e-9)))]
    if metrics == nil {
      metrics = try MetricsStream(path: run.directory.metrics, columns: row.map(\.name), resumingAt: first)
    }
    try metrics?.append(step: step.number, epoch: run.epoch, row.map(\.value))
    for sign in healthChecks { try warn("step \(step.number), \(sign.name): \(sign.says).") }
    line.update(
      step: step.number, epoch: run.epoch,
      losses: values.filter { $0.name.hasSuffix("_loss") }
        .map { ($0.name.replacingOccurrences(of: "_loss", with: ""), $0.value) })
    page.add(step: step.number, row)
  }

  /// A line on the terminal above the progress line.
  func tell(_ text: String) { line.say(text) }

  /// The figures of an evaluation, above the progress line.
  func say(_ record: EvaluationRecord) {
    page.add(record)
    let figures = record.report.figures.map { "\($0.name) \(EvaluationRecord.number($0.value))" }
    line.say("step \(record.step): " + figures.joined(separator: "  "))
    for defect in record.report.defects { line.say("step \(record.step), \(defect.name): \(defect.says)") }
  }

  /// A line in `warnings.txt`, and on the terminal above the progress line.
  private func warn(_ text: String) throws {
    try run.directory.append(warning: text)
    line.say("warning: " + text)
  }
}
