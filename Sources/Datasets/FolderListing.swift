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

  /// What cannot be read by its kind or its place. (Whether the files are what their names say is not looked at.)
  private(set) var problems: [DatasetError] = []

  /// Lists a folder. Its sub-folders are classes; what lies deeper in them belongs to the same class. Hidden files and
  /// files that are no pictures by their names are passed over.
  ///
  /// - Throws: The first of the problems.
  init(of directory: URL) throws(DatasetError) {
    self.init(surveying: directory)
    guard var first = problems.first else { return }
    if problems.count > 1 { first.problem += " (and \(problems.count - 1) more files or folders cannot be read)" }
    throw first
  }

  /// Lists as much of a folder as can be.
  init(surveying directory: URL) {
    let (own, folders) = contents(of: directory)
    var perFolder: [(name: String, files: [URL])] = []
    for folder in folders {
      let files = allFiles(in: folder, ancestors: [directory.resolvingSymlinksInPath().path])
      if !files.isEmpty { perFolder.append((folder.lastPathComponent, files)) }
    }
    files = own + perFolder.flatMap(\.files)
    if let first = perFolder.first, let picture = own.first {
      problems.append(
        DatasetError(
          path: directory.path,
          problem: "holds pictures (\(picture.lastPathComponent)) beside folders of pictures (\(first.name))",
          remedy: "move the pictures into a folder of their class, or the folders away"))
    } else if own.isEmpty {
      labels = perFolder.indices.flatMap { [Int](repeating: $0, count: perFolder[$0].files.count) }
      classNames = perFolder.map(\.name)
    }
    if files.isEmpty && problems.isEmpty {
      problems.append(
        DatasetError(path: directory.path, problem: "holds no PNG or JPEG file", remedy: "give a folder of pictures"))
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

  private mutating func contents(of directory: URL) -> (files: [URL], folders: [URL]) {
    var (files, folders): ([URL], [URL]) = ([], [])
    do throws(DatasetError) {
      for name in try Self.names(in: directory) {
        let url = directory.appending(path: name)
        let kind = url.pathExtension.lowercased()
        if Self.readable.contains(kind) {
          files.append(url)
        } else if Self.unreadable.contains(kind) {
          problems.append(
            DatasetError(
              path: url.path, problem: "is of a kind that is not read",
              remedy: "convert it to PNG or JPEG, or move it away"))
        } else if Self.isDirectory(url) {
          folders.append(url)
        }
      }
    } catch {
      problems.append(error)
    }
    return (files, folders)
  }

  private mutating func allFiles(in directory: URL, ancestors: [String]) -> [URL] {
    let resolved = directory.resolvingSymlinksInPath().path
    guard !ancestors.contains(resolved) else {
      problems.append(
        DatasetError(path: directory.path, problem: "is a link to a folder above it", remedy: "remove the link"))
      return []
    }
    var (files, folders) = contents(of: directory)
    for folder in folders { files += allFiles(in: folder, ancestors: ancestors + [resolved]) }
    return files
  }

  /// The part of a file's path that comes after its folder's.
  static func path(of file: URL, below directory: URL) -> String {
    file.pathComponents.dropFirst(directory.pathComponents.count).joined(separator: "/")
  }

  static func isDirectory(_ url: URL) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
