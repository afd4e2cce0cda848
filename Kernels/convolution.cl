// Convolutions of NHWC images with filters [R][S][C][K], as implicit matrix products.
//
// `convolve` serves the forward pass and, phase by phase, the input gradient: output pixel (n, i, j) of a grid PH x PW, which lies at
// (i o_step + o_row, j o_step + o_column) of the output, reads for tap (m, l) of TR x TS the source pixel
// (i i_step + i_row + m d_row, j i_step + i_column + l d_column), and the filter's tap (t_row + m t_row_step, t_column + l t_column_step).
// Offsets may be negative: they wrap in 32 bits, and what lies outside the image is larger than it. Forward: one phase, i_step = stride,
// d = dilation, every tap. Input gradient at stride s: s x s phases, i_step = 1, each with the taps that reach it: no scatter, and no
// zero is multiplied.
// k runs over (tap row, tap column, channel) of the phase in chunks of 512 (rule 4); taps outside the image multiply zeros.
// b holds the filter in panels: [panel][R S][channel][32] (`pack_panels`); zeros holds C zeros.
#define CONVOLVE(_)                                                                                                \
  _(IN, x) _(IN, b) _(IN, zeros) _(OUT, y) _(SIZE, N) _(UINT, H) _(UINT, W) _(SIZE, C) _(UINT, PH) _(UINT, PW)        \
  _(UINT, OH) _(UINT, OW) _(SIZE, K) _(UINT, o_step) _(UINT, o_row) _(UINT, o_column)                              \
  _(UINT, i_step) _(UINT, i_row) _(UINT, i_column) _(UINT, d_row) _(UINT, d_column)                                \
  _(UINT, TR) _(UINT, TS) _(UINT, taps) _(UINT, S) _(UINT, t_row) _(UINT, t_column)                                \
  _(UINT, t_row_step) _(UINT, t_column_step)
// Extent: (N PH PW) x K.
BLOCK(convolve, CONVOLVE, ROWS, PANEL) {
  const index M = N * PH * PW, down = (M + ROWS - 1) / ROWS, first = i % down * ROWS, panel = i / down;
  GLOBAL const real *image[ROWS], *rows[ROWS];
  index target[ROWS];
  uint h[ROWS], w[ROWS];
  index n = first / ((index)PH * PW);
  uint gi = (uint)(first / PW % PH), gj = (uint)(first % PW);
  for (uint r = 0; r < ROWS; ++r) {
    image[r] = x + n * H * W * C;
    h[r] = gi * i_step + i_row;
    w[r] = gj * i_step + i_column;
    target[r] = ((n * OH + gi * o_step + o_row) * OW + gj * o_step + o_column) * K + panel * PANEL;
    if (first + r + 1 < M && ++gj == PW) { // beyond the last pixel it is computed again and not stored
      gj = 0;
      if (++gi == PH) gi = 0, ++n;
    }
  }
  real16 total[ROWS][2], sum[ROWS][2];
  zero_block(total);
  zero_block(sum);
  index filled = 0;
  for (uint m = 0; m < TR; ++m)
    for (uint l = 0; l < TS; ++l) {
      for (uint r = 0; r < ROWS; ++r) {
        const uint row = h[r] + m * d_row, column = w[r] + l * d_column;
        rows[r] = row < H && column < W ? image[r] + ((index)row * W + column) * C : zeros;
      }
      const index tap = (index)(t_row + m * t_row_step) * S + t_column + l * t_column_step;
      GLOBAL const real *from = b + (panel * taps + tap) * C * PANEL;
      for (index c = 0; c < C;) {
        const index left = CHAIN - filled, length = C - c < left ? C - c : left;
        multiply_block(sum, rows, 1, from + c * PANEL, PANEL, length);
        for (uint r = 0; r < ROWS; ++r) rows[r] += length;
        c += length;
        filled += length;
        if (filled == CHAIN) {
          add_block(total, sum);
          zero_block(sum);
          filled = 0;
        }
      }
    }
  if (filled) add_block(total, sum);
  for (uint r = 0; r < ROWS; ++r)
    if (first + r < M) store_row(total[r][0], total[r][1], y + target[r], K - panel * PANEL);
}
TILE(convolve, CONVOLVE, TILE_ROWS, PANEL, TILE_GROUP)
#ifdef DEVICE
TILE_BODY(convolve, CONVOLVE, TILE_GROUP) {
  TILE_START(CONVOLVE)
  LOCAL real at[TILE_K][TILE_ROWS + 1], bt[TILE_K][PANEL];
  LOCAL index image[TILE_ROWS], target[TILE_ROWS];
  LOCAL uint h[TILE_ROWS], w[TILE_ROWS];
  const index M = N * PH * PW, down = (M + TILE_ROWS - 1) / TILE_ROWS, first = group % down * TILE_ROWS, panel = group / down;
  { // each work-item places one row of the tile
    const index pixel = first + lane < M ? first + lane : M - 1, n = pixel / ((index)PH * PW);
    const uint gi = (uint)(pixel / PW % PH), gj = (uint)(pixel % PW);
    image[lane] = n * H * W * C;
    h[lane] = gi * i_step + i_row;
    w[lane] = gj * i_step + i_column;
    target[lane] = ((n * OH + gi * o_step + o_row) * OW + gj * o_step + o_column) * K + panel * PANEL;
  }
  real total[TILE_M][TILE_N], sum[TILE_M][TILE_N];
  TILE_ZERO(total)
  TILE_ZERO(sum)
  const index depth = (index)TR * TS * C;
  for (index k0 = 0; k0 < depth; k0 += TILE_K) {
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint q = lane; q < TILE_K * TILE_ROWS; q += TILE_GROUP) {
      const uint r = q / TILE_K;
      const index k = k0 + q % TILE_K, tap = k / C;
      const uint row = h[r] + (uint)(tap / TS) * d_row, column = w[r] + (uint)(tap % TS) * d_column;
      at[q % TILE_K][r] = k < depth && row < H && column < W ? x[image[r] + ((index)row * W + column) * C + k % C] : 0;
    }
    for (uint q = lane; q < TILE_K * PANEL; q += TILE_GROUP) {
      const index k = k0 + q / PANEL, tap = k / C;
      const index stored = (t_row + tap / TS * t_row_step) * S + t_column + tap % TS * t_column_step;
      bt[q / PANEL][q % PANEL] = k < depth ? b[((panel * taps + stored) * C + k % C) * PANEL + q % PANEL] : 0;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    TILE_MULTIPLY
    if ((k0 + TILE_K) % CHAIN == 0 || k0 + TILE_K >= depth) TILE_FLUSH
  }
  barrier(CLK_LOCAL_MEM_FENCE); // also where there are no taps: the targets must have been written
  TILE_EACH {
    const uint r = lane / 4 * TILE_M + m, k = lane % 4 * TILE_N + n;
    if (first + r < M && panel * PANEL + k < K) y[target[r] + k] = total[m][n];
  }
}
#endif

// The weight gradient: dw[r][s][c][k] = sum over output pixels (n, p, q), ascending, of x[n][p stride + r dilation - pad][...][c]
// dy[n][p][q][k]. Pixels whose tap lies outside the image count in the chunks of 512, and add nothing.
// dy lies at dy[panel * dy_panel + pixel * dy_step ...]. Extent: C x K, R S batches.
#define CHANNELS 96 // eight blocks of rows share the pixels of a chunk
#define CONVOLVE_FILTER(_)                                                                                         \
  _(IN, x) _(IN, dy) _(OUT, dw) _(SIZE, N) _(UINT, H) _(UINT, W) _(SIZE, C) _(UINT, P) _(UINT, Q) _(SIZE, K)          \
  _(UINT, S) _(UINT, stride) _(UINT, pad) _(UINT, dilation) _(SIZE, dy_panel) _(SIZE, dy_step)
BLOCK(convolve_filter, CONVOLVE_FILTER, CHANNELS, PANEL) {
  const index across = (K + PANEL - 1) / PANEL, down = (C + CHANNELS - 1) / CHANNELS;
  const index panel = i % across, top = i / across % down * CHANNELS, tap = i / (across * down);
  const index bottom = top + CHANNELS < C ? top + CHANNELS : C, pixels = N * P * Q, wanted = K - panel * PANEL;
  const uint row0 = (uint)(tap / S) * dilation - pad, column0 = (uint)(tap % S) * dilation - pad;
  index x_place[CHAIN], dy_place[CHAIN];
  GLOBAL const real *from = dy + panel * dy_panel;
  GLOBAL real *to = dw + tap * C * K + panel * PANEL;
  index n = 0;
  uint p = 0, q = 0;
  for (index k0 = 0; k0 < pixels; k0 += CHAIN) {
    // The pixels of this chunk whose tap lies inside the image, once for all channels.
    const index k1 = k0 + CHAIN < pixels ? k0 + CHAIN : pixels;
    index found = 0;
    for (index k = k0; k < k1; ++k) {
      const uint row = p * stride + row0, column = q * stride + column0;
      if (row < H && column < W) {
        x_place[found] = ((n * H + row) * W + column) * C;
        dy_place[found++] = k * dy_step;
      }
      if (++q == Q) {
        q = 0;
        if (++p == P) p = 0, ++n;
      }
    }
    for (index c = top; c < bottom; c += ROWS) {
      real16 sum[ROWS][2];
      zero_block(sum);
      const index height = bottom - c < ROWS ? bottom - c : ROWS;
      if (height == ROWS) {
        for (index k = 0; k < found; ++k) {
          GLOBAL const real *a = x + x_place[k] + c, *b = from + dy_place[k];
          const real16 b0 = vload16(0, b), b1 = vload16(1, b);
#pragma unroll
          for (uint r = 0; r < ROWS; ++r) {
            const real16 value = (real16)a[r];
            sum[r][0] = fma(value, b0, sum[r][0]);
            sum[r][1] = fma(value, b1, sum[r][1]);
          }
        }
      } else {
        for (index k = 0; k < found; ++k) {
          GLOBAL const real *a = x + x_place[k] + c, *b = from + dy_place[k];
          const real16 b0 = vload16(0, b), b1 = vload16(1, b);
#pragma unroll
          for (uint r = 0; r < ROWS; ++r) {
            const real16 value = (real16)a[r < height ? r : height - 1];
            sum[r][0] = fma(value, b0, sum[r][0]);
            sum[r][1] = fma(value, b1, sum[r][1]);
          }
        }
      }
      // The total lives in the output.
      for (uint r = 0; r < ROWS; ++r)
        if (r < height) accumulate_row(sum[r][0], sum[r][1], to + (c + r) * K, wanted, k0 == 0);
    }
  }
}
TILE(convolve_filter, CONVOLVE_FILTER, TILE_ROWS, PANEL, TILE_GROUP)
#ifdef DEVICE
TILE_BODY(convolve_filter, CONVOLVE_FILTER, TILE_GROUP) {
  TILE_START(CONVOLVE_FILTER)
  LOCAL real at[TILE_K][TILE_ROWS + 1], bt[TILE_K][PANEL];
  const index across = (K + PANEL - 1) / PANEL, down = (C + TILE_ROWS - 1) / TILE_ROWS;
  const index panel = group % across, top = group / across % down * TILE_ROWS, tap = group / (across * down);
  const index pixels = N * P * Q;
  const uint row0 = (uint)(tap / S) * dilation - pad, column0 = (uint)(tap % S) * dilation - pad;
  real total[TILE_M][TILE_N], sum[TILE_M][TILE_N];
  TILE_ZERO(total)
  TILE_ZERO(sum)
  for (index k0 = 0; k0 < pixels; k0 += TILE_K) {
    for (uint u = lane; u < TILE_K * TILE_ROWS; u += TILE_GROUP) {
      const index k = k0 + u / TILE_ROWS, c = top + u % TILE_ROWS, n = k / ((index)P * Q);
      const uint row = (uint)(k / Q % P) * stride + row0, column = (uint)(k % Q) * stride + column0;
      at[u / TILE_ROWS][u % TILE_ROWS] = k < pixels && c < C && row < H && column < W ? x[((n * H + row) * W + column) * C + c] : 0;
    }
    for (uint u = lane; u < TILE_K * PANEL; u += TILE_GROUP) {
      const index k = k0 + u / PANEL;
      bt[u / PANEL][u % PANEL] = k < pixels && panel * PANEL + u % PANEL < K ? dy[panel * dy_panel + k * dy_step + u % PANEL] : 0;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    TILE_MULTIPLY
    barrier(CLK_LOCAL_MEM_FENCE);
    if ((k0 + TILE_K) % CHAIN == 0 || k0 + TILE_K >= pixels) TILE_FLUSH
  }
  TILE_STORE(dw + (tap * C + top) * K + panel * PANEL, K, C - top, K - panel * PANEL)
}
#endif
