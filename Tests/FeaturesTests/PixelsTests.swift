import Features
import Testing

@Test func pixelsAreSharesOfWhite() throws {
  let extractor = Pixels(height: 1, width: 2, channels: 1)
  let features = try extractor.features(of: ImageBytes([0, 51, 102, 255], count: 2, height: 1, width: 2, channels: 1))
  #expect(features.values == [0, 0.2, 0.4, 1])
  #expect(throws: FeatureError.self) { try extractor.check(height: 1, width: 2, channels: 3) }
}
