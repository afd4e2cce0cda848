import Foundation
import Testing

@testable import Adversaries

/// Columns of a game as it goes, and the signs that they show at last.
struct SignRow: Sendable, CustomTestStringConvertible {
  let what: String
  /// The column's value at reading t = 0, 1, ...
  let columns: [String: @Sendable (Int) -> Double]
  let healthChecks: [String]
  var testDescription: String { what }

  private static func healthy(
    _ changes: [String: @Sendable (Int) -> Double] = [:]
  ) -> [String: @Sendable (Int) -> Double] {
    let columns: [String: @Sendable (Int) -> Double] = [
      "discriminator_loss": { 1 + 0.1 * sin(Double($0)) }, "generator_loss": { 0.8 + 0.1 * cos(Double($0)) },
      "discriminator_accuracy_real": { _ in 0.7 }, "discriminator_accuracy_fake": { _ in 0.75 },
      "discriminator_gradient_norm": { 2 + sin(Double($0)) }, "generator_gradient_norm": { 1 + 0.5 * sin(Double($0)) },
      "sample_diversity": { _ in 0.9 }, "saturated_share": { _ in 0.3 },
    ]
    return columns.merging(changes) { $1 }
  }

  static let all = [
    SignRow(what: "a healthy game", columns: healthy(), healthChecks: []),
    SignRow(
      what: "a gradient that decays while the discriminator is right",
      columns: healthy([
        "generator_gradient_norm": { pow(0.9, Double($0)) }, "discriminator_accuracy_real": { _ in 1 },
        "discriminator_accuracy_fake": { _ in 0.99 },
      ]), healthChecks: ["vanishing gradient"]),
    SignRow(
      what: "a small gradient at equilibrium", columns: healthy(["generator_gradient_norm": { pow(0.9, Double($0)) }]),
      healthChecks: []),
    SignRow(
      what: "samples that are all alike", columns: healthy(["sample_diversity": { _ in 0.02 }]),
      healthChecks: ["mode collapse"]),
    SignRow(
      what: "a loss that explodes", columns: healthy(["discriminator_loss": { pow(1.1, Double($0)) }]),
      healthChecks: ["divergence"]),
    SignRow(
      what: "a loss that is large but stays", columns: healthy(["discriminator_loss": { _ in 5000 }]), healthChecks: []),
    SignRow(
      what: "a discriminator that tosses coins",
      columns: healthy([
        "discriminator_gradient_norm": { $0 < 10 ? 1 : 1e-6 }, "discriminator_accuracy_real": { _ in 1 },
        "discriminator_accuracy_fake": { _ in 0 },
      ]), healthChecks: ["dead discriminator"]),
    SignRow(
      what: "black and white", columns: healthy(["saturated_share": { _ in 0.99 }]), healthChecks: ["saturated outputs"]
    ),
    SignRow(what: "no readings of that name", columns: [:], healthChecks: []),
  ]
}

@Test(arguments: SignRow.all)
func signsAreSeen(row: SignRow) {
  var monitor = TrainingMonitor()
  var told: [String] = []
  for t in 0..<120 { told += monitor.read(row.columns.map { ($0.key, $0.value(t)) }).map(\.name) }
  // Each is told once, however long it holds.
  #expect(told == row.healthChecks)
}

/// A sign is told after it has held for a while, and again when it comes back.
@Test func signsTakePatience() {
  var monitor = TrainingMonitor()
  let patience = TrainingMonitor.patience
  let shares =
    [Double](repeating: 0.99, count: patience - 1) + [0.1] + [Double](repeating: 0.99, count: patience)
    + [0.1] + [Double](repeating: 0.99, count: patience)
  let told = shares.map { monitor.read([("saturated_share", $0)]).count }
  #expect(told.indices.filter { told[$0] == 1 } == [2 * patience - 1, 3 * patience])
}

@Test func deviationsAreOfTheLastReadings() {
  var monitor = TrainingMonitor()
  _ = monitor.read([("norm", 1000)])
  #expect(monitor.standardDeviation(of: "norm") == 0)
  for t in 0..<TrainingMonitor.patience { _ = monitor.read([("norm", t % 2 == 0 ? 1 : 3)]) }
  // Half of the readings are 1 below their mean 2 and half above; n - 1 in the divisor.
  let n = Double(TrainingMonitor.patience)
  #expect(abs(monitor.standardDeviation(of: "norm") - (n / (n - 1)).squareRoot()) < 1e-12)
}

/// The numbers of a diagnosis, from their definitions.
@Test func diagnosesAreTheirDefinitions() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  func tensor(_ x: [Double], _ shape: Shape) -> Tensor { Tensor(x, shape: shape, on: device) }
  func value(_ x: Tensor) throws -> Double { try x.scalars(as: Double.self)[0] }
  let (real, fake) = ([2.0, -1, 0.5, 3], [-2.0, 1, -0.5, -4])
  func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  let confidence = (real + fake).map { max(sigmoid($0), 1 - sigmoid($0)) }.reduce(0, +) / 8
  let gap = try value(BatchStatistics.calibrationGap(tensor(real, [4, 1]), tensor(fake, [4, 1])))
  #expect(abs(gap - (confidence - 6.0 / 8)) < 1e-14)  // one real and one generated sample are judged wrongly
  // Deviations by coordinate: of (0, 2) and (1, 1) they are 1 and 0; of (0, 4) and (0, 2), 2 and 1.
  let diversity = try value(
    BatchStatistics.diversity(of: tensor([0, 1, 2, 1], [2, 2]), beside: tensor([0, 0, 4, 2], [2, 2])))
  #expect(abs(diversity - 0.5 / 1.5) < 1e-9)
  let share = try value(BatchStatistics.saturatedShare(tensor([1, -0.995, 0.98, 0], [2, 2])))
  #expect(share == 0.5)
}

/// Shares of samples whose class a classifier names, of those whose class is known.
@Test(
  arguments: [
    ([0, 1, 2, 0], 0.75), ([0, 1, 0, 0], 0.5), ([-1, 1, -1, 0], 0.5), ([-1, -1, -1, -1], 0),
  ] as [([Double], Double)])
func classAccuracyIsItsDefinition(classes: [Double], expected: Double) throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let logits = Tensor([3.0, 1, 2, -1, 5, 4, 0, -2, 1, 0.5, 2, 1], shape: [4, 3], on: device)
  let share = BatchStatistics.classAccuracy(logits, Tensor(classes, shape: [4], on: device))
  #expect(abs(try share.scalars(as: Double.self)[0] - expected) < 1e-9)
}
