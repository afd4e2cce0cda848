/// SplitMix64's output from a state (Steele et al. 2014), as tools/reference/formula.py has it.
func splitMix64(_ state: UInt64) -> UInt64 {
  var z = state &+ 0x9E37_79B9_7F4A_7C15
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}

/// Bytes that both sides compute for themselves.
func formulaBytes(count: Int) -> [UInt8] { (0..<count).map { UInt8(splitMix64(UInt64($0)) >> 56) } }

/// The elements of tensor number `index`: offset + scale u, with u in [-0.5, 0.5).
func formulaValues(index: Int, count: Int, offset: Double, scale: Double) -> [Float] {
  (0..<count).map { element in
    let bits = splitMix64(UInt64(index) << 32 + UInt64(element)) >> 40
    return Float(offset + scale * (Double(bits) / 0x1p24 - 0.5))
  }
}
