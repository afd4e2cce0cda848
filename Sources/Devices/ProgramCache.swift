/// Compiled programs on disk, so that a driver compiles a kernel's text once and not at every start.
///
/// An entry is a file of one folder, named by a hash of its key and holding the whole key, so that two keys of one hash
/// do no harm. Whatever is wrong with a folder or an entry, the program is compiled from its text, as if there were no
/// cache.
struct ProgramCache {
  private let folder: CacheFolder

  /// - Parameter folder: Made when the first entry is written; the user's own by default.
  init?(_ folder: CacheFolder? = .user) {
    guard let folder else { return nil }
    self.folder = folder
  }

  /// The compiled program that was stored under this key; nil where there is none, or it is damaged.
  func binary(for key: String) -> [UInt8]? {
    guard let file = folder.read(name(of: key)) else { return nil }
    let head = Self.head(key: key)
    let start = head.count + 16
    guard file.count > start, file.starts(with: head) else { return nil }
    let binary = Array(file[start...])
    return file[head.count..<start].elementsEqual(Self.bytes(Self.hash(binary))) ? binary : nil
  }

  /// Stores a compiled program.
  func store(_ binary: [UInt8], for key: String) {
    folder.write(Self.head(key: key) + Self.bytes(Self.hash(binary)) + binary, to: name(of: key))
  }

  /// 128 bits of FNV-1a (Fowler, Noll and Vo), the same in every process, as Swift's own hash is not.
  static func hash(_ bytes: some Sequence<UInt8>) -> UInt128 {
    var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    for byte in bytes { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b }
    return hash
  }

  /// The file of an entry.
  func name(of key: String) -> String { Self.digits(Self.hash(key.utf8)) + ".program" }

  /// A hash in 32 hexadecimal digits.
  static func digits(_ hash: UInt128) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 32 - digits.count) + digits
  }

  private static func head(key: String) -> [UInt8] { Array("saddle program 1 \(key.utf8.count)\n\(key)".utf8) }

  private static func bytes(_ number: UInt128) -> [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * UInt128($0))) }
  }
}
