import ArgumentParser
import Foundation
import Saddle

extension Train {
  /// Trains the same configuration from several seeds, one after the other: what differs between the runs is chance.
  ///
  /// Each is a call of its own, with a folder and all state of its own: seed 3 of a set is the same run, to the bit, as
  /// one that is trained alone with --seed 3.
  func trainSeeds(_ count: Int, in folder: String) throws {
    let first = seed ?? 1
    let set = (first..<first + count).map { (seed: $0, folder: "\(folder)-seed-\($0)") }
    let begun = set.filter { (try? RunDirectory(opening: $0.folder)) != nil }
    if !resume { for run in begun { try RunDirectory.checkIsFree(run.folder) } }
    if resume && source == nil && begun.isEmpty { _ = try RunDirectory(opening: set[0].folder) }
    let start = ContinuousClock.now
    for (number, run) in set.enumerated() {
      tell("seed \(run.seed), \(number + 1) of \(count)" + Self.timeLeft(since: start, done: number, of: count))
      var one = self
      (one.seeds, one.seed, one.out) = (nil, run.seed, run.folder)
      one.resume = resume && begun.contains { $0.folder == run.folder }
      // A seed that was not begun has the configuration of its siblings.
      if resume && !one.resume && source == nil { one.source = begun.first.map { $0.folder + "/config.yaml" } }
      do {
        try one.run()
      } catch let code as ExitCode where code.rawValue == 130 {
        tell(
          "\(number) of \(count) seeds are done; go on with: saddle train --resume --seeds \(count)"
            + (first == 1 ? "" : " --seed \(first)") + " --out \(folder.shellWord)")
        throw code
      }
    }
    let page = try ReportCommand.write(
      set.map(\.folder), to: folder + "-seeds.html", title: URL(fileURLWithPath: folder).lastPathComponent)
    tell("all \(count) seeds side by side: \(page)")
  }

  /// How long the other seeds will take, judged by those that are done.
  private static func timeLeft(since start: ContinuousClock.Instant, done: Int, of count: Int) -> String {
    guard done > 0 else { return "" }
    let each = start.duration(to: .now) / .seconds(1) / Double(done)
    return ", about \(ProgressLine.duration(each * Double(count - done))) left for all"
  }
}
