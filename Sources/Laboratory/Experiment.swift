import Saddle

/// A small classic experiment: a row of `Experiment.all`.
public struct Experiment: Sendable {
  /// How it is named on the command line.
  public let name: String
  /// One line for people.
  public let summary: String
  private let body: @Sendable (Lab) throws -> Void

  init(_ name: String, _ summary: String, _ body: @escaping @Sendable (Lab) throws -> Void) {
    (self.name, self.summary, self.body) = (name, summary, body)
  }

  /// Every experiment, in the order in which a reader should meet them.
  public static let all: [Experiment] = [
    divergences, baselines, fganMixture, optimalCritics, supports, wasserstein, vanishingGradient, unstableGradient,
    perfectCritic, instanceNoise, minibatchJS, preference, ring, grid, dirac, criticPrior, independentCritic,
  ]

  /// The experiment of this name.
  ///
  /// - Throws: `LaboratoryError` that names the nearest one, or lists all.
  public static func named(_ name: String) throws(LaboratoryError) -> Experiment {
    if let experiment = all.first(where: { $0.name == name }) { return experiment }
    let names = all.map(\.name)
    let hint =
      nearest(to: name, among: names).map { "did you mean \($0)?" } ?? "there are \(names.joined(separator: ", "))"
    throw LaboratoryError("no experiment is called '\(name)': \(hint)")
  }

  /// Runs the experiment.
  ///
  /// - Parameters:
  ///   - seed: Of every random number.
  ///   - scale: How much of it is done, from above 0 to 1; shortened runs judge only what still can be.
  ///   - progress: Gets a line now and then that says what is being done.
  /// - Throws: What the device or a network throws; a number that is not as expected is no error but a finding.
  public func run(
    on device: Device, seed: UInt64 = 1, scale: Double = 1, progress: @escaping (String) -> Void = { _ in }
  ) throws -> LabResult {
    let lab = Lab(device: device, seed: seed, scale: scale, progress: progress)
    let start = ContinuousClock.now
    try body(lab)
    return LabResult(
      experiment: name, summary: summary, device: device.name, contract: device.contract.description, seed: seed,
      seeds: lab.seedCount, scale: scale, seconds: (ContinuousClock.now - start) / .seconds(1), notes: lab.notes,
      findings: lab.findings, figures: lab.figures, pictures: lab.pictures)
  }
}

/// A laboratory that cannot do what was asked: what, and what would do.
public struct LaboratoryError: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
