import Foundation
import Testing

@testable import Records

/// A lock that is held refuses others and says who holds it; one that is gone does not.
@Test func oneTrainsInAFolder() throws {
  let folder = try TemporaryFolder()
  let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "")
  #expect(run.lastState == nil)
  do {
    let lock = try RunLock(run)
    #expect(run.lastState?.state == .running && run.lastState?.pid == getpid())
    let refusal = message { _ = try RunLock(run) }
    for words in [run.path, "process \(getpid())", "kill \(getpid())", "--out"] { #expect(refusal.contains(words)) }
    // The lock outlives readers of the file.
    #expect(run.lastState?.state == .running)
    withExtendedLifetime(lock) {}
  }
  #expect(run.lastState?.state == .interrupted)
  let again = try RunLock(run)
  try again.end(.failed, reason: "a \"quoted\" reason\nof two lines")
  #expect(run.lastState?.state == .failed && run.lastState?.reason == "a \"quoted\" reason\nof two lines")
  try again.end(.finished)
  #expect(run.lastState?.state == .finished && run.lastState?.reason == nil)
}

@Test(arguments: ["", "{", "{\"state\":\"asleep\",\"host\":\"x\",\"pid\":1}"])
func aStateThatCannotBeReadIsNone(content: String) throws {
  let folder = try TemporaryFolder()
  let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "")
  try content.write(toFile: run.state, atomically: true, encoding: .utf8)
  #expect(run.lastState == nil)
  _ = try RunLock(run)
}
