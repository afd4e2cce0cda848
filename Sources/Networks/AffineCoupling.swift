/// Keeps half of the features and moves the others by what the kept ones say (Dinh et al. 2017, equations 4 to 8).
///
/// From samples to latents, z_b = x_b exp(s(x_a)) + t(x_a) and log |det ∂z/∂x| = Σ s; from latents to samples,
/// x_b = (z_b - t(z_a)) exp(-s(z_a)). No network is ever inverted.
public struct AffineCoupling: Bijection {
  /// Whether the first half of the features is kept, or the second.
  public let keepsFirst: Bool
  /// Units of the two hidden layers that s and t share.
  public let width: Int
  public init(keepsFirst: Bool, width: Int) { (self.keepsFirst, self.width) = (keepsFirst, width) }

  public func declare(_ input: Shape, _ declarations: inout Declarations) throws(NetworkError) -> Shape {
    let size = try flatSize(input, declarations, atLeast: 2)
    let halves = halves(size)
    let sizes = [halves.kept.count, width, width, 2 * halves.moved.count]
    for layer in 0..<3 {
      // Small outputs at first: a flow that starts near the identity.
      let initializer: Initializer = layer < 2 ? .glorot : .normal(standardDeviation: 0.01)
      declarations.parameter("\(layer).weight", [sizes[layer], sizes[layer + 1]], initializer, outputAxis: -1)
      declarations.parameter("\(layer).bias", [sizes[layer + 1]], .constant(0))
    }
    // The learned bound of s, as in the paper's section 4.1.
    declarations.parameter("scale", [halves.moved.count], .constant(1))
    return input
  }

  public func map(_ pass: inout Pass) -> BijectiveMap {
    let layers = (0..<3).map { _ in (weight: pass.parameter(), bias: pass.parameter()) }
    let bound = pass.parameter()
    let conditioned = { (kept: Tensor) -> (s: Tensor, t: Tensor) in
      let hidden = layers.dropLast().reduce(kept) { affineProduct($0, $1.weight, bias: $1.bias).tanh() }
      let outputs = affineProduct(hidden, layers[2].weight, bias: layers[2].bias)
      let count = bound.shape[0]
      return (outputs.features(0..<count).tanh() * bound, outputs.features(count..<2 * count))
    }
    return BijectiveMap { z in
      let (kept, moved) = split(z)
      let (s, t) = conditioned(kept)
      return joined(kept, (moved - t) * (-s).exponential())
    } inverse: { x in
      let (kept, moved) = split(x)
      let (s, t) = conditioned(kept)
      return (joined(kept, moved * s.exponential() + t), s.summed(over: [1]))
    }
  }

  private func halves(_ size: Int) -> (kept: Range<Int>, moved: Range<Int>) {
    let (first, second) = (0..<size / 2, size / 2..<size)
    return keepsFirst ? (first, second) : (second, first)
  }

  private func split(_ x: Tensor) -> (kept: Tensor, moved: Tensor) {
    let halves = halves(x.shape[1])
    return (x.features(halves.kept), x.features(halves.moved))
  }

  private func joined(_ kept: Tensor, _ moved: Tensor) -> Tensor {
    Tensor.concatenated(keepsFirst ? [kept, moved] : [moved, kept], axis: -1)
  }
}
