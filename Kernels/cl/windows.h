// What slides a window over images channel by channel has in common: pooling and depthwise convolutions.

// CHANNELWISE(name, SIG, PLACE, CELL) computes images y [N][P][Q][channels]. PLACE() is a statement for one pixel; it sees its number
// `pixel`, its image `n`, its row `p` and its column `q`. CELL(V, AT, PUT) is a statement for its channels from `c` on, one or sixteen
// of them: V is the type of the numbers, AT(x, place) reads them and PUT(value, y, place) writes them. The signature has SIZE pixels
// (N P Q), SIZE channels, UINT P and UINT Q; the extent is pixels x channels.
#define NO_PLACE()
#define CELL_PIXELS 16
#define CELL_CHANNELS 64
#define CHANNELWISE_BLOCK(name, SIG, PLACE, CELL)                                                                  \
  BLOCK(name, SIG, CELL_PIXELS, CELL_CHANNELS) {                                                                   \
    const index runs = (channels + CELL_CHANNELS - 1) / CELL_CHANNELS;                                             \
    const index top = i / runs * CELL_PIXELS, begin = i % runs * CELL_CHANNELS;                                    \
    const index bottom = top + CELL_PIXELS < pixels ? top + CELL_PIXELS : pixels;                                  \
    const index end = begin + CELL_CHANNELS < channels ? begin + CELL_CHANNELS : channels;                         \
    index n = top / Q / P;                                                                                         \
    uint p = (uint)(top / Q % P), q = (uint)(top % Q);                                                             \
    for (index pixel = top; pixel < bottom; ++pixel) {                                                             \
      PLACE()                                                                                                      \
      index c = begin;                                                                                             \
      for (; c + 16 <= end; c += 16) { CELL(real16, AT16, PUT16) }                                                 \
      for (; c < end; ++c) { CELL(real, AT1, PUT1) }                                                               \
      if (++q == Q) {                                                                                              \
        q = 0;                                                                                                     \
        if (++p == P) p = 0, ++n;                                                                                  \
      }                                                                                                            \
    }                                                                                                              \
  }                                                                                                                \
  TILE(name, SIG, FLAT, 64, 64)
#ifdef DEVICE
#define CHANNELWISE(name, SIG, PLACE, CELL)                                                                        \
  CHANNELWISE_BLOCK(name, SIG, PLACE, CELL)                                                                        \
  TILE_BODY(name, SIG, 64) {                                                                                       \
    TILE_START(SIG)                                                                                                \
    const index cell = group * 64 + lane, pixel = cell / channels, c = cell % channels;                            \
    if (cell < count) {                                                                                            \
      const index n = pixel / Q / P;                                                                               \
      const uint p = (uint)(pixel / Q % P), q = (uint)(pixel % Q);                                                 \
      PLACE()                                                                                                      \
      CELL(real, AT1, PUT1)                                                                                        \
    }                                                                                                              \
  }
#else
#define CHANNELWISE(name, SIG, PLACE, CELL) CHANNELWISE_BLOCK(name, SIG, PLACE, CELL)
#endif

// The taps of a window, along one axis, that lie inside an image of `size` pixels; the window begins `start` pixels after the place
// that is `pad` pixels before the image.
typedef struct {
  uint begin, end;
} Taps;
// (By pointer, as in tile.h.)
FN void set_taps(Taps *taps, const uint start, const uint pad, const uint count, const uint size) {
  const uint beyond = size + pad > start ? size + pad - start : 0;
  taps->begin = start < pad ? pad - start : 0;
  taps->end = beyond < count ? beyond : count;
}

// From an image x [N][H][W] to windows y [N][P][Q]: those of window (p, q), in ascending order, and where tap (r, s) reads.
#define WINDOW_TAPS(R, S)                                                                                          \
  Taps rows, columns;                                                                                              \
  set_taps(&rows, p * stride, pad, R, H);                                                                          \
  set_taps(&columns, q * stride, pad, S, W);
#define EACH_TAP                                                                                                   \
  for (uint r = rows.begin; r < rows.end; ++r)                                                                     \
    for (uint s = columns.begin; s < columns.end; ++s)
#define UNDER(r, s) (((n * H + p * stride + (r) - pad) * W + q * stride + (s) - pad) * channels + c)

// From windows x [N][H][W] to an image y [N][P][Q]: the taps (r, s) that cover pixel (p, q), in ascending order, each with the row h,
// the column v and the place of its window. Tap r is that of window (p + pad - r) / stride, where this is a whole number; negative ones
// wrap, and are larger than any image. (It opens a block.)
#define EACH_COVERING_TAP(R, S)                                                                                    \
  for (uint r = 0; r < R; ++r)                                                                                     \
    for (uint s = 0; s < S; ++s) {                                                                                 \
      const uint down = p + pad - r, across = q + pad - s, h = down / stride, v = across / stride;                  \
      if (down % stride || h >= H || across % stride || v >= W) continue;                                          \
      const index window = ((n * H + h) * W + v) * channels + c;
