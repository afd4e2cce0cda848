import Foundation
import Records

/// The PNG and JPEG files of a folder or an archive, in the order of their paths, with the class of each.
struct PictureListing: Sendable {
  private(set) var files: [PictureFile] = []

  /// The class of each file, or nil where there are none.
  private(set) var labels: [Int]?
  private(set) var classNames: [String] = []

  /// Files that cannot be read by their kind. (Whether the others are what their names say is not looked at.)
  private(set) var unreadable: [DatasetError] = []

  /// What is wrong with the folders, which no file less would mend.
  private(set) var disorders: [DatasetError] = []

  var problems: [DatasetError] { unreadable + disorders }

  /// What was taken in another way than one might think, a line each.
  private(set) var notes: [String] = []

  /// Files that are no pictures, by suffix.
  private var passedOver: [String: Int] = [:]

  /// Suffixes of files that are taken for pictures without a look at them.
  private static let readable: Set = ["png", "jpg", "jpeg", "jpe", "jfif"]
  private static let unreadable: Set = [
    "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "jp2", "jxl", "ppm", "pgm", "tga", "exr", "svg",
  ]

  /// Lists as much of a folder as can be. Its sub-folders are classes, but where dataset.json tells the labels; what
  /// lies deeper in them belongs to the same class. Files that are no pictures by their contents are passed over.
  init(surveying directory: RawPath) {
    let (own, folders) = contents(of: RawPath([]), in: directory)
    var perFolder: [(name: RawPath, files: [PictureFile])] = []
    for folder in folders {
      let ancestors = [FolderContents.identity(of: directory)].compactMap { $0 }
      let files = allFiles(in: folder, of: directory, ancestors: ancestors)
      if !files.isEmpty { perFolder.append((folder, files)) }
    }
    files = own + perFolder.flatMap(\.files)
    let table = directory.appending(RawPath(StyleGANLabels.fileName))
    do throws(DatasetError) {
      if let styleGAN = try StyleGANLabels(of: table, among: files.map(\.name)) {
        take(styleGAN)
      } else if StyleGANLabels.areNumbered(perFolder.map { ($0.name.description, $0.files.map(\.name)) }) {
        notes.append("the folders \(perFolder[0].name), ... are numbered as StyleGAN's tools do, and are no classes")
      } else {
        takeClasses(perFolder, beside: own, in: directory)
      }
    } catch {
      disorders.append(error)
    }
    if files.isEmpty && problems.isEmpty {
      disorders.append(
        DatasetError(
          path: directory.description, problem: "holds no PNG or JPEG file",
          remedy: DatasetFormat.hint(below: directory) ?? "give a folder of pictures"))
    }
    notePassedOver()
  }

  /// Lists an archive with dataset.json, as StyleGAN's dataset_tool.py and `saddle sample` write it.
  init(of archive: ZipArchive) throws(DatasetError) {
    for name in Set(archive.names).sorted() where !name.hasSuffix("/") {
      let path = RawPath(name)
      if name == StyleGANLabels.fileName || FolderContents.isDropping(path) { continue }
      if Self.readable.contains(path.suffix) {
        files.append(PictureFile(name, in: archive))
      } else {
        passedOver[path.suffix, default: 0] += 1
      }
    }
    guard !files.isEmpty else {
      throw DatasetError(path: archive.path, problem: "holds no PNG or JPEG file", remedy: "give another archive")
    }
    if let styleGAN = try StyleGANLabels(of: archive, among: files.map(\.name)) { take(styleGAN) }
    notePassedOver()
  }

  private mutating func take(_ styleGAN: StyleGANLabels) {
    labels = styleGAN.labels
    classNames = styleGAN.classNames
    notes += styleGAN.notes
  }

  private mutating func takeClasses(
    _ perFolder: [(name: RawPath, files: [PictureFile])], beside own: [PictureFile], in directory: RawPath
  ) {
    if let first = perFolder.first, let picture = own.first {
      disorders.append(
        DatasetError(
          path: directory.description,
          problem: "holds pictures (\(picture.name)) beside folders of pictures (\(first.name))",
          remedy: "move the pictures into a folder of their class, or the folders away"))
      return
    }
    guard own.isEmpty else { return }
    labels = perFolder.indices.flatMap { [Int](repeating: $0, count: perFolder[$0].files.count) }
    classNames = perFolder.map(\.name.description)
    for (folder, _) in perFolder {
      // A class that comes in parts is a data set one folder deeper, whose test pictures would be trained on.
      let path = directory.appending(folder)
      if let contents = try? FolderContents(of: path), let parts = try? PartFolders(in: contents), parts.areBoth {
        disorders.append(
          DatasetError(
            path: path.description, problem: "holds the parts \(parts.description)",
            remedy: "give this folder instead of the one above it"))
      }
      if Split(folder: folder) == .heldOut {
        notes.append(
          "the folder \(folder) is taken for a class; if it is not to be trained on, put the others into a folder train"
        )
      }
    }
  }

  private mutating func notePassedOver() {
    guard !passedOver.isEmpty else { return }
    let counts = passedOver.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let kinds = counts.prefix(4).map { "\($0.value) \($0.key.isEmpty ? "without a suffix" : "." + $0.key)" }
    let all = passedOver.values.reduce(0, +)
    notes.append(
      "\(all) file\(all == 1 ? " that is" : "s that are") neither PNG nor JPEG passed over: "
        + kinds.joined(separator: ", ") + (counts.count > 4 ? ", ..." : ""))
  }

  /// The pictures and folders in a folder; `relative` is its path below `directory`.
  private mutating func contents(
    of relative: RawPath, in directory: RawPath
  ) -> (files: [PictureFile], folders: [RawPath]) {
    var (files, folders): ([PictureFile], [RawPath]) = ([], [])
    do throws(DatasetError) {
      let folder = try FolderContents(of: relative.bytes.isEmpty ? directory : directory.appending(relative))
      for entry in folder.entries {
        let name = relative.appending(entry.name)
        let path = folder.path.appending(entry.name)
        let suffix = entry.name.suffix
        let isNamedAsPicture = Self.readable.contains(suffix)
        switch entry.kind {
        case .folder: folders.append(name)
        case .file where isNamedAsPicture: files.append(PictureFile(name, below: directory))
        case .special where isNamedAsPicture || Self.unreadable.contains(suffix):
          unreadable.append(
            DatasetError(
              path: path.description, problem: "is \(ForeignFile.notOrdinary)",
              remedy: "move it away"))
        case .special: break
        case .file where entry.name.text == StyleGANLabels.fileName && relative.bytes.isEmpty: break
        case .file:
          let kind = PictureKind(of: path)
          if kind?.isRead == true {
            files.append(PictureFile(name, below: directory))
          } else if Self.unreadable.contains(suffix) {
            unreadable.append(.unreadable(path.description, kind?.rawValue ?? suffix.uppercased()))
          } else {
            passedOver[suffix, default: 0] += 1
          }
        }
      }
    } catch {
      disorders.append(error)
    }
    return (files, folders)
  }

  private mutating func allFiles(
    in relative: RawPath, of directory: RawPath, ancestors: [FolderContents.Identity]
  ) -> [PictureFile] {
    let path = directory.appending(relative)
    guard let identity = FolderContents.identity(of: path), !ancestors.contains(identity) else {
      disorders.append(
        DatasetError(path: path.description, problem: "is a link to a folder above it", remedy: "remove the link"))
      return []
    }
    var (files, folders) = contents(of: relative, in: directory)
    for folder in folders { files += allFiles(in: folder, of: directory, ancestors: ancestors + [identity]) }
    return files
  }

  /// Whether a folder holds a picture at any depth.
  static func holdsPictures(_ folder: RawPath, ancestors: [FolderContents.Identity] = []) -> Bool {
    guard let identity = FolderContents.identity(of: folder), !ancestors.contains(identity),
      let contents = try? FolderContents(of: folder)
    else { return false }
    return contents.entries.contains { entry in
      let path = folder.appending(entry.name)
      return switch entry.kind {
      case .folder: holdsPictures(path, ancestors: ancestors + [identity])
      case .file: readable.contains(entry.name.suffix) || PictureKind(of: path)?.isRead == true
      case .special: false
      }
    }
  }
}

extension DatasetError {
  /// A picture of a kind that is not read.
  static func unreadable(_ path: String, _ kind: String) -> DatasetError {
    DatasetError(
      path: path, problem: "is of a kind that is not read (\(kind))",
      remedy: "convert it to PNG or JPEG, or move it away")
  }
}
