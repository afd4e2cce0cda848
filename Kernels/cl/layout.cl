// Copies that change the layout: broadcast, transpose, slice, pad, nearest-neighbour resampling.
//
// Arrays are seen as five dimensions n0 .. n4 (n4 innermost), walked in row-major order on one side, by strides on the other. A stride of
// 0 repeats. The extent is (n0 n1 n2 n3) rows of n4 columns.
#define WALK(_)                                                                                                    \
  _(IN, x) _(OUT, y) _(SIZE, rows) _(UINT, n1) _(UINT, n2) _(UINT, n3) _(SIZE, n4)                                                \
  _(SIZE, s0) _(SIZE, s1) _(SIZE, s2) _(SIZE, s3) _(SIZE, s4)
// The strided side's first element of row `row`.
FN index walk_start(index row, uint n1, uint n2, uint n3, index s0, index s1, index s2, index s3) {
  const index i3 = row % n3, rest3 = row / n3, i2 = rest3 % n2, rest2 = rest3 / n2, i1 = rest2 % n1, i0 = rest2 / n1;
  return i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3;
}

// y in row-major order, x by strides.
BLOCK(gather_strided, WALK, 1, RUN) {
  const index runs = (n4 + RUN - 1) / RUN, row = i / runs, begin = i % runs * RUN, end = begin + RUN < n4 ? begin + RUN : n4;
  GLOBAL const real *from = x + walk_start(row, n1, n2, n3, s0, s1, s2, s3);
  GLOBAL real *to = y + row * n4;
  if (s4 == 1)
    for (index c = begin; c < end; ++c) to[c] = from[c];
  else
    for (index c = begin; c < end; ++c) to[c] = from[c * s4];
}
TILE(gather_strided, WALK, FLAT, ABREAST * RUN, RUN)

// x in row-major order, y by strides; elements of y that no element of x reaches are left alone.
BLOCK(scatter_strided, WALK, 1, RUN) {
  const index runs = (n4 + RUN - 1) / RUN, row = i / runs, begin = i % runs * RUN, end = begin + RUN < n4 ? begin + RUN : n4;
  GLOBAL const real *from = x + row * n4;
  GLOBAL real *to = y + walk_start(row, n1, n2, n3, s0, s1, s2, s3);
  if (s4 == 1)
    for (index c = begin; c < end; ++c) to[c] = from[c];
  else
    for (index c = begin; c < end; ++c) to[c * s4] = from[c];
}
TILE(scatter_strided, WALK, FLAT, ABREAST * RUN, RUN)

#ifdef DEVICE
#define WALKED(at) (walk_start(at / n4, n1, n2, n3, s0, s1, s2, s3) + at % n4 * s4)
TILE_BODY(gather_strided, WALK, RUN) {
  TILE_START(WALK)
  const index begin = group * (ABREAST * RUN) + lane;
  EACH_ABREAST(at, begin, RUN, count, y[at] = x[WALKED(at)])
}
TILE_BODY(scatter_strided, WALK, RUN) {
  TILE_START(WALK)
  const index begin = group * (ABREAST * RUN) + lane;
  EACH_ABREAST(at, begin, RUN, count, y[WALKED(at)] = x[at])
}
#endif

#define COPY(_) _(IN, x) _(OUT, y)
KERNEL(copy, COPY) { y[i] = x[i]; }
// Eight arrays, one after the other: array n ends before element end<n>. (A launch for each costs a GPU more than the copy.)
#define JOIN(_)                                                                                                    \
  _(IN, x0) _(IN, x1) _(IN, x2) _(IN, x3) _(IN, x4) _(IN, x5) _(IN, x6) _(IN, x7) _(OUT, y)                        \
  _(SIZE, end0) _(SIZE, end1) _(SIZE, end2) _(SIZE, end3) _(SIZE, end4) _(SIZE, end5) _(SIZE, end6)
KERNEL(join, JOIN) {
  y[i] = i < end3 ? (i < end1 ? (i < end0 ? x0[i] : x1[i - end0]) : (i < end2 ? x2[i - end1] : x3[i - end2]))
                  : (i < end5 ? (i < end4 ? x4[i - end3] : x5[i - end4]) : (i < end6 ? x6[i - end5] : x7[i - end6]));
}
#define FILL(_) _(OUT, y) _(REAL, value)
KERNEL(fill, FILL) { y[i] = value; }

// A bias along the innermost axis.
#define BIAS(_) _(IN, x) _(IN, b) _(OUT, y) _(SIZE, rows) _(SIZE, columns)
ROWWISE(add_bias, BIAS) { y[at] = x[at] + b[c]; }
