import Foundation
import Testing

@testable import Datasets

/// Pictures whose pixels follow from their numbers: equal numbers, equal pixels.
private func write(_ names: [(String, Int)], in folder: URL) throws {
  for (name, number) in names {
    try Fixture.write(
      [name: Fixture.png(2, 1) { x, _ in [UInt8(number & 255), UInt8(number >> 8), UInt8(x)] }], in: folder)
  }
}

private func split(
  _ folder: URL, _ share: Double, by rule: DatasetSplit.Rule = .content, seed: UInt64 = 0
) throws -> DatasetSplit {
  try DatasetSplit(DatasetSurvey(of: folder), of: folder, share: share, by: rule, seed: seed)
}

private func heldOut(_ split: DatasetSplit) -> Set<String> {
  Set(zip(split.files, split.isHeldOut).filter(\.1).map(\.0))
}

/// The share is met on average (three deviations of a binomial), equal pictures stay together, and new pictures move
/// no other.
@Test func picturesAreDealtByTheirPixels() throws {
  try Fixture.withFolder { folder in
    try write(
      (0..<600).map { ("\($0).png", $0) }
        + (0..<100).map { ("again/\($0).png", $0) }.map { ("c\($0.0.dropFirst(6))", $0.1) }, in: folder)
    let first = try split(folder, 0.2)
    let held = heldOut(first)
    let single = (0..<600).count { held.contains("\($0).png") }
    #expect(abs(Double(single) - 120) < 3 * (600 * 0.2 * 0.8).squareRoot())
    for i in 0..<100 { #expect(held.contains("\(i).png") == held.contains("c\(i).png")) }
    #expect(first.unitCount == 600)
    try write((600..<900).map { ("0new\($0).png", $0) }, in: folder)
    #expect(heldOut(try split(folder, 0.2)).filter { !$0.hasPrefix("0new") } == held)
    #expect(heldOut(try split(folder, 0.2, seed: 1)) != heldOut(try split(folder, 0.2)))
    // A larger share holds out what a smaller one did, and more.
    #expect(held.isSubset(of: heldOut(try split(folder, 0.3))))
  }
}

@Test func classesGiveTheSameShare() throws {
  try Fixture.withFolder { folder in
    try write((0..<40).map { ("cats/\($0).png", $0) } + (40..<60).map { ("dogs/\($0).png", $0) }, in: folder)
    let result = try split(folder, 0.25, by: .classes)
    #expect(
      heldOut(result).count { $0.hasPrefix("cats/") } == 10 && heldOut(result).count { $0.hasPrefix("dogs/") } == 5)
    #expect(result.labels[0] == "cats" && result.labels[59] == "dogs")
  }
}

/// Crops of a photograph and tones of a figure by their names; anything by a column.
@Test func groupsStayTogether() throws {
  try Fixture.withFolder { folder in
    let photos = (0..<60).flatMap { photo in (0..<3).map { ("photo-\(photo)-\(128 * $0)-0000.png", 3 * photo + $0) } }
    try write(photos, in: folder)
    let files = try DatasetSplit.files(in: folder)
    let groups = try PictureGroups(of: files, ignoring: PictureGroups.patterns["photo"] ?? "")
    #expect(Set(groups.names) == Set((0..<60).map { "photo-\($0)" }))
    let result = try split(folder, 0.3, by: .groups(groups))
    #expect(result.unitCount == 60 && (3...33).contains(heldOut(result).count / 3))
    for photo in 0..<60 {
      let members = zip(files, result.isHeldOut).filter { $0.0.hasPrefix("photo-\(photo)-") }
      #expect(members.count == 3 && Set(members.map(\.1)).count == 1)
    }
    // The same picture in two photographs joins them, and what joins them with others.
    try write([("photo-1-999-0000.png", 0), ("photo-2-999-0000.png", 3)], in: folder)
    let joined = try split(
      folder, 0.3, by: .groups(try PictureGroups(of: DatasetSplit.files(in: folder), ignoring: "-[0-9]+-[0-9]+$")))
    #expect(joined.unitCount == 58)
    let sides = zip(joined.files, joined.isHeldOut).filter { file, _ in
      (0...2).contains { file.hasPrefix("photo-\($0)-") }
    }
    #expect(sides.count == 11 && Set(sides.map(\.1)).count == 1)
  }
}

@Test(
  arguments: [
    ("family", ["x/1f44b.png", "1f44b-1f3fb.png", "1f44b-1f3ff.png"], ["1f44b", "1f44b", "1f44b"]),
    (
      "family", ["1f468-200d-1f680.png", "1f469-1f3fd-200d-1f680.png", "1f3c3-200d-2642-fe0f.png", "1f3c3.png"],
      ["-1f680", "-1f680", "1f3c3", "1f3c3"]
    ),
    ("photo", ["a/fog-0128-0000.png", "fog-0000-0128.jpg", "fog-2-0000-0128.jpg"], ["fog", "fog", "fog-2"]),
  ] as [(String, [String], [String])])
func namesGiveGroups(name: String, files: [String], groups: [String]) throws {
  #expect(try PictureGroups(of: files, ignoring: PictureGroups.patterns[name] ?? "").names == groups)
}

@Test(
  arguments: [
    ("t.csv", "file,family\na.png,1\r\ncats/b.png,\"x, \"\"y\"\"\"\nc,2\n", ["1", "x, \"y\"", "2"]),
    ("t.csv", "\u{feff}id,family\na.png,1\nb.png,1\nc.png,1", ["1", "1", "1"]),
    (
      "t.json", #"[{"name":"a.png","family":1},{"name":"b","family":2},{"name":"c.png","family":"z"}]"#,
      ["1", "2", "z"]
    ),
    ("t.json", #"{"a.png":{"family":"q"},"b.png":{"family":"r"},"c.png":{"family":"q","more":[]}}"#, ["q", "r", "q"]),
  ] as [(String, String, [String])])
func columnsGiveGroups(table: String, text: String, groups: [String]) throws {
  try Fixture.withFolder { folder in
    try Fixture.write([table: Array(text.utf8)], in: folder)
    let files = ["a.png", "cats/b.png", "c.png"]
    #expect(try PictureGroups(of: files, column: "family", in: folder.appending(path: table)).names == groups)
  }
}

@Test(
  arguments: [
    ("t.csv", "file,photo\na.png,1\n", "has no column 'family'; it has file, photo"),
    ("t.csv", "file,family\nb.png,1\n", "has no row for a.png"),
    ("t.csv", "file,family\na.png\n", "row 1 has 1 fields"), ("t.csv", "", "without rows"),
    ("t.csv", "file,family\na.png,1\na.png,2\n", "says both '1' and '2' of a.png"),
    ("t.csv", "file,family\n\"a.png,1\n", "inside quotation marks"), ("t.json", "[1]", "is no table"),
    ("t.json", "[{}]", "without columns"), ("t.json", "[]", "without rows"), ("t.json", "{}", "without rows"),
    ("none.csv", nil, "no such file"),
  ] as [(String, String?, String)])
func badTablesAreExplained(name: String, text: String?, expected: String) throws {
  try Fixture.withFolder { folder in
    if let text { try Fixture.write([name: Array(text.utf8)], in: folder) }
    let error = #expect(throws: DatasetError.self) {
      try PictureGroups(of: ["a.png"], column: "family", in: folder.appending(path: name))
    }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }
}

@Test(arguments: DatasetSplit.Transfer.allCases)
func partsAreMade(by transfer: DatasetSplit.Transfer) throws {
  try Fixture.withFolder { folder in
    let (source, target) = (folder.appending(path: "in"), folder.appending(path: "out"))
    try write((0..<20).map { ("cats/deep/\($0).png", $0) } + (20..<40).map { ("dogs/\($0).png", $0) }, in: source)
    let result = try split(source, 0.3, by: .classes)
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)  // empty: it may be used
    try result.write(to: target, by: transfer)
    let (train, held) = (try openDataset(at: target), try openDataset(at: target, split: .heldOut))
    #expect(train.count == 28 && held.count == 12 && train.classNames == ["cats", "dogs"])
    #expect(held.labels?.count { $0 == 0 } == 6)
    for (file, isHeldOut) in zip(result.files, result.isHeldOut) {
      let path = target.appending(path: isHeldOut ? "held-out" : "train").appending(path: file).path
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: source.appending(path: file)))
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect((attributes[.type] as? FileAttributeType == .typeSymbolicLink) == (transfer == .symbolicLink))
      #expect((attributes[.referenceCount] as? Int == 2) == (transfer == .hardLink))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["in", "out"])
    let error = #expect(throws: DatasetError.self) { try result.write(to: target, by: transfer) }
    #expect(error?.problem == "is not an empty folder")
    // What has parts is not split again.
    #expect(throws: DatasetError.self) { try DatasetSplit.files(in: target) }
  }
}

@Test func badSplitsAreExplained() throws {
  try Fixture.withFolder { folder in
    try write([("a.png", 1), ("b.png", 1)], in: folder)
    func message(_ body: () throws -> Void) -> String {
      (#expect(throws: DatasetError.self) { try body() })?.description ?? ""
    }
    #expect(message { _ = try split(folder, 0.5) }.contains("of its 1 units none comes to the part"))
    #expect(message { _ = try split(folder, 0.5, by: .classes) }.contains("has no classes"))
    #expect(message { _ = try PictureGroups(of: ["a.png"], ignoring: "(") }.contains("no regular expression"))
    #expect(message { _ = try PictureGroups(of: ["a.png", "b.png"], ignoring: "z") }.contains("no name holds 'z'"))
    try Fixture.write(["c.png": [1], "d.png": [2]], in: folder)
    #expect(
      message { _ = try split(folder, 0.5) }.contains(
        "c.png: is neither a PNG nor a JPEG, whatever its name says (and 1 more"))
    try Fixture.write(["train-images-idx3-ubyte": [1]], in: folder.appending(path: "idx"))
    #expect(message { _ = try DatasetSplit.files(in: folder.appending(path: "idx")) }.contains("holds IDX files"))
  }
}
