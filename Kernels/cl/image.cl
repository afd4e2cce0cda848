// Image bytes (NHWC) to reals in [-1, 1] and back.
#define DECODE(_) _(BYTES_IN, x) _(OUT, y)
KERNEL(decode_images, DECODE) { y[i] = (real)x[i] / R(127.5) - 1; }
// To the bytes' own levels, 0 ... 255.
KERNEL(image_levels, DECODE) { y[i] = (real)x[i]; }

// round(127.5 x + 127.5), clamped; NaN becomes 0.
#define ENCODE(_) _(IN, x) _(BYTES_OUT, y)
KERNEL(encode_images, ENCODE) {
  const real level = fma(x[i], R(127.5), R(127.5));
  y[i] = (uchar)(level > 0 ? (level < 255 ? ROUND_EVEN(level) : R(255.0)) : R(0.0));
}
