import Foundation
import Testing

@testable import Records

@Suite struct AtomicFileTests {
  /// Many write one file at once: each succeeds, the file is one of theirs, and nothing else stays.
  @Test func writersDoNotMeet() throws {
    let folder = try TemporaryFolder()
    let (failures, path) = (Failures(), "\(folder.path)/page.html")
    DispatchQueue.concurrentPerform(iterations: 8) { writer in
      for _ in 0..<25 {
        do {
          try AtomicFile.write([UInt8](repeating: UInt8(writer), count: 10_000), to: path)
        } catch {
          failures.add("\(error)")
        }
      }
    }
    #expect(failures.texts == [])
    let bytes = try folder.bytes("page.html")
    #expect(bytes.count == 10_000 && Set(bytes).count == 1)
    #expect(try folder.names() == ["page.html"])
  }

  /// Links in a file's place, or where former versions had their temporary file, are not followed.
  @Test(arguments: ["page.html", "page.html.tmp"])
  func linksAreNotFollowed(name: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("mine", to: "victim")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/\(name)", withDestinationPath: "\(folder.path)/victim")
    try AtomicFile.write(Array("page".utf8), to: "\(folder.path)/page.html")
    #expect(try folder.text("victim") == "mine" && folder.text("page.html") == "page")
  }

  /// What nobody writes any more is removed; what somebody writes, and what is no draft, stays.
  @Test func abandonedDraftsAreRemoved() throws {
    let folder = try TemporaryFolder()
    var draft = try DraftFile(for: "\(folder.path)/samples.zip")
    try draft.file.write("written right now")
    let live = try #require(try folder.names().first)
    #expect(live.hasPrefix("samples.zip.") && live.hasSuffix(".tmp"))
    let abandoned = ["a.png.0a1b2c3d.tmp", "step-00000003.safetensors.tmp", "b.npy.ffffffff.tmp"]
    let foreign = ["notes.tmp", "a.tmp.png", "letter.txt.tmp", "x.png.0a1b2c3.tmp", "victim"]
    for name in abandoned + foreign { try folder.write("", to: name) }
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/report.html.tmp", withDestinationPath: "\(folder.path)/victim")
    #expect(mkfifo("\(folder.path)/c.json.tmp", 0o600) == 0)
    #expect(mkdir("\(folder.path)/d.json.tmp", 0o700) == 0)
    try DraftFile.removeAbandoned(in: folder.path)
    #expect(try folder.names() == (foreign + [live, "d.json.tmp"]).sorted())
    try draft.finish()
    #expect(try folder.text("samples.zip") == "written right now")
  }

  /// A draft that is given up leaves nothing, whoever wrote it.
  @Test func whatIsGivenUpGoes() throws {
    let folder = try TemporaryFolder()
    do {
      _ = try ZipWriter("\(folder.path)/a.zip")
      _ = try NumPyWriter("\(folder.path)/a.npy", shape: [3])
      #expect(throws: RecordError.self) {
        try AtomicFile.write(to: "\(folder.path)/a") { _ throws(RecordError) in throw .library(reason: "") }
      }
    }
    #expect(try folder.names() == [])
  }

  /// What is no file of bytes, or larger than any memory, is refused at once by all that read one.
  @Test(arguments: ["pipe", "folder", "device", "holes"])
  func whatIsNoFileIsRefused(kind: String) throws {
    let folder = try TemporaryFolder()
    let path = kind == "device" ? "/dev/zero" : "\(folder.path)/file"
    let words = ["pipe": "no ordinary file", "device": "no ordinary file", "folder": "is a folder"]
    switch kind {
    case "pipe": #expect(mkfifo(path, 0o600) == 0)
    case "folder": #expect(mkdir(path, 0o700) == 0)
    case "holes":
      try folder.write("", to: "file")
      try #require(truncate(path, 9 << 40) == 0)
    default: break
    }
    let readers: [(String, () throws -> Void)] = [
      ("safetensors", { _ = try SafetensorsFile(readingFrom: path) }),
      ("numpy", { _ = try NumPyArray(readingFrom: path) }), ("zip", { _ = try ZipArchive(readingFrom: path) }),
      ("metrics", { _ = try MetricsStream.rows(of: path) }),
    ]
    for (name, read) in readers {
      let found = message(read)
      #expect(found.hasPrefix(path), "\(name): \(found)")
      if let words = words[kind] { #expect(found.contains(words), "\(name): \(found)") }
    }
  }

  /// A file with holes behind an honest header: its length is known before it is read.
  @Test func aFileLongerThanItsHeaderSaysIsNotRead() throws {
    let folder = try TemporaryFolder()
    try SafetensorsFile(tensors: [.init("w", shape: [1], .float32([1]))]).write(to: "\(folder.path)/file")
    let size = try folder.bytes("file").count
    try #require(truncate("\(folder.path)/file", 1 << 33) == 0)
    #expect(
      message { _ = try SafetensorsFile(readingFrom: "\(folder.path)/file") }
        == "\(folder.path)/file cannot be read: \((1 << 33) - size) bytes follow its last tensor.")
  }

  private final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var texts: [String] = []
    func add(_ text: String) { lock.withLock { texts.append(text) } }
  }
}
