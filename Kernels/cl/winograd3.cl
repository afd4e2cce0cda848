// Winograd's F(4, 3) for 3x3 convolutions of stride 1 and padding 1 (winograd.h): four outputs of a 3-tap filter with six products, at the
// points 0, 5/8, -5/8, 3/2, -3/2 and infinity; in two dimensions 36 products stand for 144. The usual points, 0, 1, -1, 2 and -2,
// round twice as badly; the powers of these are exact too. (Barabasz et al. 2020 search such points.)
//
// Tiles are 4x4 outputs; tile row T of an image reads pixels 4 T - 1 ... 4 T + 4. In the transform domain everything is 36 matrix
// products: image [36][tiles][C], filter [36][C][K], gradient [36][tiles][K]. The input gradient is the same convolution with the
// filter turned about and transposed; the filter's gradient is G' [(A dy) * (B' x)].
// So that scratch stays small, a launch may do some of the columns only.
// Sides are multiples of 4, C and K of 32.
#define POINTS3 36

// B': six pixels become their transform, in place; a^2 = 25/64, b^2 = 9/4.
#define IMAGE3_LINE(V, t, o, s)                                                                                    \
  {                                                                                                                \
    const V d0 = t[o], d1 = t[(o) + (s)], d2 = t[(o) + 2 * (s)], d3 = t[(o) + 3 * (s)], d4 = t[(o) + 4 * (s)];     \
    const V d5 = t[(o) + 5 * (s)];                                                                                 \
    const V even_a = fma((V)R(-2.25), d2, d4), odd_a = fma((V)R(-2.25), d1, d3);                                   \
    const V even_b = fma((V)R(-0.390625), d2, d4), odd_b = fma((V)R(-0.390625), d1, d3);                           \
    t[o] = fma((V)R(0.87890625), d0, fma((V)R(-2.640625), d2, d4));                                                \
    t[(o) + (s)] = fma((V)R(0.625), odd_a, even_a);                                                                \
    t[(o) + 2 * (s)] = fma((V)R(-0.625), odd_a, even_a);                                                           \
    t[(o) + 3 * (s)] = fma((V)R(1.5), odd_b, even_b);                                                              \
    t[(o) + 4 * (s)] = fma((V)R(-1.5), odd_b, even_b);                                                             \
    t[(o) + 5 * (s)] = fma((V)R(0.87890625), d1, fma((V)R(-2.640625), d3, d5));                                    \
  }
// A': the four outputs.
#define OUTPUT3_LINE(V, t, o, s)                                                                                   \
  {                                                                                                                \
    const V m0 = t[o], m1 = t[(o) + (s)], m2 = t[(o) + 2 * (s)], m3 = t[(o) + 3 * (s)], m4 = t[(o) + 4 * (s)];     \
    const V m5 = t[(o) + 5 * (s)];                                                                                 \
    const V sum_a = m1 + m2, left_a = m1 - m2, sum_b = m3 + m4, left_b = m3 - m4;                                  \
    t[o] = m0 + (sum_a + sum_b);                                                                                   \
    t[(o) + (s)] = fma((V)R(1.5), left_b, (V)R(0.625) * left_a);                                                   \
    t[(o) + 2 * (s)] = fma((V)R(2.25), sum_b, (V)R(0.390625) * sum_a);                                             \
    t[(o) + 3 * (s)] = fma((V)R(3.375), left_b, fma((V)R(0.244140625), left_a, m5));                               \
  }
// A: four gradients.
#define OUTPUT3_GRADIENT_LINE(V, t, o, s)                                                                          \
  {                                                                                                                \
    const V y0 = t[o], y1 = t[(o) + (s)], y2 = t[(o) + 2 * (s)], y3 = t[(o) + 3 * (s)];                            \
    const V even_a = fma((V)R(0.390625), y2, y0), odd_a = fma((V)R(0.390625), y3, y1);                             \
    const V even_b = fma((V)R(2.25), y2, y0), odd_b = fma((V)R(2.25), y3, y1);                                     \
    t[(o) + (s)] = fma((V)R(0.625), odd_a, even_a);                                                                \
    t[(o) + 2 * (s)] = fma((V)R(-0.625), odd_a, even_a);                                                           \
    t[(o) + 3 * (s)] = fma((V)R(1.5), odd_b, even_b);                                                              \
    t[(o) + 4 * (s)] = fma((V)R(-1.5), odd_b, even_b);                                                             \
    t[(o) + 5 * (s)] = y3;                                                                                         \
  }
// G: three taps, over the product of a point's differences to the others: 225/256, -2975/2048 (a), 1071/128 (b).
#define FILTER3_LINE(V, t, o, s)                                                                                   \
  {                                                                                                                \
    const V w0 = t[o], w1 = t[(o) + (s)], w2 = t[(o) + 2 * (s)];                                                   \
    const V even_a = fma((V)R(0.390625), w2, w0), even_b = fma((V)R(2.25), w2, w0);                                \
    t[o] = (V)R(1.1377777777777778) * w0;                                                                          \
    t[(o) + (s)] = (V)R(-0.68840336134453783) * fma((V)R(0.625), w1, even_a);                                      \
    t[(o) + 2 * (s)] = (V)R(-0.68840336134453783) * fma((V)R(-0.625), w1, even_a);                                 \
    t[(o) + 3 * (s)] = (V)R(0.11951447245564893) * fma((V)R(1.5), w1, even_b);                                     \
    t[(o) + 4 * (s)] = (V)R(0.11951447245564893) * fma((V)R(-1.5), w1, even_b);                                    \
    t[(o) + 5 * (s)] = w2;                                                                                         \
  }
// G': the gradients of three taps.
#define FILTER3_GRADIENT_LINE(V, t, o, s)                                                                          \
  {                                                                                                                \
    const V g0 = t[o], g1 = t[(o) + (s)], g2 = t[(o) + 2 * (s)], g3 = t[(o) + 3 * (s)], g4 = t[(o) + 4 * (s)];     \
    const V g5 = t[(o) + 5 * (s)];                                                                                 \
    const V sum_a = (V)R(-0.68840336134453783) * (g1 + g2), left_a = (V)R(-0.68840336134453783) * (g1 - g2);       \
    const V sum_b = (V)R(0.11951447245564893) * (g3 + g4), left_b = (V)R(0.11951447245564893) * (g3 - g4);         \
    t[o] = fma((V)R(1.1377777777777778), g0, sum_a + sum_b);                                                       \
    t[(o) + (s)] = fma((V)R(1.5), left_b, (V)R(0.625) * left_a);                                                   \
    t[(o) + 2 * (s)] = fma((V)R(2.25), sum_b, fma((V)R(0.390625), sum_a, g5));                                     \
  }

// Channels of x [N][H][W][C] to [36][tiles][columns], rows `v_row` apart. Extent: tiles x columns.
#define IMAGE3_SIG(_) _(IN, x) _(OUT, v) _(UINT, H) _(UINT, W) _(SIZE, C) _(SIZE, tiles) _(SIZE, columns) _(SIZE, v_row) _(SIZE, plane)
#define IMAGE3_BODY(V, WIDTH)                                                                                      \
  {                                                                                                                \
    const uint down = H / 4, across_ = W / 4;                                                                      \
    const uint top = (uint)(row / across_ % down) * 4 - 1, left = (uint)(row % across_) * 4 - 1; /* -1 wraps */    \
    GLOBAL const real *image = x + row / ((index)down * across_) * H * W * C + column;                             \
    V t[POINTS3];                                                                                                  \
    UNROLLED for (uint l = 0; l < POINTS3; ++l) {                                                                  \
      const uint h = top + l / 6, w = left + l % 6;                                                                \
      const index place = ((index)h * W + w) * C;                                                                  \
      const bool inside = h < H && w < W;                                                                          \
      if (inside) { FETCH##WIDTH(image, place + AHEAD) }                                                           \
      t[l] = inside ? AT##WIDTH(image, place) : (V)R(0.0);                                                         \
    }                                                                                                              \
    UNROLLED for (uint l = 0; l < 6; ++l) IMAGE3_LINE(V, t, 6 * l, 1)                                              \
    UNROLLED for (uint l = 0; l < 6; ++l) IMAGE3_LINE(V, t, l, 6)                                                  \
    UNROLLED for (uint l = 0; l < POINTS3; ++l) STREAM##WIDTH(t[l], v, l * plane + row * v_row + column);          \
  }
COLUMNWISE(winograd3_image, IMAGE3_SIG, ALONG, tiles, columns, IMAGE3_BODY)

// [36][tiles][columns] to channels of y [N][H][W][K]. Extent: tiles x columns.
#define OUTPUT3_SIG(_) _(IN, m) _(OUT, y) _(UINT, across_) _(SIZE, tiles) _(SIZE, columns) _(SIZE, K) _(SIZE, plane)
#define OUTPUT3_BODY(V, WIDTH)                                                                                     \
  {                                                                                                                \
    const index pixel = row / across_ * 16 * across_ + row % across_ * 4;                                          \
    V t[POINTS3];                                                                                                  \
    READ_POINTS(WIDTH, POINTS3, m, row * columns + column)                                                         \
    UNROLLED for (uint l = 0; l < 6; ++l) OUTPUT3_LINE(V, t, 6 * l, 1)                                             \
    UNROLLED for (uint l = 0; l < 4; ++l) OUTPUT3_LINE(V, t, l, 6)                                                 \
    UNROLLED for (uint u = 0; u < 4; ++u)                                                                          \
      UNROLLED for (uint w = 0; w < 4; ++w) PUT##WIDTH(t[6 * u + w], y, (pixel + u * 4 * across_ + w) * K + column); \
  }
COLUMNWISE(winograd3_output, OUTPUT3_SIG, ALONG, tiles, columns, OUTPUT3_BODY)

// dy [N][H][W][K] to [36] points, in panels [K / 32][tiles][32] for products' right side. Extent: tiles x K.
#define OUTPUT3_GRADIENT_SIG(_) _(IN, dy) _(OUT, u) _(UINT, across_) _(SIZE, tiles) _(SIZE, K) _(SIZE, plane)
#define OUTPUT3_GRADIENT_BODY(V, WIDTH)                                                                            \
  {                                                                                                                \
    const index pixel = row / across_ * 16 * across_ + row % across_ * 4;                                          \
    const index to = (column / PANEL * tiles + row) * PANEL + column % PANEL;                                      \
    V t[POINTS3];                                                                                                  \
    UNROLLED for (uint i_ = 0; i_ < 4; ++i_)                                                                       \
      UNROLLED for (uint j = 0; j < 4; ++j) {                                                                      \
        FETCH##WIDTH(dy, (pixel + i_ * 4 * across_ + j) * K + column + AHEAD)                                      \
        t[6 * i_ + j] = AT##WIDTH(dy, (pixel + i_ * 4 * across_ + j) * K + column);                                \
      }                                                                                                            \
    UNROLLED for (uint l = 0; l < 4; ++l) OUTPUT3_GRADIENT_LINE(V, t, 6 * l, 1)                                    \
    UNROLLED for (uint l = 0; l < 6; ++l) OUTPUT3_GRADIENT_LINE(V, t, l, 6)                                        \
    UNROLLED for (uint l = 0; l < POINTS3; ++l) STREAM##WIDTH(t[l], u, l * plane + to);                            \
  }
COLUMNWISE(winograd3_output_gradient, OUTPUT3_GRADIENT_SIG, ALONG, tiles, K, OUTPUT3_GRADIENT_BODY)

// w [3][3][C][K] to panels of 32 columns for products' right side.
#define FILTER3_SIG(_) _(IN, w) _(OUT, b) _(SIZE, C) _(SIZE, K) _(SIZE, columns) _(SIZE, plane)
#define FILTER3_TRANSFORM(V)                                                                                       \
  UNROLLED for (uint l = 0; l < 3; ++l) FILTER3_LINE(V, t, 6 * l, 1)                                               \
  UNROLLED for (uint l = 0; l < 6; ++l) FILTER3_LINE(V, t, l, 6)
// Forward: columns of w in panels [columns / 32][C][32]. Extent: C x columns.
#define FILTER3_BODY(V, WIDTH)                                                                                     \
  {                                                                                                                \
    const index to = (column / PANEL * C + row) * PANEL + column % PANEL;                                          \
    V t[POINTS3];                                                                                                  \
    UNROLLED for (uint l = 0; l < 9; ++l) {                                                                        \
      FETCH##WIDTH(w, (l * C + row + 2) * K + column)                                                              \
      t[l / 3 * 6 + l % 3] = AT##WIDTH(w, (l * C + row) * K + column);                                             \
    }                                                                                                              \
    FILTER3_TRANSFORM(V)                                                                                           \
    UNROLLED for (uint l = 0; l < POINTS3; ++l) STREAM##WIDTH(t[l], b, l * plane + to);                            \
  }
COLUMNWISE(winograd3_filter, FILTER3_SIG, DOWN, C, columns, FILTER3_BODY)
// The image's gradient: channels of w, transposed and turned about, in panels [columns / 32][K][32]. Extent: K x columns.
#define FILTER3_TRANSPOSED_BODY(V, WIDTH)                                                                          \
  {                                                                                                                \
    const index to = (column / PANEL * K + row) * PANEL + column % PANEL;                                          \
    V t[POINTS3];                                                                                                  \
    UNROLLED for (uint l = 0; l < 9; ++l) t[l / 3 * 6 + l % 3] = ACROSS##WIDTH(w, ((8 - l) * C + column) * K + row); \
    FILTER3_TRANSFORM(V)                                                                                           \
    UNROLLED for (uint l = 0; l < POINTS3; ++l) STREAM##WIDTH(t[l], b, l * plane + to);                            \
  }
COLUMNWISE(winograd3_filter_transposed, FILTER3_SIG, DOWN, K, columns, FILTER3_TRANSPOSED_BODY)

// [36][rows][K] to rows of dw [3][3][C][K]. Extent: rows x K.
#define FILTER3_GRADIENT_SIG(_) _(IN, m) _(OUT, dw) _(SIZE, C) _(SIZE, K) _(SIZE, rows) _(SIZE, plane)
#define FILTER3_GRADIENT_BODY(V, WIDTH)                                                                            \
  {                                                                                                                \
    V t[POINTS3];                                                                                                  \
    READ_POINTS(WIDTH, POINTS3, m, row * K + column)                                                               \
    UNROLLED for (uint l = 0; l < 6; ++l) FILTER3_GRADIENT_LINE(V, t, 6 * l, 1)                                    \
    UNROLLED for (uint l = 0; l < 3; ++l) FILTER3_GRADIENT_LINE(V, t, l, 6)                                        \
    UNROLLED for (uint l = 0; l < 9; ++l) PUT##WIDTH(t[l / 3 * 6 + l % 3], dw, (l * C + row) * K + column);        \
  }
COLUMNWISE(winograd3_filter_gradient, FILTER3_GRADIENT_SIG, ALONG, rows, K, FILTER3_GRADIENT_BODY)
