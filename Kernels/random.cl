// Random numbers: Philox4x32-10 (Salmon et al. 2011). The key is the seed; the counter is (block of four elements, its high word and
// the stream, step). One item draws the four words of one block; nothing is kept between launches.
#define DRAW(_) _(OUT, y) _(SIZE, length) _(UINT, seed_low) _(UINT, seed_high) _(UINT, step) _(UINT, stream)

// Item i of a draw is block i, elements 4 i to 4 i + 3.
#define PHILOX_BLOCK                                                                                               \
  uint c0 = (uint)i, c1 = (uint)((ulong)i >> 32), c2 = step, c3 = stream, k0 = seed_low, k1 = seed_high;             \
  for (uint round = 0; round < 10; ++round) {                                                                      \
    const uint h0 = MUL_HI(0xD2511F53u, c0), l0 = 0xD2511F53u * c0, h1 = MUL_HI(0xCD9E8D57u, c2), l1 = 0xCD9E8D57u * c2; \
    c0 = h1 ^ c1 ^ k0;                                                                                             \
    c1 = l1;                                                                                                       \
    c2 = h0 ^ c3 ^ k1;                                                                                             \
    c3 = l0;                                                                                                       \
    k0 += 0x9E3779B9u;                                                                                             \
    k1 += 0xBB67AE85u;                                                                                             \
  }                                                                                                                \
  const uint words[4] = {c0, c1, c2, c3};

// Uniform on the 2^23 midpoints (m + 1/2) / 2^23: exact in float, never 0 or 1.
FN real uniform_real(uint word) { return fma((real)(word >> 9), R(0x1p-23), R(0x1p-24)); }

// Extent: ceil(length / 4) items.
KERNEL(uniform, DRAW) {
  PHILOX_BLOCK
  for (uint e = 0; e < 4; ++e)
    if (4 * i + e < length) y[4 * i + e] = uniform_real(words[e]);
}
KERNEL(normal, DRAW) {
  PHILOX_BLOCK
  for (uint e = 0; e < 4; ++e)
    if (4 * i + e < length) y[4 * i + e] = inverse_normal_real(uniform_real(words[e]));
}
