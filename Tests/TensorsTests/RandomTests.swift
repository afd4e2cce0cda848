import Foundation
import Testing

@testable import Tensors

/// Philox4x32-10 as its paper has it (Salmon et al. 2011), on 64-bit products.
private func philox(counter: [UInt32], key: [UInt32]) -> [UInt32] {
  var (c, k) = (counter, key)
  for _ in 0..<10 {
    let (a, b) = (0xD251_1F53 * UInt64(c[0]), 0xCD9E_8D57 * UInt64(c[2]))
    c = [
      UInt32(b >> 32) ^ c[1] ^ k[0], UInt32(b & 0xFFFF_FFFF), UInt32(a >> 32) ^ c[3] ^ k[1], UInt32(a & 0xFFFF_FFFF),
    ]
    k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
  }
  return c
}

/// The known answers of Random123's file kat_vectors.
@Test(
  arguments: [
    ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    (
      [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
      [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    ),
    (
      [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
      [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    ),
  ] as [([UInt32], [UInt32], [UInt32])])
func philoxGivesTheKnownAnswers(counter: [UInt32], key: [UInt32], answer: [UInt32]) {
  #expect(philox(counter: counter, key: key) == answer)
}

/// Seeds with both words set, steps and streams up to their ends, lengths that are no multiple of a block.
@Test(
  arguments: [Precision.single, .double],
  [
    (0, 0, 0, 8), (1 << 40 + 7, 5, 3, 1003), (.max, 0xffff_ffff, .max, 5),
    (0x299f_31d0_a409_3822, 0x1319_8a2e, 0x0370_7344, 1),
  ] as [(seed: UInt64, step: Int, stream: UInt32, count: Int)])
func uniformsArePhiloxs(precision: Precision, row: (seed: UInt64, step: Int, stream: UInt32, count: Int)) throws {
  let device = try Device.cpu(precision: precision, threads: 1)
  let stream = RandomStream(seed: row.seed, stream: row.stream)
  let uniforms: [Double] = try stream.uniform([row.count], step: row.step, on: device).scalars()
  let key = [UInt32(truncatingIfNeeded: row.seed), UInt32(row.seed >> 32)]
  let words = (0..<UInt32((row.count + 3) / 4)).flatMap { block in
    philox(counter: [block, 0, UInt32(row.step), row.stream], key: key)
  }
  #expect(uniforms == words.prefix(row.count).map { Double($0 >> 9) * 0x1p-23 + 0x1p-24 })
}

/// Each normal is the quantile of the uniform of the same place: Phi(z) = u.
@Test func normalsAreQuantilesOfTheUniforms() throws {
  let device = try Device.cpu(precision: .double, threads: 1)
  let random = RandomStream(seed: 3, stream: 9)
  let uniforms: [Double] = try random.uniform([1003], step: 2, on: device).scalars()
  let normals: [Double] = try random.normal([1003], step: 2, on: device).scalars()
  for (u, z) in zip(uniforms, normals) { #expect(abs(erfc(-z / 2.0.squareRoot()) / 2 - u) < 1e-6) }
}

/// Mean, variance and kurtosis of a million, each within four of its standard errors.
@Test func normalsHaveTheMomentsOfANormal() throws {
  let device = try Device.cpu(threads: 1)
  let z: [Double] = try RandomStream(seed: 1, stream: 0).normal([1_000_000], step: 1, on: device).scalars()
  let n = Double(z.count)
  let mean = z.reduce(0, +) / n
  let variance = z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
  let fourth = z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) * ($1 - mean) } / n
  #expect(abs(mean) < 4 / n.squareRoot())
  #expect(abs(variance - 1) < 4 * (2 / n).squareRoot())
  #expect(abs(fourth / (variance * variance) - 3) < 4 * (24 / n).squareRoot())
}
