// Sums in a fixed order (rule 5 of the numerical contract).
//
// Along the contiguous axis: x is [rows][length]; chunks of CHUNK elements, in each 16 lanes (lane l takes l, l + 16, ...), folded 8, 4,
// 2, 1; `add_partials` then adds the chunk sums in ascending order.
// Along any other axis: x is [outer][length][inner]; blocks of BLOCK_ROWS rows, each one ascending chain; `add_partials` likewise.
#define CHUNK 4096

#define SUM_CHUNKS(_) _(IN, x) _(OUT, partial) _(SIZE, length)
// Extent: rows x chunks, as partial is.
BLOCK(sum_chunks, SUM_CHUNKS, 1, 1) {
  const index chunks = (length + CHUNK - 1) / CHUNK, begin = i % chunks * CHUNK;
  const index end = begin + CHUNK < length ? begin + CHUNK : length;
  GLOBAL const real *row = x + i / chunks * length;
  real16 lanes = (real16)0;
  index k = begin;
  for (; k + 16 <= end; k += 16) lanes += vload16(0, row + k);
  real lane[16];
  vstore16(lanes, 0, lane);
  for (uint l = 0; k + l < end; ++l) lane[l] += row[k + l];
  for (uint half_ = 8; half_ > 0; half_ /= 2)
    for (uint l = 0; l < half_; ++l) lane[l] += lane[l + half_];
  partial[i] = lane[0];
}
#define SUMMED 8 // chunks of a group
TILE(sum_chunks, SUM_CHUNKS, FLAT, SUMMED, 16 * SUMMED)
#ifdef DEVICE
TILE_BODY(sum_chunks, SUM_CHUNKS, 16 * SUMMED) {
  TILE_START(SUM_CHUNKS)
  LOCAL real lanes[16 * SUMMED];
  const uint own = lane % 16;
  const index i = group * SUMMED + lane / 16, known = i < count ? i : 0;
  const index chunks = (length + CHUNK - 1) / CHUNK, begin = known % chunks * CHUNK;
  const index end = begin + CHUNK < length ? begin + CHUNK : length;
  GLOBAL const real *row = x + known / chunks * length;
  real sum = 0;
  for (index k = begin + own; k < end; k += 16) sum += row[k];
  lanes[lane] = sum;
  for (uint half_ = 8; half_ > 0; half_ /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (own < half_) lanes[lane] += lanes[lane + half_];
  }
  if (own == 0 && i < count) partial[i] = lanes[lane];
}
#endif

#define SUM_COLUMNS(_) _(IN, x) _(OUT, partial) _(SIZE, length) _(SIZE, inner)
#define ELEMENT(V, AT) sum[0] += AT(x, at);
COLUMN_SUMS(sum_columns, SUM_COLUMNS, 1, ELEMENT)

// y[o][c] = factor (partial[o][0][c] + partial[o][1][c] + ...), added in ascending order, from +0 or, where it `adds`, from what y holds.
// Items: the cells, outer x inner.
#define ADD_PARTIALS(_) _(IN, partial) _(OUT, y) _(SIZE, blocks) _(SIZE, inner) _(REAL, factor) _(UINT, adds)
#define ADD_CELL                                                                                                   \
  GLOBAL const real *from = partial + i / inner * blocks * inner + i % inner;                                      \
  real sum = adds ? y[i] : R(0.0);                                                                                 \
  for (index b = 0; b < blocks; ++b) sum += from[b * inner];                                                       \
  y[i] = factor * sum;
KERNEL(add_partials, ADD_PARTIALS) { ADD_CELL }
// The same for many blocks: a chain of additions would wait for each read in turn, so on GPUs a group reads many blocks at one time, and
// a few of its items add them.
KERNEL(add_many_partials, ADD_PARTIALS) { ADD_CELL }
#define ADDED 16   // cells of a group
#define READERS 16 // items that read a cell's blocks
#define READ 8     // blocks that each of them reads at one time
TILE(add_many_partials, ADD_PARTIALS, FLAT, ADDED, ADDED * READERS)
#ifdef DEVICE
TILE_BODY(add_many_partials, ADD_PARTIALS, ADDED * READERS) {
  TILE_START(ADD_PARTIALS)
  LOCAL real staged[READERS * READ * ADDED];
  const uint reader = lane / ADDED, own = lane % ADDED;
  const index i = group * ADDED + own, known = i < count ? i : 0;
  GLOBAL const real *from = partial + known / inner * blocks * inner + known % inner;
  const bool sums = reader == 0 && i < count;
  real sum = sums && adds ? y[i] : R(0.0), next[READ];
#pragma unroll
  for (uint r = 0; r < READ; ++r) {
    const index b = r * READERS + reader;
    next[r] = b < blocks ? from[b * inner] : R(0.0);
  }
  for (index b0 = 0; b0 < blocks; b0 += READERS * READ) {
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (uint r = 0; r < READ; ++r) staged[(r * READERS + reader) * ADDED + own] = next[r];
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (uint r = 0; r < READ; ++r) {
      const index b = b0 + READERS * READ + r * READERS + reader;
      next[r] = b < blocks ? from[b * inner] : R(0.0);
    }
    const uint found = blocks - b0 < READERS * READ ? (uint)(blocks - b0) : READERS * READ;
    if (sums)
      for (uint b = 0; b < found; ++b) sum += staged[b * ADDED + own];
  }
  if (sums) y[i] = factor * sum;
}
#endif
