import ArgumentParser
import Foundation
import Saddle

extension DataCommand {
  struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads every image of a data set and says what is there and what is wrong.",
      discussion: """
        Counts, sizes, channels, equal pictures (also between train and held-out), and every file that cannot be read,
        with the reason. Exit code 1 where there is such a file.
          saddle data inspect data/photos --picture photos.png
        """)

    @Argument(help: "The folder or file, as for saddle train --data.") var data: String
    @Option(
      help: ArgumentHelp(
        "Writes all that was found; - writes it to the standard output, and no table.", valueName: "file"))
    var json: String?
    @Option(help: ArgumentHelp("Writes a contact sheet of 64 images.", valueName: "file.png")) var picture: String?

    func validate() throws {
      if let picture, !picture.hasSuffix(".png") {
        throw ValidationError("--picture must end in .png, not '\(picture)'.")
      }
    }

    func run() throws {
      let count = CountLine(what: "reading image")
      let survey = try DatasetSurvey(
        of: URL(fileURLWithPath: data), thumbnails: picture == nil ? 0 : 64, progress: count.progress)
      count.clear()
      let sizes = Set(
        registry.presets.compactMap { try? Saddle.Configuration(from: $0.name, registry: registry) }
          .filter { $0.sampleShape.rank == 3 }.map(\.model.size)
      ).sorted()
      let summary = DatasetSummary(survey, targets: sizes)
      if json != "-" { try show(InspectionText(summary)) }
      if let json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let report = String(decoding: try encoder.encode(summary), as: UTF8.self)
        if json == "-" {
          try show(report)
        } else {
          try AtomicFile.write(Array((report + "\n").utf8), to: json)
        }
      }
      let shown = survey.pictures.compactMap(\.thumbnail)
      if let picture, !shown.isEmpty {
        let side = DatasetSurvey.thumbnailSide
        try SampleGrid(pixels: Array(shown.joined()), count: shown.count, height: side, width: side, channels: 3)
          .writePNG(to: picture, scale: 1)
        tell("\(picture): \(shown.count) of \(summary.images) images")
      }
      if !summary.leaks.isEmpty {
        tell(
          "WARNING: \(summary.leaks.count) pictures lie in more than one part: what is measured on held-out pictures was "
            + "seen in training. saddle data split keeps equal pictures together")
      }
      if !summary.problems.isEmpty { throw ExitCode(1) }
    }
  }
}

/// A summary as a table of rows, each with its name.
struct InspectionText: CustomStringConvertible {
  let summary: DatasetSummary

  init(_ summary: DatasetSummary) { self.summary = summary }

  var description: String {
    var blocks = ["\(summary.name): \(summary.images) images"]
    if summary.parts.count > 1 || summary.parts.contains(where: { !$0.classes.isEmpty }) { blocks.append(counts) }
    if let sizes = summary.sizes { blocks.append(facts(sizes)) }
    blocks += [
      names(summary.leaks, "LEAK: pictures that lie in more than one part"),
      names(summary.contradictions, "pictures that lie in more than one class"),
      names(summary.duplicates, "pictures that are there more than once"),
      list(
        summary.warnings.map { "\($0.name): \($0.warning)" }, "pictures that are odd, and were read", limit: 10),
      list(summary.notes, "notes", limit: .max),
      problems,
    ].compactMap { $0 }
    return blocks.joined(separator: "\n\n")
  }

  /// Images of each class and part.
  private var counts: String {
    let classes = Set(summary.parts.flatMap { $0.classes.map(\.name) }).sorted()
    var table = TextTable(rows: [["class"] + summary.parts.map { $0.name.isEmpty ? "images" : $0.name }])
    for name in classes {
      table.rows.append([name] + summary.parts.map { part in "\(part.classes.first { $0.name == name }?.images ?? 0)" })
    }
    table.rows.append(["all"] + summary.parts.map { "\($0.images)" })
    return table.text
  }

  private func facts(_ sizes: DatasetSummary.Sizes) -> String {
    let channels = summary.channels
    let grey = channels.grey == summary.images ? "all grey" : channels.grey == 0 ? "colour" : "\(channels.grey) grey"
    let rows: [(String, String)] = [
      ("sizes", "\(text(sizes.smallest)) to \(text(sizes.largest)), median \(text(sizes.median))"),
      (
        "commonest",
        sizes.commonest.map { "\(text($0)) (\($0.images))" }.joined(separator: ", ")
          + (sizes.distinct > sizes.commonest.count ? " of \(sizes.distinct) sizes" : "")
      ),
      (
        "channels",
        grey + (channels.colourless > 0 ? ", \(channels.colourless) stored in colour that show grey only" : "")
      ),
      (
        "alpha",
        channels.alpha == 0 ? "none" : "\(channels.alpha) files, \(channels.transparent) with transparent pixels"
      ),
      ("formats", summary.formats.map { "\($0.name) \($0.images)" }.joined(separator: ", ")),
      ("bits", summary.depths.map { "\($0.name) (\($0.images))" }.joined(separator: ", ")),
      ("turned", summary.turned == 0 ? "none" : "\(summary.turned) files by EXIF, which is followed"),
      ("mean", numbers(summary.means) + "   red, green, blue of 255, over white"),
      ("std", numbers(summary.deviations)),
      (
        "model.size",
        summary.fitting.map { "\($0.size): \($0.images == summary.images ? "fits" : "\($0.images) fit")" }
          .joined(separator: "   ") + "   without enlarging"
      ),
    ]
    return rows.map { name, value in name.padding(toLength: 12, withPad: " ", startingAt: 0) + value }
      .joined(separator: "\n")
  }

  private func text(_ size: DatasetSummary.Size) -> String { "\(size.width) x \(size.height)" }

  private func numbers(_ values: [Double]) -> String {
    values.map { value in
      let tenths = Int((value * 10).rounded())
      return "\(tenths / 10).\(tenths % 10)"
    }.joined(separator: "  ")
  }

  private func names(_ groups: [[String]], _ title: String) -> String? {
    list(groups.map { $0.joined(separator: " = ") }, title, limit: 10)
  }

  /// What is wrong with files, those with one fault in one line.
  private var problems: String? {
    let groups = Dictionary(grouping: summary.problems) { "\($0.problem); \($0.remedy)" }
    var told: Set<String> = []
    let lines = summary.problems.compactMap { problem -> String? in
      let fault = "\(problem.problem); \(problem.remedy)"
      guard let group = groups[fault], told.insert(fault).inserted else { return nil }
      guard group.count > 1 else { return problem.description }
      return "\(group.count) files, the first \(problem.path): \(fault)"
    }
    let all = lines.count < summary.problems.count ? ["--json names each of them"] : []
    return list(lines + all, "files that cannot be read", count: summary.problems.count, limit: .max)
  }

  private func list(_ lines: [String], _ title: String, count: Int? = nil, limit: Int) -> String? {
    guard !lines.isEmpty else { return nil }
    let rest = lines.count > limit ? ["  and \(lines.count - limit) more; --json has all"] : []
    return (["\(title): \(count ?? lines.count)"] + lines.prefix(limit).map { "  " + $0 } + rest).joined(
      separator: "\n")
  }
}
