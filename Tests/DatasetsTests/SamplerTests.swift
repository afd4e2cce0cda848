import Testing

@testable import Datasets

/// The vectors that the authors of Philox publish (Random123, kat_vectors).
@Test(
  arguments: [
    (SIMD4(repeating: 0), 0, SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
    (SIMD4(repeating: 0xffff_ffff), UInt64.max, SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)),
    (
      SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), 0x299f_31d0_a409_3822,
      SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ] as [(SIMD4<UInt32>, UInt64, SIMD4<UInt32>)])
func philoxKnownAnswers(counter: SIMD4<UInt32>, seed: UInt64, words: SIMD4<UInt32>) {
  #expect(Philox(seed: seed)(counter) == words)
}

@Test(arguments: [1, 2, 3, 100, 1009])
func orderIsAPermutation(count: Int) throws {
  let sampler = try BatchSampler(count: count, batchSize: 1, seed: 7)
  for epoch in 0..<3 { #expect(sampler.order(epoch: epoch).sorted() == Array(0..<count)) }
}

@Test func orderDependsOnSeedAndEpochAlone() throws {
  let sampler = try BatchSampler(count: 100, batchSize: 8, seed: 7)
  let other = try BatchSampler(count: 100, batchSize: 32, seed: 7)
  #expect(sampler.order(epoch: 5) == other.order(epoch: 5))
  #expect(sampler.order(epoch: 5) != sampler.order(epoch: 6))
  #expect(try sampler.order(epoch: 5) != BatchSampler(count: 100, batchSize: 8, seed: 8).order(epoch: 5))
  // Batches asked for in any order are slices of the one order, without the four images left over.
  let batches = (0..<12).reversed().map { sampler.indices(epoch: 5, batch: $0) }.reversed().flatMap { $0 }
  #expect(Array(batches) == Array(sampler.order(epoch: 5).prefix(96)))
}

/// All six orders of three images come up about equally often: chi-squared with 5 degrees of freedom stays below 20.5
/// with probability 0.999, and the draws are fixed.
@Test func ordersAreEven() throws {
  let sampler = try BatchSampler(count: 3, batchSize: 1, seed: 1)
  var counts: [[Int]: Int] = [:]
  for epoch in 0..<6000 { counts[sampler.order(epoch: epoch), default: 0] += 1 }
  let chiSquared = counts.values.reduce(0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
  #expect(counts.count == 6)
  #expect(chiSquared < 20.5)
}

@Test func flipsAreFairCoins() throws {
  let sampler = try BatchSampler(count: 4096, batchSize: 64, seed: 3, flips: .horizontal)
  let coins = (0..<64).flatMap { sampler.flips(epoch: 2, batch: $0) }
  let heads = coins.count { $0 }
  #expect(abs(heads - 2048) < 4 * 32)  // four standard deviations of 32
  // Another size of batch has the same coin at the same place of the epoch.
  let other = try BatchSampler(count: 4096, batchSize: 100, seed: 3, flips: .horizontal)
  #expect(other.flips(epoch: 2, batch: 3) == Array(coins[300..<400]))
  #expect(try !BatchSampler(count: 64, batchSize: 64, seed: 3).flips(epoch: 0, batch: 0).contains(true))
}

@Test func cursorsFollowOneAnother() throws {
  let sampler = try BatchSampler(count: 10, batchSize: 4, seed: 0)
  #expect(sampler.cursor(after: .init(epoch: 0, batch: 0)) == .init(epoch: 0, batch: 1))
  #expect(sampler.cursor(after: .init(epoch: 0, batch: 1)) == .init(epoch: 1, batch: 0))
}
