import ArgumentParser
import Foundation
import Saddle

/// Where samples go, page after page, so that there may be any number of them.
protocol SampleOutput: AnyObject {
  /// Takes the next images, [N][H][W][C], with the classes that they were asked for.
  func add(_ images: [UInt8], classes: [Int]?) throws
  func finish() throws
}

/// A kind of output: a row of `all`, chosen by how the name of --out ends.
struct SampleKind: Sendable {
  let ending: String
  let summary: String
  /// For this many images of a shape [H, W, C].
  let open: @Sendable (_ path: String, _ count: Int, _ image: Shape) throws -> any SampleOutput

  static let all = [
    SampleKind(ending: "/", summary: "a folder of PNG files, 00000.png and on") { path, count, image in
      try PictureFolder(path, count: count, image: image)
    },
    SampleKind(ending: ".npy", summary: "all bytes [N][H][W][C], for numpy.load") { path, count, image in
      BytesOutput(try NumPyWriter(path, shape: [count] + image.sizes))
    },
    SampleKind(ending: ".zip", summary: "PNG files and dataset.json, as StyleGAN's tools read them") { path, _, image in
      PictureArchive(try ZipWriter(path), image: image)
    },
  ]

  /// The kind of a name that says one; a grid (.png) is none of these.
  static func named(_ path: String) -> SampleKind? { all.first { path.hasSuffix($0.ending) } }
}

/// Pictures in one file each.
private final class PictureFolder: SampleOutput {
  private let path: String
  private let image: Shape
  private let digits: Int
  private var number = 0

  init(_ path: String, count: Int, image: Shape) throws {
    (self.path, self.image, digits) = (path, image, max(5, "\(count - 1)".count))
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard names.isEmpty else { throw RecordError.runExists(path: path, isRun: names.contains("config.yaml")) }
    try Directory.create(path)
  }

  func add(_ images: [UInt8], classes: [Int]?) throws {
    for picture in images.pictures(image) {
      try picture.writePNG(to: "\(path)\(padded(number, digits)).png", scale: 1)
      number += 1
    }
  }

  func finish() {}
}

private final class BytesOutput: SampleOutput {
  private let writer: NumPyWriter
  init(_ writer: NumPyWriter) { self.writer = writer }
  func add(_ images: [UInt8], classes: [Int]?) throws { try writer.add(images) }
  func finish() throws { try writer.finish() }
}

/// What dataset_tool.py of NVlabs/stylegan2-ada-pytorch and stylegan3 makes: pictures by eight digits, in folders of
/// the first five, and dataset.json with each one's class, or null.
private final class PictureArchive: SampleOutput {
  private let archive: ZipWriter
  private let image: Shape
  private var labels: [String] = []
  private var number = 0

  init(_ archive: ZipWriter, image: Shape) { (self.archive, self.image) = (archive, image) }

  func add(_ images: [UInt8], classes: [Int]?) throws {
    for (i, picture) in images.pictures(image).enumerated() {
      let digits = padded(number, 8)
      let name = "\(digits.prefix(5))/img\(digits).png"
      try archive.add(name, try picture.png(scale: 1))
      if let classes { labels.append("[\"\(name)\", \(classes[i])]") }
      number += 1
    }
  }

  func finish() throws {
    try archive.add(
      "dataset.json", "{\"labels\": \(labels.isEmpty ? "null" : "[\(labels.joined(separator: ", "))]")}")
    try archive.finish()
  }
}

private func padded(_ number: Int, _ digits: Int) -> String {
  let text = "\(number)"
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

extension [UInt8] {
  /// Images [N][H][W][C] one by one.
  fileprivate func pictures(_ image: Shape) -> [SampleGrid] {
    stride(from: 0, to: count, by: image.count).map { start in
      SampleGrid(
        pixels: Array(self[start..<start + image.count]), count: 1, height: image[0], width: image[1],
        channels: image[2])
    }
  }
}
