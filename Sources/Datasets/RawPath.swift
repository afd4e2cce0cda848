import Foundation
import Records

/// A path as the system keeps it: bytes, which need not be UTF-8.
struct RawPath: Hashable, Sendable, CustomStringConvertible {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }
  init(_ url: URL) { self.init(Array(url.path.utf8)) }
  init(_ path: String) { self.init(Array(path.utf8)) }

  func appending(_ name: RawPath) -> RawPath {
    bytes.isEmpty ? name : RawPath(bytes + (bytes.last == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]) + name.bytes)
  }

  /// The path, or nil where it is no UTF-8.
  var text: String? { String(validating: bytes, as: UTF8.self) }

  /// As it is told: bytes that are no text as a shell's $'...' takes them.
  var description: String {
    text ?? bytes.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
  }

  /// What comes after the last dot of the name, in small letters; empty where there is none.
  var suffix: String {
    let name = bytes.split(separator: UInt8(ascii: "/")).last ?? []
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return "" }
    return String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
  }

  /// With the zero that ends a text in C.
  var cString: [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }
}

extension DatasetError {
  init(_ path: RawPath, _ fault: FileFault) {
    self.init(path: path.description, problem: fault.problem, remedy: fault.remedy)
  }

  init(_ path: String, _ fault: FileFault) { self.init(path: path, problem: fault.problem, remedy: fault.remedy) }

  /// A call of the system that failed, with its reason.
  static func system(_ path: String, _ problem: String, remedy: String) -> DatasetError {
    DatasetError(path: path, problem: "\(problem): \(String(cString: strerror(errno)))", remedy: remedy)
  }

  /// Several errors as one: the first, with the number of the others and how all are found and left out.
  ///
  /// - Parameter dataset: The path of a data set of pictures; nil where it is not known.
  init?(_ problems: [DatasetError], in dataset: String? = nil) {
    guard let first = problems.first else { return nil }
    self = first
    if problems.count > 1 { problem += " (and \(problems.count - 1) more files cannot be read)" }
    guard let dataset else { return }
    let isPlain = dataset.allSatisfy { $0.isLetter || $0.isNumber || "/._-+:".contains($0) }
    let quoted = isPlain ? dataset : "'" + dataset.replacing("'", with: "'\\''") + "'"
    remedy +=
      "; saddle data inspect \(quoted) names every such file, and to leave them out: "
      + "--set data.skip-unreadable=true (saddle data pack: --skip-unreadable)"
  }
}

/// What lies in a folder, listed once: in the order of the names, without what is hidden or what systems drop there.
struct FolderContents {
  enum Kind { case file, folder, special }

  struct Entry {
    let name: RawPath
    let kind: Kind
  }

  let path: RawPath
  let entries: [Entry]

  /// What archive programs, file managers and network disks leave behind, in small letters.
  private static let droppings: Set = [
    "__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found", "__pycache__",
    "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r",
  ]

  /// Whether a path leads through what is left aside.
  static func isDropping(_ path: RawPath) -> Bool {
    path.bytes.split(separator: UInt8(ascii: "/")).contains { name in
      name.first == UInt8(ascii: ".") || droppings.contains(String(decoding: name, as: UTF8.self).lowercased())
    }
  }

  /// The names that are text.
  var names: [String] { entries.compactMap(\.name.text) }
  var folders: [RawPath] { entries.filter { $0.kind == .folder }.map(\.name) }

  func isFolder(_ name: String) -> Bool { entries.contains { $0.kind == .folder && $0.name.text == name } }
  func isFile(_ name: String) -> Bool { entries.contains { $0.kind == .file && $0.name.text == name } }

  /// - Throws: `DatasetError` where the folder cannot be listed.
  init(of path: RawPath) throws(DatasetError) {
    self.path = path
    guard let stream = opendir(path.cString) else {
      throw .system(path.description, "cannot be listed", remedy: "check the path and its permissions")
    }
    defer { closedir(stream) }
    var found: [Entry] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard !Self.isDropping(RawPath(name)) else { continue }
      let kind: Kind =
        switch Int(entry.pointee.d_type) {
        case Int(DT_REG): .file
        case Int(DT_DIR): .folder
        case Int(DT_LNK), Int(DT_UNKNOWN): Self.kind(of: path.appending(RawPath(name)))
        default: .special
        }
      found.append(Entry(name: RawPath(name), kind: kind))
    }
    // Names that are equal as text, such as an accent in one character or two, go by their bytes.
    entries = found.map { ($0, $0.name.description) }.sorted {
      $0.1 != $1.1 ? $0.1 < $1.1 : $0.0.name.bytes.lexicographicallyPrecedes($1.0.name.bytes)
    }.map(\.0)
  }

  /// A link that leads nowhere counts as a file, which is then found to be missing.
  private static func kind(of path: RawPath) -> Kind {
    var status = stat()
    guard stat(path.cString, &status) == 0 else { return .file }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .folder
    default: .special
    }
  }

  /// What a folder is known by, whatever links lead to it.
  struct Identity: Hashable { let device, inode: UInt64 }

  static func identity(of path: RawPath) -> Identity? {
    var status = stat()
    guard stat(path.cString, &status) == 0 else { return nil }
    return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }
}
