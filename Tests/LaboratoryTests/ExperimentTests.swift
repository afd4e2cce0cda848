import Foundation
import FoundationXML
import Testing

@testable import Laboratory

/// An experiment, and how much of it a test can wait for.
struct DryRun: Sendable, CustomTestStringConvertible {
  let name: String
  /// The fewest rows that must be judged at this length.
  let judged: Int
  var scale = 0.05
  var testDescription: String { name }
}

private let dryRuns = [
  DryRun(name: "divergences", judged: 10),
  DryRun(name: "fgan-mixture", judged: 25),
  DryRun(name: "supports", judged: 50),
  DryRun(name: "wasserstein", judged: 5, scale: 0.02),
  DryRun(name: "minibatch-js", judged: 43),
  DryRun(name: "preference", judged: 9),
  DryRun(name: "ring", judged: 2, scale: 0.005),
  DryRun(name: "grid", judged: 2, scale: 0.005),
  DryRun(name: "dirac", judged: 64),
  DryRun(name: "baselines", judged: 15),
  DryRun(name: "optimal-critics", judged: 19),
  DryRun(name: "vanishing-gradient", judged: 6, scale: 0.02),
  DryRun(name: "unstable-gradient", judged: 6, scale: 0.02),
  DryRun(name: "perfect-critic", judged: 3, scale: 0.02),
  DryRun(name: "instance-noise", judged: 24),
  DryRun(name: "critic-prior", judged: 2, scale: 0.02),
  DryRun(name: "independent-critic", judged: 3, scale: 0.05),
]

@Test(arguments: dryRuns)
func findsWhatTheorySays(_ dryRun: DryRun) throws {
  let result = try Experiment.named(dryRun.name).run(on: .cpu(), scale: dryRun.scale)
  let failures = result.failures.map { "\($0.what): \($0.measurement), not \($0.expectation)" }
  #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
  #expect(result.findings.filter { $0.passed != nil }.count >= dryRun.judged)
  #expect(!result.figures.isEmpty)
  for figure in result.figures { #expect(XMLParser(data: Data(figure.svg.utf8)).parse(), "\(figure.name)") }
}

@Test func notesAndSeedsReachTheReader() throws {
  let words = String(repeating: "plain words ", count: 20) + "end."
  let experiment = Experiment("sample", "nothing") { lab in
    lab.note(words)
    lab.note("Second.")
    #expect(lab.seeds(3) == [5, 6, 7])
  }
  let result = try experiment.run(on: .cpu(), seed: 5)
  let lines = result.table.split(separator: "\n", omittingEmptySubsequences: false)
  #expect(result.notes == [words, "Second."] && result.seeds == 3)
  #expect(lines.contains("Second.") && lines.allSatisfy { $0.count <= 100 })
  #expect(lines.joined(separator: " ").contains(words))
  let json = try #require(try JSONSerialization.jsonObject(with: Data(try result.json().utf8)) as? [String: Any])
  #expect(json["notes"] as? [String] == result.notes && json["seeds"] as? Int == 3)
}

@Test func everyExperimentIsRehearsedAndNamedOnce() {
  let names = Experiment.all.map(\.name)
  #expect(Set(names).count == names.count)
  #expect(dryRuns.map(\.name).sorted() == names.sorted())
}

@Test(arguments: [("dirca", "did you mean dirac?"), ("nonsense", "there are divergences, ")])
func unknownExperimentsAreNamed(name: String, words: String) {
  #expect { try Experiment.named(name) } throws: { "\($0)".contains(words) && "\($0)".contains("'\(name)'") }
}

// MARK: The mathematics behind the expectations

@Test(arguments: [
  ([[3.0, 0], [0, 4]], [4, 3.0]),
  ([[1, 1], [1, 1]], [2, 0]),
  // Golub and Van Loan: the singular values of [[1, 2], [3, 4], [5, 6]].
  ([[1, 2], [3, 4], [5, 6]], [9.525518091565104, 0.5143005806586442]),
  ([[1, 3, 5], [2, 4, 6]], [9.525518091565104, 0.5143005806586442]),
])
func singularValuesAreKnown(matrix: [[Double]], values: [Double]) {
  for (found, expected) in zip(singularValues(matrix), values) { #expect(abs(found - expected) < 1e-12) }
}

@Test(arguments: [
  (Matrix2(0, 0.5, -0.5, 0), Complex(real: 0, imaginary: 0.5)),
  (Matrix2(2, 1, 1, 2), Complex(real: 3, imaginary: 0)),
  (Matrix2(1, 0, 0, 1), Complex(real: 1, imaginary: 0)),
])
func eigenvaluesAreKnown(matrix: Matrix2, first: Complex) {
  #expect(matrix.eigenvalues[0].distance(to: first) < 1e-15)
}

@Test(arguments: [(0.5, 0.0), (0.975, 1.959963984540054), (0.001, -3.090232306167813), (1e-9, -5.997807015007686)])
func normalQuantilesAreKnown(level: Double, place: Double) {
  #expect(abs(normalQuantile(level) - place) < 1e-9)
}

@Test func gaussiansJensenShannonIsKnown() {
  // Reference values by quadrature elsewhere, to their six digits.
  for (distance, value) in [(0.5, 0.030312), (1, 0.111421), (2, 0.336831), (3, 0.526777)] {
    #expect(abs(gaussianJSD(distance) - value) < 1e-6)
  }
}

@Test func integralsAndDivergencesAreKnown() {
  #expect(abs(integral(over: -9...9) { normalDensity($0) } - 1) < 1e-12)
  #expect(abs(integral(over: -9...9) { normalDensity($0) * $0 * $0 } - 1) < 1e-12)
  #expect(abs(jensenShannon([1, 0], [0, 1]) - log(2)) < 1e-15)
  #expect(kullbackLeibler([0.5, 0.5], [1, 0]) == .infinity)
  #expect(kullbackLeibler([1, 0], [0.5, 0.5]) == log(2))
  #expect([3.0, 1, 2, 4].quantile(0.25) == 1.75)
  #expect([1.0, 2, 3, 4].variance == 5.0 / 3)
}

@Test(arguments: [0.1, 0.5, 0.8])
func sequencesOfTwoCoinsAreAsLikelyAsTheirOutcomes(heads: Double) throws {
  let x = Tensor(log(heads / (1 - heads)), shape: [1, 1], on: try .cpu(precision: .double, threads: 1))
  let sequences = TwoCoins.sequences(2)
  let likelihoods = try TwoCoins.logLikelihoods(of: sequences, logOdds: x).scalars(as: Double.self)
  // Two coins show no, one and two heads with (1 - t)², 2 t (1 - t) and t².
  let outcomes = [(1 - heads) * (1 - heads), 2 * heads * (1 - heads), heads * heads]
  #expect(sequences.count == 9 && abs(likelihoods.reduce(0) { $0 + exp($1) } - 1) < 1e-12)
  for (sequence, likelihood) in zip(sequences, likelihoods) {
    #expect(abs(exp(likelihood) - outcomes[sequence[0]] * outcomes[sequence[1]]) < 1e-12)
  }
}

@Test func aPlaneGaussianHasTheCovarianceItWasGiven() {
  let gaussian = PlaneGaussian(mean: (1, -2), covariance: (2, -0.5, 0.7))
  #expect(gaussian.distance(to: PlaneGaussian(mean: (1, -2), covariance: (2, -0.5, 0.7))) == 0)
  #expect(abs(gaussian.covariance.xy + 0.5) < 1e-15 && abs(gaussian.covariance.yy - 0.7) < 1e-15)
  // The density at its mean is 1 / (2π √det).
  #expect(abs(gaussian.density(1, -2) - 1 / (2 * Double.pi * (2 * 0.7 - 0.25).squareRoot())) < 1e-15)
}
