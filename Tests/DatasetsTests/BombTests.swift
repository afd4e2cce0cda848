import Foundation
import Testing

@testable import Datasets
@testable import Records

/// Small files that promise much, and words of the message that says what they would take and what to set.
@Test(
  arguments: [
    (
      "picture", "a.png", Fixture.png(width: 16_384, height: 16_384, colorType: 0, passes: []), 0,
      ["16384 x 16384 pixels take 2048 MiB", "one file may take 1024", "SADDLE_FILE_MEMORY=2048"]
    ),
    (
      "IDX", BadInput.idx, Fixture.idx([1 << 25, 1, 1], []), 16 + 1 << 25,
      ["33554432 images take 2048 MiB", "SADDLE_FILE_MEMORY=2048"]
    ),
    (
      "packed", "train.safetensors", packed, packed.count + 1 << 25,
      ["33554432 images and names take 2048 MiB", "SADDLE_FILE_MEMORY=2048"]
    ),
  ] as [(String, String, [UInt8], Int, [String])])
func bombsAreRefused(what: String, name: String, beginning: [UInt8], size: Int, words: [String]) throws {
  try Fixture.withFolder { folder in
    try Fixture.write([name: beginning], in: folder)
    if size > 0 { try Fixture.lengthen(folder.appending(path: name), to: size) }
    let error = #expect(throws: DatasetError.self) { try openDataset(at: folder) }
    for word in words { #expect(error?.description.contains(word) == true, "\(error?.description ?? "")") }
  }
}

/// Terabytes that no disk holds.
@Test(arguments: ["a.png", "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "dataset.json"])
func sparseFilesAreRefused(name: String) throws {
  try Fixture.withFolder { folder in
    var files = ["b.png": BadInput.picture]
    if name.hasPrefix("train-labels") { files = [BadInput.idx: BadInput.images] }
    if name == "a.png" { files[name] = Array(BadInput.picture.dropLast(12)) }
    try Fixture.write(files, in: folder)
    try Fixture.lengthen(folder.appending(path: name), to: 1 << 42)
    let error = #expect(throws: DatasetError.self) { try openDataset(at: folder) }
    #expect(
      error?.path.hasSuffix(name) == true && error?.problem.contains("4194304 MiB") == true,
      "\(error?.description ?? "")")
  }
}

/// Images that are fitted whenever they are read are the same, and nothing is set aside for all of them.
@Test(arguments: [(32, 3, Fit.pad), (2, 1, .pad), (9, 1, .resize)])
func imagesAreFittedWhenRead(size: Int, channels: Int, fit: Fit) throws {
  try Fixture.withFolder { folder in
    try Fixture.write(
      [
        BadInput.idx: Fixture.idx([3, 5, 4], (0..<60).map { UInt8($0) }),
        BadInput.idxLabels: Fixture.idx([3], [2, 0, 1]),
      ], in: folder)
    func open(_ memoryLimit: Int) throws -> any ImageDataset {
      try openDataset(at: folder, size: size, channels: channels, fit: fit, memoryLimit: memoryLimit)
    }
    let (eager, lazy) = (try open(1 << 30), try open(0))
    #expect(!eager.decodesWhenRead && lazy.decodesWhenRead)
    #expect((lazy.count, lazy.height, lazy.width, lazy.channels) == (3, size, size, channels))
    #expect(lazy.labels == eager.labels && lazy.classNames == eager.classNames && lazy.name == eager.name)
    #expect(try lazy.read([2, 0, 1]) == eager.read([2, 0, 1]))
  }
}

/// 60,000 images of 4096 x 4096: told, not tried.
@Test func packingMoreThanADiskHoldsIsRefused() throws {
  let images = try ImageArray(
    name: "many", height: 1, width: 1, channels: 1, pixels: [UInt8](repeating: 0, count: 4_000_000))
  let error = #expect(throws: DatasetError.self) { try images.fitted(size: 4096) }
  #expect(error?.description.contains("4000000 images of 4096 x 4096 pixels take 64000000 MiB") == true)
  let lazy = try images.fitted(DatasetRequest(size: 4096))
  try Fixture.withFolder { (folder) throws in
    let error = #expect(throws: DatasetError.self) {
      try PackedDataset.write(lazy, to: folder.appending(path: "a.safetensors"))
    }
    #expect(error?.description.contains("takes 62500 GiB, and its disk has") == true, "\(error?.description ?? "")")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(left.isEmpty)
  }
}

/// An archive's directory may say what it likes.
@Test func archivesAreNotBelieved() throws {
  try Fixture.withFolder { folder in
    let file = folder.appending(path: "a.zip")
    try Fixture.write(["a.zip": Fixture.archive(["a": [1, 2, 3]], saying: 1 << 31)], in: folder)
    let archive = try ZipArchive(readingFrom: file.path)
    let error = #expect(throws: RecordError.self) { try archive.contents(of: "a") }
    #expect(error?.description.contains("the bytes of 'a' take 2048 MiB") == true, "\(error?.description ?? "")")
  }
}

extension Fixture {
  /// A zip archive of stored files (APPNOTE 6.3.10), whose directory says that each has `saying` bytes.
  static func archive(_ files: [String: [UInt8]], saying size: Int? = nil) -> [UInt8] {
    func little(_ value: Int, _ bytes: Int) -> [UInt8] {
      (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var (archive, directory): ([UInt8], [UInt8]) = ([], [])
    for (name, contents) in files.sorted(by: { $0.key < $1.key }) {
      // What both records have: version, flags, method, time, checksum, sizes, lengths of the name and of what follows
      // it.
      var fields = little(20, 2) + little(0, 8) + little(Int(crc32(contents)), 4)
      fields += little(contents.count, 4) + little(size ?? contents.count, 4) + little(name.utf8.count, 4)
      directory += little(0x0201_4b50, 4) + little(20, 2) + fields + little(0, 10) + little(archive.count, 4)
      directory += Array(name.utf8)
      archive += little(0x0403_4b50, 4) + fields + Array(name.utf8) + contents
    }
    var end = little(0x0605_4b50, 4) + little(0, 4) + little(files.count, 2) + little(files.count, 2)
    end += little(directory.count, 4) + little(archive.count, 4) + little(0, 2)
    return archive + directory + end
  }

  /// Makes a file longer by zeros that take no room on the disk.
  static func lengthen(_ url: URL, to size: Int) throws {
    let file = open(url.path, O_WRONLY | O_CREAT, 0o644)
    defer { close(file) }
    #expect(ftruncate(file, off_t(size)) == 0)
  }
}

/// The header of a packed file of 2^25 images of one pixel.
private let packed: [UInt8] = {
  let header = Array(#"{"images":{"dtype":"U8","shape":[33554432,1,1,1],"data_offsets":[0,33554432]}}"#.utf8)
  return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header
}()
