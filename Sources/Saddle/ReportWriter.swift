import Adversaries

/// What people look at while a run goes on: its report, written again now and then, and TensorBoard's event files.
///
/// Where these cannot be written, the run goes on and says so once: they hold nothing that it needs.
final class ReportWriter {
  private unowned let run: TrainingRun
  private let warn: (String) -> Void
  private var events: EventStream?
  /// When the report was last written, and how long that took.
  private var last: (end: ContinuousClock.Instant, cost: Duration)?
  private var isSilenced = false

  /// - Parameters:
  ///   - step: The step that the run goes on from; nil where it begins.
  ///   - warn: Told what could not be written.
  init(_ run: TrainingRun, resumingAt step: Int?, warn: @escaping (String) -> Void) {
    (self.run, self.warn) = (run, warn)
    attempt {
      try RunFacts(run).write(to: run.directory)
      if run.configuration.output.events {
        events = try EventStream(directory: run.directory.path, resumingAt: step)
      }
    }
  }

  /// A row of metrics.
  func add(step: Int, _ values: [(name: String, value: Float)]) {
    attempt { try events?.append(step: step, scalars: values.map { (ReportChart.tag(of: $0.name), $0.value) }) }
    refresh(.running)
  }

  /// The figures of an evaluation.
  func add(_ record: EvaluationRecord) {
    let figures = record.report.figures.map { ("evaluation/\($0.name)", Float($0.value)) }
    attempt { try events?.append(step: record.step, scalars: figures) }
  }

  /// The samples of a step, which lie in their file.
  func addSamples(step: Int) {
    attempt { try events?.append(step: step, tag: "samples", png: run.directory.samplePicture(step: step).png) }
  }

  /// The weights of a checkpoint, which other pictures are made with.
  func addCheckpoint() {
    guard run.configuration.output.report, run.configuration.output.sampleEvery > 0 else { return }
    attempt { try SampleFigure.drawAll(of: run.trainer, run.configuration, in: run.directory) }
  }

  func finish(_ state: Report.State) {
    last = nil
    refresh(state)
  }

  /// Writes the report where it is due: every twenty seconds, but never in more than a fiftieth of the time.
  private func refresh(_ state: Report.State) {
    guard run.configuration.output.report else { return }
    let start = ContinuousClock.now
    if let last, last.end.duration(to: start) < max(.seconds(20), last.cost * 50) { return }
    attempt {
      let contents = try Report.Run(reading: run.directory, state: state, configuration: run.configuration)
      try Report(title: contents.name, runs: [contents]).write(to: run.directory.report)
    }
    last = (.now, start.duration(to: .now))
  }

  private func attempt(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      if !isSilenced { warn("the run goes on, but what shows it could not be written: \(error)") }
      isSilenced = true
    }
  }
}
