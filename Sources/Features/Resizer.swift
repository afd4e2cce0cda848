import Tensors

/// How images are brought to the size that a network sees, as one of the programs that publish numbers does it. The
/// choice moves FID by whole points, so that it is part of every number's protocol (Parmar et al. 2022).
///
/// All are linear along each axis, width first; a size that stays is left alone.
public struct Resizer: Sendable, CustomStringConvertible {
  public let name: String
  public let summary: String
  /// Whether what overshoots 0 ... 255 is cut off.
  let isClipped: Bool
  /// The weights along an axis of so many inputs and outputs, rounded where the original rounds.
  let filter: @Sendable (_ inputs: Int, _ outputs: Int) -> AxisFilter
  public var description: String { name }

  private init(
    _ name: String, _ summary: String, isClipped: Bool = false,
    filter: @escaping @Sendable (_ inputs: Int, _ outputs: Int) -> AxisFilter
  ) {
    (self.name, self.summary, self.isClipped, self.filter) = (name, summary, isClipped, filter)
  }

  static let tensorFlowBilinear = Resizer(
    "tf-bilinear", "TensorFlow 1's resize_bilinear: the FID papers, torch-fidelity, clean-fid's legacy mode"
  ) {
    AxisFilter(cornersOf: $0, outputs: $1)
  }

  static let pytorchBilinear = Resizer(
    "pytorch-bilinear", "interpolate(mode='bilinear', align_corners=False): pytorch-fid"
  ) {
    AxisFilter(centresOf: $0, outputs: $1)
  }

  static let cleanBicubic = Resizer(
    "clean-fid-bicubic", "Pillow's antialiased bicubic filter on floats: clean-fid", isClipped: true
  ) {
    AxisFilter(antialiasing: $0, outputs: $1, by: .bicubic)
  }

  static let cleanBox = Resizer(
    "clean-fid-box", "Pillow's box filter on floats: the mean of pixels that fall together", isClipped: true
  ) {
    AxisFilter(antialiasing: $0, outputs: $1, by: .box)
  }

  public static let all = [tensorFlowBilinear, pytorchBilinear, cleanBicubic, cleanBox]

  /// - Throws: `FeatureError` that lists the names there are.
  public static func named(_ name: String) throws(FeatureError) -> Resizer {
    guard let resizer = all.first(where: { $0.name == name }) else {
      throw FeatureError(
        "there is no resizer '\(name)': choose one of \(all.map(\.name).joined(separator: ", "))")
    }
    return resizer
  }

  /// Images [N, height, width, C] in 0 ... 255, in which pixels need not be whole numbers.
  ///
  /// - Throws: `FeatureError` where a size is below 1.
  public func resize(_ images: ImageBytes, to size: (height: Int, width: Int), on device: Device) throws(FeatureError)
    -> Tensor
  {
    guard min(images.height, images.width, size.height, size.width) > 0 else {
      throw FeatureError(
        "images of \(images.height) x \(images.width) cannot be resized to \(size.height) x \(size.width): every "
          + "side must be at least 1")
    }
    let shape: Shape = [images.count, images.height, images.width, images.channels]
    var x = Tensor(imageLevels: images.bytes, shape: shape, on: device)
    if images.width != size.width { x = x.filtered(along: 2, by: filter(images.width, size.width)) }
    if images.height != size.height { x = x.filtered(along: 1, by: filter(images.height, size.height)) }
    // Exact: x - 255 is, where x is above 255, and so is what it is then subtracted from.
    return isClipped ? x.relu() - (x - 255).relu() : x
  }
}
