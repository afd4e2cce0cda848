import Foundation
import Testing

@testable import Devices

@Suite("Programs on disk")
struct ProgramCacheTests {
  /// The published test vectors of FNV-1a, 128 bits (draft-eastlake-fnv, section 6).
  @Test(
    "the hash",
    arguments: [
      ("", 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d), ("a", 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964),
      ("foobar", 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18),
    ] as [(String, UInt128)])
  func hash(text: String, expected: UInt128) {
    #expect(ProgramCache.hash(text.utf8) == expected)
  }

  /// How an entry may be spoiled.
  static let damage: [(name: String, spoil: @Sendable ([UInt8]) -> [UInt8])] = [
    ("a flipped bit at the end", { $0.dropLast() + [$0[$0.count - 1] ^ 1] }),
    ("a flipped bit in the key", { Array($0[..<20]) + [$0[20] ^ 1] + Array($0[21...]) }),
    ("half of it", { Array($0.prefix($0.count / 2)) }),
    ("nothing", { _ in [] }),
    ("a byte too much", { $0 + [0] }),
    ("another file", { _ in Array("#!/bin/sh\n".utf8) }),
  ]

  @Test("a damaged entry is not used", arguments: damage.indices)
  func damagedEntry(row: Int) throws {
    try withFolder { folder in
      let cache = try #require(ProgramCache(CacheFolder(path: folder + "/made/at/need")))
      #expect(cache.binary(for: "key") == nil)
      let binary = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
      cache.store(binary, for: "key")
      #expect(cache.binary(for: "key") == binary)
      #expect(cache.binary(for: "other key") == nil)
      let path = folder + "/made/at/need/" + cache.name(of: "key")
      try write(Self.damage[row].spoil(try read(path)), to: path)
      #expect(cache.binary(for: "key") == nil, "\(Self.damage[row].name)")
    }
  }

  @Test("an entry under another key's name is not used")
  func foreignEntry() throws {
    try withFolder { folder in
      let cache = try #require(ProgramCache(CacheFolder(path: folder)))
      cache.store([1, 2, 3], for: "key")
      #expect(rename("\(folder)/\(cache.name(of: "key"))", "\(folder)/\(cache.name(of: "yek"))") == 0)
      #expect(cache.binary(for: "yek") == nil)
    }
  }

  @Test("a folder that cannot be written is no failure")
  func noFolder() throws {
    let cache = try #require(ProgramCache(CacheFolder(path: "/dev/null/saddle")))
    cache.store([1, 2, 3], for: "key")
    #expect(cache.binary(for: "key") == nil)
  }

  @Test(
    "a device compiles once, and again when its entry is damaged",
    .enabled(if: Processors.openCL != nil, Processors.needed))
  func device() throws {
    try withFolder { folder in
      let cache = ProgramCache(CacheFolder(path: folder))
      func compilations() throws -> Int {
        let backend = try Processors.openCL(cache: cache)
        try Probe.check(Device(backend))
        return backend.programs.compilationCount
      }
      #expect(try compilations() == 1)
      #expect(try compilations() == 0)
      let entry = try #require(try entries(folder).first)
      #expect(try entries(folder).count == 1)  // and nothing half written
      let whole = try read(entry)
      try write(whole.dropLast() + [whole[whole.count - 1] ^ 1], to: entry)
      #expect(try compilations() == 1)
      #expect(try compilations() == 0)
    }
  }

  // MARK: Files

  private func entries(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
  }

  private func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

  private func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }
}

/// Gives the test a folder of its own and removes it afterwards.
func withFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "saddle-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path())
}
