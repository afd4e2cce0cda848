import Foundation
import Records

extension ImageArray {
  /// Reads images in the IDX format of MNIST (http://yann.lecun.com/exdb/mnist/), gzipped or not, with their labels.
  ///
  /// - Throws: `DatasetError` for a file that is missing, damaged, cut short, or of another kind, and for labels that
  ///   are more or fewer than the images.
  public init(idxImages images: URL, labels: URL?, classNames: [String] = []) throws(DatasetError) {
    let (sizes, pixels) = try Self.readIDX(images, dimensions: 3, what: "images")
    var classes: [Int]?
    if let labels {
      classes = try Self.readIDX(labels, dimensions: 1, what: "labels").bytes.map(Int.init)
      if classes?.count != sizes[0] {
        throw DatasetError(
          path: labels.path, problem: "holds \(classes?.count ?? 0) labels, but \(images.path) \(sizes[0]) images",
          remedy: "give the labels that belong to these images")
      }
    }
    guard sizes.allSatisfy({ $0 > 0 }) else {
      throw DatasetError(
        path: images.path, problem: "promises \(sizes[0]) images of \(sizes[1]) x \(sizes[2]) pixels",
        remedy: "fetch the file again")
    }
    try self.init(
      name: images.lastPathComponent, height: sizes[1], width: sizes[2], channels: 1, pixels: pixels, labels: classes,
      classNames: classNames)
  }

  /// An IDX file: two bytes of 0, the type (8: bytes), the number of dimensions, each dimension as four bytes with the
  /// highest first, then the data.
  private static func readIDX(
    _ file: URL, dimensions: Int, what: String
  ) throws(DatasetError) -> (sizes: [Int], bytes: [UInt8]) {
    var contents = try ImageCodec.unpackedContents(of: file)
    guard contents.starts(with: [0, 0, 8, UInt8(dimensions)]) else {
      let found = contents.isEmpty ? "it is empty" : "it begins with \(hexadecimal(contents.prefix(4)))"
      throw DatasetError(
        path: file.path,
        problem: "is no IDX file of \(what): \(found), not \(hexadecimal([0, 0, 8, UInt8(dimensions)]))",
        remedy: "give the file of \(what), as train-\(what)-idx\(dimensions)-ubyte.gz of MNIST")
    }
    let start = 4 + 4 * dimensions
    guard contents.count >= start else {
      throw DatasetError(path: file.path, problem: "is cut short inside its header", remedy: "fetch the file again")
    }
    let sizes = (0..<dimensions).map { dimension in
      contents[4 + 4 * dimension..<8 + 4 * dimension].reduce(0) { $0 << 8 | Int($1) }
    }
    // A hostile header can promise more than 64 bits hold.
    let promised = sizes.reduce((bytes: 1, overflow: false)) { product, size in
      let (bytes, overflow) = product.bytes.multipliedReportingOverflow(by: size)
      return (bytes, product.overflow || overflow)
    }
    guard !promised.overflow, promised.bytes == contents.count - start else {
      let shape = sizes.dropFirst().map(String.init).joined(separator: " x ")
      throw DatasetError(
        path: file.path,
        problem: "promises \(sizes[0]) \(what)\(shape.isEmpty ? "" : " of \(shape) pixels"), "
          + "\(promised.overflow ? "more than fit" : "\(promised.bytes)") bytes, but holds \(contents.count - start)",
        remedy: "fetch the file again")
    }
    do throws(FileFault) {
      // What is kept of each: its label, and its place in the order of an epoch.
      try FileMemory.allow(64 * sizes[0], for: "its \(sizes[0]) \(what)")
    } catch {
      throw DatasetError(file.path, error)
    }
    contents.removeFirst(start)  // in place: a copy would take as much again
    return (sizes, contents)
  }

  private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}

/// Where the IDX files of a data set lie, found by the names that MNIST gave them.
struct IDXFiles {
  var images: URL
  var labels: URL?

  /// The files of one split in a folder: MNIST calls them train-... and t10k-..., others test-....
  init?(in folder: FolderContents, split: Split) {
    let names = folder.names.filter { Self.isImages($0, of: split) }
    // Some archives unpack into a folder for each file, beside the files or in place of them.
    guard let name = names.first(where: folder.isFile) ?? names.first else { return nil }
    self.init(images: name, in: folder)
  }

  /// The images of this name and, where they lie beside them under the name that belongs to it, their labels.
  init?(images name: String, in folder: FolderContents) {
    guard let images = Self.file(name, in: folder) else { return nil }
    self.images = images
    let labels = name.replacing("images", with: "labels").replacing("idx3", with: "idx1")
    let base = labels.hasSuffix(".gz") ? String(labels.dropLast(3)) : labels
    self.labels = [base, base + ".gz"].lazy.compactMap { Self.file($0, in: folder) }.first { $0 != images }
  }

  /// The file of a name, or the one in a folder of that name.
  private static func file(_ name: String, in folder: FolderContents) -> URL? {
    guard let path = folder.path.text, folder.names.contains(name) else { return nil }
    let url = URL(fileURLWithPath: path).appending(path: name)
    guard folder.isFolder(name) else { return url }
    let kind = name.contains("idx3") ? "idx3-ubyte" : "idx1-ubyte"
    guard let inner = try? FolderContents(of: RawPath(url)),
      let file = inner.names.first(where: { $0.contains(kind) && inner.isFile($0) })
    else { return nil }
    return url.appending(path: file)
  }

  static func isImages(_ name: String) -> Bool {
    name.contains("images") && name.contains("idx3-ubyte")
  }

  static func isImages(_ name: String, of split: Split) -> Bool {
    isImages(name) && (split == .train ? ["train"] : ["t10k", "test"]).contains { name.contains($0) }
  }
}
