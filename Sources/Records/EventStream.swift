import Foundation

/// TensorBoard's event files: scalars and pictures over steps, in a run's folder (`tensorboard --logdir runs`).
///
/// A file is a chain of records (TensorFlow's `record_writer.h`): the length in eight bytes, its checksum, the bytes of
/// one `Event` (`event.proto`), their checksum; checksums are masked CRC-32C. Each record goes to the system in one
/// write.
public final class EventStream: Sendable {
  public let path: String
  private let file: OpenFile

  /// Begins a file, called by the step it begins after, so that several of one run are read in their order.
  ///
  /// - Parameter step: The step that a run continues from; nil begins anew. Files that begin later hold steps that come
  ///   again, and are removed; of the earlier ones, readers are told to forget what comes after.
  public init(directory: String, resumingAt step: Int? = nil, at seconds: Double = now()) throws(RecordError) {
    let first = step ?? 0
    for name in try Directory.names(in: directory) ?? [] {
      if let begin = Self.firstStep(ofFile: name), begin >= first { try Directory.remove("\(directory)/\(name)") }
    }
    path = "\(directory)/\(Self.prefix)\(Self.padded(first))\(Self.suffix)"
    file = try OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC)
    try append(Event(seconds: seconds, what: .version))
    if let step { try append(Event(seconds: seconds, step: step + 1, what: .restart)) }
  }

  /// Adds numbers of one step, each by its tag: `losses/discriminator_loss`. Those that are not finite are kept as they
  /// are.
  public func append(step: Int, scalars: [(tag: String, value: Float)], at seconds: Double = now()) throws(RecordError)
  {
    try append(Event(seconds: seconds, step: step, what: .scalars(scalars)))
  }

  /// Adds a picture, the bytes of a PNG.
  ///
  /// - Throws: `RecordError.library` where they are no PNG.
  public func append(step: Int, tag: String, png: [UInt8], at seconds: Double = now()) throws(RecordError) {
    let header = try PNGHeader(png, of: path)
    try append(Event(seconds: seconds, step: step, what: .image(tag: tag, header, png)))
  }

  /// Seconds since 1970, as events tell time.
  public static func now() -> Double { Date().timeIntervalSince1970 }

  private func append(_ event: Event) throws(RecordError) {
    try file.write(EventRecord.framed(event.encoded))
  }

  // MARK: Names

  // TensorBoard reads what has "tfevents" in its name, in the order of the names.
  private static let prefix = "events.out.tfevents."
  private static let suffix = ".saddle"

  private static func padded(_ step: Int) -> String {
    String(repeating: "0", count: max(0, 10 - String(step).count)) + String(step)
  }

  private static func firstStep(ofFile name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    return CheckpointStore.step(of: name.dropFirst(prefix.count).dropLast(suffix.count))
  }
}

/// What the header of a PNG tells (its first chunk, IHDR).
struct PNGHeader: Equatable {
  let width, height: Int
  /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
  let channels: Int

  init(width: Int, height: Int, channels: Int) { (self.width, self.height, self.channels) = (width, height, channels) }

  /// - Parameter place: Begins the message where the bytes are no PNG.
  init(_ png: [UInt8], of place: String) throws(RecordError) {
    let big = { (at: Int) in png[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    // Colour types 0, 2, 4 and 6; palettes (3) are colour.
    let channels: [UInt8: Int] = [0: 1, 2: 3, 3: 3, 4: 2, 6: 4]
    guard png.count > 33, png.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
      let count = channels[png[25]]
    else { throw .library(reason: "\(place): a picture that is no PNG cannot be written there") }
    (width, height, self.channels) = (big(16), big(20), count)
  }
}
