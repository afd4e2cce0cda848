import Foundation
import Records

/// A folder of pictures divided into what is trained on and what is held out.
///
/// A picture's side is a function of its pixels, or of its group's name: adding pictures moves no other. Pictures with
/// equal pixels always lie on one side.
public struct DatasetSplit: Sendable {
  public enum Rule: Sendable {
    /// Each picture by its pixels.
    case content
    /// The same share of every class: in each, those whose digests come first.
    case classes
    /// Groups stay together.
    case groups(PictureGroups)
  }

  /// How a picture comes into the folder that is made.
  public enum Transfer: String, CaseIterable, Sendable {
    /// A second name of the same file: no room is taken, and the first name may go.
    case hardLink = "hard"
    /// A link to the file where it lies now.
    case symbolicLink = "symbolic"
    case copy
  }

  public let folder: URL
  /// Paths below the folder.
  public let files: [String]
  /// The class of each file.
  public let labels: [String?]
  public let isHeldOut: [Bool]
  /// How many units, pictures or groups, were dealt out; equal pictures count as one.
  public let unitCount: Int

  /// The paths of the pictures of a folder, for `PictureGroups`.
  ///
  /// - Throws: `DatasetError` where the folder holds anything that cannot be read, or has parts already.
  public static func files(in folder: URL) throws(DatasetError) -> [String] {
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw DatasetError(path: folder.path, problem: "there is no such folder", remedy: "check the path")
    }
    let (format, parts) = try DatasetFormat.found(at: DatasetPlace(folder))
    guard let part = parts.first, case .pictures(let list) = part.content else {
      throw DatasetError(
        path: folder.path, problem: "holds \(format.name), and only folders of pictures can be split",
        remedy: "saddle judge --split holds a share of any data set out")
    }
    guard part.name.isEmpty else {
      throw DatasetError(
        path: folder.path, problem: "has the parts \(parts.map(\.name).joined(separator: ", ")) already",
        remedy: "give the folder of one part, such as \(folder.appending(path: part.name).path)")
    }
    let listing = try list()
    if let problem = DatasetError(listing.problems) { throw problem }
    // A link is made by its name.
    if let file = listing.files.first(where: { !$0.isNamed }) {
      throw DatasetError(
        path: file.path, problem: "has a name that is no UTF-8",
        remedy: "rename it, such as by convmv -f latin1 -t utf8")
    }
    return listing.files.map(\.name)
  }

  /// Deals pictures out.
  ///
  /// - Parameters:
  ///   - survey: What the folder holds.
  ///   - share: The share that is held out, above 0 and below 1; met on average, and by `classes` to a picture.
  ///   - seed: Another seed deals otherwise.
  /// - Throws: `DatasetError` where a picture cannot be read, or a side would be empty.
  public init(
    _ survey: DatasetSurvey, of folder: URL, share: Double, by rule: Rule, seed: UInt64 = 0
  ) throws(DatasetError) {
    precondition(share > 0 && share < 1, "a share of \(share)")
    if var problem = survey.problems.first {
      let others = survey.problems.count - 1
      if others > 0 { problem.problem += " (and \(others) more files: saddle data inspect names them)" }
      throw problem
    }
    self.folder = folder
    files = survey.pictures.map(\.name)
    labels = survey.pictures.map(\.label)
    if case .classes = rule, !labels.contains(where: { $0 != nil }) {
      throw DatasetError(path: folder.path, problem: "has no classes", remedy: "split it by hash")
    }
    let units = Self.units(survey, rule)
    /// The place of a unit in a line from 0 to 1.
    func draw(_ unit: String) -> Double { SHA256.digest(of: Array("\(seed) \(unit)".utf8)).fraction }
    if case .classes = rule {
      isHeldOut = Self.stratified(units, labels, share: share, draw)
    } else {
      isHeldOut = units.map { draw($0) < share }
    }
    unitCount = Set(units).count
    for (isEmpty, part) in [(!isHeldOut.contains(true), "held-out"), (!isHeldOut.contains(false), "train")]
    where isEmpty {
      throw DatasetError(
        path: folder.path, problem: "of its \(unitCount) units none comes to the part \(part)",
        remedy: "give another share with --held-out, or another --seed")
    }
  }

  /// The name of what each picture is dealt out with. Groups that share a picture are one, named by the first name.
  private static func units(_ survey: DatasetSurvey, _ rule: Rule) -> [String] {
    guard case .groups(let groups) = rule else { return survey.pictures.map { $0.pixels.digest.description } }
    precondition(groups.names.count == survey.pictures.count, "a group for each picture")
    var parents: [String: String] = [:]
    func root(_ name: String) -> String {
      var name = name
      while let parent = parents[name] { name = parent }
      return name
    }
    for equal in survey.duplicates {
      let roots = equal.map { root(groups.names[$0]) }
      guard let first = roots.min() else { continue }
      for other in roots where other != first && root(other) != first { parents[other] = first }
    }
    return groups.names.map(root)
  }

  /// In each class, the units that come first by `draw`, as many as the share says; what is in two classes belongs to
  /// the one where it comes first.
  private static func stratified(
    _ units: [String], _ labels: [String?], share: Double, _ draw: (String) -> Double
  ) -> [Bool] {
    var classes: [String: [String]] = [:]
    var seen: Set<String> = []
    for (unit, label) in zip(units, labels) where seen.insert(unit).inserted {
      classes[label ?? "", default: []].append(unit)
    }
    var heldOut: Set<String> = []
    for members in classes.values {
      let order = members.map { (draw($0), $0) }.sorted { $0 < $1 }
      heldOut.formUnion(order.prefix(Int((Double(members.count) * share).rounded())).map(\.1))
    }
    return units.map(heldOut.contains)
  }

  /// - Throws: `DatasetError` where `destination` is there and not an empty folder.
  public static func check(_ destination: URL) throws(DatasetError) {
    let manager = FileManager.default
    guard manager.fileExists(atPath: destination.path) else { return }
    guard (try? manager.contentsOfDirectory(atPath: destination.path))?.isEmpty == true else {
      throw DatasetError(
        path: destination.path, problem: "is not an empty folder", remedy: "remove it, or give another name")
    }
  }

  /// Makes the folder `destination` with the parts train and held-out: whole or not at all.
  ///
  /// - Throws: `DatasetError` where `destination` is not empty, or a file cannot be written there.
  public func write(
    to destination: URL, by transfer: Transfer = .hardLink, progress: ReadingProgress? = nil
  ) throws(DatasetError) {
    try Self.check(destination)
    let manager = FileManager.default
    let draft = URL(fileURLWithPath: destination.path + ".part")
    try? manager.removeItem(at: draft)
    do throws(DatasetError) {
      for (index, file) in files.enumerated() {
        let part = (isHeldOut[index] ? Split.heldOut : .train).rawValue
        // A link to a link would name the link.
        let source = folder.appending(path: file).resolvingSymlinksInPath()
        try put(source, to: draft.appending(path: part).appending(path: file), by: transfer)
        progress?(index + 1, files.count)
      }
      // A folder takes the place of an empty one.
      guard rename(draft.path, destination.path) == 0 else {
        throw .system(destination.path, "cannot be put in its place", remedy: "check the folder above it")
      }
      // It is there already: a disk that does not say so is no reason to take it away.
      try? Directory.synchronize(Directory.parent(of: destination.path))
    } catch {
      try? manager.removeItem(at: draft)
      throw error
    }
  }

  private func put(_ source: URL, to target: URL, by transfer: Transfer) throws(DatasetError) {
    let manager = FileManager.default
    do {
      try manager.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      switch transfer {
      case .hardLink: try manager.linkItem(at: source, to: target)
      case .symbolicLink: try manager.createSymbolicLink(at: target, withDestinationURL: source)
      case .copy: try manager.copyItem(at: source, to: target)
      }
    } catch {
      let reason = (error as? CocoaError)?.systemCode.map { String(cString: strerror($0)) } ?? "\(error)"
      throw DatasetError(
        path: target.path, problem: "cannot be made: \(reason)",
        remedy: transfer == .hardLink
          ? "hard links need one disk for both folders: give --link symbolic or --copy"
          : "check the disk and its permissions")
    }
  }
}
