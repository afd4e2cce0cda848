/// A dataset that cannot be read, or not in the way that was asked for: what is wrong, where, and what to do about it.
public struct DatasetError: Error, Equatable, Codable, Sendable, CustomStringConvertible {
  /// The file or folder at fault; empty where the fault is in a number that was given.
  public var path: String
  public var problem: String
  public var remedy: String

  public init(path: String, problem: String, remedy: String) {
    self.path = path
    self.problem = problem
    self.remedy = remedy
  }

  /// The problem of a data set that has nothing held out.
  static let noHeldOutPart = "has no held-out part"

  /// Whether nothing is wrong but that the data set has no such part.
  public var isMissingPart: Bool { problem == Self.noHeldOutPart }

  /// All of it in one line.
  public var description: String {
    let place = path.isEmpty ? "" : path + ": "
    return place + problem + (remedy.isEmpty ? "" : "; " + remedy)
  }
}
