import Foundation
import Testing

@testable import Records

struct NumPyWriterTests {
  /// In pieces as at once, which numpy.load has read.
  @Test(arguments: [[1], [2, 3], [3, 0], [4, 2, 2, 1]]) func piecesMakeTheWhole(shape: [Int]) throws {
    let folder = try TemporaryFolder()
    let values = (0..<shape.reduce(1, *)).map { UInt8($0) }
    let path = folder.path + "/pieces.npy"
    let writer = try NumPyWriter(path, shape: shape)
    for value in values {
      #expect(!FileManager.default.fileExists(atPath: path), "it appears whole")
      try writer.add([value])
    }
    try writer.finish()
    #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == NumPyArray(shape: shape, values: values).bytes)
  }

  @Test func oneThatGoesAwayLeavesNothing() throws {
    let folder = try TemporaryFolder()
    try NumPyWriter(folder.path + "/gone.npy", shape: [2]).add([1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
