import Foundation
import Testing

@testable import Records

@Suite struct ArchiveTests {
  static let files: [(name: String, contents: [UInt8])] = [
    ("a.txt", Array("words and words and words".utf8)), ("folder/empty", []), ("größe.npy", [0, 255, 80, 75, 5, 6]),
  ]

  static func archive(in folder: TemporaryFolder, _ name: String = "a.zip") throws -> [UInt8] {
    let writer = try ZipWriter("\(folder.path)/\(name)")
    for (name, contents) in files { try writer.add(name, contents) }
    try writer.finish()
    return try folder.bytes(name)
  }

  @Test func readsBackWhatItWrote() throws {
    let folder = try TemporaryFolder()
    #expect(try Self.archive(in: folder) == Self.archive(in: folder, "b.zip"))
    let archive = try ZipArchive(readingFrom: "\(folder.path)/a.zip")
    #expect(archive.names == Self.files.map(\.name))
    for (name, contents) in Self.files { #expect(try archive.contents(of: name) == contents) }
    #expect(message { _ = try archive.contents(of: "b") }.contains("it has no 'b'; it has a.txt, folder/empty, größe"))
  }

  /// Python's own reader finds the files, their order and nothing wrong with them.
  @Test func pythonReadsIt() throws {
    let folder = try TemporaryFolder()
    _ = try Self.archive(in: folder)
    let python = Process()
    python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let script = """
      import sys, zipfile
      z = zipfile.ZipFile(sys.argv[1])
      assert z.testzip() is None
      print([(n, list(z.read(n)[:6])) for n in z.namelist()])
      """
    python.arguments = ["python3", "-c", script, "\(folder.path)/a.zip"]
    let output = Pipe()
    python.standardOutput = output
    try python.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    python.waitUntilExit()
    if python.terminationStatus == 127 { return }  // no Python here; tools/test-interop has one
    let expected = Self.files.map { "('\($0.name)', \($0.contents.prefix(6)))" }.joined(separator: ", ")
    #expect(text == "[\(expected)]\n")
  }

  @Test func writerThatIsNotFinishedLeavesNothing() throws {
    let folder = try TemporaryFolder()
    do { try ZipWriter("\(folder.path)/a.zip").add("a", [1]) }
    #expect(try folder.names().isEmpty)
  }

  /// More files than 16 bits count: Zip64.
  @Test func manyFilesAreReadBack() throws {
    let folder = try TemporaryFolder()
    let writer = try ZipWriter("\(folder.path)/a.zip")
    for i in 0..<65_540 { try writer.add("\(i)", [UInt8(truncatingIfNeeded: i)]) }
    try writer.finish()
    let archive = try ZipArchive(readingFrom: "\(folder.path)/a.zip")
    #expect(archive.names.count == 65_540)
    #expect(try archive.contents(of: "65539") == [3])
  }

  @Test(arguments: ["stored", "packed"]) func readsNumPysArchives(name: String) throws {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "npz", subdirectory: "Reference"))
    let archive = try ZipArchive(readingFrom: url.path)
    func array(_ name: String) throws -> NumPyArray {
      try NumPyArray(bytes: archive.contents(of: "\(name).npy"), path: name)
    }
    #expect(try array("mu") == NumPyArray(shape: [3], .float64([1.5, -2, 0.25])))
    #expect(try array("sigma") == NumPyArray(shape: [2, 3], .float64([0, 1, 2, 3, 4, 5])))
    #expect(try array("bytes") == NumPyArray(shape: [3, 2, 1], .uint8([250, 251, 252, 253, 254, 255])))
    #expect(try array("single") == NumPyArray(shape: [], .float32([0.5])))
    #expect(try array("steps") == NumPyArray(shape: [2], .int64([-1, 1 << 40])))
  }

  @Test func findsEveryFlippedBitOfContents() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.archive(in: folder)
    // The first file's contents lie behind its header of 30 bytes and its name of 5.
    for bit in 8 * 35..<8 * 60 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      let archive = try ZipArchive(bytes: flipped, path: "x")
      #expect(message { _ = try archive.contents(of: "a.txt") }.contains("'a.txt' has changed since it was written"))
    }
  }

  /// No damage makes the reader do worse than throw: every cut, and every byte turned over.
  @Test func damageIsAnError() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.archive(in: folder)
    func read(_ bytes: [UInt8]) throws {
      let archive = try ZipArchive(bytes: bytes, path: "some.zip")
      for name in archive.names { _ = try archive.contents(of: name) }
    }
    for count in bytes.indices {
      let found = message { try read(Array(bytes[..<count])) }
      #expect(found.hasPrefix("some.zip cannot be read: "), "\(count) bytes: \(found)")
    }
    for place in bytes.indices {
      var turned = bytes
      turned[place] ^= 0xFF
      _ = message { try read(turned) }
    }
    #expect(message { try read([1, 2, 3]) }.contains("it is no zip archive, or its end is missing"))
  }

  @Test(arguments: [([], "()"), ([3], "(3,)"), ([2, 3], "(2, 3)")] as [([Int], String)])
  func arraysAreNumPys(shape: [Int], tuple: String) throws {
    let folder = try TemporaryFolder()
    let values = (0..<shape.reduce(1, *)).map { UInt8($0 + 1) }
    let array = NumPyArray(shape: shape, values: values)
    try array.write(to: "\(folder.path)/a.npy")
    let bytes = try folder.bytes("a.npy")
    #expect(Array(bytes[..<8]) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
    let length = Int(bytes[8]) + 256 * Int(bytes[9])
    #expect((10 + length) % 64 == 0)
    let header = String(decoding: bytes[10..<10 + length], as: UTF8.self)
    #expect(header.hasPrefix("{'descr': '|u1', 'fortran_order': False, 'shape': \(tuple), }"))
    #expect(header.hasSuffix("\n"))
    #expect(Array(bytes[(10 + length)...]) == values)
    #expect(bytes == array.bytes)
    #expect(try NumPyArray(readingFrom: "\(folder.path)/a.npy") == array)
  }

  static let faults: [(description: String, data: Int, message: String)] = [
    ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, "its elements are '<c8'; |u1, <f4, <f8, <i8"),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", 8, "8 bytes do not fill <f8 of shape (2,), 16 do"),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", 8, "its shape is (9999999999"),
    ("{'fortran_order': False, 'shape': (2,), }", 8, "its description is not understood"),
  ]

  @Test(arguments: faults) func namesTheFaultOfAnArray(description: String, data: Int, message expected: String) {
    let head: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(description.utf8.count), 0]
    let bytes = head + Array(description.utf8) + [UInt8](repeating: 0, count: data)
    let found = message { _ = try NumPyArray(bytes: bytes, path: "a.npy") }
    #expect(found.hasPrefix("a.npy cannot be read: ") && found.contains(expected), "\(found)")
  }
}
