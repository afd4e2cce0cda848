// Sums over a long k, chain by chain (rule 4 of the numerical contract).

enum Chains {
  /// Terms of one chain.
  static let terms = chainTerms

  /// Whether a device had better compute the chains of `k` terms of such a launch apart.
  static func areApart(_ kernel: Kernel, k: Int, over extent: Extent, on device: Device) -> Bool {
    device.computesChainsApart(kernel, k: k, over: extent)
  }
}

extension Tensor {
  /// Makes this tensor the sum of the chains of `k` terms, in place, in ascending order from +0: the same bits as one
  /// launch that walks along k.
  ///
  /// - Parameters:
  ///   - most: How many elements the chains' sums may have at once; as many as suit the device by default.
  ///   - compute: Puts the sums of some chains, by number, into a tensor [chains][elements of this one].
  func addChains(of k: Int, most: Int? = nil, _ compute: (Range<Int>, Tensor) -> Void) {
    let chains = (k + Chains.terms - 1) / Chains.terms
    let share = max(1, min(chains, (most ?? device.scratchElements) / max(1, shape.count)))
    for first in stride(from: 0, to: chains, by: share) {
      let range = first..<min(first + share, chains)
      let partial = Tensor(uninitialized: [range.count, shape.count], on: device)
      compute(range, partial)
      addPartials(partial, blocks: range.count, inner: shape.count, factor: 1, isAdding: first > 0)
    }
  }
}
