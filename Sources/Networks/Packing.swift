// Packed samples (Lin et al. 2018, "PacGAN"): the critic judges several samples at once, so that a lack of variety
// shows.

extension Shape {
  /// The shape of `count` samples of this shape packed into one: the last axis is that much longer.
  public func packed(by count: Int) -> Shape { Shape(sizes.dropLast() + [self[-1] * count]) }
}

extension Tensor {
  /// Samples [N, .., C] as packs [N / count, .., count C]: neighbours along the first axis lie beside each other along
  /// the last. A batch of equal parts whose sizes are multiples of `count` stays one.
  ///
  /// - Precondition: N is a multiple of `count`.
  public func packed(by count: Int) -> Tensor {
    precondition(
      shape.rank >= 2 && count > 0 && shape[0] % count == 0,
      "packs of \(count) need samples [N, .., C] with N a multiple of \(count), not \(shape)")
    if count == 1 { return self }
    let (packs, channels) = (shape[0] / count, shape[-1])
    let places = shape.count / max(shape[0] * channels, 1)
    let packed = Shape(Array(shape.sizes.dropFirst())).packed(by: count)
    return reshaped(to: [packs, count, places, channels]).transposed([0, 2, 1, 3])
      .reshaped(to: Shape([packs] + packed.sizes))
  }
}
