import Foundation
import Testing

/// The example package's rows through the whole command: trained, resumed, evaluated, reported, listed.
@Test func rowsOfOnesOwnAreTrainedResumedEvaluatedAndReported() throws {
  let program = Command.binary.deletingLastPathComponent().appendingPathComponent("OwnRows")
  let folder = try TemporaryFolder()
  func run(_ words: String) throws -> String {
    let outcome = try Command.run(words.split(separator: " ").map(String.init), by: program, in: folder.path)
    #expect(outcome.status == 0, "\(words): \(outcome.output)")
    return outcome.output
  }
  _ = try run("train own-small --steps 2 --set training.batch=8 --set model.blocks=1 --out run --device cpu")
  let resumed = try run("train --resume --steps 3 --out run --device cpu")
  #expect(resumed.contains("going on from step 2"))
  let evaluated = try run("evaluate run --metrics brightness,detail --features pixels --count 20 --device cpu")
  #expect(evaluated.contains("brightness"))
  #expect(try run("report run").contains("run/report.html"))
  let page = try String(contentsOfFile: folder.path + "/run/report.html", encoding: .utf8)
  #expect(page.contains("upsampling") && page.contains("tempered + drift") && page.contains("brightness"))
  _ = try run("sample run --count 4 --out samples.png --device cpu")
  #expect(try run("train --list").contains("own-small"))
  let options = try run("options")
  for row in ["upsampling", "tempered", "temperature", "blocks", "drift"] {
    #expect(options.contains("  \(row)\n"), "\(row)")
  }
  #expect(try run("train own-small --dry-run --set objective.name=fgan-shifted-kl").contains("name: fgan-shifted-kl"))
  #expect(try run("evaluate --list").contains("brightness"))
}
