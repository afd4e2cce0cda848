import Testing

@testable import Records

/// The examples of FIPS 180-2, appendix B, and the empty message of NIST's test vectors.
@Test(
  arguments: [
    ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ] as [(String, Int, String)])
func digestsAreThoseOfTheStandard(text: String, repeats: Int, expected: String) {
  let bytes = [UInt8]((0..<repeats).flatMap { _ in Array(text.utf8) })
  #expect(SHA256.digest(of: bytes).description == expected)
  // In pieces of every length around a block.
  for length in [1, 55, 63, 64, 65, 200] where repeats == 1 || length == 200 {
    var hash = SHA256()
    for start in stride(from: 0, to: bytes.count, by: length) {
      hash.add(bytes[start..<min(start + length, bytes.count)])
    }
    #expect(hash.digest.description == expected, "in pieces of \(length)")
  }
}

@Test func fractionsAreTheFirstBits() {
  // 0xba7816bf8f01cfea / 2^64 of "abc".
  #expect(abs(SHA256.digest(of: Array("abc".utf8)).fraction - 0.7283949105904021) < 1e-15)
}
