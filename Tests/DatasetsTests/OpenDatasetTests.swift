import Foundation
import Testing

@testable import Datasets

@Test(arguments: [false, true])
func idxIsRead(packed: Bool) throws {
  try Fixture.withFolder { folder in
    let pixels = (0..<3 * 4).map { UInt8($0) }
    let files = [
      "train-images-idx3-ubyte": Fixture.idx([3, 2, 2], pixels),
      "train-labels-idx1-ubyte": Fixture.idx([3], [2, 0, 1]),
      "t10k-images-idx3-ubyte": Fixture.idx([1, 2, 2], [9, 9, 9, 9]),
    ]
    try Fixture.write(
      packed ? Dictionary(uniqueKeysWithValues: files.map { ($0 + ".gz", Fixture.gzip($1)) }) : files, in: folder)
    let images = try openDataset(at: folder)
    #expect((images.count, images.height, images.width, images.channels) == (3, 2, 2, 1))
    #expect(try images.read([2, 0]) == [8, 9, 10, 11, 0, 1, 2, 3])
    #expect(images.labels == [2, 0, 1])
    #expect(images.classNames == ["0", "1", "2"])
    let heldOut = try openDataset(at: folder, split: .heldOut, size: 4, channels: 3)
    #expect((heldOut.count, heldOut.height, heldOut.channels, heldOut.labels) == (1, 4, 3, nil))
    #expect(try heldOut.read([0]).count { $0 == 9 } == 4 * 3)  // the rest is black
    let file = folder.appending(path: "train-images-idx3-ubyte" + (packed ? ".gz" : ""))
    #expect(try openDataset(at: file).labels == [2, 0, 1])
  }
}

@Test func cifarIsRead() throws {
  try Fixture.withFolder { folder in
    for batch in 1...5 {
      // Red counts the pixels, green is the batch, blue is 7.
      let planes = (0..<1024).map { UInt8(truncatingIfNeeded: $0) } + [UInt8](repeating: UInt8(batch), count: 1024)
      let record = [UInt8(batch)] + planes + [UInt8](repeating: 7, count: 1024)
      try Fixture.write(["data_batch_\(batch).bin": record + record], in: folder)
    }
    let names = "airplane automobile bird cat deer dog frog horse ship truck".split(separator: " ").map(String.init)
    try Fixture.write(["batches.meta.txt": Array((names.joined(separator: "\n") + "\n\n").utf8)], in: folder)
    let images = try openDataset(at: folder)
    #expect((images.count, images.height, images.width, images.channels) == (10, 32, 32, 3))
    #expect(images.labels == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    #expect(images.classNames == names)
    let expected: [UInt8] = (0..<1024).flatMap { [UInt8(truncatingIfNeeded: $0), 3, 7] }
    #expect(try images.read([5]) == expected)
  }
}

@Test func cifar100HasTwoLabels() throws {
  try Fixture.withFolder { folder in
    try Fixture.write(["train.bin": [19, 99] + [UInt8](repeating: 4, count: 3072)], in: folder)
    #expect(try openDataset(at: folder).labels == [99])
  }
}

@Test func folderIsRead() throws {
  try Fixture.withFolder { folder in
    let red = Fixture.png(2, 2) { _, _ in [255, 0, 0] }
    // A clear pixel, and one half red: over white (255 - 128) = 127 of green and blue.
    let clear = Fixture.png(
      width: 2, height: 2, colorType: 6, passes: [[[0, 0, 0, 0, 255, 0, 0, 128], [0, 0, 0, 0, 255, 0, 0, 128]]])
    try Fixture.write(
      [
        "dogs/b.PNG": red, "dogs/deep/er/a.jpg": Fixture.colorJPEG, "cats/c.png": clear, "cats/.d.png": [1],
        "README.txt": [1], "none/notes.txt": [1],
      ], in: folder)
    let images = try openDataset(at: folder, size: 2)
    #expect((images.count, images.height, images.width, images.channels) == (3, 2, 2, 3))
    #expect(images.classNames == ["cats", "dogs"])
    #expect(images.labels == [0, 1, 1])
    #expect(try images.read([0]) == [255, 255, 255, 255, 127, 127, 255, 255, 255, 255, 127, 127])
    #expect(try images.read([1]) == [255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0])
    let onBlack = try openDataset(at: folder, size: 2, background: .black)
    #expect(try onBlack.read([0]) == [0, 0, 0, 128, 0, 0, 0, 0, 0, 128, 0, 0])
  }
}

@Test func partsOfFoldersAreChosen() throws {
  try Fixture.withFolder { folder in
    let picture = Fixture.png(2, 2) { _, _ in [1, 2, 3] }
    try Fixture.write(["train/a.png": picture, "train/b.png": picture, "held-out/c.png": picture], in: folder)
    #expect(try openDataset(at: folder).count == 2)
    #expect(try openDataset(at: folder, split: .heldOut).count == 1)
  }
}

@Test func greyFoldersStayGrey() throws {
  try Fixture.withFolder { folder in
    let grey = Fixture.png(width: 8, height: 8, colorType: 0, passes: [[[UInt8]](repeating: Array(0..<8), count: 8)])
    try Fixture.write(["a.png": grey, "b.jpg": Fixture.greyJPEG], in: folder)
    let images = try openDataset(at: folder)
    #expect((images.channels, images.width, images.labels) == (1, 8, nil))
    #expect(try images.read([0]).prefix(9) == [0, 1, 2, 3, 4, 5, 6, 7, 0])
    #expect(try openDataset(at: folder, channels: 3).channels == 3)
    try Fixture.write(["c.jpg": Fixture.colorJPEG], in: folder)
    #expect(try openDataset(at: folder).channels == 3)
  }
}

private let fashionMNIST = URL(filePath: "/usr/share/datasets/fashion-mnist")

/// Debian's dataset-fashion-mnist: ten classes of 6,000 images.
@Test(.enabled(if: FileManager.default.fileExists(atPath: fashionMNIST.path)))
func fashionMNISTIsRead() throws {
  let images = try openDataset(at: fashionMNIST, size: 32)
  #expect((images.count, images.height, images.width, images.channels) == (60_000, 32, 32, 1))
  var counts = [Int](repeating: 0, count: 10)
  for label in images.labels ?? [] { counts[label] += 1 }
  #expect(counts == [Int](repeating: 6_000, count: 10))
  #expect(images.labels?.first == 9)  // the first image is an ankle boot
  #expect(try openDataset(at: fashionMNIST, split: .heldOut).count == 10_000)
}
