import Adversaries
import Records

/// How fast the first steps of a run go by.
struct StepTimer {
  /// The first step fills pools and compiles kernels; the next ones are measured.
  static let measured = 4
  private let first: Int
  private var start: ContinuousClock.Instant?
  private(set) var secondsPerStep: Double?

  init(from step: Int) { first = step }

  /// Whether the last of the measured steps has just been done: once in a run.
  mutating func isMeasured(at step: Int, on device: Device) throws -> Bool {
    guard secondsPerStep == nil else { return false }
    if step == first + 1 {
      try device.synchronize()
      start = .now
    } else if let start, step == first + 1 + Self.measured {
      try device.synchronize()
      secondsPerStep = (ContinuousClock.now - start) / .seconds(1) / Double(Self.measured)
      return true
    }
    return false
  }

  /// What the rest will take, in a line; nil where it is over before that is read.
  func estimate(from step: Int, to steps: Int) -> String? {
    guard let secondsPerStep, secondsPerStep * Double(steps - step) > 10 else { return nil }
    return Self.estimate(secondsPerStep, steps: steps - step, measured: Self.measured)
  }

  static func estimate(_ seconds: Double, steps: Int, measured: Int) -> String {
    let total = seconds * Double(steps)
    return "estimate: \(steps) steps take about \(ProgressLine.duration(max(1, total))), by \(measured) measured"
      + (total > 86_400
        ? "; more than a day: a narrower network (--set model.width), fewer --steps or a GPU shorten it" : "")
  }
}

extension Configuration {
  /// Images of a step that is measured before a run; more take longer in proportion.
  private static let mostMeasured = 256

  /// How long a step takes on a device: some steps on noise after a first one, which fills the pools.
  ///
  /// - Parameters:
  ///   - device: The device that is measured.
  ///   - limit: Seconds after which no further step is begun.
  /// - Returns: Seconds a step, and how many were measured.
  /// - Throws: `NetworkError`, `DeviceError`.
  public func measuredStep(on device: Device, within limit: Double = 4) throws -> (seconds: Double, steps: Int) {
    // Of many micro-batches one is measured, and of a large one a part: a step of thousands would take minutes.
    var part = self
    part.training.accumulation = 1
    if Self.mostMeasured % max(1, input.pack) == 0 { part.training.batch = min(training.batch, Self.mostMeasured) }
    let parts = Double(training.accumulation) * Double(training.batch) / Double(part.training.batch)
    let trainer = try Trainer(part, on: device)
    let noise = RandomStream(seed: 0, stream: 0)
    let start = ContinuousClock.now
    func step() throws {
      _ = trainer.advance(measuring: false) {
        Batch(
          noise.normal(Shape([part.training.batch] + sampleShape.sizes), step: trainer.drawn, on: device),
          labels: model.classes > 0 ? Tensor(0, shape: [part.training.batch], on: device) : nil)
      }
      try device.synchronize()
    }
    var timer = StepTimer(from: 0)
    repeat {
      try step()
    } while try !timer.isMeasured(at: trainer.step, on: device)
      && (ContinuousClock.now - start) / .seconds(1) < limit
    // Where time was up before, the first step counts too.
    if let seconds = timer.secondsPerStep { return (parts * seconds, StepTimer.measured) }
    return (parts * ((ContinuousClock.now - start) / .seconds(1)) / Double(trainer.step), trainer.step)
  }

  /// What all steps will take at a measured pace, in a line.
  public func timeEstimate(_ measured: (seconds: Double, steps: Int)) -> String {
    StepTimer.estimate(measured.seconds, steps: training.steps, measured: measured.steps)
  }
}
