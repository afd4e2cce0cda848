// Lays [taps][K][N] (by strides) out as panels of 32 columns, zeros beyond N: b[panel][tap][k][32]. Extent: (taps * K) x (N in whole
// panels).
#define PACK(_)                                                                                                    \
  _(IN, x) _(OUT, b) _(SIZE, taps) _(SIZE, K) _(SIZE, N) _(SIZE, tap_stride) _(SIZE, k_stride) _(SIZE, n_stride)      \
  _(SIZE, x_batch)
#define PACK_ROWS 16 // what turn16 turns
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
  } else if (k_stride == 1 && (taps == 1 || K % PACK_ROWS == 0) && height == PACK_ROWS && width == PANEL) { // transposed, in squares
    real16 turned[PACK_ROWS];
    from += top / K * tap_stride + top % K;
    for (index n = 0; n < PANEL; n += 16) {
      for (index l = 0; l < PACK_ROWS; ++l) FETCH(from + (n + l) * n_stride + PACK_ROWS); // of the next item
      turn16(turned, from + n * n_stride, n_stride);
      for (index r = 0; r < PACK_ROWS; ++r) vstore16(turned[r], 0, to + r * PANEL + n);
    }
  } else { // transposed: columns are what lies together
    index place[PACK_ROWS];
    for (index r = 0; r < height; ++r) place[r] = (top + r) / K * tap_stride + (top + r) % K * k_stride;
    for (index n = 0; n < width; ++n) {
      FETCH(from + place[0] + (n + PANEL) * n_stride); // of the next panel
      for (index r = 0; r < height; ++r) to[r * PANEL + n] = from[place[r] + n * n_stride];
    }
  }
  for (index r = 0; r < height; ++r)
    for (index n = width; n < PANEL; ++n) to[r * PANEL + n] = 0;
}
TILE(pack_panels, PACK, FLAT, ABREAST * 256, 256)
#ifdef DEVICE
FN real panel_cell(GLOBAL const real *x, const index at, const index rows, const index across, const index K, const index N,
                   const index tap_stride, const index k_stride, const index n_stride, const index x_batch) {
  const index line = at / PANEL, row = line % rows, panel = line / rows % across, batch = line / rows / across;
  const index n = panel * PANEL + at % PANEL;
  return n < N ? x[batch * x_batch + row / K * tap_stride + row % K * k_stride + n * n_stride] : R(0.0);
}
TILE_BODY(pack_panels, PACK, 256) {
  TILE_START(PACK)
  const index rows = taps * K, across = (N + PANEL - 1) / PANEL, begin = group * (ABREAST * 256) + lane;
  EACH_ABREAST(at, begin, 256, count, b[at] = panel_cell(x, at, rows, across, K, N, tap_stride, k_stride, n_stride, x_batch))
}
#endif
