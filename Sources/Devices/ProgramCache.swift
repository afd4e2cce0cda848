import Glibc

/// Compiled programs on disk, so that a driver compiles a kernel's text once and not at every start.
///
/// An entry is a file of one folder, named by a hash of its key and holding the whole key, so that two keys of one hash
/// do no harm. Whatever is wrong with a folder or an entry, the program is compiled from its text, as if there were no
/// cache.
struct ProgramCache {
  private let directory: String

  /// - Parameter directory: Made when the first entry is written; the user's own by default, none where `SADDLE_CACHE`
  ///   is empty.
  init?(directory: String? = ProgramCache.userDirectory) {
    guard let directory else { return nil }
    self.directory = directory
  }

  /// `SADDLE_CACHE`, else the folder `saddle` where the XDG base directory specification puts caches.
  static var userDirectory: String? {
    if let chosen = getenv("SADDLE_CACHE") { return chosen.pointee == 0 ? nil : String(cString: chosen) }
    if let caches = Device.environment("XDG_CACHE_HOME") { return caches + "/saddle" }
    return Device.environment("HOME").map { $0 + "/.cache/saddle" }
  }

  /// The compiled program that was stored under this key; nil where there is none, or it is damaged.
  func binary(for key: String) -> [UInt8]? {
    guard let file = read(path(of: key)) else { return nil }
    let head = Self.head(key: key)
    let start = head.count + 16
    guard file.count > start, file.starts(with: head) else { return nil }
    let binary = Array(file[start...])
    return file[head.count..<start].elementsEqual(Self.bytes(Self.hash(binary))) ? binary : nil
  }

  /// Stores a compiled program. A reader sees a whole entry or none: it is written aside and then renamed.
  func store(_ binary: [UInt8], for key: String) {
    makeDirectory()
    var aside = Array("\(directory)/new-XXXXXX".utf8CString)
    let descriptor = mkstemp(&aside)  // readable for this user alone: what is loaded from here is run
    guard descriptor >= 0 else { return }
    let whole = write(Self.head(key: key) + Self.bytes(Self.hash(binary)) + binary, to: descriptor)
    if close(descriptor) != 0 || !whole || rename(aside, path(of: key)) != 0 { unlink(aside) }
  }

  /// 128 bits of FNV-1a (Fowler, Noll and Vo), the same in every process, as Swift's own hash is not.
  static func hash(_ bytes: some Sequence<UInt8>) -> UInt128 {
    var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    for byte in bytes { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b }
    return hash
  }

  /// The file of an entry.
  func path(of key: String) -> String {
    let digits = String(Self.hash(key.utf8), radix: 16)
    return "\(directory)/\(String(repeating: "0", count: 32 - digits.count))\(digits).program"
  }

  private static func head(key: String) -> [UInt8] { Array("saddle program 1 \(key.utf8.count)\n\(key)".utf8) }

  private static func bytes(_ number: UInt128) -> [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * UInt128($0))) }
  }

  // MARK: Files

  private func makeDirectory() {
    var path = ""
    for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
      path += part + "/"
      mkdir(path, 0o700)
    }
  }

  private func read(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_size > 0 else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    return bytes.count == Int(status.st_size) ? bytes : nil
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count <= 0 { return false }
      written += count
    }
    return true
  }
}
