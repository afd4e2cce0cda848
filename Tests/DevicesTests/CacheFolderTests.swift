import Foundation
import Testing

@testable import Devices

/// What is read from a cache is run, so it must be this user's own.
@Suite("The cache's folder")
struct CacheFolderTests {
  /// What was done to a folder `cache` with a file `entry`, and whether the file may still be read.
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var isRead = false
    let spoil: @Sendable (_ folder: String) -> Int32

    static let all = [
      Row(testDescription: "nothing", isRead: true) { _ in 0 },
      Row(testDescription: "others may read", isRead: true) { chmod($0, 0o755) | chmod($0 + "/entry", 0o644) },
      Row(testDescription: "the folder is open to all") { chmod($0, 0o777) },
      Row(testDescription: "the folder is open to its group") { chmod($0, 0o770) },
      Row(testDescription: "the file is open to all") { chmod($0 + "/entry", 0o666) },
      Row(testDescription: "the file is a link") {
        rename($0 + "/entry", $0 + "/other") | symlink("other", $0 + "/entry")
      },
      Row(testDescription: "the file is a pipe, which nobody writes to") {
        unlink($0 + "/entry") | mkfifo($0 + "/entry", 0o600)
      },
      Row(testDescription: "the file is a folder") { unlink($0 + "/entry") | mkdir($0 + "/entry", 0o700) },
    ]
    /// Only root can give files away.
    static let gifts = [
      Row(testDescription: "the folder is another user's") { chown($0, 65534, 65534) },
      Row(testDescription: "the file is another user's") { chown($0 + "/entry", 65534, 65534) },
    ]
  }

  private func check(_ row: Row) throws {
    let path = NSTemporaryDirectory() + "cache-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let cache = CacheFolder(path: path)
    #expect(cache.write([1, 2, 3], to: "entry") && cache.read("entry") == [1, 2, 3])
    try #require(row.spoil(path) == 0)
    #expect(cache.read("entry") == (row.isRead ? [1, 2, 3] : nil))
  }

  @Test("only what is the user's own is read", arguments: Row.all)
  func own(row: Row) throws { try check(row) }

  @Test(
    "what is another user's is not read", .enabled(if: geteuid() == 0, "only root can give files away"),
    arguments: Row.gifts)
  func foreign(row: Row) throws { try check(row) }

  /// Whatever the user's mask allows.
  @Test("what others write is read too")
  func others() throws {
    let path = NSTemporaryDirectory() + "cache-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let cache = CacheFolder(path: path)
    try cache.write(to: "entry") { file in
      try Data([4, 5]).write(to: URL(fileURLWithPath: file))
      #expect(chmod(file, 0o666) == 0)
    }
    #expect(cache.read("entry") == [4, 5])
  }
}
