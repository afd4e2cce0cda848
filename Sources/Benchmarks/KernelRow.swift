import Saddle

/// An operation of a size that GANs use, to be timed: a row of the kernel bench.
///
/// Rows go through the public operations, never to a kernel by its name, so that they measure whatever algorithm serves
/// a shape.
public struct KernelRow: Sendable {
  /// Rows that belong together.
  public enum Family: String, Codable, Sendable, CaseIterable {
    case convolution, product, normalization, elementwise, reduction, optimizer, random, gather
  }

  public let name: String
  public let family: Family
  /// Additions, multiplications, divisions and square roots, a multiply-add counting two. Convolutions are counted
  /// directly, taps outside the image included, so that a faster algorithm may show more than the peak. Elementary
  /// functions and integers are not counted.
  public let flops: Int
  /// Every array once for each pass that the definition needs, the result included; what a kernel keeps for itself is
  /// not counted.
  public let bytes: Int
  /// Makes the inputs on a device, and gives what is to be timed.
  let prepare: @Sendable (Device) throws -> () -> Void

  /// - Parameter reals: Numbers read and written in all, of four bytes each.
  init(
    _ name: String, _ family: Family, flops: Int, reals: Int,
    prepare: @escaping @Sendable (Device) throws -> () -> Void
  ) {
    (self.name, self.family, self.flops, bytes, self.prepare) = (name, family, flops, 4 * reals, prepare)
  }

  /// What a row takes, learned without computing anything.
  struct DryRun {
    /// The most device memory held at once.
    let peakBytes: Int
    /// Operations of the matrix products and convolutions in one run, as the ops themselves count them.
    let productFLOPs: Int
  }

  func dryRun() throws -> DryRun {
    let device = Device.dryRun()
    let work = try prepare(device)
    let before = device.productFLOPs
    work()
    return DryRun(peakBytes: device.peakBytesHeld, productFLOPs: device.productFLOPs - before)
  }

  /// Whether the row belongs to a choice: its family and name hold every word of at least one of the texts. No text
  /// chooses all.
  public func matches(_ filters: [String]) -> Bool {
    let text = "\(family.rawValue) \(name)".lowercased()
    return filters.isEmpty
      || filters.contains { filter in filter.lowercased().split(separator: " ").allSatisfy { text.contains($0) } }
  }
}
