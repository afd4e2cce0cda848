import Glibc

/// A folder of files that may be lost, the user's own by default. Whatever is wrong with it, it holds nothing.
///
/// What is read from it is run, or believed. So neither the folder nor a file may be another user's, or such that
/// others may write to it.
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
  package func read(_ name: String) -> [UInt8]? {
    guard let file = open(name) else { return nil }
    defer { fclose(file) }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_size > 0 else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    return bytes.count == Int(status.st_size) ? bytes : nil
  }

  /// A file of ours in a folder of ours.
  private func open(_ name: String) -> UnsafeMutablePointer<FILE>? {
    var status = stat()
    guard stat(path, &status) == 0, Self.isOurs(status) else { return nil }
    // A pipe in the file's place would be waited for.
    let descriptor = Glibc.open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Self.isOurs(status),
      let file = fdopen(descriptor, "rb")
    else {
      close(descriptor)
      return nil
    }
    return file
  }

  /// Whether nobody else can have written what has this status.
  private static func isOurs(_ status: stat) -> Bool {
    status.st_uid == geteuid() && status.st_mode & (S_IWGRP | S_IWOTH) == 0
  }

  /// Writes a file; tells whether it worked. A reader sees the whole of it or what was there before: it is written
  /// aside and then renamed.
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

  /// The path of a file.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Lets others write a file to its path; the folder is made.
  package func write(to name: String, by writing: (_ path: String) throws -> Void) rethrows {
    make()
    try writing(file(name))
    chmod(file(name), 0o600)  // whatever the user's mask allows: one that others may write to would not be read
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
