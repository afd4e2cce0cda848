import Glibc

/// A folder of files that may be lost, the user's own by default. Whatever is wrong with it, it holds nothing.
package struct CacheFolder: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  /// `SADDLE_CACHE`, else the folder `saddle` where the XDG base directory specification puts caches; nil where
  /// `SADDLE_CACHE` is empty.
  package static var user: CacheFolder? {
    if let chosen = getenv("SADDLE_CACHE") {
      return chosen.pointee == 0 ? nil : CacheFolder(path: String(cString: chosen))
    }
    if let caches = Device.environment("XDG_CACHE_HOME") { return CacheFolder(path: caches + "/saddle") }
    return Device.environment("HOME").map { CacheFolder(path: $0 + "/.cache/saddle") }
  }

  /// The content of a file; nil where there is none, or it cannot be read.
  func read(_ name: String) -> [UInt8]? {
    guard let file = fopen("\(path)/\(name)", "rb") else { return nil }
    defer { fclose(file) }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_size > 0 else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    return bytes.count == Int(status.st_size) ? bytes : nil
  }

  /// Writes a file; tells whether it worked. A reader sees the whole of it or what was there before: it is written aside
  /// and then renamed.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String) -> Bool {
    make()
    var aside = Array("\(path)/new-XXXXXX".utf8CString)
    let descriptor = mkstemp(&aside)  // readable for this user alone: what is loaded from here is run
    guard descriptor >= 0 else { return false }
    let isWhole = Self.write(bytes, to: descriptor)
    if close(descriptor) == 0, isWhole, rename(aside, "\(path)/\(name)") == 0 { return true }
    unlink(aside)
    return false
  }

  /// The path of a file, for those who read and write it themselves; the folder is made.
  package func file(_ name: String) -> String {
    make()
    return "\(path)/\(name)"
  }

  /// Makes the folder, and those that it lies in.
  private func make() {
    var made = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      made += part + "/"
      mkdir(made, 0o700)
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count <= 0 { return false }
      written += count
    }
    return true
  }
}
