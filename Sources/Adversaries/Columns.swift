/// The columns of a step's metrics, computed only where somebody will read them.
struct Columns {
  let isMeasuring: Bool
  /// What the discriminator and the generator minimised, known at every step.
  var losses: [Tensor] = []
  private(set) var all: [(name: String, value: Tensor)] = []

  init(isMeasuring: Bool) { self.isMeasuring = isMeasuring }

  mutating func add(_ name: String, at place: Int? = nil, _ value: () -> Tensor?) {
    guard isMeasuring, !all.contains(where: { $0.name == name }), let value = value() else { return }
    all.insert((name, value.detached()), at: min(place ?? all.count, all.count))
  }

  mutating func removeAll() { all = [] }
}

extension Trainer {
  /// What a context tells of the state of the game.
  func measure(_ context: LossContext, _ columns: inout Columns) {
    let (real, fake) = game.objective.decisions(context)
    columns.add("discriminator_accuracy_real") { real.step().mean() }
    columns.add("discriminator_accuracy_fake") { 1 - fake.step().mean() }
    columns.add("discriminator_calibration_gap") { BatchStatistics.calibrationGap(real, fake) }
    if game.objective.discriminator == .classes, let trueLabels = context.microBatch.batch.trueLabels {
      columns.add("class_accuracy") { BatchStatistics.classAccuracy(context.realOutput.output.detached(), trueLabels) }
    }
    if let estimate = game.objective.estimate { columns.add("divergence_estimate") { estimate(context) } }
    columns.add("sample_diversity") { BatchStatistics.diversity(of: context.fake, beside: context.real) }
    columns.add("saturated_share") { BatchStatistics.saturatedShare(context.fake) }
    for variable in variables { columns.add(variable.column) { context[variable] } }
  }
}
