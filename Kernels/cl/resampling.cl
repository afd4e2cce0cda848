// Images on another grid: bilinear halving and doubling, and translation. What lies outside an image is 0.
//
// x is [N][H][W][columns], y [N][P][Q][columns], `rows` is N P Q. Taps outside the image read its edge with weight 0, so that the loop
// over channels has no branch.
#define RESAMPLE(_)                                                                                                \
  _(IN, x) _(OUT, y) _(SIZE, rows) _(SIZE, columns) _(UINT, H) _(UINT, W) _(UINT, P) _(UINT, Q) _(REAL, factor)
// The pixel that a cell lies in: image, row and column.
#define PIXEL(H, W)                                                                                                \
  const index pixel = (at - c) / columns, image = pixel / W / H;                                                   \
  const uint i = (uint)(pixel / W % H), j = (uint)(pixel % W);
FN index inside(uint place, uint size) { return place < size ? place : size - 1; }

// y = factor (1 3 3 1) x (1 3 3 1) about each square of 2 x 2 pixels, by rows: at 1/64 the mean of an image of half the size. The
// transpose of `bilinear_up`.
ROWWISE(bilinear_down, RESAMPLE) {
  PIXEL(P, Q)
  real sum = 0;
#pragma unroll
  for (uint r = 0; r < 4; ++r) {
    const uint h = 2 * i + r - 1; // -1 wraps, and is then outside
    real line = 0;
#pragma unroll
    for (uint s = 0; s < 4; ++s) {
      const uint w = 2 * j + s - 1;
      const real weight = w < W ? (s % 3 == 0 ? R(1.0) : R(3.0)) : R(0.0);
      line = fma(weight, x[((image * H + inside(h, H)) * W + inside(w, W)) * columns + c], line);
    }
    sum = fma(h < H ? (r % 3 == 0 ? R(1.0) : R(3.0)) : R(0.0), line, sum);
  }
  y[at] = factor * sum;
}

// y = factor (3 near + 1 far) along both axes, by rows: at 1/16 an image of twice the size.
ROWWISE(bilinear_up, RESAMPLE) {
  PIXEL(P, Q)
  real sum = 0;
#pragma unroll
  for (uint r = 0; r < 2; ++r) {
    const uint h = r == 0 ? i / 2 : i / 2 + 2 * (i % 2) - 1;
    real line = 0;
#pragma unroll
    for (uint s = 0; s < 2; ++s) {
      const uint w = s == 0 ? j / 2 : j / 2 + 2 * (j % 2) - 1;
      const real weight = w < W ? (s == 0 ? R(3.0) : R(1.0)) : R(0.0);
      line = fma(weight, x[((image * H + inside(h, H)) * W + inside(w, W)) * columns + c], line);
    }
    sum = fma(h < H ? (r == 0 ? R(3.0) : R(1.0)) : R(0.0), line, sum);
  }
  y[at] = factor * sum;
}

// y[n][h][w] = x[n][h - down][w - right] with shifts [N][down, right], whole numbers as reals.
#define TRANSLATE(_) _(IN, x) _(IN, shifts) _(OUT, y) _(SIZE, rows) _(SIZE, columns) _(UINT, H) _(UINT, W)
FN int whole_shift(real shift, uint size) {
  const real limit = (real)size; // farther than this nothing is left
  return (int)(shift > -limit ? (shift < limit ? shift : limit) : -limit);
}
ROWWISE(translate, TRANSLATE) {
  PIXEL(H, W)
  const uint h = i - (uint)whole_shift(shifts[2 * image], H), w = j - (uint)whole_shift(shifts[2 * image + 1], W);
  y[at] = h < H && w < W ? x[((image * H + h) * W + w) * columns + c] : R(0.0);
}

// y[outer][place] = the sum of weights[place][t] x[outer][first[place] + t] over t in ascending order, for arrays [outer][length or
// size][columns]: a linear filter along one axis. `first` holds whole numbers as reals, each at most length - taps; rows = outer size.
#define FILTER_AXIS(_)                                                                                             \
  _(IN, x) _(IN, first) _(IN, weights) _(OUT, y) _(SIZE, rows) _(SIZE, columns) _(SIZE, length) _(SIZE, size) _(SIZE, taps)
FN index whole_place(real number, index last) {
  return (index)(number > 0 ? (number < (real)last ? number : (real)last) : 0);
}
ROWWISE(filter_axis, FILTER_AXIS) {
  const index row = (at - c) / columns, outer = row / size, place = row % size;
  const index from = outer * length + whole_place(first[place], length - taps);
  real sum = 0;
  for (index t = 0; t < taps; ++t) sum = fma(weights[place * taps + t], x[(from + t) * columns + c], sum);
  y[at] = sum;
}
