// The inside of the tile forms of matrix products and convolutions. A work-group of MDIMC x NDIMC items owns a tile of MWG x NWG outputs
// and walks along k in steps of KWG; each step's part of A and B is staged in local memory. The names are CLBlast's, and options of the
// build (`TileParameters` says which values fit together). None of them changes the order in which terms are added (rule 4).
//
// An item owns RM x RN outputs, in vectors of VWM rows, MDIMC VWM rows apart, and of VWN columns, NDIMC VWN columns apart: so neighbours
// read neighbouring vectors of local memory, and write neighbouring ones of C. It reads a step's part from global memory into registers
// before it multiplies the step before. With DBUF = 1, local memory holds two steps, and a step needs one barrier; with 0, two.
// The totals of the chains live in C itself, so that the registers hold one chain only.
#ifdef DEVICE
#ifndef MWG
#define MWG 64    // rows of a tile
#define NWG 32    // columns of a tile
#define KWG 16    // terms of a step; divides CHAIN
#define MDIMC 8   // items down a tile
#define NDIMC 8   // items across a tile
#define VWM 4     // rows of a vector; reals read at once from A
#define VWN 4     // columns of a vector; reals read at once from B, and written at once to C
#define DBUF 1    // whether local memory holds two steps
#define WARP 0    // whether 32 items in step stand 4 x 8
#endif
#define GROUP (MDIMC * NDIMC)
#define RM (MWG / MDIMC)
#define RN (NWG / NDIMC)
#define A_VECTORS (KWG * MWG / VWM / GROUP) // an item's part of a step
#define B_VECTORS (KWG * NWG / VWN / GROUP)
// A lies in local memory as [KWG][A_LINE], B behind it as [KWG][NWG].
#define A_LINE (MWG + 4)
#define STAGE (KWG * (A_LINE + NWG))
#define TILE_LOCAL(name) LOCAL real name[(1 + DBUF) * STAGE] __attribute__((aligned(16)))

// Vectors of one, which OpenCL C lacks. (Its own vload4 may be a macro.)
#define float1 float
#define load1(o, p) ((p)[o])
#define store1(v, o, p) ((p)[o] = (v))
#define load2(o, p) vload2(o, p)
#define store2(v, o, p) vstore2(v, o, p)
#define load4(o, p) vload4(o, p)
#define store4(v, o, p) vstore4(v, o, p)
#define GLUE_(a, b) a##b
#define GLUE(a, b) GLUE_(a, b)
typedef GLUE(real, VWM) realM;
typedef GLUE(real, VWN) realN;
#define LOAD_M GLUE(load, VWM)
#define STORE_M GLUE(store, VWM)
#define LOAD_N GLUE(load, VWN)
#define STORE_N GLUE(store, VWN)
#define IS_WHOLE(V, p) (((ulong)(p) & (sizeof(V) - 1)) == 0)

// ---------------------------------------------------------------------------------------------------- who does what

// Where an item stands among the MDIMC x NDIMC. With WARP = 0 they follow each other along the rows. With 1, 32 at a time stand 4 x 8,
// lanes 0 1 4 5 8 9 12 13 in the first row and 2 3 6 7 ... in the second: where they run in step, they read fewer different vectors of
// local memory at one time than 2 x 16 do.
#if WARP
FN uint item_row(const uint lane) { return lane / (4 * NDIMC) * 4 + lane / 2 % 2 + lane / 16 % 2 * 2; }
FN uint item_column(const uint lane) { return lane / 32 % (NDIMC / 8) * 8 + lane % 2 + lane / 4 % 4 * 2; }
#else
FN uint item_row(const uint lane) { return lane / NDIMC; }
FN uint item_column(const uint lane) { return lane % NDIMC; }
#endif
// Row m of an item's RM in its tile; the first column of its vector v.
FN uint tile_row(const uint lane, const uint m) { return (m / VWM * MDIMC + item_row(lane)) * VWM + m % VWM; }
FN uint tile_column(const uint lane, const uint v) { return (v * NDIMC + item_column(lane)) * VWN; }

// Tiles are numbered down stripes of eight columns, row by row: those in work at one time share their rows and columns of A and B in the
// cache.
#define STRIPE 8
FN void tile_place(const index tile, const index down, const index across, index *row, index *column) {
  const index first = tile / (STRIPE * down) * STRIPE, left = across - first, width = left < STRIPE ? left : STRIPE;
  const index number = tile - first * down;
  *row = number / width * MWG;
  *column = (first + number % width) * NWG;
}

// Where vector q of a step's part of A begins. Along m, neighbours read neighbouring vectors. Along k, neighbours read 32 bytes of one
// row, the least that memory gives, and then the next row's; A_LINE is such that they store to different banks of local memory.
FN uint a_row_of(const uint q, const bool along_k) { return along_k ? q / (8 / VWM) % MWG : q % (MWG / VWM) * VWM; }
FN uint a_k_of(const uint q, const bool along_k) {
  return along_k ? q / (8 / VWM * MWG) * 8 + q % (8 / VWM) * VWM : q / (MWG / VWM);
}
FN uint b_column_of(const uint q) { return q % (NWG / VWN) * VWN; }
FN uint b_k_of(const uint q) { return q / (NWG / VWN); }

// ------------------------------------------------------------------------------------------------- global to registers

// `count` reals from p on, `step` apart, then zeros.
FN realM load_a(GLOBAL const real *p, const index step, const index count) {
  if (count >= VWM && step == 1 && IS_WHOLE(realM, p)) return *(GLOBAL const realM *)p;
  real each[VWM];
#pragma unroll
  for (uint e = 0; e < VWM; ++e) each[e] = e < count ? p[e * step] : 0;
  return LOAD_M(0, each);
}
FN realN load_b(GLOBAL const real *p, const bool exists) {
  if (!exists) return (realN)0;
  return IS_WHOLE(realN, p) ? *(GLOBAL const realN *)p : LOAD_N(0, p);
}

// Numbers of three digits, in which pixels and taps are counted: `low` and `middle` ones make the next digit one larger.
typedef struct {
  index low, middle, high;
} Digits;
// (By pointer: a structure that is returned brings intrinsics that Oclgrind 21.10 does not know.)
FN void set_digits(Digits *x, const index value, const index low, const index middle) {
  x->low = value % low;
  x->middle = value / low % middle;
  x->high = value / low / middle;
}
FN void add_digits(Digits *x, const index terms, const index low, const index middle) {
  x->low += terms;
  while (x->low >= low) {
    x->low -= low;
    if (++x->middle == middle) {
      x->middle = 0;
      ++x->high;
    }
  }
}

// ------------------------------------------------------------------------------------- registers to local, and products

FN void tile_zero(realN sum[RM][RN / VWN]) {
#pragma unroll
  for (uint m = 0; m < RM; ++m)
#pragma unroll
    for (uint v = 0; v < RN / VWN; ++v) sum[m][v] = (realN)0;
}

FN void tile_stage(LOCAL real *to, const uint lane, realM a[A_VECTORS], const bool along_k, realN b[B_VECTORS]) {
#pragma unroll
  for (uint j = 0; j < A_VECTORS; ++j) {
    const uint q = lane + j * GROUP;
    LOCAL real *at = to + a_k_of(q, along_k) * A_LINE + a_row_of(q, along_k);
    if (along_k) {
      real each[VWM];
      STORE_M(a[j], 0, each);
#pragma unroll
      for (uint e = 0; e < VWM; ++e) at[e * A_LINE] = each[e];
    } else {
      *(LOCAL realM *)at = a[j];
    }
  }
  to += KWG * A_LINE;
#pragma unroll
  for (uint j = 0; j < B_VECTORS; ++j) {
    const uint q = lane + j * GROUP;
    *(LOCAL realN *)(to + b_k_of(q) * NWG + b_column_of(q)) = b[j];
  }
}

FN void tile_multiply(realN sum[RM][RN / VWN], LOCAL const real *a, const uint lane) {
  LOCAL const real *b = a + KWG * A_LINE + tile_column(lane, 0);
  a += tile_row(lane, 0);
#pragma unroll 4
  for (uint k = 0; k < KWG; ++k, a += A_LINE, b += NWG) {
    real left[RM];
    realN right[RN / VWN];
#pragma unroll
    for (uint m = 0; m < RM; m += VWM) STORE_M(*(LOCAL const realM *)(a + m * MDIMC), 0, left + m);
#pragma unroll
    for (uint v = 0; v < RN / VWN; ++v) right[v] = *(LOCAL const realN *)(b + v * NDIMC * VWN);
#pragma unroll
    for (uint m = 0; m < RM; ++m)
#pragma unroll
      for (uint v = 0; v < RN / VWN; ++v) sum[m][v] = fma((realN)left[m], right[v], sum[m][v]);
  }
}

// Step k0: multiplies the step before it, if there is one, and stages this one.
FN void tile_step(realN sum[RM][RN / VWN], LOCAL real *staged, const index k0, const uint lane, realM a[A_VECTORS],
                  const bool along_k, realN b[B_VECTORS]) {
  const uint own = DBUF && k0 / KWG % 2 ? STAGE : 0, other = DBUF ? STAGE - own : 0;
  if (k0 > 0) tile_multiply(sum, staged + other, lane);
  if (!DBUF) barrier(CLK_LOCAL_MEM_FENCE);
  tile_stage(staged + own, lane, a, along_k, b);
  barrier(CLK_LOCAL_MEM_FENCE);
}
// Whether a chain ends before step k0; the first step beyond `depth` multiplies the last one.
#define ENDS_CHAIN(k0, depth) (((k0) > 0 && (k0) % CHAIN == 0) || (k0) >= (depth))
#define IS_FIRST_CHAIN(k0) ((k0) <= CHAIN)
// Keeps x for the end of a chain, where `late_x` is read from memory. Compilers would else work out that place's addresses before the
// loop over k, and hold them in registers throughout it: on NVIDIA half as many groups a unit.
#define TILE_LATE(x) volatile const index late_##x = x

// ------------------------------------------------------------------------------------------------- registers to global

// Adds an item's part of one row to the totals in C; the first chain is added to +0. `to` is the tile's row, of which `columns` exist.
// With a bias, what is stored is then cut to 0 ... limit, where that is above 0.
FN void tile_add(realN sum[RN / VWN], GLOBAL real *to, const index columns, const uint lane, const bool is_first,
                 GLOBAL const real *bias, const bool has_bias, const real limit) {
#pragma unroll
  for (uint v = 0; v < RN / VWN; ++v) {
    const uint n = tile_column(lane, v);
    if (n + VWN <= columns && IS_WHOLE(realN, to + n)) {
      GLOBAL realN *place = (GLOBAL realN *)(to + n);
      realN total = (is_first ? (realN)0 : *place) + sum[v];
      if (has_bias) total += LOAD_N(0, bias + n);
      *place = has_bias && limit > 0 ? LIMITED(realN, total, limit) : total;
    } else {
      real each[VWN];
      STORE_N(sum[v], 0, each);
#pragma unroll
      for (uint e = 0; e < VWN; ++e)
        if (n + e < columns) {
          real total = (is_first ? 0 : to[n + e]) + each[e];
          if (has_bias) total += bias[n + e];
          to[n + e] = has_bias && limit > 0 ? LIMITED(real, total, limit) : total;
        }
    }
  }
}
#endif
