/// Which rules a device computes by, and so what its bits may be compared with: equal bits are promised within one
/// contract (Kernels/README.md). Checkpoints carry it.
public struct NumericalContract: Hashable, Sendable, CustomStringConvertible {
  public let name: String
  /// Of the rules: a change that moves a bit gets the next one.
  public let number: Int

  /// As checkpoints and protocols have it.
  public var description: String { "\(number)" }

  /// Equal bits on every device.
  public static let strict = NumericalContract(name: "strict", number: 3)
}
