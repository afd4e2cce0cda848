import Foundation
import Testing

@testable import Datasets

/// A folder of 14 pictures of many sizes and colour types in two classes.
private func writePictures(in folder: URL) throws {
  for i in 0..<12 {
    let (width, height) = (4 + i % 3, 5 + i % 4)
    let file = Fixture.png(width, height) { x, y in [UInt8(20 * i), UInt8(30 * x), UInt8(30 * y)] }
    try Fixture.write(["\(i % 2 == 0 ? "even" : "odd")/deep/\(i).png": file], in: folder)
  }
  let clear = Fixture.png(
    width: 2, height: 2, colorType: 6, passes: [[[0, 0, 0, 0, 255, 0, 0, 128], [9, 8, 7, 6, 255, 0, 0, 128]]])
  try Fixture.write(["even/clear.png": clear, "odd/turned.jpg": Fixture.turnedJPEG], in: folder)
}

struct PackingRow: CustomTestStringConvertible {
  var name: String
  var size: Int?
  var channels: Int? = nil
  var fit: Fit? = nil
  var background: RGB? = nil
  var testDescription: String { name }

  static let rows = [
    PackingRow(name: "padded", size: 6, fit: .pad), PackingRow(name: "resized", size: 6, fit: .resize),
    PackingRow(name: "averaged", size: 2), PackingRow(name: "grey", size: 2, channels: 1),
    PackingRow(name: "colour on black", size: 2, channels: 3, background: .black),
  ]
}

/// A run that trains on the packed file sees what it would have seen of the folder.
@Test(arguments: PackingRow.rows)
func packedBatchesAreThoseOfTheFolder(_ row: PackingRow) throws {
  try Fixture.withFolder { folder in
    let (pictures, file) = (folder.appending(path: "pictures"), folder.appending(path: "train.safetensors"))
    try writePictures(in: pictures)
    let images = try FolderDataset(
      pictures, size: row.size, channels: row.channels, fit: row.fit, background: row.background)
    let digest = try PackedDataset.write(images, fileNames: images.fileNames, metadata: ["part": "train"], to: file)
    let packed = try #require(try openDataset(at: file) as? PackedDataset)
    #expect(packed.labels == images.labels && packed.classNames == ["even", "odd"])
    #expect(packed.fileNames == images.fileNames && packed.fileNames.first == "even/clear.png")
    #expect(packed.digest == digest && !packed.decodesWhenRead)
    try packed.verify()
    #expect((packed.height, packed.width, packed.channels) == (images.height, images.width, images.channels))
    let sampler = try BatchSampler(count: 14, batchSize: 4, seed: 3, flips: .horizontal)
    let (a, b) = (BatchPrefetcher(images, sampler), BatchPrefetcher(packed, sampler))
    for _ in 0..<10 { #expect(try a.next() == b.next()) }
    // A folder of packed parts is a data set, and so is a part of it.
    #expect(try openDataset(at: folder).count == 14)
    let (some, _) = try packed.divided(share: 0.25)
    #expect(try some.read([1]) == images.read([some.indices[1]]))
  }
}

@Test func packedArraysKeepTheirShape() throws {
  try Fixture.withFolder { folder in
    let file = folder.appending(path: "a.safetensors")
    let images = try ImageArray(name: "wide", height: 2, width: 3, channels: 1, pixels: Array(0..<30))
    try PackedDataset.write(images, to: file)
    let packed = try PackedDataset(file)
    #expect((packed.count, packed.height, packed.width, packed.channels) == (5, 2, 3, 1))
    #expect(packed.labels == nil && packed.classNames.isEmpty && packed.fileNames.isEmpty)
    #expect(try packed.read([4, 0]) == Array(24..<30) + Array(0..<6))
    // Writing again replaces the file; who has it open keeps what was there.
    try PackedDataset.write(try ImageArray(name: "b", height: 1, width: 1, channels: 1, pixels: [7]), to: file)
    #expect(try packed.read([4]) == Array(24..<30))
    #expect(try PackedDataset(file).read([0]) == [7])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.safetensors"])
  }
}

/// What is opened at another size is what the images would become in memory.
@Test(arguments: [(2, nil, nil), (2, 3, nil), (nil, 3, nil), (6, nil, .pad), (6, 1, .resize)] as [(Int?, Int?, Fit?)])
func packedImagesAreFitted(size: Int?, channels: Int?, fit: Fit?) throws {
  try Fixture.withFolder { folder in
    let file = folder.appending(path: "a.safetensors")
    let images = try ImageArray(
      name: "a", height: 4, width: 4, channels: 1, pixels: (0..<48).map { UInt8($0 * 5) }, labels: [0, 2, 1])
    try PackedDataset.write(images, to: file)
    let packed = try openDataset(at: file, size: size, channels: channels, fit: fit)
    let fitted = try images.fitted(size: size, channels: channels, fit: fit ?? .pad)
    #expect(packed.decodesWhenRead)
    #expect((packed.height, packed.channels) == (fitted.height, fitted.channels))
    #expect(try packed.read([0, 1, 2]) == fitted.pixels)
    #expect(packed.classNames == ["0", "1", "2"])
  }
}

/// The header is padded so that images begin a page, whatever lies before them.
@Test(arguments: [1, 7, 512, 600])
func imagesBeginAPage(count: Int) throws {
  try Fixture.withFolder { folder in
    let file = folder.appending(path: "a.safetensors")
    try PackedDataset.write(
      try ImageArray(
        name: "a", height: 1, width: 3, channels: 1, pixels: [UInt8](repeating: 77, count: 3 * count),
        labels: [Int](repeating: 0, count: count)), to: file)
    let bytes = try Data(contentsOf: file)
    #expect(bytes.firstIndex(of: 77).map { $0 % 4096 } == 0)
    #expect(bytes.count { $0 == 77 } == 3 * count)
  }
}

/// Written by Python's safetensors 0.8: images 1, 2, ... of [2][1][2][3], labels 1 and 0, classes cat and dog.
private let foreign =
  [UInt8](
    Data(
      base64Encoded:
        "sAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJjbGFzc19uYW1lcyI6IltcImNhdFwiLFwiZG9nXCJdIn0sImxhYmVscyI6eyJkdHlwZSI6Ikk2NCIs"
        + "InNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzAsMTZdfSwiaW1hZ2VzIjp7ImR0eXBlIjoiVTgiLCJzaGFwZSI6WzIsMSwyLDNdLCJkYXRhX29m"
        + "ZnNldHMiOlsxNiwyOF19fQEAAAAAAAAAAAAAAAAAAAABAgMEBQYHCAkKCww=") ?? Data())

@Test func filesOfOtherProgramsAreRead() throws {
  try Fixture.withFolder { folder in
    try Fixture.write(["held-out.safetensors": foreign], in: folder)
    let images = try openDataset(at: folder, split: .heldOut)
    #expect((images.count, images.height, images.width, images.channels) == (2, 1, 2, 3))
    #expect(images.labels == [1, 0] && images.classNames == ["cat", "dog"])
    #expect(try images.read([1]) == [7, 8, 9, 10, 11, 12])
    try (images as? PackedDataset)?.verify()  // it has no digest: nothing can be said
  }
}

@Test func everyFlippedBitIsFound() throws {
  try Fixture.withFolder { folder in
    let file = folder.appending(path: "a.safetensors")
    try PackedDataset.write(
      try ImageArray(name: "a", height: 2, width: 2, channels: 1, pixels: Array(0..<8), labels: [0, 1]),
      fileNames: ["x.png", "y.png"], to: file)
    let bytes = try Data(contentsOf: file)
    // In the labels, the images, the names, and the digits of the digest themselves.
    let digit = try #require(bytes.firstRange(of: Data("\"sha256\":\"".utf8))).upperBound
    for offset in [4096, bytes.count - 1, bytes.count - 14, digit] {
      var changed = bytes
      changed[offset] ^= 1
      try changed.write(to: file)
      let error = #expect(throws: DatasetError.self, "byte \(offset)") { try PackedDataset(file).verify() }
      #expect(error?.description.contains("a.safetensors") == true)
    }
  }
}

/// A file whose header is this text.
private func file(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) } + Array(header.utf8) + data
}

@Test(
  arguments: [
    ("empty", [], "is empty"), ("cut in the length", Array(foreign.prefix(7)), "cut short"),
    ("cut in the header", Array(foreign.prefix(99)), "cut short: 184 bytes are promised, 99 are there"),
    ("cut in the images", Array(foreign.dropLast()), "cut short: 212 bytes are promised, 211 are there"),
    ("text", Array("hello, I am text".utf8), "not a safetensors file"), ("no JSON", file("{hello}"), "not JSON"),
    (
      "a checkpoint", file(#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, [0, 0, 0, 0]),
      "holds no array 'images', but w"
    ),
    ("nothing", file("{}"), "holds no array 'images'"),
    (
      "two channels", file(#"{"images":{"dtype":"U8","shape":[1,1,1,2],"data_offsets":[0,2]}}"#, [0, 0]),
      "its images are U8 [1, 1, 1, 2]"
    ),
    (
      "floats", file(#"{"images":{"dtype":"F32","shape":[1,1,1,1],"data_offsets":[0,4]}}"#, [0, 0, 0, 0]),
      "its images are F32"
    ),
    (
      "hostile shape",
      file(#"{"images":{"dtype":"U8","shape":[4611686018427387904,4,1,1],"data_offsets":[0,0]}}"#),
      "do not fill U8 [4611686018427387904, 4, 1, 1]"
    ),
    (
      "backward", file(#"{"images":{"dtype":"U8","shape":[1,1,1,1],"data_offsets":[1,0]}}"#, [0]),
      "tensor 'images' has the data_offsets [1, 0]"
    ),
    (
      "a foreign label",
      file(
        #"{"__metadata__":{"class_names":"[\"cat\"]"},"images":{"dtype":"U8","shape":[1,1,1,1],"data_offsets":[8,9]},"#
          + #""labels":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, [1, 0, 0, 0, 0, 0, 0, 0, 0]),
      "image 0 has the label 1 of 1 classes"
    ),
    (
      "labels of others",
      file(
        #"{"images":{"dtype":"U8","shape":[1,1,1,1],"data_offsets":[16,17]},"#
          + #""labels":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}"#, [UInt8](repeating: 0, count: 17)),
      "its labels are I64 [2], and its images 1"
    ),
    (
      "names of others",
      file(
        #"{"images":{"dtype":"U8","shape":[2,1,1,1],"data_offsets":[0,2]},"#
          + #""names":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#, [1, 2, 97, 98, 99, 0]),
      "holds 1 names for 2 images"
    ),
  ] as [(String, [UInt8], String)])
func badPackedFilesAreExplained(name: String, bytes: [UInt8], expected: String) throws {
  try Fixture.withFolder { folder in
    try Fixture.write(["a.safetensors": bytes], in: folder)
    let error = #expect(throws: DatasetError.self) { try openDataset(at: folder.appending(path: "a.safetensors")) }
    let message = error?.description ?? ""
    #expect(message.contains(expected) && message.contains("a.safetensors"), "\(message)")
    #expect(error?.remedy.isEmpty == false)
  }
}

@Test(
  arguments: [(Split.train, 4, "smaller than the size 4"), (.heldOut, 1, "has no held-out part")]
    as [(Split, Int, String)])
func whatAPackedFileCannotGiveIsExplained(split: Split, size: Int, expected: String) throws {
  try Fixture.withFolder { folder in
    try Fixture.write(["a.safetensors": foreign], in: folder)
    let error = #expect(throws: DatasetError.self) {
      try openDataset(at: folder.appending(path: "a.safetensors"), split: split, size: size)
    }
    #expect(error?.description.contains(expected) == true)
  }
}

/// A picture that cannot be decoded ends the packing, and no half of a file is left.
@Test func packingIsWholeOrNotAtAll() throws {
  try Fixture.withFolder { folder in
    let file = folder.appending(path: "out.safetensors")
    try Fixture.write(
      ["in/a.png": BadInput.picture, "in/b.png": BadInput.damaged(60)], in: folder)
    let images = try FolderDataset(folder.appending(path: "in"), memoryLimit: 0)
    let error = #expect(throws: DatasetError.self) { try PackedDataset.write(images, to: file) }
    #expect(error?.path.hasSuffix("b.png") == true)
    #expect(throws: DatasetError.self) {
      try PackedDataset.write(images, to: folder.appending(path: "no/such.safetensors"))
    }
    #expect(throws: DatasetError.self) { try PackedDataset.write(images, to: folder) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["in"])
  }
}
