import Foundation

/// Files in a folder, by their paths in it.
typealias FuzzFiles = [String: [UInt8]]

/// A reader of something from outside, with inputs that are right.
///
/// An input is one of the seeds with one file changed. The reader may take it or throw; it must not trap, wait for
/// ever, or throw what a user cannot read.
struct FuzzRow: Sendable {
  let name: String
  /// What is read, for the list.
  let summary: String
  /// The files that may be changed; the others stay.
  var changes: @Sendable (_ file: String) -> Bool = { _ in true }
  var isText = false
  /// Whether there are inputs that are refused; otherwise what cannot be read is passed over.
  var refuses = true
  /// Whether the reader changes the files, so that all are written for each input.
  var writes = false
  /// Inputs that are right, made once a process.
  let seeds: @Sendable () throws -> [FuzzFiles]
  /// Makes checksums of a changed file right again, so that what lies behind them is read; for half of the inputs.
  var repair: (@Sendable (_ bytes: inout [UInt8]) -> Void)?
  /// Makes the reader, once a process: what is expensive is not done for each input.
  let reader: @Sendable () throws -> (_ folder: String) throws -> Void
}

/// What a reader did that it must not do.
struct FuzzFinding: Error, CustomStringConvertible {
  let description: String
}

/// Runs a row's inputs one after the other.
struct Fuzzer {
  let row: FuzzRow
  let seed: UInt64
  /// Where inputs are written for their reader.
  let folder: String
  private let seeds: [Seed]
  /// All files that may be changed, to be spliced into each other.
  private let others: [[UInt8]]
  private let read: (String) throws -> Void
  /// The seed whose files lie in the folder, and the one that is not as it was.
  private var place: (seed: Int, changed: String)?
  /// How many inputs were taken, and not refused.
  private(set) var taken = 0

  private struct Seed {
    let files: FuzzFiles
    /// The names of those that may be changed, sorted: the order of a dictionary is another in each process.
    let names: [String]
  }

  init(_ row: FuzzRow, seed: UInt64, in folder: String) throws {
    (self.row, self.seed, self.folder) = (row, seed, folder)
    seeds = try row.seeds().map { Seed(files: $0, names: $0.keys.filter(row.changes).sorted()) }
    others = seeds.flatMap { seed in seed.names.compactMap { seed.files[$0] } }
    read = try row.reader()
    for (number, seed) in seeds.enumerated() {
      try Self.write(seed.files, to: folder)
      do { try read(folder) } catch {
        throw FuzzFinding(description: "\(row.name): seed \(number), which is right, is refused: \(error)")
      }
    }
  }

  /// The number of the seed that an input is made of, the file that is changed, and its bytes.
  private func input(_ index: Int) -> (seed: Int, name: String, bytes: [UInt8]) {
    var random = FuzzRandom(seed: seed, index: index)
    let number = random.below(seeds.count)
    let name = random.pick(seeds[number].names)
    var bytes = seeds[number].files[name] ?? []
    Mutator.mutate(&bytes, others: others, isText: row.isText, &random)
    if random.below(2) == 0 { row.repair?(&bytes) }
    return (number, name, bytes)
  }

  /// Puts an input into the folder.
  private mutating func write(_ index: Int) throws {
    let (number, name, bytes) = input(index)
    if let place, place.seed == number, !row.writes {
      if place.changed != name {
        try Self.write(seeds[number].files[place.changed] ?? [], to: "\(folder)/\(place.changed)")
      }
    } else {
      try Self.write(seeds[number].files, to: folder)
    }
    try Self.write(bytes, to: "\(folder)/\(name)")
    place = (number, name)
  }

  /// Has one input read.
  ///
  /// - Throws: `FuzzFinding` where the reader's error is not for people.
  mutating func run(_ index: Int) throws {
    try write(index)
    do {
      try read(folder)
      taken += 1
    } catch let finding as FuzzFinding {
      throw finding
    } catch {
      let text = "\(error)"
      if let word = Self.rawWord(in: text) {
        throw FuzzFinding(
          description: "\(row.name): input \(index): an error that is not for people (\(word)): \(text)")
      }
      if text.isEmpty { throw FuzzFinding(description: "\(row.name): input \(index): an error without a word") }
    }
  }

  /// Errors of the system and of decoders, as Swift prints them.
  private static let rawWords = [
    "NSCocoaErrorDomain", "NSPOSIXErrorDomain", "Error Domain", "DecodingError", "dataCorrupted(", "keyNotFound(",
    "typeMismatch(", "CocoaError", "Optional(", "Fatal error",
  ]

  /// One of them in a text that is shown to people.
  static func rawWord(in text: String) -> String? { rawWords.first { strstr(text, $0) != nil } }

  /// Empties the folder and writes files into it.
  static func write(_ files: FuzzFiles, to folder: String) throws {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    for (name, bytes) in files {
      let path = "\(folder)/\(name)"
      if name.contains("/") {
        try FileManager.default.createDirectory(
          atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      }
      try write(bytes, to: path)
    }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    let file = fopen(path, "wb")
    defer { if let file { fclose(file) } }
    guard let file, fwrite(bytes, 1, bytes.count, file) == bytes.count else {
      throw FuzzFinding(description: "\(path) cannot be written")
    }
  }
}

extension Dictionary where Key == String, Value == [UInt8] {
  /// The files in a folder, whatever their depth.
  init(contentsOf folder: String) throws {
    self = try FileManager.default.subpathsOfDirectory(atPath: folder).reduce(into: [:]) { files, name in
      var isDirectory: ObjCBool = false
      let path = "\(folder)/\(name)"
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue else {
        return
      }
      files[name] = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }
}
