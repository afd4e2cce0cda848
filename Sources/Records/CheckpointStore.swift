import Glibc

/// The checkpoints of a run: `step-00002000.safetensors` and the like in one folder.
///
/// A checkpoint appears whole or not at all, and the latest one is found by its name: there is no link that could point
/// at a file that was never finished.
public struct CheckpointStore: Sendable {
  public let directory: String
  /// How many checkpoints stay; nil keeps all.
  public let keeping: Int?

  /// Opens the folder to write to it: it is made where it is missing, and what interrupted writes left is removed.
  ///
  /// - Precondition: `keeping` is at least 1.
  public init(directory: String, keeping: Int? = nil) throws(RecordError) {
    precondition(keeping.map { $0 >= 1 } ?? true, "at least one checkpoint is kept")
    self.directory = directory
    self.keeping = keeping
    try Directory.create(directory)
    try DraftFile.removeAbandoned(in: directory)
  }

  /// Opens the folder to read from it, perhaps while another process trains there: nothing is touched.
  public init(readingFrom directory: String) {
    self.directory = directory
    keeping = nil
  }

  /// The name of the checkpoint after `step` steps, without its extension.
  public static func name(step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  /// The last step that a run can come to; random numbers are functions of steps of 32 bits.
  public static let lastStep = Int(UInt32.max)

  /// The step whose digits stand in a file's name; nil where they are none that a run can come to.
  static func step(of digits: some StringProtocol) -> Int? {
    Int(digits).flatMap { (0...lastStep).contains($0) ? $0 : nil }
  }

  /// The steps of the checkpoints that are there, ascending. Their contents are not read.
  public func steps() throws(RecordError) -> [Int] {
    try (Directory.names(in: directory) ?? []).compactMap { name in
      guard name.hasPrefix("step-"), name.hasSuffix(Self.suffix) else { return nil }
      let step = Self.step(of: name.dropFirst(5).dropLast(Self.suffix.count))
      return step.flatMap { Self.name(step: $0) + Self.suffix == name ? $0 : nil }
    }.sorted()
  }

  /// The step of the newest checkpoint, or nil where there is none.
  public func latest() throws(RecordError) -> Int? { try steps().last }

  public func path(step: Int) -> String { "\(directory)/\(Self.name(step: step))\(Self.suffix)" }

  /// Saves a checkpoint, then removes the oldest of those that are too many. Returns the path.
  @discardableResult
  public func save(_ file: SafetensorsFile, step: Int) throws(RecordError) -> String {
    precondition(step >= 0, "a step is counted from 0")
    let path = path(step: step)
    try file.write(to: path)
    if let keeping {
      // Those after this step, which a run resumed further back may find, are not this rule's to remove.
      for old in try steps().filter({ $0 <= step }).dropLast(keeping) { try Directory.remove(self.path(step: old)) }
    }
    return path
  }

  /// Loads the newest checkpoint. Where it is damaged, the error says why and names the newest one that is not.
  public func loadLatest() throws(RecordError) -> (step: Int, file: SafetensorsFile) {
    guard let step = try latest() else { throw .noCheckpoint(directory: directory, asked: nil, available: []) }
    return (step, try load(step: step))
  }

  /// Loads a checkpoint by its name, as the user writes it: `step-00000020`, with or without the extension, or `20`.
  public func load(named name: String) throws(RecordError) -> (step: Int, file: SafetensorsFile) {
    let wanted = name.hasSuffix(Self.suffix) ? String(name.dropLast(Self.suffix.count)) : name
    let steps = try steps()
    guard let step = steps.first(where: { Self.name(step: $0) == wanted || String($0) == wanted }) else {
      throw .noCheckpoint(directory: directory, asked: name, available: steps.map(Self.name))
    }
    return (step, try load(step: step))
  }

  /// Loads the checkpoint of a step.
  public func load(step: Int) throws(RecordError) -> SafetensorsFile {
    let steps = try steps()
    guard steps.contains(step) else {
      throw .noCheckpoint(directory: directory, asked: Self.name(step: step), available: steps.map(Self.name))
    }
    do {
      return try read(step: step)
    } catch .safetensors(let path, let fault) {
      let previous = steps.last { $0 < step && (try? read(step: $0)) != nil }
      throw .damagedCheckpoint(path: path, reason: "\(fault)", previous: previous.map(Self.name))
    }
  }

  /// A file that is whole, whose numbers are finite and whose counts a run can come to: nothing can be drawn from
  /// others, and no run goes on from them.
  private func read(step: Int) throws(RecordError) -> SafetensorsFile {
    let path = path(step: step)
    let file = try SafetensorsFile(readingFrom: path, strict: true)
    do throws(SafetensorsFault) {
      try file.checkNumbers()
      try Self.checkCounts(of: file, step: step)
    } catch {
      throw .safetensors(path: path, fault: error)
    }
    return file
  }

  /// What a checkpoint counts: steps of the generator, batches drawn, steps of the discriminator. Files from before
  /// they were saved have none.
  public static let counts = ["step", "drawn", "discriminator-step"]

  /// Checks what a checkpoint's metadata count.
  ///
  /// - Throws: `SafetensorsFault.badCount` where a number is none that a run can come to, or another step than `step`.
  public static func checkCounts(of file: SafetensorsFile, step: Int) throws(SafetensorsFault) {
    for name in counts {
      guard let text = file.metadata[name] else { continue }
      let wanted = name == "step" ? "\(step), as in its name," : "a whole number up to \(lastStep)"
      guard let count = self.step(of: text), name != "step" || count == step else {
        throw .badCount(name: name, value: text, wanted: wanted)
      }
    }
  }

  /// Removes the checkpoints after a step, when a run continues from there and would meet its former future. Returns
  /// their names.
  @discardableResult
  public func remove(after step: Int) throws(RecordError) -> [String] {
    let later = try steps().filter { $0 > step }
    for step in later { try Directory.remove(path(step: step)) }
    return later.map(Self.name)
  }

  private static let suffix = ".safetensors"
}
