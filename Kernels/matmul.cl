// C[M][N] = A[M][K] B[K][N] + bias[N] for batches, A by strides (so that a transposed A is the same kernel), B in panels of 32 columns, each with
// rows b_k apart: zeros stand beyond N.
//
// Rule 4 of the numerical contract: k ascends in chunks of 512, one fma chain a chunk from +0, chunk sums added singly to a total that
// starts at +0. (So a total is never -0: a sum that is exactly zero rounds to +0.)
// Element (k, n) of panel p lies at b[p * b_panel + k * b_k + n - 32 p] (see `pack_panels`).
#define MATMUL(_)                                                                                                  \
  _(IN, a) _(IN, b) _(IN, bias) _(OUT, c) _(SIZE, M) _(SIZE, N) _(SIZE, K) _(SIZE, a_row) _(SIZE, a_k)                          \
  _(SIZE, a_batch) _(SIZE, b_panel) _(SIZE, b_k) _(SIZE, b_batch) _(UINT, adds) _(UINT, streams)
// adds: whether totals go on from what C holds, the product of the k before, a multiple of 512. streams: whether C is larger than a cache. Extent: M x N, batches.
BLOCK(matmul, MATMUL, ROWS, PANEL) {
  const index across = (N + PANEL - 1) / PANEL, down = (M + ROWS - 1) / ROWS;
  const index row = i % down * ROWS, panel = i / down % across, batch = i / (down * across);
  const index height = M - row < ROWS ? M - row : ROWS;
  GLOBAL const real *rows[ROWS];
  for (uint r = 0; r < ROWS; ++r) rows[r] = a + batch * a_batch + (r < height ? row + r : M - 1) * a_row;
  GLOBAL const real *from = b + batch * b_batch + panel * b_panel;
  GLOBAL real *to = c + (batch * M + row) * N + panel * PANEL;
  real16 total[ROWS][2], sum[ROWS][2];
  zero_block(total);
  if (adds) load_block(total, to, N, height, N - panel * PANEL);
  for (index k = 0; k < K; k += CHAIN, from += CHAIN * b_k) {
    const index length = k + CHAIN < K ? CHAIN : K - k;
    zero_block(sum);
    if (height <= 4)
      multiply_rows(4, sum, rows, a_k, from, b_k, length);
    else if (height <= 8)
      multiply_rows(8, sum, rows, a_k, from, b_k, length);
    else if (a_k == 1)
      multiply_block(sum, rows, 1, from, b_k, length);
    else
      multiply_block(sum, rows, a_k, from, b_k, length);
    add_block(total, sum);
    for (uint r = 0; r < ROWS; ++r) rows[r] += length * a_k;
  }
  add_bias_block(total, bias + panel * PANEL, N - panel * PANEL);
  store_block(total, to, N, height, N - panel * PANEL, streams);
}
TILE(matmul, MATMUL, TILE_ROWS, PANEL, TILE_GROUP)
#ifdef DEVICE
TILE_BODY(matmul, MATMUL, TILE_GROUP) {
  TILE_START(MATMUL)
  LOCAL real at[TILE_K][TILE_ROWS + 1], bt[TILE_K][PANEL];
  const index across = (N + PANEL - 1) / PANEL, down = (M + TILE_ROWS - 1) / TILE_ROWS;
  const index row = group % down * TILE_ROWS, panel = group / down % across, batch = group / (down * across);
  GLOBAL const real *from = b + batch * b_batch + panel * b_panel;
  real total[TILE_M][TILE_N], sum[TILE_M][TILE_N];
  TILE_ZERO(total)
  TILE_ZERO(sum)
  if (adds) TILE_LOAD(c + (batch * M + row) * N + panel * PANEL, N, M - row, N - panel * PANEL)
  for (index k0 = 0; k0 < K; k0 += TILE_K) {
    for (uint q = lane; q < TILE_K * TILE_ROWS; q += TILE_GROUP) {
      const index m = row + q / TILE_K, k = k0 + q % TILE_K;
      at[q % TILE_K][q / TILE_K] = m < M && k < K ? a[batch * a_batch + m * a_row + k * a_k] : 0;
    }
    for (uint q = lane; q < TILE_K * PANEL; q += TILE_GROUP)
      bt[q / PANEL][q % PANEL] = k0 + q / PANEL < K ? from[(k0 + q / PANEL) * b_k + q % PANEL] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    TILE_MULTIPLY
    barrier(CLK_LOCAL_MEM_FENCE);
    if ((k0 + TILE_K) % CHAIN == 0 || k0 + TILE_K >= K) TILE_FLUSH
  }
  TILE_EACH total[m][n] += panel * PANEL + lane % 4 * TILE_N + n < N ? bias[panel * PANEL + lane % 4 * TILE_N + n] : 0;
  TILE_STORE(c + (batch * M + row) * N + panel * PANEL, N, M - row, N - panel * PANEL)
}
#endif

// Lays [taps][K][N] (by strides) out as panels of 32 columns, zeros beyond N: b[panel][tap][k][32]. Extent: (taps * K) x N.
#define PACK(_)                                                                                                    \
  _(IN, x) _(OUT, b) _(SIZE, taps) _(SIZE, K) _(SIZE, N) _(SIZE, tap_stride) _(SIZE, k_stride) _(SIZE, n_stride)      \
  _(SIZE, x_batch)
#define PACK_ROWS 16
BLOCK(pack_panels, PACK, PACK_ROWS, PANEL) {
  const index rows = taps * K, down = (rows + PACK_ROWS - 1) / PACK_ROWS, across = (N + PANEL - 1) / PANEL;
  const index top = i % down * PACK_ROWS, panel = i / down % across, batch = i / (down * across), first = panel * PANEL;
  const index height = rows - top < PACK_ROWS ? rows - top : PACK_ROWS, width = N - first < PANEL ? N - first : PANEL;
  GLOBAL const real *from = x + batch * x_batch + first * n_stride;
  GLOBAL real *to = b + ((batch * across + panel) * rows + top) * PANEL;
  if (n_stride == 1) {
    for (index r = 0; r < height; ++r) {
      GLOBAL const real *row = from + (top + r) / K * tap_stride + (top + r) % K * k_stride;
      for (index n = 0; n < width; ++n) to[r * PANEL + n] = row[n];
    }
  } else { // transposed: columns are what lies together
    index place[PACK_ROWS];
    for (index r = 0; r < height; ++r) place[r] = (top + r) / K * tap_stride + (top + r) % K * k_stride;
    for (index n = 0; n < width; ++n)
      for (index r = 0; r < height; ++r) to[r * PANEL + n] = from[place[r] + n * n_stride];
  }
  for (index r = 0; r < height; ++r)
    for (index n = width; n < PANEL; ++n) to[r * PANEL + n] = 0;
}
TILE(pack_panels, PACK, 1, PANEL, PANEL)
#ifdef DEVICE
TILE_BODY(pack_panels, PACK, PANEL) {
  TILE_START(PACK)
  const index rows = taps * K, across = (N + PANEL - 1) / PANEL;
  const index row = group % rows, panel = group / rows % across, batch = group / (rows * across), n = panel * PANEL + lane;
  b[group * PANEL + lane] = n < N ? x[batch * x_batch + row / K * tap_stride + row % K * k_stride + n * n_stride] : 0;
}
#endif
