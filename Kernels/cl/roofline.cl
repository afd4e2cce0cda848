// What a device can do at most, to measure kernels by: multiply-adds in registers, and a stream through memory.

// y[i] = the sum of CHAINS chains, chain c starting at x[i] + c and taking `rounds` steps v = fma(v, factor, term). No chain waits for
// another, and no compiler may shorten a rounded chain. The block form keeps CHAINS vectors in registers: 24 need the 32 registers of
// AVX-512 or Neon, 6 suit AVX2's 16. The tile form keeps CHAINS numbers an item. Extent: 1 x length.
#define CHAINS(_) _(IN, x) _(OUT, y) _(REAL, factor) _(REAL, term) _(SIZE, rounds) _(SIZE, length)
#define CHAINS_BLOCK(name, CHAINS_HELD)                                                                            \
  BLOCK(name, CHAINS, 1, 16) {                                                                                     \
    real16 v[CHAINS_HELD], start;                                                                                  \
    const index wanted = length - i * 16 < 16 ? length - i * 16 : 16;                                              \
    if (wanted == 16) {                                                                                            \
      start = vload16(i, x);                                                                                       \
    } else {                                                                                                       \
      real some[16] = {0};                                                                                         \
      for (index l = 0; l < wanted; ++l) some[l] = x[i * 16 + l];                                                  \
      start = vload16(0, some);                                                                                    \
    }                                                                                                              \
    const real16 factors = (real16)factor, terms = (real16)term;                                                   \
    _Pragma("unroll") for (uint c = 0; c < CHAINS_HELD; ++c) v[c] = start + (real16)(real)c;                       \
    for (index round = 0; round < rounds; ++round) {                                                               \
      _Pragma("unroll") for (uint c = 0; c < CHAINS_HELD; ++c) v[c] = fma(v[c], factors, terms);                   \
    }                                                                                                              \
    real16 sum = (real16)0;                                                                                        \
    _Pragma("unroll") for (uint c = 0; c < CHAINS_HELD; ++c) sum += v[c];                                          \
    real all[16];                                                                                                  \
    vstore16(sum, 0, all);                                                                                         \
    for (index l = 0; l < wanted; ++l) y[i * 16 + l] = all[l];                                                     \
  }                                                                                                                \
  TILE(name, CHAINS, 1, 256, 256)
CHAINS_BLOCK(fma_chains, 24)
CHAINS_BLOCK(fma_few_chains, 6)

#ifdef DEVICE
#define CHAINS_TILE(name, CHAINS_HELD)                                                                             \
  TILE_BODY(name, CHAINS, 256) {                                                                                   \
    TILE_START(CHAINS)                                                                                             \
    const index i = group * 256 + lane;                                                                            \
    if (i < length) {                                                                                              \
      real v[CHAINS_HELD], sum = 0;                                                                                \
      _Pragma("unroll") for (uint c = 0; c < CHAINS_HELD; ++c) v[c] = x[i] + (real)c;                              \
      _Pragma("unroll 4") for (index round = 0; round < rounds; ++round) {                                         \
        _Pragma("unroll") for (uint c = 0; c < CHAINS_HELD; ++c) v[c] = fma(v[c], factor, term);                   \
      }                                                                                                            \
      _Pragma("unroll") for (uint c = 0; c < CHAINS_HELD; ++c) sum += v[c];                                        \
      y[i] = sum;                                                                                                  \
    }                                                                                                              \
  }
CHAINS_TILE(fma_chains, 24)
CHAINS_TILE(fma_few_chains, 6)
#endif

// McCalpin's triad (1995), y = a + factor b: two arrays read, one written. Extent: 1 x length.
#define STREAM 4096
#define TRIAD(_) _(IN, a) _(IN, b) _(OUT, y) _(REAL, factor) _(SIZE, length)
BLOCK(stream_triad, TRIAD, 1, STREAM) {
  const index begin = i * STREAM, end = begin + STREAM < length ? begin + STREAM : length;
  index k = begin;
  for (; k + 16 <= end; k += 16) vstore16(fma((real16)factor, vload16(0, b + k), vload16(0, a + k)), 0, y + k);
  for (; k < end; ++k) y[k] = fma(factor, b[k], a[k]);
}
TILE(stream_triad, TRIAD, FLAT, ABREAST * 256, 256)
#ifdef DEVICE
TILE_BODY(stream_triad, TRIAD, 256) {
  TILE_START(TRIAD)
  const index begin = group * (ABREAST * 256) + lane;
  EACH_ABREAST(k, begin, 256, count, y[k] = fma(factor, b[k], a[k]))
}
#endif
