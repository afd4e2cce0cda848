// The inside of every matrix product and convolution: a block of ROWS x PANEL outputs in registers. (`tile.h` is the inside
// of the tile forms.)
#define PANEL 32
#define CHAIN 512 // terms of one fma chain (rule 4); the total of the chains' sums starts at +0
#define ROWS 12

// sum[r] += a[r][k a_step] b[k b_step ...] for k ascending, for the first `rows` rows: a constant where it is called.
FN void multiply_rows(const uint rows, real16 sum[ROWS][2], GLOBAL const real *const a[ROWS], const index a_step,
                      GLOBAL const real *b, const index b_step, const index length) {
  for (index k = 0; k < length; ++k, b += b_step) {
    const real16 b0 = vload16(0, b), b1 = vload16(1, b);
#pragma unroll
    for (uint r = 0; r < rows; ++r) {
      const real16 value = (real16)a[r][k * a_step];
      sum[r][0] = fma(value, b0, sum[r][0]);
      sum[r][1] = fma(value, b1, sum[r][1]);
    }
  }
}
FN void multiply_block(real16 sum[ROWS][2], GLOBAL const real *const a[ROWS], const index a_step, GLOBAL const real *b,
                       const index b_step, const index length) {
  multiply_rows(ROWS, sum, a, a_step, b, b_step, length);
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
