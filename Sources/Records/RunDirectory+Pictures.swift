import Glibc

// What a run's folder shows: pictures by step, warnings, small files that are put in place whole.

extension RunDirectory {
  /// The steps of which `samples/` has a picture, ascending.
  public func sampledSteps() throws(RecordError) -> [Int] {
    try (Directory.names(in: samples) ?? []).compactMap { name in Self.step(of: name, named: "") }.sorted()
  }

  /// The newest picture of a kind in `pictures/`, with its step.
  public func picture(of kind: String) throws(RecordError) -> Report.Picture? {
    let steps = try (Directory.names(in: pictures) ?? []).compactMap { Self.step(of: $0, named: "\(kind)-") }
    guard let step = steps.max() else { return nil }
    return Report.Picture(step: step, png: try OpenFile.bytes(of: picture(of: kind, step: step)))
  }

  /// Where the picture of a kind after `step` steps lies; its folder is made where it is missing.
  public func placePicture(of kind: String, step: Int) throws(RecordError) -> String {
    try Directory.create(pictures)
    for name in try Directory.names(in: pictures) ?? [] where Self.step(of: name, named: "\(kind)-") != nil {
      try Directory.remove("\(pictures)/\(name)")
    }
    return picture(of: kind, step: step)
  }

  private func picture(of kind: String, step: Int) -> String {
    "\(pictures)/\(kind)-\(CheckpointStore.name(step: step)).png"
  }

  /// The samples after `step` steps, as they were written.
  public func samplePicture(step: Int) throws(RecordError) -> Report.Picture {
    Report.Picture(step: step, png: try OpenFile.bytes(of: sample(step: step)))
  }

  /// The lines of `warnings.txt`; none where it is missing.
  public func warningLines() throws(RecordError) -> [String] {
    guard access(warnings, F_OK) == 0 else { return [] }
    return String(decoding: try OpenFile.bytes(of: warnings), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Writes `facts.json`.
  public func write(facts text: String) throws(RecordError) {
    try AtomicFile.write(to: facts) { (file) throws(RecordError) in try file.write(text) }
  }

  /// The step of `PREFIXstep-00000500.png`.
  private static func step(of name: String, named prefix: String) -> Int? {
    guard name.hasPrefix(prefix + "step-"), name.hasSuffix(".png") else { return nil }
    return CheckpointStore.step(of: name.dropFirst(prefix.count + 5).dropLast(4))
  }
}
