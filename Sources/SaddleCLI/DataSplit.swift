import ArgumentParser
import Foundation
import Saddle

extension DataCommand {
  struct Divide: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "split",
      abstract: "Makes a folder of train and held-out pictures out of a folder of pictures.",
      discussion: """
        --by hash     each picture by its pixels (the default)
        --by class    the same share of every class
        --by photo    crops of one photograph stay together: names less -ROW-COLUMN
        --by family   a figure's skin tones and genders stay together: names of code points, as of emoji
        --by COLUMN   pictures that have the same entry in this column of --table stay together
        --ignore PATTERN instead of --by: names less what matches a regular expression are groups.

        Pictures with equal pixels stay together, and adding pictures moves no other (but with --by class, where the
        shares are exact). Pictures become hard links: they take no room, and the first folder may go.
          saddle data split photos --held-out 0.1 --by photo --out photos-split
        """)

    @Argument(help: "A folder of pictures; its sub-folders are classes.") var folder: String
    @Option("The share that is held out.", .share, valueName: "share") var heldOut = 0.1
    @Option(help: ArgumentHelp("What stays together.", valueName: "hash|class|photo|family|COLUMN")) var by: String?
    @Option(help: ArgumentHelp("A .csv or .json file with a column of files.", valueName: "file")) var table: String?
    @Option(help: ArgumentHelp("What does not belong to a group's name.", valueName: "pattern")) var ignore: String?
    @Option("Seed of the assignment.", .seed) var seed: UInt64 = 0
    @Option(
      help:
        "How files are placed in the output folder: \(DatasetSplit.Transfer.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var link = DatasetSplit.Transfer.hardLink
    @Flag(help: "Copies pictures; the same as --link copy.") var copy = false
    @Option(help: ArgumentHelp("The folder that is made.", valueName: "folder")) var out: String

    func validate() throws {
      if ignore != nil && (by != nil || table != nil) { throw ValidationError("Give --ignore or --by, not both.") }
      if let by, table == nil, by != "hash", by != "class", PictureGroups.patterns[by] == nil {
        throw ValidationError(
          "--by \(by) is a column of a table: name its file with --table. (hash, class, photo and family need none.)")
      }
      if table != nil && by == nil { throw ValidationError("Name the column of --table with --by.") }
    }

    func run() throws {
      let (source, destination) = (URL(fileURLWithPath: folder), URL(fileURLWithPath: out))
      let files = try DatasetSplit.files(in: source)
      // Asked before minutes of reading, not after.
      try DatasetSplit.check(destination)
      let rule = try rule(files)
      let count = CountLine(what: "reading picture")
      let survey = try DatasetSurvey(of: source, progress: count.progress)
      let split = try DatasetSplit(survey, of: source, share: heldOut, by: rule, seed: seed)
      try split.write(to: destination, by: copy ? .copy : link, progress: CountLine(what: "placing picture").progress)
      count.clear()
      try show(table(split))
      tell("\(out): \(split.unitCount) units dealt out; train on it with --data \(out.shellWord)")
    }

    private func rule(_ files: [String]) throws -> DatasetSplit.Rule {
      if let ignore { return .groups(try PictureGroups(of: files, ignoring: ignore)) }
      if let by, let table {
        return .groups(try PictureGroups(of: files, column: by, in: URL(fileURLWithPath: table)))
      }
      switch by ?? "hash" {
      case "hash": return .content
      case "class": return .classes
      case let name: return .groups(try PictureGroups(of: files, ignoring: PictureGroups.patterns[name] ?? name))
      }
    }

    private func table(_ split: DatasetSplit) -> String {
      var table = TextTable(rows: [["class", Split.train.rawValue, Split.heldOut.rawValue]])
      func row(_ name: String, where isCounted: (Int) -> Bool) -> [String] {
        let members = split.files.indices.filter(isCounted)
        let heldOut = members.count { split.isHeldOut[$0] }
        return [name, "\(members.count - heldOut)", "\(heldOut)"]
      }
      for name in Set(split.labels.compactMap { $0 }).sorted() {
        table.rows.append(row(name) { split.labels[$0] == name })
      }
      table.rows.append(row("all") { _ in true })
      return table.text
    }
  }
}
