// The two loops that most kernels over [rows][columns] share, each written once in both forms.
#define RUN 256
#define RUN_ROWS 8
#define BLOCK_ROWS 64
#define SPAN 1024 // columns that a processor's item has of a row at a time: memory likes long pieces
#define STRIP 4   // rows that it then adds down each column

// ROWWISE(name, SIG) { ... } computes one cell: the body sees its place `at` in the arrays and its column `c`. The signature has SIZE
// rows and SIZE columns; the extent is rows x columns.
#define ROWWISE_BLOCK(name, SIG)                                                                                   \
  FN void name##_cell(SIG(I) const index at, const index c);                                                       \
  BLOCK(name, SIG, RUN_ROWS, SPAN) {                                                                               \
    const index spans = (columns + SPAN - 1) / SPAN, top = i / spans * RUN_ROWS, begin = i % spans * SPAN;         \
    const index bottom = top + RUN_ROWS < rows ? top + RUN_ROWS : rows;                                            \
    const index end = begin + SPAN < columns ? begin + SPAN : columns;                                             \
    for (index r = top; r < bottom; ++r)                                                                           \
      for (index c = begin; c < end; ++c) name##_cell(SIG(PASS) r * columns + c, c);                               \
  }                                                                                                                \
  TILE(name, SIG, FLAT, ABREAST * RUN, RUN)
#define ROWWISE_CELL(name, SIG) FN void name##_cell(SIG(I) const index at, const index c)

// COLUMN_SUMS(name, SIG, SUMS, TERM) adds SUMS terms down each column of [outer][length][inner], a block of 64 rows at a time (rule 5).
// TERM(V, AT) is a statement that adds to sum[0], sum[1] ...; V is the type of the numbers and AT(x, place) reads them, so that it serves
// one column and sixteen; it sees the place `at` in the arrays and the column `column`. The signature has OUT partial
// [outer][blocks][SUMS][inner], SIZE length and SIZE inner; the extent is blocks x inner, outer batches.
#define AT1(x, place) (x)[place]
#define AT16(x, place) vload16(0, (x) + (place))
#define PUT1(value, y, place) (y)[place] = (value)
#define PUT16(value, y, place) vstore16(value, 0, (y) + (place))
// x cut to 0 ... limit: a ReLU where the limit is infinity. NaN stays NaN.
#define LIMITED(V, x, limit) ((x) <= (V)0 ? (V)0 : ((x) >= (V)(limit) ? (V)(limit) : (x)))
#define COLUMN_SUMS_BLOCK(name, SIG, SUMS, TERM)                                                                   \
  BLOCK(name, SIG, 1, SPAN) {                                                                                      \
    const index blocks = (length + BLOCK_ROWS - 1) / BLOCK_ROWS, across = (inner + SPAN - 1) / SPAN;               \
    const index block = i / across % blocks, outer = i / (across * blocks), first = i % across * SPAN;             \
    const index last = first + SPAN < inner ? first + SPAN : inner, whole = last - (last - first) % 16;            \
    const index begin = block * BLOCK_ROWS, end = begin + BLOCK_ROWS < length ? begin + BLOCK_ROWS : length;       \
    GLOBAL real *to = partial + (outer * blocks + block) * SUMS * inner;                                           \
    real16 total[SUMS * (SPAN / 16)], sum[SUMS];                                                                   \
    for (index v = 0; v < SUMS * ((whole - first) / 16); ++v) total[v] = (real16)0;                                \
    for (index top = begin; top < end; top += STRIP) {                                                             \
      const index bottom = top + STRIP < end ? top + STRIP : end;                                                  \
      for (index column = first; column < whole; column += 16) {                                                   \
        const index own = (column - first) / 16 * SUMS;                                                            \
        for (uint s = 0; s < SUMS; ++s) sum[s] = total[own + s];                                                   \
        for (index r = top; r < bottom; ++r) {                                                                     \
          const index at = (outer * length + r) * inner + column;                                                  \
          TERM(real16, AT16)                                                                                       \
        }                                                                                                          \
        for (uint s = 0; s < SUMS; ++s) total[own + s] = sum[s];                                                   \
      }                                                                                                            \
    }                                                                                                              \
    for (index column = first; column < whole; column += 16)                                                       \
      for (uint s = 0; s < SUMS; ++s) vstore16(total[(column - first) / 16 * SUMS + s], 0, to + s * inner + column); \
    for (index column = whole; column < last; ++column) {                                                          \
      real sum[SUMS];                                                                                              \
      for (uint s = 0; s < SUMS; ++s) sum[s] = 0;                                                                  \
      for (index r = begin; r < end; ++r) {                                                                        \
        const index at = (outer * length + r) * inner + column;                                                    \
        TERM(real, AT1)                                                                                            \
      }                                                                                                            \
      for (uint s = 0; s < SUMS; ++s) to[s * inner + column] = sum[s];                                             \
    }                                                                                                              \
  }                                                                                                                \
  TILE(name, SIG, FLAT, 64, 64)

#ifdef DEVICE
#define ROWWISE(name, SIG)                                                                                         \
  ROWWISE_BLOCK(name, SIG)                                                                                         \
  TILE_BODY(name, SIG, RUN) {                                                                                      \
    TILE_START(SIG)                                                                                                \
    const index begin = group * (ABREAST * RUN) + lane;                                                            \
    EACH_ABREAST(at, begin, RUN, count, name##_cell(SIG(PASS) at, at % columns))                                   \
  }                                                                                                                \
  ROWWISE_CELL(name, SIG)
#define COLUMN_SUMS(name, SIG, SUMS, TERM)                                                                         \
  COLUMN_SUMS_BLOCK(name, SIG, SUMS, TERM)                                                                         \
  TILE_BODY(name, SIG, 64) {                                                                                       \
    TILE_START(SIG)                                                                                                \
    const index blocks = (length + BLOCK_ROWS - 1) / BLOCK_ROWS, cell = group * 64 + lane;                         \
    const index column = cell % inner, block = cell / inner % blocks, outer = cell / inner / blocks;               \
    const index begin = block * BLOCK_ROWS, end = begin + BLOCK_ROWS < length ? begin + BLOCK_ROWS : length;       \
    if (cell < count) {                                                                                            \
      real sum[SUMS];                                                                                              \
      for (uint s = 0; s < SUMS; ++s) sum[s] = 0;                                                                  \
      for (index r = begin; r < end; ++r) {                                                                        \
        const index at = (outer * length + r) * inner + column;                                                    \
        TERM(real, AT1)                                                                                            \
      }                                                                                                            \
      for (uint s = 0; s < SUMS; ++s) partial[((outer * blocks + block) * SUMS + s) * inner + column] = sum[s];    \
    }                                                                                                              \
  }
#else
#define ROWWISE(name, SIG) ROWWISE_BLOCK(name, SIG) ROWWISE_CELL(name, SIG)
#define COLUMN_SUMS(name, SIG, SUMS, TERM) COLUMN_SUMS_BLOCK(name, SIG, SUMS, TERM)
#endif
