// Image bytes (NHWC) to reals in [-1, 1] and back.
// One item is one row of pixels. flips holds a byte an image: not 0 mirrors it left to right. Extent: N H rows.
#define DECODE(_) _(BYTES_IN, x) _(BYTES_IN, flips) _(OUT, y) _(SIZE, H) _(SIZE, W) _(SIZE, C)
BLOCK(decode_images, DECODE, 1, 1) {
  const bool flip = flips[i / H] != 0;
  for (index w = 0; w < W; ++w) {
    const index from = (i * W + (flip ? W - 1 - w : w)) * C, to = (i * W + w) * C;
    for (index c = 0; c < C; ++c) y[to + c] = (real)x[from + c] / R(127.5) - 1;
  }
}

// round(127.5 x + 127.5), clamped; NaN becomes 0.
#define ENCODE(_) _(IN, x) _(BYTES_OUT, y)
KERNEL(encode_images, ENCODE) {
  const real level = fma(x[i], R(127.5), R(127.5));
  y[i] = (uchar)(level > 0 ? (level < 255 ? ROUND_EVEN(level) : R(255.0)) : R(0.0));
}
