// Winograd's minimal filtering for 4x4 convolutions of stride 2 and padding 1 (Winograd 1980; Lavin and Gray 2016; kernels' README, rule 4).
//
// Such a convolution is the sum of four 2x2 convolutions of stride 1, one for each phase (p, q) of the padded image: pixel 2 i + p - 1 of
// the image is pixel i of phase p, tap 2 a + p of the filter is tap a of phase p. F(4, 2) does four outputs of a 2-tap filter with five
// products, at the points 0, -1, 2, 1/2 and infinity; in two dimensions 25 products stand for 64. The three matrices of
//     y = A' [(G w) * (B' x)]     (* element by element, ' the transpose)
// also give both gradients, because the form is trilinear: dx = B [(G w) * (A dy)], dw = G' [(A dy) * (B' x)].
//
// Tiles are 4x4 outputs; tile row T of an image reads pixels 4 T ... 4 T + 4 of each phase. In the transform domain everything is 25
// matrix products (`matmul`): image [25][tiles][4 C], filter [25][4 C][K], gradient [25][tiles][K]; k of the image is phase * C + channel.
// So that scratch stays small, a launch may do some of the phases only (columns / C of them, from `phase` on), or some of K's columns.
// P and Q (output pixels) are multiples of 4, C and K of 32.
#define POINTS 25

// Five values at t[o], t[o + s] ... become, in place, their transform.
// B': the image.
#define IMAGE_LINE(V, t, o, s)                                                                                     \
  {                                                                                                                \
    const V d0 = t[o], d1 = t[(o) + (s)], d2 = t[(o) + 2 * (s)], d3 = t[(o) + 3 * (s)], d4 = t[(o) + 4 * (s)];     \
    t[o] = fma((V)R(-1.5), d1 + d2, d0 + d3);                                                                      \
    t[(o) + (s)] = fma((V)R(-2.5), d2, d1 + d3);                                                                   \
    t[(o) + 2 * (s)] = fma((V)R(0.5), d2 - d1, d3);                                                                \
    t[(o) + 3 * (s)] = fma((V)R(-2.0), d1, d3 - d2);                                                               \
    t[(o) + 4 * (s)] = fma((V)R(-1.5), d2 + d3, d1 + d4);                                                          \
  }
// B: what a tile adds to the five pixels that it reads.
#define IMAGE_GRADIENT_LINE(V, t, o, s)                                                                            \
  {                                                                                                                \
    const V m0 = t[o], m1 = t[(o) + (s)], m2 = t[(o) + 2 * (s)], m3 = t[(o) + 3 * (s)], m4 = t[(o) + 4 * (s)];     \
    t[(o) + (s)] = fma((V)R(-1.5), m0, fma((V)R(-0.5), m2, fma((V)R(-2.0), m3, m1 + m4)));                         \
    t[(o) + 2 * (s)] = fma((V)R(-1.5), m0 + m4, fma((V)R(-2.5), m1, fma((V)R(0.5), m2, -m3)));                     \
    t[(o) + 3 * (s)] = fma((V)R(-1.5), m4, (m0 + m1) + (m2 + m3));                                                 \
  }
// A': the four outputs.
#define OUTPUT_LINE(V, t, o, s)                                                                                    \
  {                                                                                                                \
    const V m0 = t[o], m1 = t[(o) + (s)], m2 = t[(o) + 2 * (s)], m3 = t[(o) + 3 * (s)], m4 = t[(o) + 4 * (s)];     \
    t[o] = (m0 + m1) + (m2 + m3);                                                                                  \
    t[(o) + (s)] = fma((V)R(0.5), m3, fma((V)R(2.0), m2, -m1));                                                    \
    t[(o) + 2 * (s)] = fma((V)R(0.25), m3, fma((V)R(4.0), m2, m1));                                                \
    t[(o) + 3 * (s)] = fma((V)R(0.125), m3, fma((V)R(8.0), m2, m4 - m1));                                          \
  }
// A: four gradients.
#define OUTPUT_GRADIENT_LINE(V, t, o, s)                                                                           \
  {                                                                                                                \
    const V y0 = t[o], y1 = t[(o) + (s)], y2 = t[(o) + 2 * (s)], y3 = t[(o) + 3 * (s)];                            \
    t[(o) + (s)] = (y0 + y2) - (y1 + y3);                                                                          \
    t[(o) + 2 * (s)] = fma((V)R(2.0), fma((V)R(4.0), y3, y1), fma((V)R(4.0), y2, y0));                             \
    t[(o) + 3 * (s)] = fma((V)R(0.5), fma((V)R(0.25), y3, y1), fma((V)R(0.25), y2, y0));                           \
    t[(o) + 4 * (s)] = y3;                                                                                         \
  }
// G: two taps.
#define FILTER_LINE(V, t, o, s)                                                                                    \
  {                                                                                                                \
    const V w0 = t[o], w1 = t[(o) + (s)];                                                                          \
    t[(o) + (s)] = (V)R(0.22222222222222222) * (w1 - w0);                                                          \
    t[(o) + 2 * (s)] = (V)R(0.11111111111111111) * fma((V)R(2.0), w1, w0);                                         \
    t[(o) + 3 * (s)] = (V)R(-0.88888888888888889) * fma((V)R(0.5), w1, w0);                                        \
    t[(o) + 4 * (s)] = w1;                                                                                         \
  }
// G': the gradients of two taps.
#define FILTER_GRADIENT_LINE(V, t, o, s)                                                                           \
  {                                                                                                                \
    const V g0 = t[o], g1 = t[(o) + (s)], g2 = t[(o) + 2 * (s)], g3 = t[(o) + 3 * (s)], g4 = t[(o) + 4 * (s)];     \
    t[o] = fma((V)R(-0.22222222222222222), g1, fma((V)R(0.11111111111111111), g2, fma((V)R(-0.88888888888888889), g3, g0))); \
    t[(o) + (s)] =                                                                                                 \
        fma((V)R(0.22222222222222222), g1, fma((V)R(0.22222222222222222), g2, fma((V)R(-0.44444444444444444), g3, g4))); \
  }

// x [N][H][W][C] to [25][tiles][columns], rows `v_row` apart. Extent: tiles x columns.
#define IMAGE_SIG(_) _(IN, x) _(OUT, v) _(UINT, H) _(UINT, W) _(SIZE, C) _(SIZE, tiles) _(SIZE, columns) _(UINT, phase) _(SIZE, v_row) _(SIZE, plane)
#define IMAGE_BODY(V, WIDTH)                                                                                       \
  {                                                                                                                \
    const uint own = phase + (uint)(column / C), p = own / 2, q = own % 2, down = H / 8, across_ = W / 8;          \
    const uint top = (uint)(row / across_ % down) * 8 + p - 1, left = (uint)(row % across_) * 8 + q - 1;           \
    GLOBAL const real *image = x + row / ((index)down * across_) * H * W * C + column % C;                         \
    V t[POINTS];                                                                                                   \
    UNROLLED for (uint l = 0; l < POINTS; ++l) {                                                                   \
      const uint h = top + l / 5 * 2, w = left + l % 5 * 2; /* -1 wraps */                                         \
      const index place = ((index)h * W + w) * C;                                                                  \
      const bool inside = h < H && w < W;                                                                          \
      if (inside) { FETCH##WIDTH(image, place + AHEAD) }                                                           \
      t[l] = inside ? AT##WIDTH(image, place) : (V)R(0.0);                                                         \
    }                                                                                                              \
    for (uint l = 0; l < 5; ++l) IMAGE_LINE(V, t, 5 * l, 1)                                                        \
    for (uint l = 0; l < 5; ++l) IMAGE_LINE(V, t, l, 5)                                                            \
    for (uint l = 0; l < POINTS; ++l) STREAM##WIDTH(t[l], v, l * plane + row * v_row + column);                    \
  }
COLUMNWISE(winograd_image, IMAGE_SIG, ALONG, tiles, columns, IMAGE_BODY)

// [25][tiles][columns] to dx [N][H][W][C]: each pixel of a phase adds what its tile gives it, and what the neighbours give to their shared pixels.
// A tile writes pixels 1 ... 4 of phase 0 and 0 ... 3 of phase 1: those inside the image. Extent: tiles x columns.
// Places in t are written out for each phase: a GPU keeps no array in registers whose places are known at run time only.
#define ADD_BESIDE(V, WIDTH, own_column)                                                                           \
  {                                                                                                                \
    for (uint l = 0; l < 5; ++l)                                                                                   \
      t[5 * l + own_column] += AT##WIDTH(m, (5 * l + 4 - own_column) * plane + beside * columns + column);         \
    if (has_under)                                                                                                 \
      edge[own_column] += AT##WIDTH(m, (5 * edge_row + 4 - own_column) * plane + corner * columns + column);       \
  }
#define PUT_PIXELS(WIDTH, down_, right)                                                                            \
  {                                                                                                                \
    for (uint u = 0; u < 4; ++u)                                                                                   \
      for (uint w = 0; w < 4; ++w)                                                                                 \
        STREAM##WIDTH(t[5 * (u + down_) + w + right], image, ((index)(top + 2 * u) * W + left + 2 * w) * C);       \
  }
#define IMAGE_GRADIENT_SIG(_)                                                                                      \
  _(IN, m) _(OUT, dx) _(UINT, H) _(UINT, W) _(SIZE, C) _(SIZE, tiles) _(SIZE, columns) _(UINT, phase) _(SIZE, plane)
#define IMAGE_GRADIENT_BODY(V, WIDTH)                                                                              \
  {                                                                                                                \
    const uint own = phase + (uint)(column / C), p = own / 2, q = own % 2, down = H / 8, across_ = W / 8;          \
    const uint tile_row = (uint)(row / across_ % down), tile_column = (uint)(row % across_);                       \
    /* The neighbours whose shared pixels are this tile's, and which of their lines those are. */                  \
    const bool has_under = p ? tile_row > 0 : tile_row + 1 < down;                                                 \
    const bool has_beside = q ? tile_column > 0 : tile_column + 1 < across_;                                       \
    const index beside = q ? row - 1 : row + 1, under = p ? row - across_ : row + across_;                         \
    const index corner = q ? under - 1 : under + 1;                                                                \
    const uint edge_row = p ? 4 : 0;                                                                               \
    V t[POINTS], edge[5];                                                                                          \
    READ_POINTS(WIDTH, POINTS, m, row * columns + column)                                                          \
    for (uint j = 0; j < 5; ++j)                                                                                   \
      edge[j] = has_under ? AT##WIDTH(m, (5 * edge_row + j) * plane + under * columns + column) : (V)R(0.0);       \
    for (uint l = 0; l < 5; ++l) IMAGE_GRADIENT_LINE(V, t, 5 * l, 1)                                               \
    IMAGE_GRADIENT_LINE(V, edge, 0, 1)                                                                             \
    if (has_beside) {                                                                                              \
      if (q) ADD_BESIDE(V, WIDTH, 0) else ADD_BESIDE(V, WIDTH, 4)                                                  \
    }                                                                                                              \
    for (uint l = 0; l < 5; ++l) IMAGE_GRADIENT_LINE(V, t, l, 5)                                                   \
    for (uint l = 0; l < 5; ++l) {                                                                                 \
      if (p) t[l] += edge[l]; else t[20 + l] += edge[l];                                                           \
    }                                                                                                              \
    GLOBAL real *image = dx + row / ((index)down * across_) * H * W * C + column % C;                              \
    const uint top = 8 * tile_row + 1 - p, left = 8 * tile_column + 1 - q;                                         \
    if (p) {                                                                                                       \
      if (q) PUT_PIXELS(WIDTH, 0, 0) else PUT_PIXELS(WIDTH, 0, 1)                                                  \
    } else {                                                                                                       \
      if (q) PUT_PIXELS(WIDTH, 1, 0) else PUT_PIXELS(WIDTH, 1, 1)                                                  \
    }                                                                                                              \
  }
COLUMNWISE(winograd_image_gradient, IMAGE_GRADIENT_SIG, ALONG, tiles, columns, IMAGE_GRADIENT_BODY)

// [25][tiles][columns] to the first columns of y [N][P][Q][K]. Extent: tiles x columns.
#define OUTPUT_SIG(_) _(IN, m) _(OUT, y) _(UINT, across_) _(SIZE, tiles) _(SIZE, columns) _(SIZE, K) _(SIZE, plane)
#define OUTPUT_BODY(V, WIDTH)                                                                                      \
  {                                                                                                                \
    const index pixel = row / across_ * 16 * across_ + row % across_ * 4;                                          \
    V t[POINTS];                                                                                                   \
    READ_POINTS(WIDTH, POINTS, m, row * columns + column)                                                          \
    for (uint l = 0; l < 5; ++l) OUTPUT_LINE(V, t, 5 * l, 1)                                                       \
    for (uint l = 0; l < 4; ++l) OUTPUT_LINE(V, t, l, 5)                                                           \
    for (uint u = 0; u < 4; ++u)                                                                                   \
      for (uint w = 0; w < 4; ++w) PUT##WIDTH(t[5 * u + w], y, (pixel + u * 4 * across_ + w) * K + column);        \
  }
COLUMNWISE(winograd_output, OUTPUT_SIG, ALONG, tiles, columns, OUTPUT_BODY)

// dy [N][P][Q][K] to [25] points, tile t and column k at t * t_stride + k / 32 * p_stride + k % 32 of each: rows for products' left side,
// panels for their right side. Extent: tiles x K.
#define OUTPUT_GRADIENT_SIG(_)                                                                                     \
  _(IN, dy) _(OUT, u) _(UINT, across_) _(SIZE, tiles) _(SIZE, K) _(SIZE, t_stride) _(SIZE, p_stride) _(SIZE, plane)
#define OUTPUT_GRADIENT_BODY(V, WIDTH)                                                                             \
  {                                                                                                                \
    const index pixel = row / across_ * 16 * across_ + row % across_ * 4;                                          \
    const index to = row * t_stride + column / PANEL * p_stride + column % PANEL;                                  \
    V t[POINTS];                                                                                                   \
    for (uint i_ = 0; i_ < 4; ++i_)                                                                                \
      for (uint j = 0; j < 4; ++j) {                                                                               \
        FETCH##WIDTH(dy, (pixel + i_ * 4 * across_ + j) * K + column + AHEAD)                                      \
        t[5 * i_ + j] = AT##WIDTH(dy, (pixel + i_ * 4 * across_ + j) * K + column);                                \
      }                                                                                                            \
    for (uint l = 0; l < 4; ++l) OUTPUT_GRADIENT_LINE(V, t, 5 * l, 1)                                              \
    for (uint l = 0; l < 5; ++l) OUTPUT_GRADIENT_LINE(V, t, l, 5)                                                  \
    for (uint l = 0; l < POINTS; ++l) STREAM##WIDTH(t[l], u, l * plane + to);                                      \
  }
COLUMNWISE(winograd_output_gradient, OUTPUT_GRADIENT_SIG, ALONG, tiles, K, OUTPUT_GRADIENT_BODY)

// w [4][4][C][K] to panels of 32 columns for products' right side.
#define FILTER_SIG(_) _(IN, w) _(OUT, b) _(SIZE, C) _(SIZE, K) _(SIZE, columns) _(UINT, phase) _(SIZE, plane)
#define FILTER_LINES(V)                                                                                            \
  for (uint l = 0; l < 2; ++l) FILTER_LINE(V, t, 5 * l, 1)                                                         \
  for (uint l = 0; l < 5; ++l) FILTER_LINE(V, t, l, 5)
#define FILTER_TRANSFORM(V, READ, tap)                                                                             \
  for (uint l = 0; l < 4; ++l) t[l / 2 * 5 + l % 2] = READ(w, tap + tap_behind(l) * C * K);                        \
  FILTER_LINES(V)
// The first tap of a phase, and how far behind it its four taps lie.
FN index first_tap(const index own) { return own / 2 * 4 + own % 2; }
FN index tap_behind(const index l) { return l / 2 * 8 + l % 2 * 2; }
// Forward: the first columns in panels [columns / 32][4 C][32]; `phase` is 0. Extent: 4 C x columns.
#define FILTER_BODY(V, WIDTH)                                                                                      \
  {                                                                                                                \
    const index from = (first_tap(phase + row / C) * C + row % C) * K + column;                                    \
    const index to = (column / PANEL * 4 * C + row) * PANEL + column % PANEL;                                      \
    V t[POINTS];                                                                                                   \
    for (uint l = 0; l < 4; ++l) { FETCH##WIDTH(w, from + tap_behind(l) * C * K + 2 * K) }                         \
    FILTER_TRANSFORM(V, AT##WIDTH, from)                                                                           \
    for (uint l = 0; l < POINTS; ++l) STREAM##WIDTH(t[l], b, l * plane + to);                                      \
  }
COLUMNWISE(winograd_filter, FILTER_SIG, DOWN, 4 * C, columns, FILTER_BODY)
// The image's gradient: transposed, panels [columns / 32][K][32]. Extent: K x columns.
#define FILTER_TRANSPOSED_BODY(V, WIDTH)                                                                           \
  {                                                                                                                \
    const index from = (first_tap(phase + column / C) * C + column % C) * K + row;                                 \
    const index to = (column / PANEL * K + row) * PANEL + column % PANEL;                                          \
    V t[POINTS];                                                                                                   \
    FILTER_TRANSFORM(V, ACROSS##WIDTH, from)                                                                       \
    for (uint l = 0; l < POINTS; ++l) STREAM##WIDTH(t[l], b, l * plane + to);                                      \
  }
COLUMNWISE(winograd_filter_transposed, FILTER_SIG, DOWN, K, columns, FILTER_TRANSPOSED_BODY)

// The product of few rows u [25][rows][K], FEW at most, with this filter, whose transform is used at once and not written: for one image
// that would take longer than all else. (Not for GPUs: there are too few columns.) To [25][rows][columns]. Extent: 1 x columns.
#define FEW 4
#define FEW_SIG(_)                                                                                                 \
  _(IN, u) _(IN, w) _(OUT, m) _(SIZE, C) _(SIZE, K) _(SIZE, rows) _(SIZE, columns) _(UINT, phase) _(SIZE, u_row)     \
  _(SIZE, u_plane) _(SIZE, plane)
BLOCK(winograd_few, FEW_SIG, 1, 16) {
  const index column = i * 16;
  GLOBAL const real *tap[4];
  for (uint l = 0; l < 4; ++l) tap[l] = w + ((first_tap(phase + column / C) + tap_behind(l)) * C + column % C) * K;
  real16 total[FEW * POINTS], sum[FEW * POINTS], turned[4][16], t[POINTS];
  for (index l = 0; l < rows * POINTS; ++l) total[l] = sum[l] = (real16)0;
  for (index k = 0; k < K; ++k) {
    if (k % 16 == 0)
      for (uint l = 0; l < 4; ++l) turn16(turned[l], tap[l] + k, K);
    for (uint l = 0; l < 4; ++l) {
      t[l / 2 * 5 + l % 2] = turned[l][k % 16];
      FETCH(tap[l] + k % 16 * K + k / 16 * 16 + 16); // of the next squares, whose rows would be waited for all at once
    }
    for (uint l = 0; l < 2; ++l) FILTER_LINE(real16, t, 5 * l, 1)
#pragma unroll
    for (uint l = 0; l < 5; ++l) { // a column of points at a time, which stays in registers
      FILTER_LINE(real16, t, l, 5)
      for (index r = 0; r < rows; ++r)
#pragma unroll
        for (uint j = l; j < POINTS; j += 5)
          sum[r * POINTS + j] = fma((real16)u[j * u_plane + r * u_row + k], t[j], sum[r * POINTS + j]);
    }
    if ((k + 1) % CHAIN == 0 || k + 1 == K)
      for (index l = 0; l < rows * POINTS; ++l) {
        total[l] += sum[l];
        sum[l] = (real16)0;
      }
  }
  for (index r = 0; r < rows; ++r)
    for (uint l = 0; l < POINTS; ++l) vstore16(total[r * POINTS + l], 0, m + l * plane + r * columns + column);
}

// [25][rows][K] to dw [4][4][C][K]. Extent: rows x K, rows being whole phases.
#define FILTER_GRADIENT_SIG(_) _(IN, m) _(OUT, dw) _(SIZE, C) _(SIZE, K) _(SIZE, rows) _(UINT, phase) _(SIZE, plane)
#define FILTER_GRADIENT_BODY(V, WIDTH)                                                                             \
  {                                                                                                                \
    const index to = (first_tap(phase + row / C) * C + row % C) * K + column;                                      \
    V t[POINTS];                                                                                                   \
    READ_POINTS(WIDTH, POINTS, m, row * K + column)                                                                \
    for (uint l = 0; l < 5; ++l) FILTER_GRADIENT_LINE(V, t, 5 * l, 1)                                              \
    for (uint l = 0; l < 2; ++l) FILTER_GRADIENT_LINE(V, t, l, 5)                                                  \
    for (uint l = 0; l < 4; ++l) PUT##WIDTH(t[l / 2 * 5 + l % 2], dw, to + tap_behind(l) * C * K);                 \
  }
COLUMNWISE(winograd_filter_gradient, FILTER_GRADIENT_SIG, ALONG, rows, K, FILTER_GRADIENT_BODY)
