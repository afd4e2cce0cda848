import Foundation

/// Which pictures show the same thing, and so must lie on one side of a split.
public struct PictureGroups: Sendable {
  /// The group of each file.
  public var names: [String]

  /// What is taken away from file names by the names of well-known groupings.
  public static let patterns = [
    // Crops of one photograph, as tools/datasets names them: PHOTO-ROW-COLUMN.
    "photo": "-[0-9]+-[0-9]+$",
    // A figure in code points, as tools/datasets names them, less skin tones, joiners and genders; man and woman are
    // a person.
    "family": "(-|^)(1f3f[b-f]|200d|fe0f|264[02])|(1f468|1f469|1f9d1)",
  ]

  public init(_ names: [String]) {
    self.names = names
  }

  /// Groups files by their names without folder and suffix, less all that matches `pattern`.
  ///
  /// - Throws: `DatasetError` where the pattern is no regular expression, or leaves every file a group of its own.
  public init(of files: [String], ignoring pattern: String) throws(DatasetError) {
    guard let expression = try? Regex(pattern) else {
      throw DatasetError(
        path: "", problem: "'\(pattern)' is no regular expression",
        remedy: "give one, such as '-[0-9]+$' for the number at the end of a name")
    }
    names = files.map { file in Self.stem(of: file).replacing(expression, with: "") }
    if files.count > 1, Set(names).count == Set(files.map(Self.stem)).count {
      throw DatasetError(
        path: "", problem: "no name holds '\(pattern)', such as \(Self.stem(of: files[0]))",
        remedy: "give a pattern of what differs between pictures of one group")
    }
  }

  /// Groups files by a column of a table: CSV with a line of names, or JSON, an array of objects or an object of
  /// objects by file. Files are named in the column file, name or path, else the first, by their path, their name, or
  /// their name without suffix.
  ///
  /// - Throws: `DatasetError` where the table cannot be read, has no such column, or lacks a file.
  public init(of files: [String], column: String, in table: URL) throws(DatasetError) {
    let rows = try PictureTable(table)
    let values = try rows.values(of: column)
    names = []
    for file in files {
      let keys = [file, (file as NSString).lastPathComponent, Self.stem(of: file)]
      guard let value = keys.lazy.compactMap({ values[$0] }).first else {
        throw DatasetError(
          path: table.path, problem: "has no row for \(file)",
          remedy: "name every picture in its column '\(rows.fileColumn)'")
      }
      names.append(value)
    }
  }

  private static func stem(of file: String) -> String {
    ((file as NSString).lastPathComponent as NSString).deletingPathExtension
  }
}

/// A table that says something about each of many files.
struct PictureTable {
  let path: String
  /// The column that names the files.
  private(set) var fileColumn = "file"
  private var columns: [String] = []
  private var rows: [[String: String]] = []

  private static let fileColumns = ["file", "filename", "file_name", "name", "path", "image"]

  init(_ url: URL) throws(DatasetError) {
    path = url.path
    let bytes = try ImageCodec.contents(of: RawPath(url))
    if url.pathExtension.lowercased() == "json" {
      try read(json: bytes)
    } else {
      try read(csv: String(decoding: bytes, as: UTF8.self))
    }
    guard !rows.isEmpty else {
      throw DatasetError(path: path, problem: "is a table without rows", remedy: "give a row for each picture")
    }
    guard let first = columns.first else {
      throw DatasetError(path: path, problem: "is a table without columns", remedy: "name the file in each row")
    }
    fileColumn = Self.fileColumns.first(where: columns.contains) ?? first
  }

  /// A column by file.
  func values(of column: String) throws(DatasetError) -> [String: String] {
    guard columns.contains(column) else {
      throw DatasetError(
        path: path, problem: "has no column '\(column)'", remedy: "it has " + columns.joined(separator: ", "))
    }
    var values: [String: String] = [:]
    for row in rows {
      guard let file = row[fileColumn], let value = row[column] else { continue }
      if let other = values[file], other != value {
        throw DatasetError(
          path: path, problem: "says both '\(other)' and '\(value)' of \(file)", remedy: "keep one row for each file")
      }
      values[file] = value
    }
    return values
  }

  private mutating func read(json: Data) throws(DatasetError) {
    let value = try? JSONSerialization.jsonObject(with: json)
    let objects: [[String: Any]]
    switch value {
    case let list as [[String: Any]]: objects = list
    case let byFile as [String: [String: Any]]:
      objects = byFile.sorted { $0.key < $1.key }.map { $1.merging(["file": $0]) { $1 } }
    default:
      throw DatasetError(
        path: path, problem: "is no table: neither a JSON array of objects nor an object of objects",
        remedy: "write [{\"file\": \"a.png\", \"family\": \"x\"}, ...]")
    }
    rows = objects.map { $0.mapValues { ($0 as? String) ?? "\($0)" } }
    columns = Set(rows.flatMap(\.keys)).sorted()
  }

  /// Commas between fields; fields in quotation marks may hold commas, lines and doubled quotation marks (RFC 4180).
  private mutating func read(csv text: String) throws(DatasetError) {
    var lines: [[String]] = [[]]
    var field = ""
    var isQuoted = false
    func endField() {
      lines[lines.count - 1].append(field)
      field = ""
    }
    var rest = text.unicodeScalars[...]
    if rest.first == "\u{feff}" { rest.removeFirst() }
    while let character = rest.popFirst() {
      switch character {
      case "\"" where isQuoted && rest.first == "\"":
        rest.removeFirst()
        field += "\""
      case "\"" where isQuoted || field.isEmpty: isQuoted.toggle()
      case "," where !isQuoted: endField()
      case "\r" where !isQuoted: continue
      case "\n" where !isQuoted:
        endField()
        lines.append([])
      default: field.unicodeScalars.append(character)
      }
    }
    if isQuoted {
      throw DatasetError(path: path, problem: "ends inside quotation marks", remedy: "close them")
    }
    endField()
    lines.removeAll { $0 == [""] }
    columns = lines.first ?? []
    for (number, line) in lines.enumerated().dropFirst() {
      guard line.count == columns.count else {
        throw DatasetError(
          path: path, problem: "row \(number) has \(line.count) fields, and the line of names \(columns.count)",
          remedy: "put fields with commas in quotation marks")
      }
      rows.append(Dictionary(zip(columns, line)) { $1 })
    }
  }
}
