// C[M][N] = A[M][K] B[K][N] + bias[N] for batches, A by strides, one of them 1 (so that a transposed A is the same kernel), B in panels of
// 32 columns, each with rows b_k apart: zeros stand beyond N.
//
// Rule 4 of the numerical contract: k ascends in chunks of 512, one fma chain a chunk from +0, chunk sums added singly to a total that
// starts at +0. (So a total is never -0: a sum that is exactly zero rounds to +0.)
// Element (k, n) of panel p lies at b[p * b_panel + k * b_k + n - 32 p] (see `pack_panels`).
#define MATMUL(_)                                                                                                  \
  _(IN, a) _(IN, b) _(IN, bias) _(OUT, c) _(SIZE, M) _(SIZE, N) _(SIZE, K) _(SIZE, a_row) _(SIZE, a_k)                          \
  _(SIZE, a_batch) _(SIZE, b_panel) _(SIZE, b_k) _(SIZE, b_batch) _(SIZE, c_batch) _(UINT, adds) _(UINT, streams) _(REAL, limit)
// adds: whether totals go on from what C holds, the product of the k before, a multiple of 512. streams: whether C is larger than a cache. limit: where
// it is above 0, what is stored is cut to 0 ... limit. Extent: M x N, batches.
BLOCK(matmul, MATMUL, ROWS, PANEL) {
  const index across = (N + PANEL - 1) / PANEL, down = (M + ROWS - 1) / ROWS;
  const index batch = i / (down * across);
  index row, panel;
  block_place(i % (down * across), down, across, K, &row, &panel);
  const index height = M - row < ROWS ? M - row : ROWS;
  GLOBAL const real *rows[ROWS], *left = a + batch * a_batch + row * a_row;
  for (uint r = 0; r < ROWS; ++r) rows[r] = left + (r < height ? r : height - 1) * a_row;
  GLOBAL const real *from = b + batch * b_batch + panel * b_panel;
  GLOBAL real *to = c + batch * c_batch + row * N + panel * PANEL;
  real16 total[ROWS][2];
  zero_block(total);
  if (adds) load_block(total, to, N, height, N - panel * PANEL);
#define SHORT 256 // longer rows a processor follows by itself
#define ROW_ALONG(r) rows[r][k]
#define NEXT_ROW(r, k) FETCH(rows[r] + ROWS * a_row + k);
#define ROW_ACROSS(r) left[k * a_k + (r)]
#define ROW_ACROSS_BELOW(r) left[k * a_k + ((r) < height ? (r) : height - 1)]
  for (index k0 = 0; k0 < K; k0 += CHAIN, from += CHAIN * b_k) {
    const index length = k0 + CHAIN < K ? CHAIN : K - k0;
    if (a_k == 1 && K <= SHORT)
      MULTIPLY(height, total, true, length, ROW_ALONG, LINE, NEXT_ROW, from + k * b_k)
    else if (a_k == 1)
      MULTIPLY(height, total, true, length, ROW_ALONG, 0, NOTHING_AHEAD, from + k * b_k)
    else if (height == ROWS)
      MULTIPLY(ROWS, total, true, length, ROW_ACROSS, 0, NOTHING_AHEAD, from + k * b_k)
    else
      MULTIPLY(height, total, true, length, ROW_ACROSS_BELOW, 0, NOTHING_AHEAD, from + k * b_k)
    for (uint r = 0; r < ROWS; ++r) rows[r] += length;
    left += length * a_k;
  }
  add_bias_block(total, bias + panel * PANEL, N - panel * PANEL);
  if (limit > 0) limit_block(total, limit);
  store_block(total, to, N, height, N - panel * PANEL, streams);
}
TUNED_TILE(matmul, MATMUL)
#ifdef DEVICE
TILE_BODY(matmul, MATMUL, GROUP) {
  TILE_START(MATMUL)
  TILE_LOCAL(staged);
  const index down = (M + MWG - 1) / MWG, across = (N + NWG - 1) / NWG, batch = group / (down * across);
  const index panels = (N + PANEL - 1) / PANEL;
  index top, first;
  tile_place(group % (down * across), down, across, &top, &first);
  GLOBAL const real *left = a + batch * a_batch, *right = b + batch * b_batch;
  GLOBAL real *to = c + batch * c_batch + first;
  const bool along_k = a_k == 1;
  realM a_next[A_VECTORS];
  realN b_next[B_VECTORS], sum[RM][RN / VWN];
  tile_zero(sum);
  TILE_LATE(N);
  for (index k0 = 0; k0 < K + KWG; k0 += KWG) {
#pragma unroll
    for (uint j = 0; j < A_VECTORS; ++j) {
      const uint q = lane + j * GROUP;
      const index m = top + a_row_of(q, along_k), k = k0 + a_k_of(q, along_k);
      const index found = m < M && k < K ? (along_k ? K - k : M - m) : 0;
      a_next[j] = load_a(left + m * a_row + k * a_k, along_k ? 1 : a_row, found);
    }
#pragma unroll
    for (uint j = 0; j < B_VECTORS; ++j) {
      const uint q = lane + j * GROUP;
      const index k = k0 + b_k_of(q), n = first + b_column_of(q), panel = n / PANEL;
      b_next[j] = load_b(right + panel * b_panel + k * b_k + n % PANEL, k < K && panel < panels);
    }
    tile_step(sum, staged, k0, lane, a_next, along_k, b_next);
    if (ENDS_CHAIN(k0, K)) {
      const index width = late_N;
#pragma unroll
      for (uint r = 0; r < RM; ++r) {
        const index m = top + tile_row(lane, r);
        if (m < M) tile_add(sum[r], to + m * width, width - first, lane, !adds && IS_FIRST_CHAIN(k0), bias + first,
                            k0 >= K, limit);
      }
      tile_zero(sum);
    }
  }
}
#endif
