extension Split {
  /// The names that folders of parts have, the first before the others, in small letters and with dashes.
  var folders: [String] {
    self == .train
      ? ["train", "training"]
      : ["held-out", "heldout", "test", "testing", "val", "valid", "validation", "dev", "eval"]
  }

  /// The part that a folder of this name is.
  init?(folder: RawPath) {
    guard let name = folder.text.map(Self.plain),
      let split = Self.allCases.first(where: { $0.folders.contains(name) })
    else { return nil }
    self = split
  }

  fileprivate static func plain(_ name: String) -> String {
    String(name.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 })
  }
}

/// The sub-folders of a folder of pictures that are its parts.
struct PartFolders: CustomStringConvertible {
  /// What is trained on first; then what is held out, the folder that stands for it before the others.
  let folders: [(split: Split, name: RawPath)]

  var areBoth: Bool { Set(folders.map(\.split)).count == 2 }
  var description: String { folders.map(\.name.description).joined(separator: ", ") }

  /// Nil where the folder comes in one part. A folder train beside others with pictures is a class: trains among planes
  /// and ships. Beside held-out parts it is none, and neither are they.
  ///
  /// - Throws: `DatasetError` where folders of pictures lie beside the parts: what they are must be said.
  init?(in contents: FolderContents) throws(DatasetError) {
    let named = contents.folders.map { (split: Split(folder: $0), name: $0) }
    let parts = named.compactMap { part in part.split.map { (split: $0, name: part.name) } }
    guard !parts.isEmpty else { return nil }
    func first(of folders: [RawPath]) -> RawPath? {
      folders.first { PictureListing.holdsPictures(contents.path.appending($0)) }
    }
    let stranger = first(of: named.filter { $0.split == nil }.map(\.name))
    let trains = parts.filter { $0.split == .train }
    folders = parts.sorted { Self.rank($0.name) < Self.rank($1.name) }
    if trains.count > 1 {
      throw DatasetError(
        path: contents.path.description,
        problem: "holds the parts \(trains.map(\.name.description).joined(separator: " and "))",
        remedy: "keep one of them there")
    }
    guard let stranger else { return }
    guard areBoth else { return nil }
    throw DatasetError(
      path: contents.path.description, problem: "holds pictures in \(stranger) beside the parts \(description)",
      remedy: "move that folder away, or into one of the parts; or give the folder of one part, such as "
        + contents.path.appending(trains[0].name).description)
  }

  private static func rank(_ folder: RawPath) -> Int {
    let order = Split.allCases.flatMap(\.folders)
    return order.firstIndex(of: Split.plain(folder.description)) ?? order.count
  }
}
