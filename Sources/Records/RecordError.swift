import Glibc

/// What can go wrong with the files of a run. Each case gives one message: what happened, where, and what to do.
public enum RecordError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A call of the system failed; `action` completes "could not be ...", `code` is its `errno`.
  case system(path: String, action: String, code: Int32)
  /// A result could not be written to the standard output.
  case output(code: Int32)
  /// A safetensors file cannot be read.
  case safetensors(path: String, fault: SafetensorsFault)
  /// A checkpoint cannot be read; `previous` names the newest one before it that can.
  case damagedCheckpoint(path: String, reason: String, previous: String?)
  /// There is no checkpoint of this name; `available` lists those there are.
  case noCheckpoint(directory: String, asked: String?, available: [String])
  /// A line of a metrics stream is not what this program writes.
  case badMetrics(path: String, line: Int, reason: String)
  /// The folder for a new run is in use.
  case runExists(path: String, isRun: Bool)
  /// Another process trains in the folder; `host` and `pid` where it wrote them down.
  case runInUse(path: String, host: String?, pid: Int32?)
  /// The folder holds no run.
  case noRun(path: String, missing: String)
  /// A file is not what it should be; `reason` completes "cannot be read: ...".
  case unreadable(path: String, reason: String)
  /// A zip archive or an array in it cannot be read.
  case archive(path: String, reason: String)
  /// A picture of so many images, enlarged so many times, is refused.
  case pictureTooLarge(_ target: String, images: Int, side: Int, scale: Int)
  /// The folder holds no folder of a run.
  case noRuns(path: String)
  /// A picture could not be encoded, or a library is missing.
  case library(reason: String)

  public var description: String {
    switch self {
    case .system(let path, let action, let code):
      "\(path) could not be \(action): \(String(cString: strerror(code))).\(Self.advice(action, code))"
    case .output(let code):
      "the results could not be written to the standard output: \(String(cString: strerror(code)))."
        + (code == ENOSPC ? " Free some space, or write them elsewhere." : "")
    case .safetensors(let path, let fault):
      "\(path) cannot be read: \(fault)."
    case .damagedCheckpoint(let path, let reason, let previous):
      "\(path) is damaged: \(reason); "
        + (previous.map { "the one before it is \($0): --from \($0.shellWord)" }
          ?? "no checkpoint before it can be read: train anew.")
    case .noCheckpoint(let directory, let asked, let available):
      "\(directory) has no checkpoint" + (asked.map { " '\($0)'." } ?? ".")
        + (available.isEmpty
          ? " Nothing was saved there: train anew with another --out."
          : " There are: \(available.joined(separator: ", ")).")
    case .badMetrics(let path, let line, let reason):
      "\(path):\(line): \(reason). Remove this line, or the file, and resume again."
    case .runExists(let path, true):
      "\(path) already holds a run: choose another --out, or continue this one with --resume --out \(path.shellWord)."
    case .runExists(let path, false):
      "\(path) is not empty: choose another --out."
    case .runInUse(let path, let host, let pid):
      "\(path) is being trained"
        + (pid.map { " by process \($0)" + (host.map { " of \($0)" } ?? "") } ?? " by another process")
        + ": wait for it, stop it" + (pid.map { " (kill \($0) saves first)" } ?? "") + ", or choose another --out."
    case .noRun(let path, let missing):
      "\(path) holds no run: \(missing) is missing. saddle runs lists the runs there are."
    case .archive(let path, let reason), .unreadable(let path, let reason):
      "\(path) cannot be read: \(reason)."
    case .pictureTooLarge(let target, let images, let side, let scale):
      "\(target): a picture of \(images) images of \(side) pixels, enlarged \(scale) times, takes more than 1 GiB: "
        + "take fewer images, or enlarge them less (output.scale; 1 is as they are)."
    case .noRuns(let path):
      "there is no run in \(path): saddle train makes runs in runs/; name another folder where yours lie."
    case .library(let reason):
      reason
    }
  }

  /// What is done with a file that is there already.
  private static let reading = ["opened", "read", "listed"]

  private static func advice(_ action: String, _ code: Int32) -> String {
    if reading.contains(action) {
      return switch code {
      case ENOENT: " Check the path."
      case EACCES, EPERM: " This user may not read it: chmod +r, or choose another."
      case EISDIR: " Give the file, not its folder."
      case ENOTDIR: " A file is in the way: check the path, or choose another."
      default: ""
      }
    }
    return switch code {
    case ENOSPC, EDQUOT: " The files written before are untouched: free some space, then resume."
    case EACCES, EPERM, EROFS: " Choose a folder that you may write to."
    case ENOENT: " Make the folder that it is to lie in, or choose another path."
    case ENOTDIR, EEXIST: " A file is in the way: choose another path."
    default: ""
    }
  }
}
