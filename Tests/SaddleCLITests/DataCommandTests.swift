import Foundation
import Testing

/// A PNG of 2 x 2 pixels (value, 1, 2).
private func picture(_ value: UInt8) -> Data {
  // Signature, header, one stored block of two rows, end; checksums bit by bit.
  func bytes(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) } }
  func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body: [UInt8] = Array(name.utf8) + data
    var crc = ~UInt32(0)
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    }
    return bytes(UInt32(data.count)) + body + bytes(~crc)
  }
  let rows: [UInt8] = [0, value, 1, 2, value, 1, 2, 0, value, 1, 2, value, 1, 2]
  var (a, b): (UInt32, UInt32) = (1, 0)
  for row in rows {
    a += UInt32(row)
    b += a
  }
  let count = UInt8(rows.count)
  let header: [UInt8] = bytes(2) + bytes(2) + [8, 2, 0, 0, 0]
  let pixels: [UInt8] = [0x78, 1, 1, count, 0, ~count, 255] + rows + bytes(b << 16 | a)
  let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  return Data(signature + chunk("IHDR", header) + chunk("IDAT", pixels) + chunk("IEND", []))
}

private func write(_ names: [String: Data], in folder: String) throws {
  for (name, data) in names {
    let file = URL(fileURLWithPath: folder).appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }
}

/// A folder is split, both parts are packed, and what was packed is inspected.
@Test func dataGoFromAFolderToPackedParts() throws {
  let folder = try TemporaryFolder()
  func saddle(_ arguments: String...) throws -> Command.Outcome {
    try Command.run(["data"] + arguments, in: folder.path)
  }
  try write(
    Dictionary(
      uniqueKeysWithValues: (0..<40).map {
        ("in/\($0 % 2 == 0 ? "even" : "odd")/\($0).png", picture(UInt8($0)))
      }),
    in: folder.path)
  let split = try saddle("split", "in", "--held-out", "0.25", "--by", "class", "--out", "parts")
  #expect(split.status == 0 && split.output.contains("all       30        10"), "\(split.output)")

  for (part, count) in [("train", 30), ("held-out", 10)] {
    let packed = try saddle("pack", "parts", "--size", "2", "--part", part, "--out", "\(part).safetensors")
    #expect(packed.status == 0 && packed.output.contains("\(count) images of 2 x 2 x 3"), "\(packed.output)")
    #expect(packed.output.contains("--part held-out") == (part == "train"), "\(packed.output)")
  }
  let inspected = try saddle("inspect", "parts", "--json", "all.json", "--picture", "sheet.png")
  #expect(inspected.status == 0, "\(inspected.output)")
  for words in ["parts: 40 images", "held-out", "2 x 2 (40)", "19.5  1.0  2.0", "PNG 40", "sheet.png: 40 of 40"] {
    #expect(inspected.output.contains(words), "\(words) is missing: \(inspected.output)")
  }
  let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder.path + "/all.json")))
  let fields = try #require(json as? [String: Any])
  #expect(fields["images"] as? Int == 40 && (fields["leaks"] as? [Any])?.isEmpty == true)
  try write(
    ["packed/train.safetensors": Data(contentsOf: URL(fileURLWithPath: folder.path + "/train.safetensors"))],
    in: folder.path)
  let again = try saddle("inspect", "packed")
  #expect(again.status == 0 && again.output.contains("packed 30"), "\(again.output)")
}

/// Faults of one kind are one line, training tells how they are found and left out, and packing leaves them out.
@Test func badFilesAreCountedByKind() throws {
  let folder = try TemporaryFolder()
  let good = (0..<3).map { ("in/\($0).png", picture(UInt8($0))) }
  let bad = (0..<5).map { ("in/\($0).svg", Data("<svg/>".utf8)) }
  try write(Dictionary(uniqueKeysWithValues: good + bad + [("in/x.png", Data("no".utf8))]), in: folder.path)
  let inspected = try Command.run(["data", "inspect", "in"], in: folder.path)
  let lines = inspected.output.split(separator: "\n")
  #expect(inspected.status == 1 && lines.count { $0.contains("svg") } == 1, "\(inspected.output)")
  for words in ["files that cannot be read: 6", "5 files, the first", "0.svg: is of a kind that is not read (SVG)"] {
    #expect(inspected.output.contains(words), "\(words) is missing: \(inspected.output)")
  }
  let packed = try Command.run(["data", "pack", "in", "--out", "a.safetensors"], in: folder.path)
  #expect(packed.status == 1 && packed.output.contains("(and 5 more files"), "\(packed.output)")
  #expect(packed.output.contains("--skip-unreadable"), "\(packed.output)")
  let without = try Command.run(
    ["data", "pack", "in", "--skip-unreadable", "--out", "a.safetensors"], in: folder.path)
  #expect(without.status == 0 && without.output.contains("3 images"), "\(without.output)")
  #expect(without.output.contains("6 files that cannot be read left out"), "\(without.output)")
  // A packed file may stand where a folder of images may.
  let plan = try Command.run(["train", "a.safetensors", "--dry-run", "--device", "cpu"], in: folder.path)
  #expect(plan.output.contains("data: a.safetensors: 3 images"), "\(plan.output)")
}

/// Every bad file is named and the exit code says so; a leak is said loudly.
@Test func badFilesAndLeaksAreTold() throws {
  let folder = try TemporaryFolder()
  try write(
    [
      "train/a.png": picture(1), "held-out/b.png": picture(1), "held-out/bad.png": Data("no".utf8),
      "train/cut.png": picture(2).dropLast(3),
    ], in: folder.path)
  let outcome = try Command.run(["data", "inspect", folder.path])
  #expect(outcome.status == 1)
  for words in [
    "WARNING: 1 pictures lie in more than one part", "LEAK", "train/a.png = held-out/b.png",
    "files that cannot be read: 2", "bad.png: is neither", "cut.png: is cut short",
  ] { #expect(outcome.output.contains(words), "\(words) is missing: \(outcome.output)") }
  let json = try Command.run(["data", "inspect", folder.path, "--json", "-"])
  #expect(json.status == 1 && json.output.contains("\"problems\" : ["), "\(json.output)")
}

@Test(arguments: [
  BadCall(arguments: ["data", "inspect", "/nowhere"], status: 1, words: ["/nowhere", "no such file or folder"]),
  BadCall(
    arguments: ["data", "inspect", "/nowhere", "--picture", "a.jpg"], status: 2, words: ["--picture", ".png", "a.jpg"]),
  BadCall(
    arguments: ["data", "pack", "/nowhere", "--out", "a.saddle"], status: 2, words: [".safetensors", "a.saddle"]),
  BadCall(
    arguments: ["data", "pack", "/nowhere", "--out", "a.safetensors"], status: 1, words: ["/nowhere", "no such"]),
  BadCall(
    arguments: ["data", "pack", "/nowhere", "--background", "1,2", "--out", "a.safetensors"], status: 2,
    words: ["--background", "1,2"]),
  BadCall(
    arguments: ["data", "split", "/nowhere", "--held-out", "1", "--out", "a"], status: 2,
    words: ["'1'", "--held-out", "between 0 and 1"]),
  BadCall(
    arguments: ["data", "split", "/nowhere", "--by", "author", "--out", "a"], status: 2,
    words: ["--by author", "--table"]),
  BadCall(
    arguments: ["data", "split", "/nowhere", "--by", "photo", "--ignore", "x", "--out", "a"], status: 2,
    words: ["--ignore or --by"]),
  BadCall(arguments: ["data", "split", "/nowhere", "--out", "a"], status: 1, words: ["/nowhere", "no such folder"]),
  BadCall(
    arguments: ["data", "split", "/proc/sys/kernel/random", "--out", "a"], status: 1,
    words: ["random", "no PNG or JPEG"]),
])
func badCallsOfDataGetOneClearMessage(call: BadCall) throws {
  let folder = try TemporaryFolder()
  let outcome = try Command.run(call.arguments, in: folder.path)
  #expect(outcome.status == call.status, "\(outcome.output)")
  for word in call.words { #expect(outcome.output.contains(word), "\(outcome.output)") }
  #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
}
