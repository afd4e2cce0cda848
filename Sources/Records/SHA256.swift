/// SHA-256 (FIPS 180-4), which `sha256sum` and Python's hashlib compute too: it names weights and data sets, so that
/// anyone can check which ones a number was made with.
public struct SHA256: Sendable {
  private var state = Self.squareRoots
  private var pending: [UInt8] = []
  private var length: UInt64 = 0

  public init() {}

  /// The hash of some bytes in 64 hexadecimal digits.
  public static func digits(of bytes: some Sequence<UInt8>) -> String {
    var hash = SHA256()
    hash.add(Array(bytes))
    return hash.digits
  }

  /// Goes on with these bytes.
  public mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  /// Goes on with these bytes.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    length += UInt64(bytes.count)
    var start = 0
    if !pending.isEmpty {
      start = min(64 - pending.count, bytes.count)
      pending += bytes[..<start]
      guard pending.count == 64 else { return }
      pending.withUnsafeBytes { state = Self.compressed(state, $0) }
      pending = []
    }
    while bytes.count - start >= 64 {
      state = Self.compressed(state, UnsafeRawBufferPointer(rebasing: bytes[start..<start + 64]))
      start += 64
    }
    pending += bytes[start...]
  }

  /// The hash of all bytes so far, in 64 hexadecimal digits.
  public var digits: String {
    var last = self
    // A one, zeros, and the number of bits as eight bytes fill a block.
    last.add([0x80] + [UInt8](repeating: 0, count: (119 - pending.count) % 64))
    last.add(withUnsafeBytes(of: (length * 8).bigEndian) { Array($0) })
    return last.state.indices.map { index in
      let word = String(last.state[index], radix: 16)
      return String(repeating: "0", count: 8 - word.count) + word
    }.joined()
  }

  private static func compressed(_ state: SIMD8<UInt32>, _ block: UnsafeRawBufferPointer) -> SIMD8<UInt32> {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
      for t in 0..<16 { w[t] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * t, as: UInt32.self)) }
      for t in 16..<64 {
        let (x, y) = (w[t - 15], w[t - 2])
        let first = rotated(x, 7) ^ rotated(x, 18) ^ (x >> 3)
        w[t] = w[t - 16] &+ first &+ w[t - 7] &+ (rotated(y, 17) ^ rotated(y, 19) ^ (y >> 10))
      }
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      cubeRoots.withUnsafeBufferPointer { k in
        for t in 0..<64 {
          let chosen = (e & f) ^ (~e & g)
          let first = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ chosen &+ k[t] &+ w[t]
          let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ ((a & b) ^ (a & c) ^ (b & c))
          (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
        }
      }
      return state &+ SIMD8(a, b, c, d, e, f, g, h)
    }
  }

  private static func rotated(_ x: UInt32, _ bits: UInt32) -> UInt32 { x >> bits | x << (32 - bits) }

  // The standard's constants: 32 bits behind the point of roots of the first primes.
  private static let primes = (2...311).filter { n in !(2..<n).contains { n % $0 == 0 } }
  private static let cubeRoots = primes.map { root(3, of: UInt128($0) << 96) }
  private static let squareRoots = SIMD8(primes.prefix(8).map { root(2, of: UInt128($0) << 64) })

  /// The low 32 bits of the largest whole number whose power is at most x.
  private static func root(_ power: Int, of x: UInt128) -> UInt32 {
    var root: UInt128 = 0
    for bit in (0..<37).reversed() {
      let tried = root | 1 << UInt128(bit)
      if (1..<power).reduce(tried, { product, _ in product * tried }) <= x { root = tried }
    }
    return UInt32(truncatingIfNeeded: root)
  }
}
