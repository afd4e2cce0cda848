import Foundation
import Saddle

/// Readers of data sets.
extension FuzzRow {
  static let data: [FuzzRow] = [
    FuzzRow(
      name: "png", summary: "PNG files",
      seeds: { try corpus(".png") }, repair: Repair.png, reader: { { try readFolder($0) } }),
    FuzzRow(
      name: "jpeg", summary: "JPEG files with their EXIF",
      seeds: { try corpus(".jpg") }, reader: { { try readFolder($0) } }),
    FuzzRow(
      name: "idx", summary: "IDX files and their labels",
      seeds: {
        [
          [
            "train-images-idx3-ubyte": idx([3, 4, 4], (0..<48).map { UInt8($0 * 5) }),
            "train-labels-idx1-ubyte": idx([3], [0, 1, 2]),
          ],
          ["t10k-images-idx3-ubyte": idx([1, 1, 1], [9]), "train-images-idx3-ubyte": idx([1, 2, 2], [1, 2, 3, 4])],
        ]
      }, reader: { { try readFolder($0) } }),
    FuzzRow(
      name: "gzip", summary: "compressed IDX files",
      seeds: {
        let images = idx([40, 4, 4], (0..<640).map { UInt8($0 & 15) })
        return try [["train-images-idx3-ubyte.gz": gzip(images)]]
      }, reader: { { try readFolder($0) } }),
    FuzzRow(
      name: "cifar", summary: "CIFAR-10's binary batches",
      seeds: {
        let batches = (1...5).map { ("data_batch_\($0).bin", [UInt8](repeating: UInt8($0), count: 3073)) }
        return [
          Dictionary(
            uniqueKeysWithValues: batches + [("batches.meta.txt", Array("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n".utf8))])
        ]
      }, reader: { { try readFolder($0) } }),
    FuzzRow(
      name: "packed", summary: "packed files",
      seeds: {
        try made { folder in
          try Fuzzer.write(["a/0.png": corpusFile("colour.png"), "b/1.png": corpusFile("alpha.png")], to: folder)
          let images = try openDataset(at: URL(fileURLWithPath: folder), size: 4)
          let file = URL(fileURLWithPath: folder + ".safetensors")
          try PackedDataset.write(images, fileNames: ["a/0.png", "b/1.png"], to: file)
          return [["train.safetensors": [UInt8](try Data(contentsOf: file))]]
        }
      }, repair: Repair.headerLength,
      reader: {
        { folder in
          try readFolder(folder)
          // Packed again, names and classes are read too.
          let packed = try PackedDataset(URL(fileURLWithPath: folder + "/train.safetensors"))
          try PackedDataset.write(packed, fileNames: packed.fileNames, to: URL(fileURLWithPath: folder + "/again"))
        }
      }),
    FuzzRow(
      name: "stylegan", summary: "dataset.json with the labels of a folder", changes: { $0 == "dataset.json" },
      isText: true,
      seeds: {
        let picture = try corpusFile("grey.png")
        let labels = #"{"labels": [["00000/a.png", 0], ["00000/b.png", 1], ["00001/c.png", 1]]}"#
        return [
          [
            "dataset.json": Array(labels.utf8), "00000/a.png": picture, "00000/b.png": picture, "00001/c.png": picture,
          ],
          ["dataset.json": Array(#"{"labels": null}"#.utf8), "00000/a.png": picture],
        ]
      }, reader: { { try readFolder($0) } }),
    FuzzRow(
      name: "archive", summary: "zip archives of pictures with dataset.json",
      seeds: {
        try made { folder in
          let archive = try ZipWriter(folder + "/pictures.zip")
          for name in ["a", "b"] { try archive.add("00000/\(name).png", try corpusFile("grey.png")) }
          try archive.add("dataset.json", #"{"labels": [["00000/a.png", 0], ["00000/b.png", 1]]}"#)
          try archive.finish()
          return [["pictures.zip": [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/pictures.zip")))]]
        }
      }, repair: Repair.zip, reader: { { try readFolder($0 + "/pictures.zip") } }),
    FuzzRow(
      name: "groups", summary: "tables of groups, CSV and JSON", isText: true,
      seeds: {
        [
          ["groups.csv": Array("file,person\na.png,1\n\"b,c.png\",\"two \"\"x\"\"\"\n".utf8)],
          ["groups.json": Array(#"[{"file": "a.png", "person": 1}, {"file": "b,c.png", "person": "two"}]"#.utf8)],
          ["groups.json": Array(#"{"a.png": {"person": 1.5}, "b,c.png": {"person": true}}"#.utf8)],
        ]
      },
      reader: {
        { folder in
          for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            _ = try PictureGroups(
              of: ["a.png", "b,c.png"], column: "person", in: URL(fileURLWithPath: "\(folder)/\(name)"))
          }
        }
      }),
  ]

  /// Opens a data set as training does, looks at all of it, and reads its images.
  private static func readFolder(_ folder: String) throws {
    let url = URL(fileURLWithPath: folder)
    _ = try? DatasetSurvey(of: url)
    _ = try? DatasetOutline(at: url)
    let images = try openDataset(at: url, size: 6, channels: 3, fit: .resize)
    _ = try images.read(Array(0..<min(4, images.count)))
  }

  private static func idx(_ sizes: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
    [0, 0, 8, UInt8(sizes.count)] + sizes.flatMap { [0, 0, 0, $0] } + bytes
  }

  private static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    try made { folder in
      let path = folder + "/file"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let process = try Process.run(URL(fileURLWithPath: "/bin/gzip"), arguments: [path])
      process.waitUntilExit()
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + ".gz")))
    }
  }

  /// What `body` makes in a folder of its own, which is removed.
  static func made<Result>(_ body: (_ folder: String) throws -> Result) throws -> Result {
    let path = NSTemporaryDirectory() + "fuzz-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path + "/inside", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path + "/inside")
  }

  // MARK: The corpus: small files of other programs

  private static var corpusFolder: String { Bundle.module.bundlePath + "/Corpus" }

  static func corpusFile(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(corpusFolder)/\(name)")))
  }

  /// A seed for each file of the corpus with this ending.
  private static func corpus(_ suffix: String) throws -> [FuzzFiles] {
    try FileManager.default.contentsOfDirectory(atPath: corpusFolder).filter { $0.hasSuffix(suffix) }.sorted()
      .map { [$0: try corpusFile($0)] }
  }
}
