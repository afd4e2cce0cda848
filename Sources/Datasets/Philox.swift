/// Philox4x32-10: random words as a function of a key and a counter, with no state.
///
/// J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
struct Philox {
  var key: (UInt32, UInt32)

  init(seed: UInt64) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  func callAsFunction(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var (words, key) = (counter, key)
    for _ in 0..<10 {
      let (a, b) = (UInt64(words.x) * 0xd251_1f53, UInt64(words.z) * 0xcd9e_8d57)
      words = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ words.y ^ key.0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ words.w ^ key.1, UInt32(truncatingIfNeeded: a))
      key = (key.0 &+ 0x9e37_79b9, key.1 &+ 0xbb67_ae85)
    }
    return words
  }
}

/// The words of one stream in order: counter = (block of four words, epoch low, epoch high, stream).
package struct PhiloxStream {
  /// What a stream's words decide; the numbers are part of the recorded order and never change.
  package enum Purpose: UInt32 {
    case order = 1
    case flips = 2
    /// Samples of a kernel distance's subsets, pairs of images, and splits of an Inception score.
    case subsets = 3
    case pairs = 4
    case splits = 5
  }

  private let philox: Philox
  private let epoch: UInt64
  private let purpose: Purpose
  private var position: UInt32 = 0
  private var block = SIMD4<UInt32>()

  package init(seed: UInt64, epoch: Int, purpose: Purpose) {
    philox = Philox(seed: seed)
    self.epoch = UInt64(epoch)
    self.purpose = purpose
  }

  /// Word `index` of the stream.
  func word(_ index: Int) -> UInt32 {
    words(ofBlock: UInt32(index / 4))[index % 4]
  }

  mutating func nextWord() -> UInt32 {
    if position % 4 == 0 { block = words(ofBlock: position / 4) }
    defer { position += 1 }
    return block[Int(position % 4)]
  }

  /// A whole number in 0..<bound, each with the same probability: the high word of a product, and another try for the
  /// low words that would favour some numbers (D. Lemire, "Fast random integer generation in an interval", 2019).
  package mutating func nextInteger(below bound: UInt32) -> UInt32 {
    let refused = (0 &- bound) % bound
    while true {
      let product = UInt64(nextWord()) * UInt64(bound)
      if UInt32(truncatingIfNeeded: product) >= refused { return UInt32(product >> 32) }
    }
  }

  /// Different numbers out of 0..<count, each choice and order with the same probability (Fisher and Yates).
  package mutating func choice(of size: Int, from count: Int) -> [Int] {
    precondition(size <= count && count <= UInt32.max, "\(size) of \(count)")
    var numbers = Array(0..<count)
    for place in 0..<size { numbers.swapAt(place, place + Int(nextInteger(below: UInt32(count - place)))) }
    return Array(numbers[..<size])
  }

  private func words(ofBlock block: UInt32) -> SIMD4<UInt32> {
    philox(SIMD4(block, UInt32(truncatingIfNeeded: epoch), UInt32(truncatingIfNeeded: epoch >> 32), purpose.rawValue))
  }
}
