// Convolutions of NHWC images with filters [R][S][C][K], as implicit matrix products.
//
// `convolve` serves the forward pass and, phase by phase, the input gradient: output pixel (n, i, j) of a grid PH x PW, which lies at
// (i o_step + o_row, j o_step + o_column) of the output, reads for tap (m, l) of TR x TS the source pixel
// (i i_step + i_row + m d_row, j i_step + i_column + l d_column), and the filter's tap (t_row + m t_row_step, t_column + l t_column_step).
// Offsets may be negative: they wrap in 32 bits, and what lies outside the image is larger than it. Forward: one phase, i_step = stride,
// d = dilation, every tap. Input gradient at stride s: s x s phases, i_step = 1, each with the taps that reach it: no scatter, and no
// zero is multiplied.
// k runs over (tap row, tap column, channel) of the phase in chunks of 512 (rule 4); taps outside the image multiply zeros.
// b holds the filter in panels: [panel][R S][channel][32] (`pack_panels`); zeros holds C zeros. A bias [K] is added to the totals (which
// are never -0, so that zeros change nothing); where limit is above 0, the sums are cut to 0 ... limit.
#define CONVOLVE(_)                                                                                                \
  _(IN, x) _(IN, b) _(IN, zeros) _(IN, bias) _(OUT, y) _(SIZE, N) _(UINT, H) _(UINT, W) _(SIZE, C) _(UINT, PH) _(UINT, PW)        \
  _(UINT, OH) _(UINT, OW) _(SIZE, K) _(UINT, o_step) _(UINT, o_row) _(UINT, o_column)                              \
  _(UINT, i_step) _(UINT, i_row) _(UINT, i_column) _(UINT, d_row) _(UINT, d_column)                                \
  _(UINT, TR) _(UINT, TS) _(UINT, taps) _(UINT, S) _(UINT, t_row) _(UINT, t_column)                                \
  _(UINT, t_row_step) _(UINT, t_column_step) _(REAL, limit)
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
#define TAP_PIXEL(r) rows[r][k]
      for (index c = 0; c < C;) {
        const index left = CHAIN - filled, length = C - c < left ? C - c : left;
        MULTIPLY(ROWS, sum, false, length, TAP_PIXEL, 0, NOTHING_AHEAD, from + (c + k) * PANEL)
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
  add_bias_block(total, bias + panel * PANEL, K - panel * PANEL);
  if (limit > 0) limit_block(total, limit);
  for (uint r = 0; r < ROWS; ++r)
    if (first + r < M) store_row(total[r][0], total[r][1], y + target[r], K - panel * PANEL);
}
TUNED_TILE(convolve, CONVOLVE)
#ifdef DEVICE
TILE_BODY(convolve, CONVOLVE, GROUP) {
  TILE_START(CONVOLVE)
  TILE_LOCAL(staged);
  const index M = N * PH * PW, down = (M + MWG - 1) / MWG, across = (K + NWG - 1) / NWG;
  const index panels = (K + PANEL - 1) / PANEL, depth = (index)TR * TS * C;
  const index channels = max(C, (index)1), across_taps = max(TS, 1u); // a phase may have no taps
  const bool is_in_one_tap = C % VWM == 0; // each vector of A
  index top, first;
  tile_place(group, down, across, &top, &first);
  // The image, row and column of each of the item's vectors of A; channel, tap column and tap row of each of A and B.
  index image[A_VECTORS];
  uint h[A_VECTORS], w[A_VECTORS];
  Digits a_taps[A_VECTORS], b_taps[B_VECTORS];
#pragma unroll
  for (uint j = 0; j < A_VECTORS; ++j) {
    const index row = top + a_row_of(lane + j * GROUP, true), pixel = row < M ? row : M - 1;
    Digits at;
    set_digits(&at, pixel, PW, PH);
    image[j] = at.high * H * W * C;
    h[j] = (uint)at.middle * i_step + i_row;
    w[j] = (uint)at.low * i_step + i_column;
    set_digits(&a_taps[j], a_k_of(lane + j * GROUP, true), channels, across_taps);
  }
#pragma unroll
  for (uint j = 0; j < B_VECTORS; ++j) {
    set_digits(&b_taps[j], b_k_of(lane + j * GROUP), channels, across_taps);
  }
  realM a_next[A_VECTORS];
  realN b_next[B_VECTORS], sum[RM][RN / VWN];
  tile_zero(sum);
  TILE_LATE(K);
  for (index k0 = 0; k0 < depth + KWG; k0 += KWG) {
#pragma unroll
    for (uint j = 0; j < A_VECTORS; ++j) {
      const index k = k0 + a_k_of(lane + j * GROUP, true);
      Digits at = a_taps[j];
      real each[VWM];
#pragma unroll
      for (uint e = 0; e < VWM; ++e, add_digits(&at, 1, channels, across_taps)) {
        const uint row = h[j] + (uint)at.high * d_row, column = w[j] + (uint)at.middle * d_column;
        const bool exists = k + e < depth && row < H && column < W;
        GLOBAL const real *from = x + image[j] + ((index)row * W + column) * C + at.low;
        if (is_in_one_tap) {
          a_next[j] = load_a(from, 1, exists ? VWM : 0);
          break;
        }
        each[e] = exists ? *from : 0;
      }
      if (!is_in_one_tap) a_next[j] = LOAD_M(0, each);
      add_digits(&a_taps[j], KWG, channels, across_taps);
    }
#pragma unroll
    for (uint j = 0; j < B_VECTORS; ++j) {
      const uint q = lane + j * GROUP;
      const index n = first + b_column_of(q), panel = n / PANEL;
      const index tap = (t_row + b_taps[j].high * t_row_step) * S + t_column + b_taps[j].middle * t_column_step;
      b_next[j] = load_b(b + ((panel * taps + tap) * C + b_taps[j].low) * PANEL + n % PANEL,
                         k0 + b_k_of(q) < depth && panel < panels);
      add_digits(&b_taps[j], KWG, channels, across_taps);
    }
    tile_step(sum, staged, k0, lane, a_next, true, b_next);
    if (ENDS_CHAIN(k0, depth)) {
      const index width = late_K;
#pragma unroll
      for (uint r = 0; r < RM; ++r) {
        const index pixel = top + tile_row(lane, r);
        Digits at;
        set_digits(&at, pixel, PW, PH);
        const index target = ((at.high * OH + at.middle * o_step + o_row) * OW + at.low * o_step + o_column) * width + first;
        if (pixel < M) tile_add(sum[r], y + target, width - first, lane, IS_FIRST_CHAIN(k0), bias + first, k0 >= depth, limit);
      }
      tile_zero(sum);
    }
  }
}
#endif

// The weight gradient: dw[r][s][c][k] = sum over output pixels (n, p, q), ascending, of x[n][p stride + r dilation - pad][...][c]
// dy[n][p][q][k]. Pixels whose tap lies outside the image count in the chunks of 512, and add nothing.
// dy lies at dy[panel * dy_panel + pixel * dy_step ...]. Slice z of the pixels, `slice` of them, has its own sums dw[z]: all pixels are one
// slice, or each chunk of 512 from pixel `start` on is, whose sums `add_partials` then adds. Extent: C x K, R S batches a slice.
#define CHANNELS 96 // eight blocks of rows share the pixels of a chunk
#define PIXELS (PART < ROWS ? 32 : CHAIN) // that stay in the first cache for all parts of a block
#define CONVOLVE_FILTER(_)                                                                                         \
  _(IN, x) _(IN, dy) _(OUT, dw) _(SIZE, N) _(UINT, H) _(UINT, W) _(SIZE, C) _(UINT, P) _(UINT, Q) _(SIZE, K)          \
  _(UINT, RS) _(UINT, S) _(UINT, stride) _(UINT, pad) _(UINT, dilation) _(SIZE, dy_panel) _(SIZE, dy_step) _(SIZE, slice) _(SIZE, start)
BLOCK(convolve_filter, CONVOLVE_FILTER, CHANNELS, PANEL) {
  const index across = (K + PANEL - 1) / PANEL, down = (C + CHANNELS - 1) / CHANNELS;
  const index panel = i % across, top = i / across % down * CHANNELS, batch = i / (across * down);
  const index bottom = top + CHANNELS < C ? top + CHANNELS : C, pixels = N * P * Q, wanted = K - panel * PANEL;
  const uint tap = (uint)(batch % RS);
  const index begin = start + batch / RS * slice, end = pixels - begin < slice ? pixels : begin + slice;
  const uint row0 = tap / S * dilation - pad, column0 = tap % S * dilation - pad;
  index x_place[CHAIN], dy_place[CHAIN];
  GLOBAL const real *from = dy + panel * dy_panel;
  GLOBAL real *to = dw + batch * C * K + panel * PANEL;
  index n = begin > 0 ? begin / ((index)P * Q) : 0;
  uint p = begin > 0 ? (uint)(begin / Q % P) : 0, q = begin > 0 ? (uint)(begin % Q) : 0;
  for (index k0 = begin; k0 == begin || k0 < end; k0 += CHAIN) { // once at least: no pixels give zeros
    // The pixels of this chunk whose tap lies inside the image, once for all channels.
    const index k1 = k0 + CHAIN < end ? k0 + CHAIN : end;
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
      GLOBAL const real *image = x + c;
#define CHANNEL(r) image[x_at[k] + (r)]
#define CHANNEL_BELOW(r) image[x_at[k] + ((r) < height ? (r) : height - 1)]
      for (index done = 0; done < found; done += PIXELS) {
        const index some = found - done < PIXELS ? found - done : PIXELS, *x_at = x_place + done, *dy_at = dy_place + done;
        if (height == ROWS)
          MULTIPLY(ROWS, sum, false, some, CHANNEL, 0, NOTHING_AHEAD, from + dy_at[k])
        else
          MULTIPLY(height, sum, false, some, CHANNEL_BELOW, 0, NOTHING_AHEAD, from + dy_at[k])
      }
      // The total lives in the output.
      for (uint r = 0; r < ROWS; ++r)
        if (r < height) accumulate_row(sum[r][0], sum[r][1], to + (c + r) * K, wanted, k0 == begin);
    }
  }
}
TUNED_TILE(convolve_filter, CONVOLVE_FILTER)
#ifdef DEVICE
TILE_BODY(convolve_filter, CONVOLVE_FILTER, GROUP) {
  TILE_START(CONVOLVE_FILTER)
  TILE_LOCAL(staged);
  const index down = (C + MWG - 1) / MWG, across = (K + NWG - 1) / NWG, batch = group / (down * across);
  const index panels = (K + PANEL - 1) / PANEL, pixels = N * P * Q, begin = start + batch / RS * slice;
  const index depth = pixels - begin < slice ? pixels - begin : slice;
  const uint tap = (uint)(batch % RS);
  const uint lines = max(P, 1u), columns = max(Q, 1u);
  index top, first;
  tile_place(group % (down * across), down, across, &top, &first);
  const uint row0 = tap / S * dilation - pad, column0 = tap % S * dilation - pad;
  Digits at[A_VECTORS]; // column, row and image of the output pixel of each of the item's vectors of A
#pragma unroll
  for (uint j = 0; j < A_VECTORS; ++j) {
    set_digits(&at[j], begin + a_k_of(lane + j * GROUP, false), columns, lines);
  }
  realM a_next[A_VECTORS];
  realN b_next[B_VECTORS], sum[RM][RN / VWN];
  tile_zero(sum);
  TILE_LATE(K);
  for (index k0 = 0; k0 < depth + KWG; k0 += KWG) {
#pragma unroll
    for (uint j = 0; j < A_VECTORS; ++j) {
      const uint q = lane + j * GROUP;
      const index c = top + a_row_of(q, false);
      const uint row = (uint)at[j].middle * stride + row0, column = (uint)at[j].low * stride + column0;
      const bool exists = k0 + a_k_of(q, false) < depth && c < C && row < H && column < W;
      a_next[j] = load_a(x + ((at[j].high * H + row) * W + column) * C + c, 1, exists ? C - c : 0);
      add_digits(&at[j], KWG, columns, lines);
    }
#pragma unroll
    for (uint j = 0; j < B_VECTORS; ++j) {
      const uint q = lane + j * GROUP;
      const index k = k0 + b_k_of(q), n = first + b_column_of(q), panel = n / PANEL;
      b_next[j] = load_b(dy + panel * dy_panel + (begin + k) * dy_step + n % PANEL, k < depth && panel < panels);
    }
    tile_step(sum, staged, k0, lane, a_next, false, b_next);
    if (ENDS_CHAIN(k0, depth)) {
      const index width = late_K;
#pragma unroll
      for (uint r = 0; r < RM; ++r) {
        const index c = top + tile_row(lane, r);
        if (c < C) tile_add(sum[r], dw + (batch * C + c) * width + first, width - first, lane, IS_FIRST_CHAIN(k0), dw, false, 0);
      }
      tile_zero(sum);
    }
  }
}
#endif
