import Foundation

/// The picture files of a folder, in the order of their paths, with the class of each.
struct FolderListing {
  private(set) var files: [URL] = []

  /// The sub-folder that each file lies in, or nil where the pictures lie in the folder itself.
  private(set) var labels: [Int]?
  private(set) var classNames: [String] = []

  private static let readable: Set = ["png", "jpg", "jpeg"]
  private static let unreadable: Set = [
    "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "jp2", "jxl", "ppm", "pgm", "tga", "exr", "svg",
  ]

  /// Lists a folder. Its sub-folders are classes; what lies deeper in them belongs to the same class. Hidden files and
  /// files that are no pictures by their names are passed over.
  init(of directory: URL) throws(DatasetError) {
    let (own, folders) = try Self.contents(of: directory)
    var perFolder: [(name: String, files: [URL])] = []
    for folder in folders {
      let files = try Self.allFiles(in: folder, ancestors: [directory.resolvingSymlinksInPath().path])
      if !files.isEmpty { perFolder.append((folder.lastPathComponent, files)) }
    }
    if let first = perFolder.first, let picture = own.first {
      throw DatasetError(
        path: directory.path,
        problem: "holds pictures (\(picture.lastPathComponent)) beside folders of pictures (\(first.name))",
        remedy: "move the pictures into a folder of their class, or the folders away")
    }
    guard !own.isEmpty || !perFolder.isEmpty else {
      throw DatasetError(
        path: directory.path, problem: "holds no PNG or JPEG file", remedy: "give a folder of pictures")
    }
    files = own + perFolder.flatMap(\.files)
    if own.isEmpty {
      labels = perFolder.indices.flatMap { [Int](repeating: $0, count: perFolder[$0].files.count) }
      classNames = perFolder.map(\.name)
    }
  }

  /// The sorted names in a folder, hidden ones left out.
  static func names(in directory: URL) throws(DatasetError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { !$0.hasPrefix(".") }.sorted()
    } catch {
      throw DatasetError(
        path: directory.path, problem: "cannot be listed: \(error.localizedDescription)",
        remedy: "check the path and its permissions")
    }
  }

  private static func contents(of directory: URL) throws(DatasetError) -> (files: [URL], folders: [URL]) {
    var (files, folders): ([URL], [URL]) = ([], [])
    var foreign: [String] = []
    for name in try names(in: directory) {
      let url = directory.appending(path: name)
      let kind = url.pathExtension.lowercased()
      if readable.contains(kind) {
        files.append(url)
      } else if unreadable.contains(kind) {
        foreign.append(name)
      } else if isDirectory(url) {
        folders.append(url)
      }
    }
    if let first = foreign.first {
      throw DatasetError(
        path: directory.appending(path: first).path,
        problem: "is of a kind that is not read" + (foreign.count > 1 ? " (and \(foreign.count - 1) more files)" : ""),
        remedy: "convert it to PNG or JPEG, or move it away")
    }
    return (files, folders)
  }

  private static func allFiles(in directory: URL, ancestors: [String]) throws(DatasetError) -> [URL] {
    let resolved = directory.resolvingSymlinksInPath().path
    guard !ancestors.contains(resolved) else {
      throw DatasetError(path: directory.path, problem: "is a link to a folder above it", remedy: "remove the link")
    }
    var (files, folders) = try contents(of: directory)
    for folder in folders { files += try allFiles(in: folder, ancestors: ancestors + [resolved]) }
    return files
  }

  static func isDirectory(_ url: URL) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
