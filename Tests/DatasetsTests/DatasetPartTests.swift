import Testing

@testable import Datasets

/// Images of one pixel whose bytes are their numbers.
private func numbered(_ count: Int) throws -> ImageArray {
  try ImageArray(
    name: "numbers", height: 1, width: 1, channels: 1, pixels: (0..<count).map { UInt8($0) },
    labels: (0..<count).map { $0 % 3 })
}

@Test(arguments: [(10, 0.5, 5), (10, 0.1, 1), (100, 0.07, 7), (7, 0.5, 3), (3, 0.99, 2)])
func partsShareOutEveryImageOnce(count: Int, share: Double, taken: Int) throws {
  let (part, rest) = try numbered(count).divided(share: share)
  #expect(part.count == taken && rest.count == count - taken)
  let all = try part.read(Array(0..<part.count)) + rest.read(Array(0..<rest.count))
  #expect(all.sorted() == (0..<count).map { UInt8($0) })
  #expect(part.labels == part.indices.map { $0 % 3 })
  // Spread evenly: never are two gaps more than one apart.
  let gaps = zip(part.indices.dropFirst(), part.indices).map(-)
  if let least = gaps.min(), let most = gaps.max() { #expect(most - least <= 1) }
}

@Test func anEmptyPartIsRefused() throws {
  #expect { try numbered(3).divided(share: 0.1) } throws: { "\($0)".contains("leave none for the first part") }
}

@Test(arguments: [1, 3, 4, 10, 25])
func drawsGiveEachImageOnceAnEpoch(batch: Int) throws {
  let images = try numbered(10)
  var draws = try ImageDraws(images, seed: 4)
  var seen: [UInt8] = []
  for draw in 1...(60 / batch + 1) { seen += try draws(draw, batch) }
  for epoch in 0..<6 { #expect(seen[10 * epoch..<10 * epoch + 10].sorted() == Array(0..<10)) }
  #expect(seen[0..<10] != seen[10..<20])
  // A draw made again is the same, whatever came between.
  let again = try draws(1, batch)
  #expect(again == Array(seen[0..<batch]))
}
