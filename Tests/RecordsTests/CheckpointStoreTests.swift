import Foundation
import Glibc
import Testing

@testable import Records

@Suite struct CheckpointStoreTests {
  private static func file(_ value: Float) -> SafetensorsFile {
    SafetensorsFile(tensors: [.init("w", shape: [1], .float32([value]))])
  }

  @Test(arguments: [
    (0, "step-00000000"), (2000, "step-00002000"), (99_999_999, "step-99999999"), (123_456_789, "step-123456789"),
  ])
  func names(step: Int, name: String) {
    #expect(CheckpointStore.name(step: step) == name)
  }

  @Test func keepsTheLastOnes() throws {
    let folder = try TemporaryFolder()
    let directory = "\(folder.path)/deep/checkpoints"
    let store = try CheckpointStore(directory: directory, keeping: 2)
    #expect(try store.latest() == nil)
    for step in [10, 20, 100_000_000, 30] { try store.save(Self.file(Float(step)), step: step) }
    // Saving step 30 leaves the one after it alone.
    #expect(try store.steps() == [20, 30, 100_000_000])
    #expect(try store.remove(after: 30) == ["step-100000000"])
    #expect(try store.latest() == 30)
    let loaded = try CheckpointStore(readingFrom: directory).loadLatest()
    #expect(loaded.step == 30 && loaded.file == Self.file(30))
    for name in ["20", "step-00000020", "step-00000020.safetensors"] { #expect(try store.load(named: name).step == 20) }
  }

  @Test func interruptedWritesAreNoCheckpoints() throws {
    let folder = try TemporaryFolder()
    let store = try CheckpointStore(directory: folder.path)
    try store.save(Self.file(1), step: 20)
    try folder.write(Array(folder.bytes("step-00000020.safetensors").prefix(30)), to: "step-00000040.safetensors.tmp")
    for other in ["step-x.safetensors", "step-41.safetensors", "latest", "step--0000001.safetensors"] {
      try folder.write("", to: other)
    }
    // Someone who only reads does not touch the writer's file.
    #expect(try CheckpointStore(readingFrom: folder.path).latest() == 20)
    #expect(try folder.names().contains("step-00000040.safetensors.tmp"))
    #expect(try CheckpointStore(directory: folder.path).latest() == 20)
    #expect(try !folder.names().contains { $0.hasSuffix(".tmp") })
    #expect(try folder.names().contains("latest"))
  }

  @Test func damageIsToldWithTheWayOut() throws {
    let folder = try TemporaryFolder()
    let store = try CheckpointStore(directory: folder.path)
    for step in [10, 20, 30, 40] { try store.save(Self.file(1), step: step) }
    let whole = try folder.bytes("step-00000040.safetensors")
    try folder.write(whole.dropLast(2), to: "step-00000040.safetensors")
    try folder.write([], to: "step-00000030.safetensors")
    #expect(
      message { _ = try store.loadLatest() }
        == "\(folder.path)/step-00000040.safetensors is damaged: it is cut short: \(whole.count) bytes are promised, "
        + "\(whole.count - 2) are there; the one before it is step-00000020: --from step-00000020")
    #expect(try store.load(named: "step-00000020").file == Self.file(1))
    var flipped = whole
    flipped[flipped.count - 1] ^= 4
    try folder.write(flipped, to: "step-00000010.safetensors")
    #expect(
      message { _ = try store.load(step: 10) }
        .contains("contents have changed since it was written (checksum"))
    #expect(message { _ = try store.load(step: 10) }.hasSuffix("no checkpoint before it can be read: train anew."))
    // A checkpoint without its checksum was not left so by this program.
    try folder.write(SafetensorsTests.foreign(), to: "step-00000010.safetensors")
    #expect(message { _ = try store.load(step: 10) }.contains("is damaged: it carries no checksum"))
  }

  @Test func absenceIsTold() throws {
    let folder = try TemporaryFolder()
    #expect(
      message { _ = try CheckpointStore(readingFrom: "\(folder.path)/none").loadLatest() }
        == "\(folder.path)/none has no checkpoint. Nothing was saved there: train anew with another --out.")
    let store = try CheckpointStore(directory: folder.path)
    try store.save(Self.file(1), step: 7)
    #expect(
      message { _ = try store.load(named: "step-8") }
        == "\(folder.path) has no checkpoint 'step-8'. There are: step-00000007.")
  }

  /// A disk that is full: /dev/full has room for nothing, and a file that cannot be finished leaves the old one.
  @Test func fullDiskLeavesTheOldFiles() throws {
    let folder = try TemporaryFolder()
    let store = try CheckpointStore(directory: folder.path, keeping: 1)
    try store.save(Self.file(1), step: 1)
    #expect(
      message {
        try AtomicFile.write(to: store.path(step: 1)) { (file) throws(RecordError) in
          try file.write("half of it")
          try OpenFile("/dev/full", O_WRONLY).write("the rest")
        }
      }
        == "/dev/full could not be written: No space left on device. "
        + "The files written before are untouched: free some space, then resume.")
    #expect(try folder.names() == ["step-00000001.safetensors"])
    #expect(try store.load(step: 1) == Self.file(1))
  }

  /// Names with a step that no run comes to are no checkpoints, pictures or event files.
  @Test(arguments: ["4611686018427387904", "9223372036854775807", "9223372036854775808", "4294967296", "-1"])
  func stepsOutOfRangeAreNone(digits: String) throws {
    let folder = try TemporaryFolder()
    let run = try RunDirectory(creating: "\(folder.path)/run", configuration: "")
    for name in ["checkpoints/step-\(digits).safetensors", "samples/step-\(digits).png"] {
      try folder.write("", to: "run/\(name)")
    }
    #expect(try CheckpointStore(readingFrom: run.checkpoints).steps() == [] && run.sampledSteps() == [])
    #expect(
      message { _ = try CheckpointStore(readingFrom: run.checkpoints).load(named: "step-\(digits)") }
        .contains("has no checkpoint 'step-\(digits)'"))
    try folder.write("{\"step\":1}\n{\"step\":\(digits)}\n", to: "run/metrics.jsonl")
    #expect(message { _ = try MetricsStream.rows(of: run.metrics) }.contains("metrics.jsonl:2: "))
    try run.forget(after: 0)
  }

  @Test(arguments: [("file/checkpoints", "Not a directory"), ("file", "could not be created as a folder")])
  func unusableFoldersAreTold(path: String, part: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("", to: "file")
    let found = message { _ = try CheckpointStore(directory: "\(folder.path)/\(path)") }
    #expect(found.hasPrefix("\(folder.path)/file") && found.contains(part), "\(found)")
  }
}
