import Foundation
import Testing

@testable import Datasets

/// Files that cannot be a data set, and words of the message that says so.
struct BadInput: CustomTestStringConvertible {
  var name: String
  var files: [String: [UInt8]]
  /// What is opened, under the folder of the files.
  var path = ""
  var size: Int? = nil
  var channels: Int? = nil
  var split = Split.train
  var expected: [String]
  var testDescription: String { name }

  static let picture = Fixture.png(4, 4) { x, y in [UInt8(x), UInt8(y), 0] }
  static let images = Fixture.idx([2, 3, 3], [UInt8](repeating: 1, count: 18))
  static let labels = Fixture.idx([2], [0, 1])
  static let record = [UInt8](repeating: 0, count: 3073)

  static func cifar(_ last: [UInt8]) -> [String: [UInt8]] {
    var files = Dictionary(uniqueKeysWithValues: (1...4).map { ("data_batch_\($0).bin", record) })
    files["data_batch_5.bin"] = last
    return files
  }

  /// The picture with one byte changed.
  static func damaged(_ offset: Int) -> [UInt8] {
    var bytes = picture
    bytes[offset] ^= 0x10
    return bytes
  }

  static let idx = "train-images-idx3-ubyte"
  static let idxLabels = "train-labels-idx1-ubyte"

  static let rows: [BadInput] = [
    // Paths
    BadInput(
      name: "missing folder", files: ["here/a.png": picture], path: "heer/there",
      expected: ["heer/there", "no such file or folder", "holds here"]),
    BadInput(name: "empty folder", files: ["empty/.hidden.png": picture], path: "empty", expected: ["no PNG or JPEG"]),
    BadInput(
      name: "a picture", files: ["a.png": picture], path: "a.png", expected: ["a.png", "the folder that it lies"]),
    BadInput(name: "an archive", files: ["a.zip": [1]], path: "a.zip", expected: ["a.zip", "unpack it"]),
    BadInput(name: "no held-out", files: ["a.png": picture], split: .heldOut, expected: ["no held-out part"]),
    // Numbers
    BadInput(name: "size 0", files: ["a.png": picture], size: 0, expected: ["size 0", "1 to 4096"]),
    BadInput(name: "2 channels", files: ["a.png": picture], channels: 2, expected: ["2 channels", "1 (grey) or 3"]),
    // IDX
    BadInput(
      name: "labels as images", files: [idx: labels],
      expected: [idx, "no IDX file of images", "begins with 00 00 08 01, not 00 00 08 03"]),
    BadInput(name: "empty IDX", files: [idx: []], expected: [idx, "it is empty"]),
    BadInput(
      name: "IDX header cut", files: [idx: Array(images.prefix(9))], expected: [idx, "cut short inside its header"]),
    BadInput(
      name: "IDX cut", files: [idx: images.dropLast(1)],
      expected: [idx, "promises 2 images of 3 x 3 pixels, 18 bytes, but holds 17"]),
    BadInput(name: "IDX too long", files: [idx: images + [0]], expected: [idx, "18 bytes, but holds 19"]),
    BadInput(
      name: "IDX hostile", files: [idx: Fixture.idx([1 << 31, 1 << 31, 1 << 31], [1])],
      expected: [idx, "more than fit"]),
    BadInput(name: "IDX of nothing", files: [idx: Fixture.idx([2, 0, 3], [])], expected: [idx, "2 images of 0 x 3"]),
    BadInput(
      name: "labels too few", files: [idx: images, idxLabels: Fixture.idx([1], [0])],
      expected: [idxLabels, "holds 1 labels", "2 images"]),
    BadInput(
      name: "labels are images", files: [idx: images, idxLabels: images],
      expected: [idxLabels, "no IDX file of labels"]),
    BadInput(
      name: "gzip cut", files: [idx + ".gz": Fixture.gzip(images).dropLast(5)],
      expected: [idx + ".gz", "cut short", "gzip data end after"]),
    BadInput(
      name: "gzip damaged", files: [idx + ".gz": Fixture.gzip(images).dropLast(8) + [0, 0, 0, 0, 34, 0, 0, 0]],
      expected: [idx + ".gz", "is damaged: gzip data", "incorrect data check"]),
    BadInput(
      name: "gzip with foreign bytes after it", files: [idx + ".gz": Fixture.gzip(images) + [1, 2, 3]],
      expected: [idx + ".gz", "is damaged: gzip data", "incorrect header check"]),
    // CIFAR
    BadInput(
      name: "CIFAR cut", files: cifar(record.dropLast(1)),
      expected: ["data_batch_5.bin", "3072 bytes", "records of 3073"]),
    BadInput(
      name: "CIFAR label", files: cifar(record + [10] + record.dropFirst()),
      expected: ["data_batch_5.bin", "image 1 has the label 10 of 10 classes"]),
    BadInput(
      name: "CIFAR incomplete", files: ["data_batch_2.bin": record],
      expected: ["holds no data_batch_1.bin", "CIFAR-10"]),
    BadInput(
      name: "CIFAR names", files: cifar(record).merging(["batches.meta.txt": Array("cat dog".utf8)]) { $1 },
      expected: ["batches.meta.txt", "names 2 classes, not 10"]),
    BadInput(name: "CIFAR in Python", files: ["data_batch_1": [0]], expected: ["Python version", "cifar-10-binary"]),
    // Pictures
    BadInput(
      name: "text as PNG", files: ["a.png": Array("hello".utf8)], expected: ["a.png", "neither a PNG nor a JPEG"]),
    BadInput(name: "empty PNG", files: ["a.png": []], expected: ["a.png", "is empty"]),
    BadInput(name: "PNG header cut", files: ["a.png": Array(picture.prefix(20))], expected: ["a.png", "cut short"]),
    BadInput(
      name: "PNG cut", files: ["a.png": Array(picture.dropLast(20))], expected: ["a.png", "cut short", "chunk IDAT"]),
    BadInput(
      name: "PNG without an end", files: ["a.png": Array(picture.dropLast(12))],
      expected: ["a.png", "last chunk is missing"]),
    BadInput(
      name: "PNG damaged", files: ["a.png": damaged(60)], expected: ["a.png", "CRC error in the PNG's chunk IDAT"]),
    BadInput(
      name: "PNG of 0 pixels", files: ["a.png": Fixture.png(width: 0, height: 4, colorType: 2, passes: [])],
      expected: ["a.png", "promises 0 x 4 pixels"]),
    BadInput(
      name: "PNG hostile", files: ["a.png": Fixture.png(width: 1 << 20, height: 1 << 20, colorType: 2, passes: [])],
      expected: ["a.png", "promises 1048576 x 1048576 pixels"]),
    BadInput(
      name: "PNG with too few rows",
      files: ["a.png": Fixture.png(width: 4, height: 4, colorType: 0, passes: [[[1, 2]]])],
      expected: ["a.png", "not a valid PNG"]),
    BadInput(
      name: "JPEG header cut", files: ["a.jpg": Array(Fixture.colorJPEG.prefix(40))], expected: ["a.jpg", "cut short"]),
    BadInput(
      name: "JPEG cut", files: ["a.jpg": Fixture.colorJPEG.dropLast(5)],
      expected: ["a.jpg", "cut short", "last pixels"]),
    BadInput(
      name: "several bad", files: ["a.png": picture, "b.png": [1], "c.png": [2]],
      expected: ["b.png", "and 1 more files cannot be read"]),
    BadInput(
      name: "foreign kind", files: ["a.png": picture, "b.webp": [1]], expected: ["b.webp", "convert it to PNG"]),
    BadInput(
      name: "two sizes", files: ["a.png": picture, "b.png": Fixture.png(5, 4) { _, _ in [0, 0, 0] }],
      expected: ["b.png", "5 x 4", "a.png 4 x 4", "give the size"]),
    BadInput(
      name: "too small", files: ["a.png": picture], size: 8, expected: ["a.png", "4 x 4", "smaller than the size 8"]),
    BadInput(
      name: "pictures beside classes", files: ["a.png": picture, "cats/b.png": picture], expected: ["a.png", "cats"]),
  ]
}

@Test(arguments: BadInput.rows)
func badInputIsExplained(_ row: BadInput) throws {
  try Fixture.withFolder { folder in
    try Fixture.write(row.files, in: folder)
    let error = #expect(throws: DatasetError.self) {
      try openDataset(
        at: row.path.isEmpty ? folder : folder.appending(path: row.path), split: row.split, size: row.size,
        channels: row.channels)
    }
    let message = error?.description ?? ""
    for part in row.expected { #expect(message.contains(part)) }
    #expect(error?.remedy.isEmpty == false)
  }
}

@Test(arguments: [(10, 0, "at least 1"), (10, 11, "too few for a batch of 11")])
func badBatchesAreExplained(count: Int, batchSize: Int, expected: String) throws {
  let error = #expect(throws: DatasetError.self) { try BatchSampler(count: count, batchSize: batchSize, seed: 0) }
  #expect(error?.description.contains(expected) == true)
}

@Test(
  arguments: [
    ([1, 2, 3], nil, [], "no whole number of images"), ([], nil, [], "no whole number of images"),
    ([1, 2], [0], [], "2 images but 1 labels"), ([1, 2], [0, -1], [], "label -1"), ([1, 2], [0, 1], ["a"], "label 1"),
  ] as [([UInt8], [Int]?, [String], String)])
func badArraysAreExplained(pixels: [UInt8], labels: [Int]?, classNames: [String], expected: String) throws {
  let width = pixels.count == 2 ? 1 : 2
  let error = #expect(throws: DatasetError.self) {
    try ImageArray(
      name: "test", height: 1, width: width, channels: 1, pixels: pixels, labels: labels, classNames: classNames)
  }
  #expect(error?.description.contains(expected) == true)
}

@Test func unpackingStopsAtItsLimit() throws {
  try Fixture.withFolder { folder in
    try Fixture.write(["file": Fixture.gzip([UInt8](repeating: 0, count: 1001))], in: folder)
    let error = #expect(throws: DatasetError.self) {
      try ImageCodec.unpackedContents(of: folder.appending(path: "file"), limit: 1000)
    }
    #expect(error?.problem.contains("more than 1000 bytes") == true)
  }
}
