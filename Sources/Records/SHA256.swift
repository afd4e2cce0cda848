/// SHA-256, piece by piece (FIPS 180-4).
///
/// Names weights, pictures and data sets, so that anyone can check by `sha256sum` which ones a number was made with;
/// equal digests are taken for equal contents.
public struct SHA256: Sendable {
  /// 256 bits, in the order of the standard.
  public struct Digest: Hashable, Sendable, CustomStringConvertible {
    fileprivate var words: SIMD8<UInt32>

    /// 64 hexadecimal digits.
    public var description: String {
      words.indices.map { index in
        let digits = String(words[index], radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
      }.joined()
    }

    /// The first 64 bits as a fraction from 0 up to 1: evenly spread, and the same on every machine.
    public var fraction: Double {
      // 53 bits, so that rounding never reaches 1.
      Double((UInt64(words[0]) << 32 | UInt64(words[1])) >> 11) / 9_007_199_254_740_992
    }
  }

  private var state = SIMD8<UInt32>(
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
  /// The bytes that do not yet fill a block.
  private var rest: [UInt8] = []
  private var count: UInt64 = 0

  public init() {
    rest.reserveCapacity(Self.blockSize)
  }

  private static let blockSize = 64

  /// Goes on with these bytes.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    count += UInt64(bytes.count)
    var start = 0
    if !rest.isEmpty {
      start = min(Self.blockSize - rest.count, bytes.count)
      rest += bytes[..<start]
      guard rest.count == Self.blockSize else { return }
      rest.withUnsafeBytes { Self.mix($0, into: &state) }
      rest.removeAll(keepingCapacity: true)
    }
    let end = bytes.count - (bytes.count - start) % Self.blockSize
    if start < end { Self.mix(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), into: &state) }
    rest += bytes[end...]
  }

  /// Goes on with these bytes.
  public mutating func add(_ bytes: some Collection<UInt8>) {
    let contiguous: Void? = bytes.withContiguousStorageIfAvailable { add(UnsafeRawBufferPointer($0)) }
    if contiguous == nil { Array(bytes).withUnsafeBytes { add($0) } }
  }

  /// The digest of all that was added.
  public var digest: Digest {
    var padded = rest + [0x80]
    padded += repeatElement(0, count: (2 * Self.blockSize - 8 - padded.count) % Self.blockSize)
    padded += withUnsafeBytes(of: (count * 8).bigEndian, Array.init)
    var state = state
    padded.withUnsafeBytes { Self.mix($0, into: &state) }
    return Digest(words: state)
  }

  /// The digest of some bytes.
  public static func digest(of bytes: some Collection<UInt8>) -> Digest {
    var hash = SHA256()
    hash.add(bytes)
    return hash.digest
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: InlineArray<64, UInt32> = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
  ]

  /// Mixes whole blocks into the state.
  private static func mix(_ bytes: UnsafeRawBufferPointer, into state: inout SIMD8<UInt32>) {
    let constants = constants
    // The sixteen words of the schedule that are still needed: word t lies at t mod 16.
    var schedule = InlineArray<16, UInt32>(repeating: 0)
    for block in stride(from: 0, to: bytes.count, by: blockSize) {
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      for t in 0..<64 {
        if t < 16 {
          schedule[t] = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: block + 4 * t, as: UInt32.self))
        } else {
          let (near, far) = (schedule[(t - 15) & 15], schedule[(t - 2) & 15])
          let small = rotated(near, 7) ^ rotated(near, 18) ^ near >> 3
          let large = rotated(far, 17) ^ rotated(far, 19) ^ far >> 10
          schedule[t & 15] = schedule[t & 15] &+ small &+ schedule[(t - 7) & 15] &+ large
        }
        let chosen = e & f ^ ~e & g
        let first = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ chosen &+ constants[t] &+ schedule[t & 15]
        let majority = a & b ^ a & c ^ b & c
        let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
        (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
      }
      state &+= SIMD8(a, b, c, d, e, f, g, h)
    }
  }

  @inline(__always)
  private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 &- bits) }
}
