// Pooling over square windows of images [N][H][W][channels], each channel apart. Window (p, q) begins at pixel (p stride - pad,
// q stride - pad); its tap (r, s) has the number r size + s.
//
// A maximum is pooled in two passes: which tap of a window is its first maximum, and what stands there. The second is linear in the
// image; its adjoint, `put_taps`, is the gradient.
#define POOLED_WINDOW() WINDOW_TAPS(size, size)

#define MAXIMUM_TAPS(_)                                                                                            \
  _(IN, x) _(OUT, taps) _(SIZE, pixels) _(SIZE, channels) _(UINT, H) _(UINT, W) _(UINT, P) _(UINT, Q)               \
  _(UINT, size) _(UINT, stride) _(UINT, pad)
// taps holds whole numbers as reals. A NaN counts as a maximum. Every window has a tap in the image.
#define FOUND(V, AT, PUT)                                                                                          \
  V most = AT(x, UNDER(rows.begin, columns.begin)), tap = (V)(real)(rows.begin * size + columns.begin);            \
  EACH_TAP {                                                                                                       \
    const V value = AT(x, UNDER(r, s));                                                                            \
    tap = ((value > most) | (value != value)) ? (V)(real)(r * size + s) : tap;                                     \
    most = ((value > most) | (value != value)) ? value : most;                                                     \
  }                                                                                                                \
  PUT(tap, taps, pixel * channels + c);
CHANNELWISE(maximum_taps, MAXIMUM_TAPS, POOLED_WINDOW, FOUND)

#define TAKE_TAPS(_)                                                                                               \
  _(IN, x) _(IN, taps) _(OUT, y) _(SIZE, pixels) _(SIZE, channels) _(UINT, H) _(UINT, W) _(UINT, P) _(UINT, Q)      \
  _(UINT, size) _(UINT, stride) _(UINT, pad)
// y is x at the tap; 0 where that lies outside the image.
#define TAKEN(V, AT, PUT)                                                                                          \
  const V tap = AT(taps, pixel * channels + c);                                                                    \
  V value = (V)0;                                                                                                  \
  EACH_TAP value = tap == (V)(real)(r * size + s) ? AT(x, UNDER(r, s)) : value;                                    \
  PUT(value, y, pixel * channels + c);
CHANNELWISE(take_taps, TAKE_TAPS, POOLED_WINDOW, TAKEN)

// The adjoint in x, from windows x to the image y: pixels of several windows add up in ascending order of their taps.
#define PUT_BACK(V, AT, PUT)                                                                                       \
  V sum = (V)0;                                                                                                    \
  EACH_COVERING_TAP(size, size) sum += AT(taps, window) == (V)(real)(r * size + s) ? AT(x, window) : (V)0;         \
  }                                                                                                                \
  PUT(sum, y, pixel * channels + c);
CHANNELWISE(put_taps, TAKE_TAPS, NO_PLACE, PUT_BACK)

// counts_pad: whether a window's zeros outside the image count as pixels.
#define AVERAGE_POOL(_)                                                                                            \
  _(IN, x) _(OUT, y) _(SIZE, pixels) _(SIZE, channels) _(UINT, H) _(UINT, W) _(UINT, P) _(UINT, Q)                  \
  _(UINT, size) _(UINT, stride) _(UINT, pad) _(UINT, counts_pad)
FN real pixels_counted(const Taps rows, const Taps columns, const uint size, const uint counts_pad) {
  return (real)(counts_pad ? size * size : (rows.end - rows.begin) * (columns.end - columns.begin));
}
#define MEAN(V, AT, PUT)                                                                                           \
  V sum = (V)0;                                                                                                    \
  EACH_TAP sum += AT(x, UNDER(r, s));                                                                              \
  PUT(sum / (V)pixels_counted(rows, columns, size, counts_pad), y, pixel * channels + c);
CHANNELWISE(average_pool, AVERAGE_POOL, POOLED_WINDOW, MEAN)

// The adjoint, from windows x to the image y.
#define SPREAD(V, AT, PUT)                                                                                         \
  V sum = (V)0;                                                                                                    \
  EACH_COVERING_TAP(size, size)                                                                                    \
    Taps rows, columns;                                                                                            \
    set_taps(&rows, h * stride, pad, size, P);                                                                     \
    set_taps(&columns, v * stride, pad, size, Q);                                                                  \
    sum += AT(x, window) / (V)pixels_counted(rows, columns, size, counts_pad);                                     \
  }                                                                                                                \
  PUT(sum, y, pixel * channels + c);
CHANNELWISE(spread_average, AVERAGE_POOL, NO_PLACE, SPREAD)
