// Depthwise convolutions: images [N][H][W][channels], each channel under a filter of its own, [R][S][channels]. `pad` counts the zeros
// above and to the left; how many lie below and to the right follows from the output's size.

// y [N][P][Q] from x [N][H][W]: one chain over the taps that lie inside the image, plus a bias [channels]; then cut to 0 ... limit, where
// that is above 0.
#define DEPTHWISE(_)                                                                                               \
  _(IN, x) _(IN, w) _(IN, bias) _(OUT, y) _(SIZE, pixels) _(SIZE, channels) _(UINT, H) _(UINT, W) _(UINT, P)        \
  _(UINT, Q) _(UINT, R) _(UINT, S) _(UINT, stride) _(UINT, pad) _(REAL, limit)
#define FILTER_WINDOW() WINDOW_TAPS(R, S)
#define FILTERED(V, AT, PUT)                                                                                       \
  V sum = (V)0;                                                                                                    \
  EACH_TAP sum = fma(AT(x, UNDER(r, s)), AT(w, (r * S + s) * channels + c), sum);                                  \
  sum += AT(bias, c);                                                                                              \
  PUT(limit > 0 ? LIMITED(V, sum, limit) : sum, y, pixel * channels + c);
CHANNELWISE(depthwise, DEPTHWISE, FILTER_WINDOW, FILTERED)

// The adjoint in x: the gradient y [N][P][Q] of the image from x [N][H][W], that of the output; taps ascend.
#define DEPTHWISE_INPUT(_)                                                                                         \
  _(IN, x) _(IN, w) _(OUT, y) _(SIZE, pixels) _(SIZE, channels) _(UINT, H) _(UINT, W) _(UINT, P) _(UINT, Q)         \
  _(UINT, R) _(UINT, S) _(UINT, stride) _(UINT, pad)
#define GIVEN_BACK(V, AT, PUT)                                                                                     \
  V sum = (V)0;                                                                                                    \
  EACH_COVERING_TAP(R, S) sum = fma(AT(x, window), AT(w, (r * S + s) * channels + c), sum);                        \
  }                                                                                                                \
  PUT(sum + (V)0, y, pixel * channels + c);
CHANNELWISE(depthwise_input, DEPTHWISE_INPUT, NO_PLACE, GIVEN_BACK)

// The adjoint in w: tap `outer` adds x under it times dy [N][P][Q] over the output's pixels, in blocks (rule 5).
#define DEPTHWISE_FILTER(_)                                                                                        \
  _(IN, x) _(IN, dy) _(OUT, partial) _(SIZE, length) _(SIZE, inner) _(UINT, H) _(UINT, W) _(UINT, P) _(UINT, Q)     \
  _(UINT, S) _(UINT, stride) _(UINT, pad)
#define TAP_PRODUCT(V, AT)                                                                                         \
  const uint down = (uint)(r / Q % P) * stride + (uint)outer / S - pad;                                            \
  const uint right = (uint)(r % Q) * stride + (uint)outer % S - pad;                                               \
  if (down < H && right < W)                                                                                       \
    sum[0] = fma(AT(x, ((r / Q / P * H + down) * W + right) * inner + column), AT(dy, r * inner + column), sum[0]);
COLUMN_SUMS(depthwise_filter, DEPTHWISE_FILTER, 1, TAP_PRODUCT)
