// The two loops that most kernels over [rows][columns] share, each written once in both forms.
#define RUN 256
#define RUN_ROWS 8
#define BLOCK_ROWS 64

// ROWWISE(name, SIG) { ... } computes one cell: the body sees its place `at` in the arrays and its column `c`. The signature has SIZE
// rows and SIZE columns; the extent is rows x columns.
#define ROWWISE_BLOCK(name, SIG)                                                                                   \
  FN void name##_cell(SIG(I) const index at, const index c);                                                       \
  BLOCK(name, SIG, RUN_ROWS, RUN) {                                                                                \
    const index runs = (columns + RUN - 1) / RUN, top = i / runs * RUN_ROWS, begin = i % runs * RUN;               \
    const index bottom = top + RUN_ROWS < rows ? top + RUN_ROWS : rows;                                            \
    const index end = begin + RUN < columns ? begin + RUN : columns;                                               \
    for (index r = top; r < bottom; ++r)                                                                           \
      for (index c = begin; c < end; ++c) name##_cell(SIG(PASS) r * columns + c, c);                               \
  }                                                                                                                \
  TILE(name, SIG, FLAT, ABREAST * RUN, RUN)
#define ROWWISE_CELL(name, SIG) FN void name##_cell(SIG(I) const index at, const index c)

// COLUMN_SUMS(name, SIG, SUMS, TERM) adds SUMS terms down each column of [outer][length][inner], a block of 64 rows at a time (rule 5).
// TERM(V, AT) is a statement that adds to sum[0], sum[1] ...; V is the type of the numbers and AT(x, place) reads them, so that it serves
// one column and sixteen; it sees the place `at` in the arrays and the column `column`. The signature has OUT partial
// [outer][blocks][SUMS][inner], SIZE length and SIZE inner; the extent is length x inner, outer batches.
#define AT1(x, place) (x)[place]
#define AT16(x, place) vload16(0, (x) + (place))
#define PUT1(value, y, place) (y)[place] = (value)
#define PUT16(value, y, place) vstore16(value, 0, (y) + (place))
// x cut to 0 ... limit: a ReLU where the limit is infinity. NaN stays NaN.
#define LIMITED(V, x, limit) ((x) <= (V)0 ? (V)0 : ((x) >= (V)(limit) ? (V)(limit) : (x)))
#define COLUMN_SUMS_BLOCK(name, SIG, SUMS, TERM)                                                                   \
  BLOCK(name, SIG, BLOCK_ROWS, 16) {                                                                               \
    const index blocks = (length + BLOCK_ROWS - 1) / BLOCK_ROWS, across = (inner + 15) / 16;                       \
    const index block = i / across % blocks, outer = i / (across * blocks);                                        \
    const index begin = block * BLOCK_ROWS, end = begin + BLOCK_ROWS < length ? begin + BLOCK_ROWS : length;       \
    GLOBAL real *to = partial + (outer * blocks + block) * SUMS * inner;                                           \
    index column = i % across * 16;                                                                                \
    if (column + 16 <= inner) {                                                                                    \
      real16 sum[SUMS];                                                                                            \
      for (uint s = 0; s < SUMS; ++s) sum[s] = (real16)0;                                                          \
      for (index r = begin; r < end; ++r) {                                                                        \
        const index at = (outer * length + r) * inner + column;                                                    \
        TERM(real16, AT16)                                                                                         \
      }                                                                                                            \
      for (uint s = 0; s < SUMS; ++s) vstore16(sum[s], 0, to + s * inner + column);                                \
    } else {                                                                                                       \
      for (; column < inner; ++column) {                                                                           \
        real sum[SUMS];                                                                                            \
        for (uint s = 0; s < SUMS; ++s) sum[s] = 0;                                                                \
        for (index r = begin; r < end; ++r) {                                                                      \
          const index at = (outer * length + r) * inner + column;                                                  \
          TERM(real, AT1)                                                                                          \
        }                                                                                                          \
        for (uint s = 0; s < SUMS; ++s) to[s * inner + column] = sum[s];                                           \
      }                                                                                                            \
    }                                                                                                              \
  }                                                                                                                \
  TILE(name, SIG, BLOCK_ROWS, 64, 64)

#ifdef DEVICE
#define ROWWISE(name, SIG)                                                                                         \
  ROWWISE_BLOCK(name, SIG)                                                                                         \
  TILE_BODY(name, SIG, RUN) {                                                                                      \
    TILE_START(SIG)                                                                                                \
    const index cells = rows * columns, begin = group * (ABREAST * RUN) + lane;                                     \
    EACH_ABREAST(at, begin, RUN, cells, name##_cell(SIG(PASS) at, at % columns))                                    \
  }                                                                                                                \
  ROWWISE_CELL(name, SIG)
#define COLUMN_SUMS(name, SIG, SUMS, TERM)                                                                         \
  COLUMN_SUMS_BLOCK(name, SIG, SUMS, TERM)                                                                         \
  TILE_BODY(name, SIG, 64) {                                                                                       \
    TILE_START(SIG)                                                                                                \
    const index blocks = (length + BLOCK_ROWS - 1) / BLOCK_ROWS, across = (inner + 63) / 64;                       \
    const index column = group % across * 64 + lane, block = group / across % blocks, outer = group / (across * blocks); \
    const index begin = block * BLOCK_ROWS, end = begin + BLOCK_ROWS < length ? begin + BLOCK_ROWS : length;       \
    if (column < inner) {                                                                                          \
      real sum[SUMS];                                                                                              \
      for (uint s = 0; s < SUMS; ++s) sum[s] = 0;                                                                  \
      for (index r = begin; r < end; ++r) {                                                                        \
        const index at = (outer * length + r) * inner + column;                                                    \
        TERM(real, AT1)                                                                                            \
      }                                                                                                            \
      for (uint s = 0; s < SUMS; ++s) partial[((outer * blocks + block) * SUMS + s) * inner + column] = sum[s];     \
    }                                                                                                              \
  }
#else
#define ROWWISE(name, SIG) ROWWISE_BLOCK(name, SIG) ROWWISE_CELL(name, SIG)
#define COLUMN_SUMS(name, SIG, SUMS, TERM) COLUMN_SUMS_BLOCK(name, SIG, SUMS, TERM)
#endif
