/// A part of the latents with a meaning of its own: one category in one-hot form, then numbers uniform on (-1, 1)
/// (InfoGAN, Chen et al. 2016).
public struct LatentCodes: Sendable, Equatable {
  public var categories: Int
  public var continuous: Int
  public init(categories: Int = 0, continuous: Int = 0) {
    (self.categories, self.continuous) = (categories, continuous)
  }
  public var count: Int { categories + continuous }
}

extension RandomStream {
  /// Latents [N, latent]: standard normal numbers, at their end the codes.
  func latents(_ count: Int, _ size: Int, _ codes: LatentCodes, step: Int, on device: Device) -> Tensor {
    let plain = normal([count, size - codes.count], step: step, on: device)
    guard codes.count > 0 else { return plain }
    // One uniform number for the category, the others for the codes themselves.
    let draws = RandomStream(seed: seed, stream: stream | 1 << 31).uniform(
      [count, 1 + codes.continuous], step: step, on: device)
    var groups: [Tensor] = plain.shape[1] > 0 ? [plain] : []
    if codes.categories > 0 {
      let category = draws.sliced(from: [0, 0], shape: [count, 1]).reshaped(to: [count])
      // Indices are cut to whole numbers.
      groups.append(Tensor.identity(codes.categories, on: device).gathered(Double(codes.categories) * category))
    }
    if codes.continuous > 0 { groups.append(2 * draws.sliced(from: [0, 1], shape: [count, codes.continuous]) - 1) }
    return Tensor.concatenated(groups, axis: -1)
  }
}
