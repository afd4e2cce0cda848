import Foundation
import Testing

@testable import Features

/// Pixels of images that other programs resized (tools/reference/resizers.py).
private struct ResizerReference: Decodable {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let resizer: String
    /// Height and width.
    let before, after: [Int]
    let mean: Double
    /// Some pixels, by their places in [height][width][channels].
    let places: [Int]
    let values: [Double]
    var testDescription: String { "\(resizer) \(before) to \(after)" }
  }
  let cases: [Case]

  static let all: [Case] = {
    guard let url = Bundle.module.url(forResource: "resizers", withExtension: "json", subdirectory: "Reference"),
      let data = try? Data(contentsOf: url), let file = try? JSONDecoder().decode(ResizerReference.self, from: data)
    else { return [] }
    return file.cases
  }()
}

@Test func everyResizerHasReferences() {
  #expect(Set(ResizerReference.all.map(\.resizer)) == Set(Resizer.all.map(\.name)))
}

@Test(arguments: ResizerReference.all)
private func resizesAsTheOriginals(reference: ResizerReference.Case) throws {
  let (height, width) = (reference.before[0], reference.before[1])
  let bytes = formulaBytes(count: height * width * 3)
  // The image twice, so that a batch is more than its first image.
  let images = ImageBytes(bytes + bytes, count: 2, height: height, width: width, channels: 3)
  let size = (height: reference.after[0], width: reference.after[1])
  let resized = try Resizer.named(reference.resizer).resize(images, to: size, on: .cpu(threads: 2))
  #expect(resized.shape == [2, size.height, size.width, 3])
  let values = try resized.scalars(as: Double.self)
  let one = values.count / 2
  #expect(values[..<one] == values[one...])
  #expect(abs(values.reduce(0, +) / Double(values.count) - reference.mean) <= 1e-5 * 255)
  for (place, expected) in zip(reference.places, reference.values) {
    #expect(abs(values[place] - expected) <= 1e-5 * 255, "\(place): \(values[place]), not \(expected)")
  }
}

@Test func badResizersAreNamed() throws {
  let unknown = #expect(throws: FeatureError.self) { try Resizer.named("bicubic") }
  #expect(unknown?.description.contains("clean-fid-bicubic") == true)
  let empty = ImageBytes([], count: 1, height: 0, width: 4, channels: 3)
  #expect(throws: FeatureError.self) { try Resizer.all[0].resize(empty, to: (2, 2), on: .cpu(threads: 1)) }
}
