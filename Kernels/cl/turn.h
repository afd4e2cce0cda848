// A square of 16 x 16 reals, turned about its diagonal: rows become columns.
#ifndef DEVICE // shuffles are the host compiler's; Oclgrind, besides, takes what they give for uninitialized
#define SHUFFLED(...) __builtin_shufflevector(__VA_ARGS__)
// Steps within 16 bytes come first: those a processor makes in one instruction for each of its vectors.
FN void turn16(real16 to[16], GLOBAL const real *x, const index stride) {
  real16 four[16]; // four[4 q + c]: rows 4 q ... 4 q + 3 of columns c, c + 4, c + 8, c + 12
  for (uint q = 0; q < 16; q += 4) {
    GLOBAL const real *rows = x + q * stride;
    const real16 r0 = vload16(0, rows), r1 = vload16(0, rows + stride);
    const real16 r2 = vload16(0, rows + 2 * stride), r3 = vload16(0, rows + 3 * stride);
    const real16 low01 = SHUFFLED(r0, r1, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    const real16 low23 = SHUFFLED(r2, r3, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    const real16 high01 = SHUFFLED(r0, r1, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    const real16 high23 = SHUFFLED(r2, r3, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    four[q] = SHUFFLED(low01, low23, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
    four[q + 1] = SHUFFLED(low01, low23, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    four[q + 2] = SHUFFLED(high01, high23, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
    four[q + 3] = SHUFFLED(high01, high23, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  }
  for (uint c = 0; c < 4; ++c) {
    const real16 even_top = SHUFFLED(four[c], four[c + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
    const real16 odd_top = SHUFFLED(four[c], four[c + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
    const real16 even = SHUFFLED(four[c + 8], four[c + 12], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
    const real16 odd = SHUFFLED(four[c + 8], four[c + 12], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
    to[c] = SHUFFLED(even_top, even, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    to[c + 4] = SHUFFLED(odd_top, odd, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    to[c + 8] = SHUFFLED(even_top, even, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    to[c + 12] = SHUFFLED(odd_top, odd, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  }
}
#else
FN void turn16(real16 to[16], GLOBAL const real *x, const index stride) {
  real square[16][16];
  for (uint l = 0; l < 16; ++l)
    for (uint k = 0; k < 16; ++k) square[k][l] = x[l * stride + k];
  for (uint k = 0; k < 16; ++k) to[k] = vload16(0, square[k]);
}
#endif
