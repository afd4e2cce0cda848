// Convolutions of images with few channels, as plain products with the matrix of their columns, [N P Q][R S C]: row (n, p, q) holds the
// pixels under the filter at output pixel (p, q), in the order (row, column, channel), zeros outside the image.
#define WHOLE_ROW (1u << 30)
#define COLUMNS(_)                                                                                                 \
  _(IN, x) _(OUT, y) _(SIZE, rows) _(UINT, H) _(UINT, W) _(UINT, C) _(UINT, P) _(UINT, Q) _(UINT, RS) _(UINT, S)                  \
  _(UINT, stride) _(UINT, pad) _(UINT, dilation)

// x [N][H][W][C] to columns. Extent: (N P Q) x (R S C).
BLOCK(image_columns, COLUMNS, 1, WHOLE_ROW) {
  const uint top = (uint)(i / Q % P) * stride - pad, left = (uint)(i % Q) * stride - pad; // negative ones wrap
  GLOBAL const real *image = x + i / ((index)P * Q) * H * W * C;
  GLOBAL real *to = y + i * RS * C;
  const bool is_run = dilation == 1 && left < W && left + S <= W; // a row of the filter then lies together in the image
  uint row = top;
  for (uint tap = 0; tap < RS; tap += S, to += S * C, row += dilation) {
    if (row < H && is_run) {
      GLOBAL const real *from = image + ((index)row * W + left) * C;
      for (uint k = 0; k < S * C; ++k) to[k] = from[k];
      continue;
    }
    for (uint s = 0; s < S; ++s) {
      const uint column = left + s * dilation;
      const bool inside = row < H && column < W;
      GLOBAL const real *from = image + ((index)row * W + column) * C;
      for (uint c = 0; c < C; ++c) to[s * C + c] = inside ? from[c] : 0;
    }
  }
}
TILE(image_columns, COLUMNS, FLAT, ABREAST * 256, 256)
#ifdef DEVICE
FN real column_cell(GLOBAL const real *x, const index at, const uint H, const uint W, const uint C, const uint P, const uint Q,
                    const uint RS, const uint S, const uint stride, const uint pad, const uint dilation) {
  const index pixel = at / (RS * C), line = pixel / Q;
  const uint k = (uint)(at % (RS * C)), tap = k / C;
  const uint row = (uint)(line % P) * stride - pad + tap / S * dilation;
  const uint column = (uint)(pixel % Q) * stride - pad + tap % S * dilation;
  return row < H && column < W ? x[((line / P * H + row) * W + column) * C + k % C] : R(0.0);
}
TILE_BODY(image_columns, COLUMNS, 256) {
  TILE_START(COLUMNS)
  const index begin = group * (ABREAST * 256) + lane;
  EACH_ABREAST(at, begin, 256, count, y[at] = column_cell(x, at, H, W, C, P, Q, RS, S, stride, pad, dilation))
}
#endif

// The adjoint: each pixel of y [N][H][W][C] adds up where it stands in the columns x, taps ascending, from +0. Extent: (N H) x (W C).
BLOCK(columns_image, COLUMNS, 1, WHOLE_ROW) {
  const uint h = (uint)(i % H);
  GLOBAL real *to = y + i * W * C;
  for (index k = 0; k < (index)W * C; ++k) to[k] = 0;
  for (uint r = 0; r * S < RS; ++r) {
    const uint down = h + pad - r * dilation, p = down / stride; // a negative one wraps, and is larger than any image
    if (down % stride || p >= P) continue;
    for (uint q = Q; q-- > 0;) { // backwards: to one pixel, the taps then ascend
      GLOBAL const real *from = x + (((i / H * P + p) * Q + q) * RS + r * S) * C;
      const uint left = q * stride - pad; // it may wrap
      if (dilation == 1 && left < W && left + S <= W) {
        for (uint k = 0; k < S * C; ++k) to[left * C + k] += from[k];
        continue;
      }
      for (uint s = 0; s < S; ++s) {
        const uint w = left + s * dilation;
        if (w < W)
          for (uint c = 0; c < C; ++c) to[w * C + c] += from[s * C + c];
      }
    }
  }
}
TILE(columns_image, COLUMNS, FLAT, 256, 256)
#ifdef DEVICE
TILE_BODY(columns_image, COLUMNS, 256) {
  TILE_START(COLUMNS)
  const index at = group * 256 + lane, line = at / (W * C);
  if (at >= count) return;
  const uint k = (uint)(at % (W * C)), c = k % C, w = k / C;
  real sum = 0;
  for (uint r = 0; r * S < RS; ++r) {
    const uint down = (uint)(line % H) + pad - r * dilation, p = down / stride;
    if (down % stride || p >= P) continue;
    for (uint s = 0; s < S; ++s) {
      const uint across = w + pad - s * dilation, q = across / stride;
      if (across % stride == 0 && q < Q) sum += x[(((line / H * P + p) * Q + q) * RS + r * S + s) * C + c];
    }
  }
  y[at] = sum;
}
#endif
