/// A network that cannot be said in another format, or a file that is not this network: what, where, and what to do.
public struct InteropError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
