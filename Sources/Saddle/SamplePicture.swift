/// Samples as people look at them: images in a grid, points of the plane in a scatter plot.
public struct SamplePicture: Sendable {
  /// As many points as show the shape of a distribution.
  public static let points = 2500
  static let side = 384
  /// The plot shows the square of this half width about the origin.
  private static let reach = 1.5

  private let grid: SampleGrid

  /// - Parameters:
  ///   - samples: Images [N, H, W, C] in [-1, 1], or points [N, 2].
  ///   - columns: Images in a row; nil makes the grid as square as their number allows.
  /// - Throws: The device's first failure.
  public init(_ samples: Tensor, columns: Int? = nil) throws(DeviceError) {
    let shape = samples.shape
    if shape.rank == 4 {
      grid = SampleGrid(
        pixels: try samples.imageBytes(), count: shape[0], height: shape[1], width: shape[2], channels: shape[3],
        columns: columns)
    } else {
      let values: [Double] = try samples.scalars()
      var pixels = [UInt8](repeating: 255, count: Self.side * Self.side)
      for point in stride(from: 0, to: values.count, by: 2) where values[point].isFinite && values[point + 1].isFinite {
        let place = [values[point], -values[point + 1]].map { ($0 / Self.reach + 1) / 2 * Double(Self.side) }
        guard place.allSatisfy({ $0 >= 0 && $0 < Double(Self.side) }) else { continue }
        let pixel = Int(place[1]) * Self.side + Int(place[0])
        pixels[pixel] -= min(pixels[pixel], 85)
      }
      grid = SampleGrid(pixels: pixels, count: 1, height: Self.side, width: Self.side, channels: 1)
    }
  }

  /// Writes a PNG; a scale of 0 enlarges small images until they can be seen.
  public func write(to path: String, scale: Int = 0) throws(RecordError) {
    try grid.writePNG(to: path, scale: scale == 0 ? nil : scale)
  }
}
