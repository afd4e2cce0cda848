import Foundation
import Testing

@testable import Saddle

// Every setting of `data`, through all that opens a run's images.

/// Pictures that are made for a setting, and what one pixel of them must be.
private struct DataRow: Sendable {
  /// A value that is set, with others that it needs.
  let assignments: [String]
  /// The first pixel of images that are compared with, shown or held out.
  let corner: UInt8
  /// The first pixels that training may see.
  var trained: Set<UInt8>?
  /// Whether a batch has images of its own whose labels are told.
  var hasLabeledBatch = false
}

/// Values of each setting; `FOLDER` is where the pictures lie: grey 100 on 16 x 16 pixels in `small`, grey 40 and 200
/// on 32 x 32 in `dark` and `bright`, grey 40 beside a file that is no picture in `broken`, black left of white in
/// `halves`, two classes of grey 40 in `classes`.
private let rows: [String: [DataRow]] = [
  "data.path": [
    DataRow(assignments: ["data.path=FOLDER/dark"], corner: 40),
    DataRow(assignments: ["data.path=FOLDER/bright"], corner: 200),
  ],
  "data.flip": [
    DataRow(assignments: ["data.path=FOLDER/halves", "data.flip=false"], corner: 0, trained: [0]),
    DataRow(assignments: ["data.path=FOLDER/halves", "data.flip=true"], corner: 0, trained: [0, 255]),
  ],
  "data.labelled": [
    DataRow(
      assignments: [
        "data.path=FOLDER/classes", "model.classes=2", "objective.name=semi-supervised", "data.labelled=1",
      ], corner: 40, hasLabeledBatch: true),
    DataRow(
      assignments: ["data.path=FOLDER/classes", "model.classes=2", "objective.name=semi-supervised"], corner: 40),
  ],
  "data.background": [
    DataRow(assignments: ["data.path=FOLDER/small", "data.fit=pad", "data.background=7"], corner: 7),
    DataRow(assignments: ["data.path=FOLDER/small", "data.fit=pad", "data.background=90"], corner: 90),
  ],
  "data.fit": [
    DataRow(assignments: ["data.path=FOLDER/small", "data.fit=resize", "data.background=7"], corner: 100),
    DataRow(assignments: ["data.path=FOLDER/small", "data.fit=pad", "data.background=7"], corner: 7),
  ],
  "data.skip-unreadable": [
    DataRow(assignments: ["data.path=FOLDER/broken", "data.skip-unreadable=true"], corner: 40)
  ],
]

private func makePictures(in folder: String) throws {
  func write(_ name: String, count: Int, side: Int = 32, _ pixel: (Int) -> UInt8) throws {
    for part in ["train", "held-out"] {
      let path = "\(folder)/\(name.replacing("PART", with: part))"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for number in 0..<count {
        try SampleGrid(pixels: (0..<side * side).map(pixel), count: 1, height: side, width: side, channels: 1)
          .writePNG(to: "\(path)/\(number).png", scale: 1)
      }
    }
  }
  try write("small/PART", count: 16, side: 16) { _ in 100 }
  try write("dark/PART", count: 16) { _ in 40 }
  try write("bright/PART", count: 16) { _ in 200 }
  try write("broken/PART", count: 16) { _ in 40 }
  for part in ["train", "held-out"] {
    try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(folder)/broken/\(part)/x.png"))
  }
  try write("halves/PART", count: 16) { $0 % 32 < 16 ? 0 : 255 }
  for name in ["a", "b"] { try write("classes/PART/\(name)", count: 8) { _ in 40 } }
}

/// A setting of `data` counts alike in training and its replay, in evaluation, and in pictures.
@Test(arguments: Registry.standard.settings.map(\.key).filter { $0.hasPrefix("data.") })
func everySettingOfDataCountsEverywhere(key: String) throws {
  let all = try #require(rows[key], "\(key) has no row: add one, with what a pixel must be")
  let folder = try TemporaryFolder()
  try makePictures(in: folder.path)
  let device = try Device.cpu(threads: 1)
  for row in all {
    let configuration = try Configuration(
      from: "fashion",
      assignments: ["model.width=8", "training.batch=8", "output.report=false"]
        + row.assignments.map { $0.replacing("FOLDER", with: folder.path) })
    let size = 32 * 32

    let source = try TrainingRun.open(configuration, first: 0, on: device, nil)
    let batch = try source.next()
    source.stop()
    let bytes = try batch.samples.imageBytes()
    #expect(Set((0..<8).map { bytes[$0 * size] }) == row.trained ?? [row.corner], "\(row)")
    #expect((batch.labeledBatch != nil) == row.hasLabeledBatch)

    let images = try RunEvaluator.Images(configuration, configuration.evaluationOptions)
    let heldOut = try #require(images.heldOut)
    #expect(try images.train.read([0])[0] == row.corner && heldOut.read([0])[0] == row.corner, "\(row)")

    let run = try RunDirectory(creating: folder.path + "/run-\(UUID().uuidString)", configuration: "")
    let neighbours = try #require(SampleFigure.all.first { $0.name == "neighbours" })
    let grid = try neighbours.picture(of: try Trainer(configuration, on: device), configuration, in: run)
    #expect(grid.pixels[size] == row.corner, "\(row)")
  }
}

/// Nobody opens a run's images in a way of their own: `saddle judge` and whatever comes are held to it by this.
@Test func thereIsOneWayToOpenData() throws {
  let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../Sources")
  for folder in ["Saddle", "SaddleCommand"] {
    let path = sources.appending(path: folder).path
    for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasSuffix(".swift") {
      let text = try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
      // `saddle data` opens what the user names: there is no run.
      let isAllowed = name == "Configuration+Data.swift" || name.hasPrefix("Data")
      #expect(isAllowed || !text.contains("openDataset("), "\(name): open a run's images with Configuration.openData")
    }
  }
}

/// What is held out is nil where the data have no such part, and an error where it cannot be read.
@Test(arguments: [
  ("no part", nil, true), ("one IDX file", nil, true), ("part", "held-out", true),
  ("broken part", "held-out/1.png", false), ("small part", "held-out/0.png: is 8 x 8 pixels", false),
  ("given", "nowhere", false),
])
func aHeldOutPartIsNotLost(kind: String, words: String?, isRead: Bool) throws {
  let folder = try TemporaryFolder()
  func write(_ name: String, side: Int) throws {
    let url = URL(fileURLWithPath: "\(folder.path)/data/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try SampleGrid(
      pixels: [UInt8](repeating: 9, count: side * side), count: 1, height: side, width: side, channels: 1
    ).writePNG(to: url.path, scale: 1)
  }
  var path = folder.path + "/data"
  var options = RunEvaluator.Options()
  switch kind {
  case "no part":
    for number in 0..<2 { try write("\(number).png", side: 32) }
  case "one IDX file":
    path += "-images-idx3-ubyte"
    try Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 32, 0, 0, 0, 32] + [UInt8](repeating: 5, count: 2048))
      .write(to: URL(fileURLWithPath: path))
  default:
    for number in 0..<2 {
      try write("train/\(number).png", side: 32)
      try write("held-out/\(number).png", side: kind == "small part" ? 8 : 32)
    }
    if kind == "broken part" { try Data("no picture".utf8).write(to: URL(fileURLWithPath: path + "/held-out/1.png")) }
    if kind == "given" { options.heldOut = folder.path + "/nowhere" }
  }
  let configuration = try Configuration(from: "fashion", assignments: ["data.path=\(path)"])
  do {
    let images = try RunEvaluator.Images(configuration, options)
    #expect(isRead && (images.heldOut != nil) == (words != nil))
  } catch {
    #expect(!isRead && "\(error)".contains(words ?? ""), "\(error)")
  }
}
