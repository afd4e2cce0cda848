import Foundation
import Testing

@testable import Fuzz

extension FuzzRow: CustomTestStringConvertible {
  public var testDescription: String { name }
}

private func withFolder(_ body: (String) throws -> Void) throws {
  let folder = NSTemporaryDirectory() + "fuzz-tests-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}

/// A trap here ends the whole process: `tools/fuzz ROW --count 500` names the input.
@Test(arguments: FuzzRow.all)
func readersRefuseWhatIsNearlyRight(_ row: FuzzRow) throws {
  try withFolder { folder in
    var fuzzer = try Fuzzer(row, seed: 1, in: folder)
    let count = row.name == "resume" ? 100 : 500
    for index in 0..<count { try fuzzer.run(index) }
    // Changes that refuse all, or none, reach nothing.
    #expect(fuzzer.taken > 0 && (fuzzer.taken < count || !row.refuses), "\(fuzzer.taken) of \(count) inputs were taken")
  }
}

@Test func commandsRefuseWhatIsNearlyRight() throws {
  let binary = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appendingPathComponent("saddle").path
  try withFolder { folder in
    let fuzzer = try CommandLineFuzzer(binary, seed: 1)
    for index in 0..<60 { _ = try fuzzer.run(index, in: folder) }
  }
}

@Test func aReaderThatTrapsOrGarblesIsFound() throws {
  struct Raw: Error, CustomStringConvertible { let description = "Error Domain=NSCocoaErrorDomain Code=4" }
  let row = FuzzRow(
    name: "raw", summary: "", seeds: { [["a": [1]]] },
    reader: { { if try Data(contentsOf: URL(fileURLWithPath: $0 + "/a")) != Data([1]) { throw Raw() } } })
  try withFolder { folder in
    var fuzzer = try Fuzzer(row, seed: 1, in: folder)
    #expect(throws: FuzzFinding.self) { for index in 0..<10 { try fuzzer.run(index) } }
  }
}
