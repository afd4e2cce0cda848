import Foundation
import Synchronization
import Testing

@testable import Records

/// A lock that is held refuses others and says who holds it; one that is gone does not.
@Test func oneTrainsInAFolder() throws {
  let folder = try TemporaryFolder()
  let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "")
  // Made by somebody who has gone.
  #expect(run.lastState?.state == .interrupted)
  do {
    let lock = try RunLock(run)
    try lock.end(.failed)
    #expect(run.lastState?.state == .failed)
    try lock.begin()
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

@Test(arguments: [
  "", "{", "{\"state\":\"asleep\",\"host\":\"x\",\"pid\":1}",
  // `kill -1` would be advised.
  "{\"state\":\"failed\",\"host\":\"x\",\"pid\":-1}",
  "{\"state\":\"failed\",\"host\":\"x\",\"pid\":9223372036854775807}",
])
func aStateThatCannotBeReadIsNone(content: String) throws {
  let folder = try TemporaryFolder()
  let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "")
  try content.write(toFile: run.state, atomically: true, encoding: .utf8)
  #expect(run.lastState == nil)
  try RunLock(run).begin()
  #expect(run.lastState?.state == .interrupted)
}

/// Who took the lock and trained nothing leaves nothing; of a thousand who do so at once, each holds it alone.
@Test func aLockThatWasNotUsedLeavesNothing() throws {
  let folder = try TemporaryFolder()
  let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "")
  try FileManager.default.removeItem(atPath: run.state)
  let holders = Atomic(0)
  let most = Atomic(0)
  DispatchQueue.concurrentPerform(iterations: 1000) { _ in
    guard let lock = try? RunLock(run) else { return }
    most.max(holders.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
    holders.subtract(1, ordering: .relaxed)
    withExtendedLifetime(lock) {}
  }
  #expect(most.load(ordering: .relaxed) == 1)
  #expect(!FileManager.default.fileExists(atPath: run.state))
}

/// A shorter state over a longer one, and what a killed write would leave: one JSON object either way.
@Test func aStateIsReplacedInOneWrite() throws {
  let folder = try TemporaryFolder()
  let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "")
  let lock = try RunLock(run)
  try lock.end(.failed, reason: String(repeating: "why ", count: 100))
  let long = try folder.bytes("run/state.json").count
  try lock.end(.finished)
  #expect(try folder.bytes("run/state.json").count == long)
  #expect(run.lastState == RunState(state: .finished, host: run.lastState?.host ?? "", pid: getpid(), reason: nil))
}
