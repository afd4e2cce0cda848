/// Finds the first result that holds NaN or infinity: set on a device, it reads back everything that is computed, which
/// is slow and waits for the device each time.
public final class AnomalyDetector {
  /// What is being computed, from the outside in: the player's step, the layer.
  public var place: [String] = []
  /// The first result that is not finite, in words.
  public private(set) var finding: String?

  public init() {}

  /// Looks at a result until one was found.
  package func look(_ name: String, _ buffer: Buffer, from start: Int, sizes: [Int], on device: Device) {
    let count = sizes.reduce(1, *)
    guard finding == nil, count > 0 else { return }
    guard let values: [Float] = try? device.read(buffer, at: start, count: count) else { return }
    let bad = values.count { !$0.isFinite }
    guard bad > 0 else { return }
    let what =
      values.contains { $0.isNaN } ? (values.contains { $0.isInfinite } ? "NaN and infinity" : "NaN") : "infinity"
    finding =
      "the result of \(name), of shape \(sizes), in \(place.joined(separator: ", ")): "
      + "\(bad) of its \(count) values are \(what)"
  }
}
