// The inside of every matrix product and convolution: a block of ROWS x PANEL outputs in registers. (`tile.h` is the inside
// of the tile forms.)
#define PANEL 32
#define CHAIN 512 // terms of one fma chain (rule 4); the total of the chains' sums starts at +0
#define ROWS 12

// A part of a block lies in registers while its terms are added: PART x PANEL outputs, in vectors of LANES, as many as the processor has
// registers for. Each output's chain is the same whatever the part.
#ifndef LANES // of OpenCL builds the host says it
#ifdef __aarch64__
#define LANES 4
#else // no instruction for fma: its emulation leaves no register for sums, and the less text of it there is, the sooner it is compiled
#define LANES 16
#define PART 1
#endif
#endif
#ifdef PART
#elif LANES == 16
#define PART ROWS // 24 of 32 registers
#else
#define PART 3 // 12 of 16 registers of 8; 24 of 32 registers of 4
#endif
#define VECTORS (PANEL / LANES)
#ifdef DEVICE
#define realL GLUE(float, LANES)
#define vloadL GLUE(vload, LANES)
#define vstoreL GLUE(vstore, LANES)
#else
typedef real realL __attribute__((ext_vector_type(LANES)));
INLINE realL vloadL(size_t o, const real *p) { realL v; memcpy(&v, p + LANES * o, sizeof v); return v; }
INLINE void vstoreL(realL v, size_t o, real *p) { memcpy(p + LANES * o, &v, sizeof v); }
#endif

// block[r] += A(r) B[0 ... PANEL - 1] for `rows` rows r from `top` on and k ascending from 0 to `length`: A(r) and B are
// expressions in k. If `is_chain`, the terms are a chain of their own, from +0, whose sum is then added; otherwise they go on with the
// chain in the block. (k may not be unrolled: the compiler would run out of registers.)
// Before each `line` terms (all where it is 0) AHEAD(r, k), a statement, asks for what a block to come reads: where rows are short, no
// processor guesses the next.
#define MULTIPLY_PART(rows, top, block, is_chain, length, A, line, AHEAD, B)                                       \
  {                                                                                                                \
    realL part_[rows][VECTORS];                                                                                    \
    _Pragma("unroll") for (uint r = 0; r < rows; ++r)                                                              \
      _Pragma("unroll") for (uint j = 0; j < VECTORS; ++j)                                                         \
        part_[r][j] = is_chain ? (realL)0 : vloadL(j, (real *)block[top + r]);                                     \
    index k = 0;                                                                                                   \
    do {                                                                                                           \
      const index end_ = line == 0 || length - k < line ? length : k + line;                                       \
      _Pragma("unroll") for (uint r = 0; r < rows; ++r) { AHEAD(top + r, k) }                                      \
      _Pragma("unroll 1") for (; k < end_; ++k) {                                                                  \
        if (rows < VECTORS) { /* what there is less of lies in registers */                                        \
          realL left_[rows];                                                                                       \
          _Pragma("unroll") for (uint r = 0; r < rows; ++r) left_[r] = (realL)(A(top + r));                        \
          _Pragma("unroll") for (uint j = 0; j < VECTORS; ++j) {                                                   \
            const realL right_ = vloadL(j, B);                                                                     \
            _Pragma("unroll") for (uint r = 0; r < rows; ++r) part_[r][j] = fma(left_[r], right_, part_[r][j]);    \
          }                                                                                                        \
        } else {                                                                                                   \
          realL right_[VECTORS];                                                                                   \
          _Pragma("unroll") for (uint j = 0; j < VECTORS; ++j) right_[j] = vloadL(j, B);                           \
          _Pragma("unroll") for (uint r = 0; r < rows; ++r) {                                                      \
            const realL left_ = (realL)(A(top + r));                                                               \
            _Pragma("unroll") for (uint j = 0; j < VECTORS; ++j) part_[r][j] = fma(left_, right_[j], part_[r][j]); \
          }                                                                                                        \
        }                                                                                                          \
      }                                                                                                            \
    } while (line != 0 && k < length);                                                                             \
    _Pragma("unroll") for (uint r = 0; r < rows; ++r)                                                              \
      _Pragma("unroll") for (uint j = 0; j < VECTORS; ++j)                                                         \
        vstoreL(is_chain ? vloadL(j, (real *)block[top + r]) + part_[r][j] : part_[r][j], j, (real *)block[top + r]); \
  }
#define LINE 16 // reals of a cache's line
#define NOTHING_AHEAD(r, k)
// The same for the first `height` rows of the block, in parts; what stands in the rows below is undefined.
#if PART < ROWS
#define MULTIPLY(height, block, is_chain, length, A, line, AHEAD, B)                                               \
  {                                                                                                                \
    for (uint top = 0; top < height; top += PART)                                                                  \
      MULTIPLY_PART(PART, top, block, is_chain, length, A, line, AHEAD, B)                                         \
  }
#else
#define MULTIPLY(height, block, is_chain, length, A, line, AHEAD, B)                                               \
  {                                                                                                                \
    if (height <= 4) MULTIPLY_PART(4, 0, block, is_chain, length, A, line, AHEAD, B)                               \
    else if (height <= 8) MULTIPLY_PART(8, 0, block, is_chain, length, A, line, AHEAD, B)                          \
    else MULTIPLY_PART(ROWS, 0, block, is_chain, length, A, line, AHEAD, B)                                        \
  }
#endif
// The place of block i: groups of rows are done one after the other, each for all panels, so that a group's part of A comes from a cache
// for all of them but the first; B does so for all groups but the first where it is as small.
FN void block_place(const index i, const index down, const index across, const index depth, index *row, index *panel) {
  const index right = across * PANEL * depth, share = right < 1 << 15 ? 1 << 15 : right < 1 << 20 ? right : 1 << 20; // reals
  const index groups = (down * ROWS * depth + share - 1) / share, most = groups > 1 ? (down + groups - 1) / groups : down;
  const index group = i / (most * across), at = i % (most * across);
  const index height = down - group * most < most ? down - group * most : most;
  *row = (group * most + at % height) * ROWS;
  *panel = at / height;
}
FN void zero_block(real16 x[ROWS][2]) {
#pragma unroll
  for (uint r = 0; r < ROWS; ++r) x[r][0] = x[r][1] = (real16)0;
}
FN void add_block(real16 total[ROWS][2], real16 sum[ROWS][2]) {
#pragma unroll
  for (uint r = 0; r < ROWS; ++r) {
    total[r][0] += sum[r][0];
    total[r][1] += sum[r][1];
  }
}
// One row of a block, of which `columns` are wanted.
FN void store_row(const real16 left, const real16 right, GLOBAL real *to, const index columns) {
  if (columns >= PANEL) {
    vstore16(left, 0, to);
    vstore16(right, 1, to);
  } else {
    real both[PANEL];
    vstore16(left, 0, both);
    vstore16(right, 1, both);
    for (index n = 0; n < columns; ++n) to[n] = both[n];
  }
}
// Adds one row of a block to a total that lies in memory; the first sum is added to +0.
FN void accumulate_row(const real16 left, const real16 right, GLOBAL real *to, const index columns, const bool first) {
  if (columns >= PANEL) {
    store_row((first ? (real16)0 : vload16(0, to)) + left, (first ? (real16)0 : vload16(1, to)) + right, to, columns);
  } else {
    real both[PANEL];
    vstore16(left, 0, both);
    vstore16(right, 1, both);
    for (index n = 0; n < columns; ++n) to[n] = (first ? 0 : to[n]) + both[n];
  }
}
FN void load_block(real16 total[ROWS][2], GLOBAL const real *from, const index stride, const index rows, const index columns) {
  for (uint r = 0; r < ROWS; ++r) {
    if (r >= rows) continue;
    if (columns >= PANEL) {
      total[r][0] = vload16(0, from + r * stride);
      total[r][1] = vload16(1, from + r * stride);
    } else {
      real both[PANEL];
      for (index n = 0; n < PANEL; ++n) both[n] = n < columns ? from[r * stride + n] : 0;
      total[r][0] = vload16(0, both);
      total[r][1] = vload16(1, both);
    }
  }
}
// Adds a bias for each of the block's `columns` columns.
FN void add_bias_block(real16 total[ROWS][2], GLOBAL const real *bias, const index columns) {
  real16 left, right;
  if (columns >= PANEL) {
    left = vload16(0, bias);
    right = vload16(1, bias);
  } else {
    real both[PANEL];
    for (index n = 0; n < PANEL; ++n) both[n] = n < columns ? bias[n] : 0;
    left = vload16(0, both);
    right = vload16(1, both);
  }
#pragma unroll
  for (uint r = 0; r < ROWS; ++r) {
    total[r][0] += left;
    total[r][1] += right;
  }
}
// Cuts a block to 0 ... limit. (A total with its bias is never -0.)
FN void limit_block(real16 total[ROWS][2], const real limit) {
#pragma unroll
  for (uint r = 0; r < ROWS; ++r) {
    total[r][0] = LIMITED(real16, total[r][0], limit);
    total[r][1] = LIMITED(real16, total[r][1], limit);
  }
}
// Past the cache if `streams` (and if they lie as they must for that).
FN void store_block(real16 total[ROWS][2], GLOBAL real *to, const index stride, const index rows, const index columns,
                    const bool streams) {
  if (streams && columns >= PANEL && stride % 16 == 0 && IS_ALIGNED(to)) {
    for (uint r = 0; r < ROWS; ++r)
      if (r < rows) {
        STREAM16(total[r][0], to, r * stride);
        STREAM16(total[r][1], to, r * stride + 16);
      }
  } else {
    for (uint r = 0; r < ROWS; ++r)
      if (r < rows) store_row(total[r][0], total[r][1], to + r * stride, columns);
  }
}
