import Foundation
import Glibc

/// Who trains in a run's folder, and how the last training there ended: the content of `state.json`.
public struct RunState: Sendable, Equatable, Codable {
  public enum Phase: String, Sendable, Codable, CaseIterable {
    case running, finished, failed
    /// Stopped by a signal, or gone without a word.
    case interrupted
  }

  public var state: Phase
  /// The machine and the process that trains, or trained last.
  public var host: String
  public var pid: Int32
  /// Why it failed.
  public var reason: String?
}

/// The right to train in a run's folder.
///
/// It is a lock on `state.json` that the system takes back when the process ends, however it ends: a run whose file
/// says `running` while nobody holds the lock was killed. Where a file system has no locks, nothing is refused. Whoever
/// trains takes it before anything of the run is read, so that nothing is gone on with that another process has just
/// changed.
public final class RunLock: Sendable {
  public let directory: RunDirectory
  private let descriptor: CInt
  private var path: String { directory.state }

  /// Takes the lock; nothing is written until `begin`.
  ///
  /// - Throws: `RecordError.runInUse` where another process trains in this folder, or this one already does.
  public init(_ directory: RunDirectory) throws(RecordError) {
    self.directory = directory
    descriptor = try Self.locked(directory)
  }

  private static func locked(_ directory: RunDirectory) throws(RecordError) -> CInt {
    let path = directory.state
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
      guard descriptor >= 0 else { throw .system(path: path, action: "opened for writing", code: errno) }
      guard FileLock.take(descriptor) != .heldByAnother else {
        close(descriptor)
        let holder = content(of: path)
        throw .runInUse(path: directory.path, host: holder?.host, pid: holder?.pid)
      }
      // Whoever held it until now may have taken the file away.
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_nlink > 0 { return descriptor }
      close(descriptor)
    }
  }

  deinit {
    // A call that was refused leaves nothing behind.
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_size == 0 { unlink(directory.state) }
    close(descriptor)
  }

  /// Writes down that this process trains here from now on.
  public func begin() throws(RecordError) { try write(.running, reason: nil) }

  /// Writes down how the training ended; the lock stays until this value goes.
  public func end(_ state: RunState.Phase, reason: String? = nil) throws(RecordError) {
    try write(state, reason: reason)
  }

  /// The last state that was written; `running` only where somebody trains there now. Nil for runs without one.
  static func state(at path: String) -> RunState? {
    guard var state = content(of: path) else { return nil }
    if state.state == .running, !isHeld(path) { state.state = .interrupted }
    return state
  }

  private static func content(of path: String) -> RunState? {
    guard let bytes = try? OpenFile.bytes(of: path),
      let state = try? JSONDecoder().decode(RunState.self, from: Data(bytes)), state.pid > 0
    else { return nil }
    return state
  }

  /// The last state as it was written, whoever holds the lock.
  static func writtenPhase(at path: String) -> RunState.Phase? { content(of: path)?.state }

  private static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return FileLock.isHeld(descriptor)
  }

  /// In place, since the lock is on this file: a new one put over it would have none. In one write that covers what was
  /// there, so that a process which is killed leaves the old text or the new one.
  private func write(_ phase: RunState.Phase, reason: String?) throws(RecordError) {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = [
      ("state", JSON.quoted(phase.rawValue)), ("host", JSON.quoted(host)), ("pid", "\(getpid())"),
      ("reason", reason.map(JSON.quoted)),
    ]
    var text = "{" + fields.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }.joined(separator: ",") + "}\n"
    var status = stat()
    if fstat(descriptor, &status) == 0 {
      text += String(repeating: " ", count: max(0, min(4096, Int(status.st_size)) - text.utf8.count))
    }
    let written = pwrite(descriptor, text, text.utf8.count, 0)
    guard written == text.utf8.count, ftruncate(descriptor, off_t(written)) == 0 else {
      throw .system(path: path, action: "written", code: written < 0 ? errno : ENOSPC)
    }
  }
}

extension RunDirectory {
  /// Who trains here, or how the last training ended; nil for runs from before this was written down.
  public var lastState: RunState? { RunLock.state(at: state) }
}
