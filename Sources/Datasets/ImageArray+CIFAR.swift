import Foundation

extension ImageArray {
  /// Reads the binary version of CIFAR-10 or CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html): records of one or
  /// two bytes of label (the last is the class), then 32 x 32 pixels of red, of green and of blue.
  ///
  /// - Throws: `DatasetError` where files of the split are missing, cut short or hold a label that has no class.
  public init(cifar directory: URL, split: Split = .train) throws(DatasetError) {
    let present = try FolderListing.names(in: directory)
    let version = CIFARVersion.all.first { version in present.contains { version.owns($0) } } ?? CIFARVersion.ten
    let wanted = split == .train ? version.train : version.test
    guard split == .train || wanted.contains(where: present.contains) else {
      throw DatasetError(
        path: directory.path, problem: DatasetError.noHeldOutPart,
        remedy: "unpack the whole of \(version.archive) there")
    }
    if let missing = wanted.first(where: { !present.contains($0) }) {
      throw DatasetError(
        path: directory.path, problem: "holds no \(missing), which is part of \(version.name)",
        remedy: "unpack the whole of \(version.archive) there")
    }
    let classNames = try version.classNames(in: directory, present: present)
    let planeSize = 32 * 32
    let recordSize = version.labelSize + 3 * planeSize
    var (pixels, labels): ([UInt8], [Int]) = ([], [])
    for name in wanted {
      let file = directory.appending(path: name)
      let records = try ImageCodec.unpackedContents(of: file)
      guard !records.isEmpty, records.count % recordSize == 0 else {
        throw DatasetError(
          path: file.path, problem: "holds \(records.count) bytes, no whole number of records of \(recordSize)",
          remedy: "unpack \(version.archive) again")
      }
      pixels.reserveCapacity(pixels.count + records.count)
      for record in stride(from: 0, to: records.count, by: recordSize) {
        let label = Int(records[record + version.labelSize - 1])
        guard label < classNames.count else {
          throw DatasetError(
            path: file.path,
            problem: "image \(record / recordSize) has the label \(label) of \(classNames.count) classes",
            remedy: "unpack \(version.archive) again")
        }
        labels.append(label)
        let start = record + version.labelSize
        for pixel in start..<start + planeSize {
          pixels.append(records[pixel])
          pixels.append(records[pixel + planeSize])
          pixels.append(records[pixel + 2 * planeSize])
        }
      }
    }
    try self.init(
      name: version.name, height: 32, width: 32, channels: 3, pixels: pixels, labels: labels, classNames: classNames)
  }
}

/// The files of one of the two data sets.
struct CIFARVersion {
  var name, archive: String
  var train, test: [String]
  var names: String
  var labelSize, classCount: Int

  static let ten = CIFARVersion(
    name: "CIFAR-10", archive: "cifar-10-binary.tar.gz", train: (1...5).map { "data_batch_\($0).bin" },
    test: ["test_batch.bin"], names: "batches.meta.txt", labelSize: 1, classCount: 10)
  static let hundred = CIFARVersion(
    name: "CIFAR-100", archive: "cifar-100-binary.tar.gz", train: ["train.bin"], test: ["test.bin"],
    names: "fine_label_names.txt", labelSize: 2, classCount: 100)
  static let all = [ten, hundred]

  func owns(_ file: String) -> Bool {
    (train + test).contains(file)
  }

  /// One name a line in a file beside the images, or the numbers of the classes.
  func classNames(in directory: URL, present: [String]) throws(DatasetError) -> [String] {
    guard present.contains(names) else { return (0..<classCount).map(String.init) }
    let file = directory.appending(path: names)
    let text = String(decoding: try ImageCodec.contents(of: file), as: UTF8.self)
    let lines = text.split(whereSeparator: \.isWhitespace).map(String.init)
    guard lines.count == classCount else {
      throw DatasetError(
        path: file.path, problem: "names \(lines.count) classes, not \(classCount)",
        remedy: "unpack \(archive) again, or remove the file")
    }
    return lines
  }
}
