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
/// It is a lock on `state.json` that the system takes back when the process ends, however it ends: a run whose file says
/// `running` while nobody holds the lock was killed. Where a file system has no locks, nothing is refused.
public final class RunLock: Sendable {
  private let path: String
  private let descriptor: CInt

  /// Takes the lock and writes down who holds it.
  ///
  /// - Throws: `RecordError.runInUse` where another process trains in this folder, or this one already does.
  public init(_ directory: RunDirectory) throws(RecordError) {
    path = directory.state
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system(path: path, action: "opened for writing", code: errno) }
    var lock = Self.whole(F_WRLCK)
    // A lock of the open file, not of the process: closing another descriptor of the file does not lose it.
    if fcntl(descriptor, Self.setLock, &lock) != 0, [EAGAIN, EACCES].contains(errno) {
      let holder = Self.content(of: path)
      close(descriptor)
      throw .runInUse(path: directory.path, host: holder?.host, pid: holder?.pid)
    }
    try write(.running, reason: nil)
  }

  deinit { close(descriptor) }

  // Linux's F_OFD_GETLK and F_OFD_SETLK, which the headers show to GNU's C only.
  private static let getLock: CInt = 36
  private static let setLock: CInt = 37

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
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return try? JSONDecoder().decode(RunState.self, from: data)
  }

  /// Whether somebody holds the lock. Asking takes no lock, so that it never stands in a trainer's way.
  private static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var lock = whole(F_RDLCK)
    return fcntl(descriptor, Self.getLock, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
  }

  private static func whole(_ type: CInt) -> flock {
    flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
  }

  /// In place, since the lock is on this file: a new one put over it would have none.
  private func write(_ phase: RunState.Phase, reason: String?) throws(RecordError) {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = [
      ("state", JSON.quoted(phase.rawValue)), ("host", JSON.quoted(host)), ("pid", "\(getpid())"),
      ("reason", reason.map(JSON.quoted)),
    ]
    let text = "{" + fields.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }.joined(separator: ",") + "}\n"
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.utf8.count, 0) == text.utf8.count else {
      throw .system(path: path, action: "written", code: errno)
    }
  }
}

extension RunDirectory {
  /// Who trains here, or how the last training ended; nil for runs from before this was written down.
  public var lastState: RunState? { RunLock.state(at: state) }
}
