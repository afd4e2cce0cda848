/// Random numbers of a fuzzing run: input `index` of a row is a function of the seed, so that a failure is repeated by
/// its number.
struct FuzzRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64, index: Int) { state = seed &* 0xd134_2543_de82_ef95 &+ UInt64(index) }

  /// SplitMix64 (Steele, Lea and Flood 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number below `bound`; 0 where there is none.
  mutating func below(_ bound: Int) -> Int { bound > 0 ? Int.random(in: 0..<bound, using: &self) : 0 }

  mutating func pick<Element>(_ all: [Element]) -> Element { all[below(all.count)] }
}

/// Makes inputs that are nearly right: a few changes to a file that is.
enum Mutator {
  /// Numbers at which programs break: the ends of the types, their neighbours, and what is no number.
  static let numbers = [
    "-1", "0", "1", "2", "127", "128", "255", "256", "65535", "65536", "16777217", "2147483647", "2147483648",
    "-2147483649", "4294967295", "4294967296", "4611686018427387904", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "18446744073709551615", "1e18", "9.3e18", "1e300", "1e400", "-1e300", "1e-400", "-0.0",
    "0.1", "nan", "NaN", "inf", "-inf", "Infinity", "null", "true", "", "٣", "0x10", "1_000", "+5", " 7",
  ]

  /// Texts at which programs break.
  static let texts = [
    "", " ", "é", "e\u{301}", "\u{0}", "\u{1B}[31m", "\n", "\t", "../../x", "/", "-", "--", "%s%n", "\"", "'", "\\",
    "<b>", "{}", "[]", "&a *a", "~", "\u{FEFF}", "\u{202E}abc", "😀", String(repeating: "a", count: 5000),
    String(repeating: "[", count: 3000), String(repeating: "{\"a\":", count: 3000),
  ]

  private static let bytes: [UInt8] = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, 10, 32, 34, 45, 48, 57, 91, 93, 123, 125]

  private static let words: [UInt64] = [
    0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0xff_ffff, 0x7fff_ffff, 0x8000_0000,
    0xffff_ffff, 0x1_0000_0000, 1 << 40, 1 << 62, .max >> 1, .max - 7, .max,
  ]

  /// Mostly one change, up to eight; `others` are what may be spliced in.
  static func mutate(_ bytes: inout [UInt8], others: [[UInt8]], isText: Bool, _ random: inout FuzzRandom) {
    for _ in 0..<(random.below(2) == 0 ? 1 : 1 + random.below(8)) {
      let changes = isText && random.below(3) > 0 ? textChanges : byteChanges
      random.pick(changes)(&bytes, others, &random)
    }
  }

  private typealias Change = @Sendable (inout [UInt8], [[UInt8]], inout FuzzRandom) -> Void

  private static func span(_ bytes: [UInt8], atMost: Int, _ random: inout FuzzRandom) -> Range<Int> {
    let start = random.below(bytes.count + 1)
    return start..<min(bytes.count, start + 1 + random.below(atMost))
  }

  private static let byteChanges: [Change] = [
    { bytes, _, random in
      if !bytes.isEmpty { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
    },
    { bytes, _, random in
      if !bytes.isEmpty { bytes[random.below(bytes.count)] = random.pick(Self.bytes) }
    },
    { bytes, _, random in
      // A number of 2, 4 or 8 bytes, in either order.
      let (word, size) = (random.pick(words), random.pick([2, 4, 8]))
      guard bytes.count >= size else { return }
      let start = random.below(bytes.count - size + 1)
      let isBig = random.below(2) == 0
      for place in 0..<size {
        bytes[start + place] = UInt8(truncatingIfNeeded: word >> UInt64(8 * (isBig ? size - 1 - place : place)))
      }
    },
    { bytes, _, random in bytes.removeSubrange(span(bytes, atMost: 16, &random)) },
    { bytes, _, random in bytes.removeLast(random.below(bytes.count + 1)) },
    { bytes, _, random in
      let part = bytes[span(bytes, atMost: 64, &random)]
      bytes.insert(contentsOf: part, at: random.below(bytes.count + 1))
    },
    { bytes, _, random in
      let count = 1 + random.below(8)
      bytes.insert(
        contentsOf: (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }, at: random.below(bytes.count + 1)
      )
    },
    { bytes, others, random in
      guard let other = others.randomElement(using: &random) else { return }
      let (head, tail) = (random.below(bytes.count + 1), random.below(other.count + 1))
      bytes = Array(bytes[..<head] + other[tail...])
    },
  ]

  private static let textChanges: [Change] = [
    { bytes, _, random in
      let runs = ranges(of: bytes) { (48...57).contains($0) || $0 == 45 || $0 == 46 }
      if let run = runs.randomElement(using: &random) { bytes.replaceSubrange(run, with: random.pick(numbers).utf8) }
    },
    { bytes, _, random in
      let runs = ranges(of: bytes) { (97...122).contains($0) || (65...90).contains($0) }
      if let run = runs.randomElement(using: &random) { bytes.replaceSubrange(run, with: random.pick(texts).utf8) }
    },
    { bytes, _, random in bytes.insert(contentsOf: random.pick(texts).utf8, at: random.below(bytes.count + 1)) },
    { bytes, _, random in
      // A line is removed, doubled, or moved.
      var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
      let line = lines[random.below(lines.count)]
      if random.below(2) == 0 { lines.remove(at: random.below(lines.count)) }
      if random.below(2) == 0 { lines.insert(line, at: random.below(lines.count + 1)) }
      bytes = Array(lines.joined(separator: [10]))
    },
    { bytes, _, random in
      let runs = ranges(of: bytes) { (97...122).contains($0) || $0 == 45 || $0 == 95 }
      guard let run = runs.randomElement(using: &random), let other = runs.randomElement(using: &random) else { return }
      bytes.replaceSubrange(run, with: Array(bytes[other]))
    },
  ]

  /// The longest runs of bytes of a kind.
  private static func ranges(of bytes: [UInt8], where isOfKind: (UInt8) -> Bool) -> [Range<Int>] {
    var (runs, start): ([Range<Int>], Int?) = ([], nil)
    for (place, byte) in bytes.enumerated() {
      if isOfKind(byte) {
        start = start ?? place
      } else if let first = start {
        runs.append(first..<place)
        start = nil
      }
    }
    if let start { runs.append(start..<bytes.count) }
    return runs
  }
}
