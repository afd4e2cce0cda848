import Foundation
import Testing

@testable import Datasets

private func flat(_ side: Int, _ color: [UInt8]) -> [UInt8] { Fixture.png(side, side) { _, _ in color } }

/// One folder with a bit of everything that can be said of a data set.
private func writeZoo(in folder: URL) throws {
  let grey = Fixture.png(
    width: 4, height: 4, depth: 16, colorType: 0, passes: [[[UInt8]](repeating: [0, 0, 0, 0, 0, 0, 0, 0], count: 4)])
  let clear = Fixture.png(
    width: 2, height: 1, colorType: 6, passes: [[[255, 255, 255, 255, 0, 0, 0, 0]]])
  try Fixture.write(
    [
      "train/cats/a.png": flat(4, [200, 100, 0]), "train/cats/b.png": flat(4, [200, 100, 0]),
      "train/dogs/c.png": grey, "train/dogs/d.png": clear, "train/dogs/e.jpg": Fixture.turnedJPEG,
      "train/dogs/cut.png": Array(BadInput.picture.dropLast(20)), "train/dogs/text.png": Array("hello".utf8),
      "train/dogs/f.webp": [1], "train/cats/notes.txt": [1],
      "held-out/dogs/g.png": flat(4, [200, 100, 0]), "held-out/dogs/h.png": flat(5, [9, 9, 9]),
      "held-out/dogs/empty.jpg": [],
    ], in: folder)
}

@Test func everythingIsCountedAndNamed() throws {
  try Fixture.withFolder { folder in
    try writeZoo(in: folder)
    let survey = try DatasetSurvey(of: folder, thumbnails: 3)
    let summary = DatasetSummary(survey, targets: [2, 4, 5, 32])
    #expect(summary.images == 7)
    #expect(
      summary.parts == [
        .init(name: "train", images: 5, classes: [.init(name: "cats", images: 2), .init(name: "dogs", images: 3)]),
        .init(name: "held-out", images: 2, classes: [.init(name: "dogs", images: 2)]),
      ])
    let sizes = try #require(summary.sizes)
    #expect(sizes.smallest == .init(width: 2, height: 1, images: 1))
    #expect(sizes.median == .init(width: 4, height: 4, images: 4))
    #expect(sizes.largest == .init(width: 8, height: 16, images: 1))
    #expect(sizes.commonest.first == sizes.median && sizes.distinct == 4)
    // c.png stores no colour; d.png and h.png show none.
    #expect(summary.channels == .init(grey: 1, colourless: 2, alpha: 1, transparent: 1))
    #expect(summary.formats == [.init(name: "JPEG", images: 1), .init(name: "PNG", images: 6)])
    #expect(summary.depths == [.init(name: "16", images: 1), .init(name: "8", images: 6)])
    #expect(summary.turned == 1)
    #expect(summary.fitting.map(\.images) == [6, 6, 2, 0])
    let same = ["train/cats/a.png", "train/cats/b.png", "held-out/dogs/g.png"]
    #expect(summary.duplicates == [same] && summary.leaks == [same] && summary.contradictions == [same])
    // All that is wrong, each with its reason.
    let problems = summary.problems.map { ($0.path.split(separator: "/").last.map(String.init) ?? "", $0.problem) }
    let expected = [
      ("f.webp", "not read"), ("cut.png", "cut short"), ("text.png", "neither a PNG nor a JPEG"),
      ("empty.jpg", "is empty"),
    ]
    #expect(problems.map(\.0) == expected.map(\.0))
    for (found, wanted) in zip(problems, expected) { #expect(found.1.contains(wanted.1)) }
    #expect(summary.problems.allSatisfy { !$0.remedy.isEmpty })
    #expect(survey.pictures.count { $0.thumbnail != nil } > 0)
    let decoded = try JSONDecoder().decode(DatasetSummary.self, from: JSONEncoder().encode(summary))
    #expect(decoded == summary)
  }
}

/// Two pictures of means 50 and 150 and inner deviations 50 and 0: mean 100, variance (50^2 + 0)/2 + 50^2 over both.
@Test func meansAndDeviations() throws {
  try Fixture.withFolder { folder in
    try Fixture.write(
      [
        "a.png": Fixture.png(2, 2) { x, _ in [x == 0 ? 0 : 100, 0, 255] }, "b.png": flat(7, [150, 0, 255]),
      ], in: folder)
    let summary = try DatasetSummary(DatasetSurvey(of: folder), targets: [])
    #expect(summary.means == [100, 0, 255])
    #expect(abs(summary.deviations[0] - 3750.0.squareRoot()) < 1e-9 && summary.deviations[1...] == [0, 0])
    #expect(summary.parts == [.init(name: "", images: 2, classes: [])])
  }
}

/// A picture in another file format, colour type or depth is the same picture; one of another shape is not.
@Test func equalPixelsAreDuplicates() throws {
  try Fixture.withFolder { folder in
    try Fixture.write(
      [
        "rgb.png": Fixture.png(2, 1) { _, _ in [7, 7, 7] },
        "grey.png": Fixture.png(width: 2, height: 1, colorType: 0, passes: [[[7, 7]]]),
        "opaque.png": Fixture.png(width: 2, height: 1, colorType: 6, passes: [[[7, 7, 7, 255, 7, 7, 7, 255]]]),
        "tall.png": Fixture.png(1, 2) { _, _ in [7, 7, 7] },
        "clear.png": Fixture.png(width: 2, height: 1, colorType: 6, passes: [[[7, 7, 7, 254, 7, 7, 7, 255]]]),
      ], in: folder)
    #expect(
      try DatasetSummary(DatasetSurvey(of: folder), targets: []).duplicates == [["grey.png", "opaque.png", "rgb.png"]])
  }
}

/// Files of many images have parts, equal images and damage as well.
@Test func otherKindsAreSurveyed() throws {
  try Fixture.withFolder { folder in
    let images = try ImageArray(
      name: "a", height: 2, width: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4], labels: [0, 1, 0])
    let idx = folder.appending(path: "idx")
    try Fixture.write(
      [
        "train-images-idx3-ubyte": Fixture.idx([3, 2, 2], images.pixels),
        "t10k-images-idx3-ubyte": Fixture.idx([1, 2, 2], [5, 6, 7, 8]),
      ],
      in: idx)
    var summary = try DatasetSummary(DatasetSurvey(of: idx), targets: [2])
    #expect(summary.parts.map(\.images) == [3, 1] && summary.leaks.count == 1 && summary.duplicates.count == 2)
    #expect(summary.problems.isEmpty && summary.channels.grey == 4)

    try Fixture.write(["t10k-images-idx3-ubyte": [0, 0, 8]], in: idx)
    summary = try DatasetSummary(DatasetSurvey(of: idx), targets: [])
    #expect(summary.images == 3 && summary.problems.map(\.path) == [idx.appending(path: "t10k-images-idx3-ubyte").path])

    let packed = folder.appending(path: "packed/train.safetensors")
    try FileManager.default.createDirectory(at: folder.appending(path: "packed"), withIntermediateDirectories: true)
    try PackedDataset.write(images, fileNames: ["x.png", "y.png", "z.png"], to: packed)
    summary = try DatasetSummary(DatasetSurvey(of: packed.deletingLastPathComponent()), targets: [])
    #expect(summary.duplicates == [["x.png", "z.png"]] && summary.parts[0].classes.map(\.images) == [2, 1])
    var bytes = try Data(contentsOf: packed)
    bytes[bytes.count - 20] ^= 1
    try bytes.write(to: packed)
    summary = try DatasetSummary(DatasetSurvey(of: packed), targets: [])
    #expect(summary.problems.count == 1 && summary.problems[0].problem.contains("has changed since it was written"))
  }
}

@Test func nothingIsSurveyedWhereNothingIs() throws {
  try Fixture.withFolder { folder in
    #expect(throws: DatasetError.self) { try DatasetSurvey(of: folder.appending(path: "nowhere")) }
    #expect(try DatasetSurvey(of: folder).problems.map(\.problem) == ["holds no PNG or JPEG file"])
    // Pictures beside folders of pictures: all are read, and the disorder is told.
    try Fixture.write(["a.png": BadInput.picture, "cats/b.png": flat(3, [1, 2, 3])], in: folder)
    let survey = try DatasetSurvey(of: folder)
    #expect(survey.pictures.count == 2 && survey.problems.count == 1)
  }
}
