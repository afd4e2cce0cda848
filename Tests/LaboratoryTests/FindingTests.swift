import Foundation
import Testing

@testable import Laboratory

/// A finding and whether it must be judged right.
struct Judgement: Sendable, CustomTestStringConvertible {
  let measured: Double
  let bound: Finding.Bound
  var isJudged = true
  let passed: Bool?
  let mark: String
  let expectation: String
  var testDescription: String { "\(measured) against \(expectation)" }
}

@Test(arguments: [
  Judgement(measured: 1.05, bound: .near(1, within: 0.1), passed: true, mark: "✓", expectation: "1 ± 0.1"),
  Judgement(measured: 1.2, bound: .near(1, within: 0.1), passed: false, mark: "✗", expectation: "1 ± 0.1"),
  Judgement(
    measured: 1.2, bound: .near(1, within: 0.1), isJudged: false, passed: nil, mark: "·", expectation: "1 ± 0.1"),
  Judgement(measured: 3, bound: .near(3, within: 0), passed: true, mark: "✓", expectation: "3 exactly"),
  Judgement(measured: .infinity, bound: .near(.infinity, within: 0), passed: true, mark: "✓", expectation: "∞ exactly"),
  Judgement(measured: .nan, bound: .near(0, within: 1), passed: false, mark: "✗", expectation: "0 ± 1"),
  Judgement(measured: 2, bound: .range(atLeast: 2, atMost: nil), passed: true, mark: "✓", expectation: "≥ 2"),
  Judgement(measured: 1.9, bound: .range(atLeast: 2, atMost: nil), passed: false, mark: "✗", expectation: "≥ 2"),
  Judgement(measured: 2.1, bound: .range(atLeast: nil, atMost: 2), passed: false, mark: "✗", expectation: "≤ 2"),
  Judgement(measured: .nan, bound: .range(atLeast: nil, atMost: 2), passed: false, mark: "✗", expectation: "≤ 2"),
  Judgement(measured: 5, bound: .range(atLeast: 4, atMost: 7), passed: true, mark: "✓", expectation: "4 to 7"),
  Judgement(measured: 8, bound: .range(atLeast: 4, atMost: 7), passed: false, mark: "✗", expectation: "4 to 7"),
  Judgement(measured: 8, bound: .none, passed: nil, mark: "·", expectation: ""),
])
func judges(_ judgement: Judgement) {
  let row = Finding("it", judgement.measured, judgement.bound, isJudged: judgement.isJudged)
  #expect(row.passed == judgement.passed)
  #expect(row.mark == judgement.mark)
  #expect(row.expectation == judgement.expectation)
}

@Test func aResultTellsWhatFailedAndWhatWasOnlyRecorded() throws {
  let experiment = Experiment("sums", "One and one.") { lab in
    lab.expect("one and one", 2, 2, within: 0)
    lab.expect("two and two", 5, 4, within: 0.5)
    lab.expect("needs its length", 9, atMost: 1, fromScale: 1)
    lab.record("a divergence", .infinity)
    lab.figure("sums", Plot("Sums", x: "terms", y: "sum", [.line("sum", [0, 2, 4])]))
  }
  let result = try experiment.run(on: .cpu(), seed: 7, scale: 0.5)
  #expect(result.failures.map(\.what) == ["two and two"])
  for text in ["1 of 2 are as expected", "2 only recorded", "shortened to 0.5", "✗ two and two"] {
    #expect(result.table.contains(text), "\(result.table)")
  }

  let folder = NSTemporaryDirectory() + "saddle-lab-" + UUID().uuidString
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try result.write(to: folder)
  let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder + "/result.json")))
  let content = try #require(json as? [String: Any])
  #expect(content["experiment"] as? String == "sums")
  #expect(content["seed"] as? Int == 7)
  #expect(content["contract"] as? String == NumericalContract.strict.description)
  #expect(content["figures"] as? [String] == ["sums.svg"])
  let rows = try #require(content["rows"] as? [[String: Any]])
  #expect(rows.map { $0["passed"] as? Bool } == [true, false, nil, nil])
  #expect(rows[3]["measured"] as? String == "infinity")
  #expect(FileManager.default.fileExists(atPath: folder + "/sums.svg"))
}

@Test(arguments: [(0.5, 500), (0.001, 20), (1, 1000)])
func aScaleShortens(scale: Double, count: Int) throws {
  #expect(Lab(device: try .cpu(), seed: 1, scale: scale).count(1000, atLeast: 20) == count)
}
