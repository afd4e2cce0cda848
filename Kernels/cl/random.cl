// Random numbers: Philox4x32-10 (Salmon et al. 2011). The key is the seed; the counter is (block of four elements, its high word and
// the stream, step); nothing is kept between launches. Elements 4 b to 4 b + 3 are the four words of block b.
#define DRAW(_) _(OUT, y) _(SIZE, length) _(UINT, seed_low) _(UINT, seed_high) _(UINT, step) _(UINT, stream)

// Uniform on the 2^23 midpoints (m + 1/2) / 2^23: exact in float, never 0 or 1.
FN real uniform_real(uint word) { return fma((real)(word >> 9), R(0x1p-23), R(0x1p-24)); }
FN real normal_real(uint word) { return inverse_normal_real(uniform_real(word)); }

// The words of BLOCKS blocks from `block` on, side by side: words[w][b].
#define PHILOX(BLOCKS, words, block)                                                                               \
  uint words[4][BLOCKS];                                                                                           \
  for (uint b = 0; b < BLOCKS; ++b) {                                                                              \
    words[0][b] = (uint)((block) + b);                                                                             \
    words[1][b] = (uint)((ulong)((block) + b) >> 32);                                                              \
    words[2][b] = step;                                                                                            \
    words[3][b] = stream;                                                                                          \
  }                                                                                                                \
  for (uint round = 0, k0 = seed_low, k1 = seed_high; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)     \
    for (uint b = 0; b < BLOCKS; ++b) {                                                                            \
      const uint c0 = words[0][b], c2 = words[2][b];                                                               \
      words[0][b] = MUL_HI(0xCD9E8D57u, c2) ^ words[1][b] ^ k0;                                                    \
      words[1][b] = 0xCD9E8D57u * c2;                                                                              \
      words[2][b] = MUL_HI(0xD2511F53u, c0) ^ words[3][b] ^ k1;                                                    \
      words[3][b] = 0xD2511F53u * c0;                                                                              \
    }

// An item draws 16 blocks on processors, one on GPUs. Extent: elements.
#define DRAW_ELEMENTS 64
#define DRAWN_BLOCK(name, FUNCTION)                                                                                \
  BLOCK(name, DRAW, 1, DRAW_ELEMENTS) {                                                                            \
    PHILOX(16, words, i * 16)                                                                                      \
    uint in_order[DRAW_ELEMENTS];                                                                                  \
    real drawn[DRAW_ELEMENTS];                                                                                     \
    for (uint b = 0; b < 16; ++b)                                                                                  \
      for (uint w = 0; w < 4; ++w) in_order[4 * b + w] = words[w][b];                                              \
    SIDE_BY_SIDE for (uint e = 0; e < DRAW_ELEMENTS; ++e) drawn[e] = FUNCTION(in_order[e]);                        \
    const index begin = i * DRAW_ELEMENTS;                                                                         \
    const uint count = length - begin < DRAW_ELEMENTS ? (uint)(length - begin) : DRAW_ELEMENTS;                     \
    for (uint e = 0; e < count; ++e) y[begin + e] = drawn[e];                                                      \
  }                                                                                                                \
  TILE(name, DRAW, 1, 4 * DRAW_ELEMENTS, DRAW_ELEMENTS)
#ifdef DEVICE
#define DRAWN(name, FUNCTION)                                                                                      \
  DRAWN_BLOCK(name, FUNCTION)                                                                                      \
  TILE_BODY(name, DRAW, DRAW_ELEMENTS) {                                                                           \
    TILE_START(DRAW)                                                                                               \
    const index block = group * DRAW_ELEMENTS + lane;                                                              \
    PHILOX(1, words, block)                                                                                        \
    for (uint w = 0; w < 4; ++w)                                                                                   \
      if (4 * block + w < length) y[4 * block + w] = FUNCTION(words[w][0]);                                        \
  }
#else
#define DRAWN DRAWN_BLOCK
#endif
DRAWN(uniform, uniform_real)
DRAWN(normal, normal_real)
