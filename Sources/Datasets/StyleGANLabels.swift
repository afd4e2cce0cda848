import Foundation
import Records

/// The labels that StyleGAN's tools keep beside pictures, in dataset.json: {"labels": [["00000/img00000000.png", 6],
/// ...]}, or null where there are none. The folders that the pictures lie in are numbers and no classes.
///
/// Source: dataset_tool.py and training/dataset.py of https://github.com/NVlabs/stylegan3
struct StyleGANLabels {
  static let fileName = "dataset.json"

  /// The class of each picture; nil where there are none.
  private(set) var labels: [Int]?
  private(set) var classNames: [String] = []
  private(set) var notes: [String] = []

  /// - Parameters:
  ///   - file: Where dataset.json may lie.
  ///   - names: The pictures' paths below its folder.
  /// - Returns: Nil where there is none, or it is something else.
  /// - Throws: `DatasetError` where it cannot be read, lacks a picture, or a label is no class.
  init?(of file: RawPath, among names: [String]) throws(DatasetError) {
    guard FolderContents.identity(of: file) != nil else { return nil }
    try self.init(json: try ImageCodec.contents(of: file), path: file.description, among: names)
  }

  init?(of archive: ZipArchive, among names: [String]) throws(DatasetError) {
    let path = "\(archive.path) (\(Self.fileName))"
    let json: Data
    do {
      json = Data(try archive.contents(of: Self.fileName, copies: Self.copies))
    } catch {
      throw DatasetError(path: path, problem: "cannot be unpacked: \(error)", remedy: "make the archive again")
    }
    try self.init(json: json, path: path, among: names)
  }

  /// How many times as much memory as its text a table takes while it is read.
  private static let copies = 16

  private init?(json: Data, path: String, among names: [String]) throws(DatasetError) {
    do throws(FileFault) {
      try FileMemory.allow(json.count * Self.copies, for: "its labels")
    } catch {
      throw DatasetError(path, error)
    }
    guard let object = try? JSONSerialization.jsonObject(with: json) as? [String: Any], let value = object["labels"]
    else { return nil }
    guard let pairs = value as? [[Any]], !pairs.isEmpty else { return }
    let remedy = "make it again with StyleGAN's dataset_tool.py, or remove it: then folders are classes"
    var classes: [String: Int] = [:]
    for pair in pairs {
      guard pair.count == 2, let name = pair[0] as? String else {
        throw DatasetError(path: path, problem: "has labels that are no pairs of a name and a number", remedy: remedy)
      }
      guard let label = pair[1] as? Int else {
        notes = ["the labels in \(Self.fileName) are no numbers of classes and are left aside"]
        return
      }
      guard (0..<ImageArray.classLimit).contains(label) else {
        throw DatasetError(path: path, problem: "gives \(name) the label \(label)", remedy: remedy)
      }
      classes[name] = label
    }
    labels = try names.map { name throws(DatasetError) in
      guard let label = classes[name] else {
        throw DatasetError(path: path, problem: "has no label for \(name)", remedy: remedy)
      }
      return label
    }
    classNames = (0...(labels?.max() ?? 0)).map(String.init)
  }

  /// Whether folders are numbered like those of a set whose dataset.json is lost: 00000/img00000012.png of StyleGAN, or
  /// 03000/03141.png of FFHQ, where a folder holds a thousand.
  static func areNumbered(_ folders: [(name: String, files: [String])]) -> Bool {
    !folders.isEmpty
      && folders.allSatisfy { folder, files in
        folder.count == 5 && Int(folder) != nil
          && files.allSatisfy { file in
            guard let name = file.split(separator: "/").last?.split(separator: ".").first else { return false }
            let isStyleGAN = name.count == 11 && name.hasPrefix("img") && name.dropFirst(3).hasPrefix(folder)
            let isFFHQ =
              name.count == 5 && Int(name) != nil && folder.hasSuffix("000") && name.prefix(2) == folder.prefix(2)
            return isStyleGAN || isFFHQ
          }
      }
  }
}
