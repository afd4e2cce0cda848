import CImages
import Testing

@testable import Records

@Suite struct PictureTests {
  @Test(arguments: [
    (1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (5, 3, 2), (6, 3, 2), (7, 3, 3), (64, 8, 8), (65, 9, 8),
  ])
  func gridsAreNearlySquare(count: Int, columns: Int, rows: Int) {
    let pixels = [UInt8](repeating: 0, count: count)
    let grid = SampleGrid(pixels: pixels, count: count, height: 1, width: 1, channels: 1)
    #expect(grid.columns == columns && grid.rows == rows)
  }

  @Test(arguments: [(64, 10, 10, 7), (7, 10, 7, 1), (20, 10, 10, 2)])
  func gridsHaveTheColumnsTheyAreGiven(count: Int, wanted: Int, columns: Int, rows: Int) {
    let pixels = [UInt8](repeating: 0, count: count)
    let grid = SampleGrid(pixels: pixels, count: count, height: 1, width: 1, channels: 1, columns: wanted)
    #expect(grid.columns == columns && grid.rows == rows)
  }

  @Test(arguments: [(28, 28, 3), (32, 32, 2), (64, 64, 1), (128, 128, 1), (128, 16, 4), (1, 1, 64)])
  func smallImagesAreEnlarged(height: Int, width: Int, scale: Int) {
    let pixels = [UInt8](repeating: 0, count: height * width)
    let grid = SampleGrid(pixels: pixels, count: 1, height: height, width: width, channels: 1)
    #expect(grid.visibleScale == scale)
  }

  @Test func threeImagesByHand() {
    // Three images of 1 x 2 grey pixels, doubled: the place of a fourth stays white.
    let grid = SampleGrid(pixels: [1, 2, 3, 4, 5, 6], count: 3, height: 1, width: 2, channels: 1)
    let (pixels, height, width) = grid.composed(scale: 2)
    let w: UInt8 = 255
    let top: [UInt8] = [1, 1, 2, 2, w, w, 3, 3, 4, 4]
    let gap = [UInt8](repeating: w, count: 10)
    let bottom: [UInt8] = [5, 5, 6, 6, w, w, w, w, w, w]
    #expect((height, width) == (6, 10))
    #expect(pixels == top + top + gap + gap + bottom + bottom)
  }

  @Test func coloursStayTogether() {
    let grid = SampleGrid(pixels: [1, 2, 3, 4, 5, 6], count: 2, height: 1, width: 1, channels: 3)
    #expect(grid.composed(scale: 1).pixels == [1, 2, 3, 255, 255, 255, 255, 255, 255, 4, 5, 6])
  }

  @Test(arguments: [1, 3])
  func pictureReadsBack(channels: Int) throws {
    let folder = try TemporaryFolder()
    let pixels = (0..<4 * 5 * 6 * channels).map { UInt8(truncatingIfNeeded: $0 * 37) }
    let grid = SampleGrid(pixels: pixels, count: 4, height: 5, width: 6, channels: channels)
    try grid.writePNG(to: "\(folder.path)/grid.png", scale: 1)
    #expect(try folder.names() == ["grid.png"])
    let bytes = try folder.bytes("grid.png")
    var rgba: UnsafeMutablePointer<UInt8>?
    var header = image_header()
    try #require(callImages { image_png_decode(bytes, bytes.count, &rgba, &header, $0, $1) } == nil)
    defer { image_free(rgba) }
    #expect((header.width, header.height) == (14, 12))
    let composed = grid.composed(scale: 1).pixels
    let read = try #require(rgba)
    #expect(
      (0..<14 * 12).allSatisfy { i in
        (0..<3).allSatisfy { read[i * 4 + $0] == composed[i * channels + min($0, channels - 1)] }
      })
  }

  @Test func pictureThatCannotBeWrittenIsTold() throws {
    let folder = try TemporaryFolder()
    let grid = SampleGrid(pixels: [1], count: 1, height: 1, width: 1, channels: 1)
    #expect(
      message { try grid.writePNG(to: "\(folder.path)/none/grid.png") }
        == "\(folder.path)/none/grid.png could not be opened for writing: No such file or directory. "
        + "Make the folder that it is to lie in, or choose another path.")
  }
}
