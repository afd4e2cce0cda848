import Foundation
import Testing

@testable import Datasets

/// How the data sets of the world lie in their folders, and what is trained on and held out then.
struct Layout: CustomTestStringConvertible {
  var name: String
  var files: [String]
  /// Images to train on and held out; nil where there is no such part.
  var train: Int?
  var heldOut: Int? = nil
  var classes: [String] = []
  /// Words of the notes, or of the error where nothing is trained on.
  var words: [String] = []
  var testDescription: String { name }

  static let rows: [Layout] = [
    Layout(
      name: "Roboflow", files: ["train/cat/a.png", "train/dog/b.png", "valid/cat/c.png", "test/dog/d.png"], train: 2,
      heldOut: 1, classes: ["cat", "dog"]),
    Layout(name: "valid alone", files: ["train/a.png", "valid/b.png", "valid/c.png"], train: 1, heldOut: 2),
    Layout(
      name: "large letters", files: ["Train/cat/a.png", "Test/cat/b.png"], train: 1, heldOut: 1, classes: ["cat"]),
    Layout(name: "other words", files: ["training/a.png", "Held_Out/b.png"], train: 1, heldOut: 1),
    Layout(
      name: "droppings",
      files: [
        "train/cat/a.png", "train/cat/Thumbs.db", "test/cat/b.png", "__MACOSX/train/cat/._a.png", "@eaDir/c.jpg/d.jpg",
      ], train: 1, heldOut: 1, classes: ["cat"]),
    Layout(
      name: "annotations", files: ["train/a.png", "test/b.png", "annotations/a.xml", "labels.txt"], train: 1, heldOut: 1
    ),
    Layout(name: "train and notes", files: ["train/a.png", "notes/a.xml"], train: 1),
    Layout(
      name: "pictures beside parts", files: ["train/a.png", "test/b.png", "masks/c.png"],
      words: ["holds pictures in masks beside the parts train, test", "move that folder away"]),
    Layout(
      name: "two of a part", files: ["train/a.png", "Training/b.png", "test/c.png"],
      words: ["the parts Training and train"]),
    Layout(
      name: "held-out only", files: ["test/a.png", "val/b.png"], heldOut: 1, words: ["no part to train on", "test"]),
    Layout(
      name: "trains among ships", files: ["plane/a.png", "ship/b.png", "train/c.png"], train: 3,
      classes: ["plane", "ship", "train"]),
    Layout(
      name: "test among classes", files: ["cat/a.png", "test/b.png"], train: 2, classes: ["cat", "test"],
      words: ["test is taken for a class"]),
    Layout(
      name: "one folder too high", files: ["set/train/a.png", "set/test/b.png"],
      words: ["set: holds the parts train, test", "give this folder"]),
    Layout(
      name: "parts of each class", files: ["cat/train/a.png", "cat/test/b.png", "dog/train/c.png"],
      words: ["cat: holds the parts"]),
    Layout(
      name: "StyleGAN without a table", files: ["00000/img00000000.png", "00001/img00001000.png"], train: 2,
      words: ["00000", "no classes"]),
    Layout(name: "FFHQ", files: ["00000/00012.png", "69000/69999.png"], train: 2, words: ["no classes"]),
    Layout(
      name: "numbers that are classes", files: ["00000/00000_00000.png", "00001/00000_00000.png"], train: 2,
      classes: ["00000", "00001"]),
    Layout(
      name: "other suffixes", files: ["a.png", "b.jfif", "c.JPE", "d", "e.jpg_large", "f.webp", "g.txt", "h.txt"],
      train: 6, words: ["2 files that are neither PNG nor JPEG passed over: 2 .txt"]),
    Layout(
      name: "a folder like a file", files: ["cats.jpg/a.png", "St.jpg/b.png"], train: 2,
      classes: ["St.jpg", "cats.jpg"]),
  ]
}

@Test(arguments: Layout.rows)
func layoutsAreUnderstood(_ row: Layout) throws {
  try Fixture.withFolder { folder in
    let files = row.files.map {
      ($0, $0.hasSuffix(".txt") || $0.hasSuffix(".xml") ? Array("words".utf8) : BadInput.picture)
    }
    try Fixture.write(Dictionary(uniqueKeysWithValues: files), in: folder)
    for (split, count) in [(Split.train, row.train), (.heldOut, row.heldOut)] {
      do {
        let images = try openDataset(at: folder, split: split)
        #expect(images.count == count)
        if split == .train {
          #expect(images.classNames == row.classes)
          let notes = images.notes.joined(separator: "\n")
          for word in row.words { #expect(notes.contains(word), "\(notes)") }
          #expect(row.words.isEmpty == notes.isEmpty, "\(notes)")
          // What a preset is chosen by is the same.
          let outline = try DatasetOutline(at: folder)
          #expect(outline.count == count && outline.classNames == row.classes)
        }
      } catch let error as DatasetError {
        #expect(count == nil, "\(error)")
        if split == .train { for word in row.words { #expect(error.description.contains(word), "\(error)") } }
      }
    }
  }
}

/// StyleGAN's table gives labels, to folders as to archives; without labels the folders are no classes either.
@Test(
  arguments: [
    ("labels", #"{"labels": [["00000/a.png", 2], ["00000/b.png", 0], ["00001/c.png", 2]]}"#, [2, 0, 2], ""),
    ("none", #"{"labels": null}"#, nil, ""),
    ("vectors", #"{"labels": [["00000/a.png", [0.5]]]}"#, nil, "no numbers of classes"),
  ] as [(String, String, [Int]?, String)])
func styleGANsLabelsAreRead(name: String, table: String, labels: [Int]?, note: String) throws {
  try Fixture.withFolder { folder in
    let pictures = ["00000/a.png", "00000/b.png", "00001/c.png"]
    var files = Dictionary(uniqueKeysWithValues: pictures.map { ($0, BadInput.picture) })
    files["dataset.json"] = Array(table.utf8)
    try Fixture.write(files, in: folder.appending(path: "set"))
    try Fixture.write(["set.zip": Fixture.archive(files)], in: folder)
    for path in ["set", "set.zip"] {
      let images = try openDataset(at: folder.appending(path: path))
      #expect(images.count == 3 && images.labels == labels, "\(path)")
      #expect(images.classNames == (labels == nil ? [] : ["0", "1", "2"]))
      #expect(note.isEmpty ? images.notes.isEmpty : images.notes.joined().contains(note))
      #expect(try images.read([2]).prefix(3) == [0, 0, 0])
      #expect(try DatasetOutline(at: folder.appending(path: path)).classNames == images.classNames)
      let survey = try DatasetSurvey(of: folder.appending(path: path))
      #expect(survey.pictures.count == 3 && survey.problems.isEmpty)
      #expect(survey.pictures.map(\.label) == (labels.map { $0.map(String.init) } ?? [nil, nil, nil]))
    }
  }
}

@Test(
  arguments: [
    (#"{"labels": [["b.png", 0]]}"#, "has no label for a.png"), (#"{"labels": [["a.png", -1]]}"#, "the label -1"),
    (#"{"labels": [["a.png", 4611686018427387904]]}"#, "the label 4611686018427387904"),
    (#"{"labels": [["a.png"]]}"#, "no pairs"),
  ])
func badTablesOfStyleGANAreExplained(table: String, expected: String) throws {
  try Fixture.withFolder { folder in
    try Fixture.write(["a.png": BadInput.picture, "dataset.json": Array(table.utf8)], in: folder)
    let error = #expect(throws: DatasetError.self) { try openDataset(at: folder) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    #expect(error?.path.hasSuffix("dataset.json") == true)
  }
}

/// Files of many images: in folders of their names as some archives unpack, and one folder deeper.
@Test func filesOfManyImagesAreFound() throws {
  try Fixture.withFolder { folder in
    let (images, labels) = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
    let idx = [
      "a/\(images)/\(images)": BadInput.images, "a/\(labels)/\(labels)": BadInput.labels,
      "a/t10k-images-idx3-ubyte/t10k-images-idx3-ubyte": BadInput.images, "b/MNIST/raw/\(images)": BadInput.images,
    ]
    try Fixture.write(idx, in: folder)
    #expect(try openDataset(at: folder.appending(path: "a")).labels == [0, 1])
    #expect(try openDataset(at: folder.appending(path: "a"), split: .heldOut).count == 2)
    let error = #expect(throws: DatasetError.self) { try openDataset(at: folder.appending(path: "b")) }
    #expect(error?.remedy.contains("MNIST/raw holds IDX files") == true, "\(error?.description ?? "")")
    // A file of what is trained on is not what is held out.
    let file = folder.appending(path: "b/MNIST/raw/\(images)")
    #expect(throws: DatasetError.self) { try openDataset(at: file, split: .heldOut) }
    try Fixture.write(["c/train": [0x80], "c/test": [0x80], "c/meta": [0x80]], in: folder)
    let python = #expect(throws: DatasetError.self) { try openDataset(at: folder.appending(path: "c")) }
    #expect(python?.description.contains("Python version of CIFAR-100; unpack cifar-100-binary.tar.gz") == true)
  }
}

/// Names are bytes: one in Latin-1 is read, and told so that a shell can take it.
@Test func namesNeedNoUTF8() throws {
  try Fixture.withFolder { folder in
    let name = Array("/caf".utf8) + [0xe9] + Array(".png".utf8)
    let path = (Array(folder.path.utf8) + name + [0]).map { CChar(bitPattern: $0) }
    let file = open(path, O_WRONLY | O_CREAT, 0o644)
    #expect(write(file, BadInput.picture, BadInput.picture.count) == BadInput.picture.count)
    close(file)
    let images = try FolderDataset(folder)
    #expect(images.count == 1 && images.fileNames == ["caf\\xe9.png"])
    #expect(try DatasetSurvey(of: folder).pictures.map(\.name) == ["caf\\xe9.png"])
    let error = #expect(throws: DatasetError.self) { try DatasetSplit.files(in: folder) }
    #expect(error?.problem == "has a name that is no UTF-8")
  }
}

/// A pipe would wait for a writer.
@Test func pipesAreNotWaitedFor() throws {
  try Fixture.withFolder { folder in
    for name in ["a.png", "b", "train.safetensors"] { #expect(mkfifo(folder.appending(path: name).path, 0o644) == 0) }
    try Fixture.write(["c.png": BadInput.picture], in: folder)
    let error = #expect(throws: DatasetError.self) { try FolderDataset(folder) }
    #expect(error?.path.hasSuffix("a.png") == true && error?.problem.contains("a pipe") == true)
    let packed = #expect(throws: DatasetError.self) { try openDataset(at: folder.appending(path: "train.safetensors")) }
    #expect(packed?.problem.contains("a pipe") == true)
    #expect(throws: DatasetError.self) { try ImageCodec.unpackedContents(of: folder.appending(path: "b")) }
  }
}

/// What cannot be read is left out where that is asked for, and counted; classes keep their numbers.
@Test(arguments: [2 << 30, 0])
func unreadablePicturesCanBeLeftOut(memoryLimit: Int) throws {
  try Fixture.withFolder { folder in
    try Fixture.write(
      [
        "a/0.png": BadInput.damaged(60), "a/1.svg": Array("<svg>".utf8),
        "b/0.png": Fixture.png(4, 4) { _, _ in [9, 8, 7] },
        "b/1.png": [1], "c/0.png": BadInput.picture, "c/1.png": BadInput.damaged(60),
      ], in: folder)
    let error = #expect(throws: DatasetError.self) { try openDataset(at: folder, memoryLimit: memoryLimit) }
    #expect(error?.description.contains("1.svg: is of a kind that is not read (SVG) (and 1 more files") == true)
    #expect(error?.remedy.contains("saddle data inspect \(folder.path)") == true)
    #expect(error?.remedy.contains("data.skip-unreadable=true") == true)
    let images = try openDataset(at: folder, memoryLimit: memoryLimit, skipsUnreadable: true)
    #expect(images.count == 2 && images.labels == [1, 2] && images.classNames == ["a", "b", "c"])
    #expect(try images.read([0]).prefix(3) == [9, 8, 7])
    #expect(try images.read([1]).suffix(3) == [3, 3, 0])
    #expect(images.notes == ["4 files that cannot be read left out"])
    #expect(try DatasetOutline(at: folder, skipsUnreadable: true).count == 4)  // headers alone are looked at
  }
}

@Test func nothingReadableIsAnErrorEvenWhereItMayBeLeftOut() throws {
  try Fixture.withFolder { folder in
    try Fixture.write(["0.png": BadInput.damaged(60)], in: folder)
    #expect(throws: DatasetError.self) { try openDataset(at: folder, skipsUnreadable: true) }
  }
}
