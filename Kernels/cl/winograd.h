// Winograd's minimal filtering (Winograd 1980; Lavin and Gray 2016; kernels' README, rule 4): what its two sizes have in common.
//
// The matrices of y = A' [(G w) * (B' x)] (* element by element, ' the transpose) belong to a few points, one of them infinity; in
// two dimensions everything becomes points^2 matrix products (`matmul`), planes that lie `plane` elements apart. Were that a power of
// two, all would fall into one set of a cache; so would long rows, which the left sides' `v_row` keeps apart.

// A kernel over [rows][columns] whose item is 16 neighbouring columns of a row on processors, one on GPUs. BODY(V, WIDTH) is a statement
// for V = real16 or real, WIDTH = 16 or 1, that reads by AT##WIDTH and writes by PUT##WIDTH or STREAM##WIDTH; it sees `row` and `column`. Items run ALONG the rows
// or DOWN the columns, as what they write lies; ROWS and COLUMNS are expressions in the arguments.
// What is written to all planes at once goes past the cache.
#define STREAM1 PUT1
// What the item after the next reads is asked for: no processor follows so many streams by itself.
#define FETCH1(x, place)
#define FETCH16(x, place) FETCH((x) + (place));
#define AHEAD 32 // how far that is along a row
#define READ_POINTS(WIDTH, count, m, place)                                                                        \
  UNROLLED for (uint l = 0; l < count; ++l) {                                                                      \
    FETCH##WIDTH(m, l * plane + place + AHEAD)                                                                     \
    t[l] = AT##WIDTH(m, l * plane + place);                                                                        \
  }
#define ALONG(number, down, across) const index row = (number) / (across), run = (number) % (across);
#define DOWN(number, down, across) const index row = (number) % (down), run = (number) / (down);
#define COLUMNWISE_BLOCK(name, SIG, ORDER, ROWS, COLUMNS, BODY)                                                    \
  BLOCK(name, SIG, 1, 16) {                                                                                        \
    ORDER(i, ROWS, (COLUMNS) / 16)                                                                                 \
    const index column = run * 16;                                                                                 \
    BODY(real16, 16)                                                                                               \
  }                                                                                                                \
  TILE(name, SIG, 1, 64, 64)
#ifdef DEVICE
#define COLUMNWISE(name, SIG, ORDER, ROWS, COLUMNS, BODY)                                                          \
  COLUMNWISE_BLOCK(name, SIG, ORDER, ROWS, COLUMNS, BODY)                                                          \
  TILE_BODY(name, SIG, 64) {                                                                                       \
    TILE_START(SIG)                                                                                                \
    ORDER(group, ROWS, ((COLUMNS) + 63) / 64)                                                                      \
    const index column = run * 64 + lane;                                                                          \
    if (column < (COLUMNS)) { BODY(real, 1) }                                                                      \
  }
#else
#define COLUMNWISE COLUMNWISE_BLOCK
#endif
// Sixteen neighbouring columns of w [columns][K].
FN real16 gather16(GLOBAL const real *x, const index stride) {
  real lane[16];
  for (uint l = 0; l < 16; ++l) lane[l] = x[l * stride];
  return vload16(0, lane);
}
#define ACROSS1(w, place) (w)[place]
#define ACROSS16(w, place) gather16((w) + (place), K)
