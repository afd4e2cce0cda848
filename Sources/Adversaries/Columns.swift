/// The columns of a step's metrics, computed only where somebody will read them.
struct Columns {
  let isMeasuring: Bool
  /// What the critic and the generator minimised, known at every step.
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
  /// What a scene tells of the state of the game.
  func measure(_ scene: Scene, _ columns: inout Columns) {
    let (real, fake) = game.objective.decisions(scene)
    columns.add("critic_accuracy_real") { real.step().mean() }
    columns.add("critic_accuracy_fake") { 1 - fake.step().mean() }
    columns.add("critic_calibration_gap") { Diagnosis.calibrationGap(real, fake) }
    if game.objective.critic == .classes, let truths = scene.background.truths {
      columns.add("class_accuracy") { Diagnosis.classAccuracy(scene.realVerdict.output.detached(), truths) }
    }
    if let estimate = game.objective.estimate { columns.add("divergence_estimate") { estimate(scene) } }
    columns.add("sample_diversity") { Diagnosis.diversity(of: scene.fake, beside: scene.real) }
    columns.add("saturated_share") { Diagnosis.saturatedShare(scene.fake) }
    for (state, value) in zip(game.objective.state, scene.background.state) { columns.add(state.name) { value } }
  }
}
