// The kernel dialect: one text that an OpenCL driver and the package's own clang both compile.
//
// A kernel is declared once: its name, its arguments, and what one item does.
//     #define SCALE(_) _(IN, x) _(OUT, y) _(REAL, factor)
//     KERNEL(scale, SCALE) { y[i] = factor * x[i]; }
// For OpenCL this is a __kernel function with a guard. For the host it is a loop over items [begin, end) behind one uniform entry
// point, which the compiler vectorises, and an entry of the linker section `kernels`, so that nobody keeps a list.
//
// A heavy kernel has two forms of one name, which add in the same order:
//     BLOCK(matmul, MATMUL, 12, 32) { ... }      // item i owns a block of 12 x 32 outputs: the host, and OpenCL on processors
//     TILE(matmul, MATMUL, 64, 64, 64)           // a work-group of 64 items owns a tile of 64 x 64 outputs: GPUs
//     #ifdef DEVICE
//     TILE_BODY(matmul, MATMUL, 64) { TILE_START(MATMUL) ... `group` is the tile's number ... }
//     #endif
// A TUNED_TILE(matmul, MATMUL) has its sizes from the build's options (`tile.h`). A tile of FLAT rows is a run of the cells of all rows,
// which number `count`: so rows that are short leave no lanes idle.
// A launch names its extent (rows, columns, batches); how many items or groups that takes follows from the form.
//
// Argument kinds: IN, OUT (reals; OUT may be read too), BYTES_IN, BYTES_OUT (uchar), REAL (a scalar), UINT (32 bits), SIZE (an index).
#ifndef real
#define real float
#define real16 float16
#endif

// (ABREAST, elements of a GPU's work-item where each is computed alone, is the host's: include/kernels.h.)
// Rows of a tile form whose cells are numbered through all rows.
#define FLAT 0

// Before a loop over elements, of which four vectors are then computed at a time: most elements are long chains (polynomials), each step
// of which waits for the last, and a processor looks ahead over three vectors at most. (fma.h: not where fma is emulated.)
#define SIDE_BY_SIDE _Pragma("clang loop interleave_count(4)")

#define P(kind, x) P_##kind(x)
#define U(kind, x) U_##kind(x)
#define PASS(kind, x) x,

#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__) // ----------------------------------------------------- a driver compiles

#pragma OPENCL FP_CONTRACT OFF
#define DEVICE 1
// 64 bits as soon as an argument's buffer has 2^32 bytes: the same text is then built a second time.
#ifndef INDEX
#define INDEX uint
#endif
typedef INDEX index;
// Before a loop over an array of an item: only where every place in it is known does it lie in registers.
#define UNROLLED _Pragma("unroll")
#define GLOBAL __global
#define LOCAL __local
#define FN static inline __attribute__((always_inline))
#define R(x) x##f
#define AS_REAL(x) as_float(x)
#define AS_UINT(x) as_uint(x)
#define ROUND_EVEN(x) rint(x)
#define FLOOR(x) floor(x)
#define SQRT(x) sqrt(x)
#define MUL_HI(a, b) mul_hi((uint)(a), (uint)(b))
// Writes 16 aligned reals past the cache, where a processor can: what is larger than it would first be read in, line by line.
#ifndef __has_builtin
#define __has_builtin(x) 0
#endif
#if __has_builtin(__builtin_nontemporal_store)
#define STREAM16(value, y, place) __builtin_nontemporal_store(value, (GLOBAL real16 *)((y) + (place)))
#else
#define STREAM16(value, y, place) vstore16(value, 0, (y) + (place))
#endif
#define IS_ALIGNED(p) ((ulong)(p) % sizeof(real16) == 0)
#if defined(__x86_64__) || defined(__aarch64__) // not a GPU, nor an intermediate language, in which some drivers refuse it
#define FETCH(p) __builtin_prefetch((const void *)(size_t)(p))
#else
#define FETCH(p) (void)0
#endif

// A pointer arrives as a buffer and an offset in elements.
#define P_IN(x) __global const real *restrict x##_buffer, const ulong x##_at,
#define P_OUT(x) __global real *x##_buffer, const ulong x##_at,
#define P_BYTES_IN(x) __global const uchar *restrict x##_buffer, const ulong x##_at,
#define P_BYTES_OUT(x) __global uchar *x##_buffer, const ulong x##_at,
#define P_REAL(x) const real x,
#define P_UINT(x) const uint x,
#define P_SIZE(x) const index x,
#define U_IN(x) __global const real *x = x##_buffer + x##_at;
#define U_OUT(x) __global real *x = x##_buffer + x##_at;
#define U_BYTES_IN(x) __global const uchar *x = x##_buffer + x##_at;
#define U_BYTES_OUT(x) __global uchar *x = x##_buffer + x##_at;
#define U_REAL(x)
#define U_UINT(x)
#define U_SIZE(x)
#define I(kind, x) I_##kind(x)
#define I_IN(x) __global const real *x,
#define I_OUT(x) __global real *x,
#define I_BYTES_IN(x) __global const uchar *x,
#define I_BYTES_OUT(x) __global uchar *x,
#define I_REAL(x) const real x,
#define I_UINT(x) const uint x,
#define I_SIZE(x) const index x,

// Does WORK for ABREAST elements `i` from `begin` on, `distance` apart, as far as they are below `count`: what several read is under way at
// one time, which memory needs to be busy.
#define EACH_ABREAST(i, begin, distance, count, WORK)                                                               \
  if (begin + (ABREAST - 1) * distance < count) {                                                                   \
    _Pragma("unroll") for (uint n_ = 0; n_ < ABREAST; ++n_) {                                                       \
      const index i = begin + n_ * distance;                                                                       \
      WORK;                                                                                                        \
    }                                                                                                              \
  } else {                                                                                                         \
    _Pragma("unroll 1") for (index i = begin; i < count; i += distance) { WORK; }                                  \
  }

#define ITEM(name, SIG) static inline void name##_item(SIG(I) const index i)
#ifdef RUN_ITEMS // A processor's work-item does a run of elements, which its compiler then vectorises as it does for the host.
#define EACH_ITEM(ITEM_)                                                                                           \
    const index first = get_global_offset(0), begin = first + (get_global_id(0) - first) * RUN_ITEMS;              \
    const index end = begin + RUN_ITEMS < count ? begin + RUN_ITEMS : count;                                       \
    SIDE_BY_SIDE for (index i = begin; i < end; ++i) ITEM_;
#else // A GPU's does a few that lie a group's size apart.
#define EACH_ITEM(ITEM_)                                                                                           \
    const index begin = get_global_offset(0) + get_group_id(0) * (ABREAST * get_local_size(0)) + get_local_id(0);   \
    EACH_ABREAST(i, begin, (index)get_local_size(0), count, ITEM_)
#endif
#define KERNEL(name, SIG)                                                                                          \
  ITEM(name, SIG);                                                                                                 \
  __kernel void name(SIG(P) const index count) {                                                                   \
    SIG(U)                                                                                                         \
    EACH_ITEM(name##_item(SIG(PASS) i))                                                                            \
  }                                                                                                                \
  ITEM(name, SIG)
#ifdef TILES_ONLY // GPUs never launch blocks: their many registers would be compiled for nothing.
#define BLOCK(name, SIG, ROWS, COLUMNS) ITEM(name, SIG)
#else
#define BLOCK(name, SIG, ROWS, COLUMNS)                                                                            \
  ITEM(name, SIG);                                                                                                 \
  __kernel void name(SIG(P) const index count) {                                                                   \
    SIG(U)                                                                                                         \
    const index i = get_global_id(0);                                                                              \
    if (i < count) name##_item(SIG(PASS) i);                                                                       \
  }                                                                                                                \
  ITEM(name, SIG)
#endif
#define TILE(name, SIG, ROWS, COLUMNS, GROUP)
#define TUNED_TILE(name, SIG)
// The body of a tile form begins with TILE_START(SIG): it then sees its group's number `group` and its own number in the group `lane`.
// (The body stays in the kernel function: that is where OpenCL wants local memory declared.)
#define TILE_BODY(name, SIG, GROUP)                                                                                \
  __kernel GROUP_SIZE(GROUP) void name##_tile(SIG(P) const index count)
// NVIDIA's compiler keeps to a number of registers only where it does not know the group's size.
#ifdef ANY_GROUP
#define GROUP_SIZE(GROUP)
#else
#define GROUP_SIZE(GROUP) __attribute__((reqd_work_group_size(GROUP, 1, 1)))
#endif
#define TILE_START(SIG)                                                                                            \
  SIG(U)                                                                                                           \
  const index group = get_group_id(0);                                                                             \
  const uint lane = get_local_id(0);

#else // ------------------------------------------------------------------------------------------------------ the host compiles

#include "../include/kernels.h"
#include <string.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi" // every function that passes vectors is inlined
#pragma clang diagnostic ignored "-Wunused-function"
typedef uint64_t index;
typedef unsigned char uchar;
typedef uint32_t uint;
typedef uint64_t ulong;
typedef float float16 __attribute__((ext_vector_type(16)));
typedef double double16 __attribute__((ext_vector_type(16)));
#define INLINE static inline __attribute__((always_inline))
#define FN INLINE
#define UNROLLED
#define GLOBAL
#define ROUND_EVEN(x) __builtin_elementwise_roundeven(x)
#define FLOOR(x) __builtin_elementwise_floor(x)
#define SQRT(x) __builtin_elementwise_sqrt(x)
#define MUL_HI(a, b) ((uint)(((ulong)(uint)(a) * (uint)(b)) >> 32))
INLINE float AS_REAL(uint bits) { float f; memcpy(&f, &bits, 4); return f; }
INLINE uint AS_UINT(float f) { uint bits; memcpy(&bits, &f, 4); return bits; }
#ifdef DOUBLE
#define R(x) x
#else
#define R(x) x##f
#endif
#include "fma.h"
INLINE real16 vload16(size_t o, const real *p) { real16 v; memcpy(&v, p + 16 * o, sizeof v); return v; }
INLINE void vstore16(real16 v, size_t o, real *p) { memcpy(p + 16 * o, &v, sizeof v); }
#define STREAM16(value, y, place) __builtin_nontemporal_store(value, (real16 *)((y) + (place)))
#define IS_ALIGNED(p) ((uintptr_t)(p) % sizeof(real16) == 0)
#define FETCH(p) __builtin_prefetch(p) // the cache line of a place, which may lie behind an array

#define P_IN(x) const real *restrict x,
#define P_OUT(x) real *restrict x,
#define P_BYTES_IN(x) const uchar *restrict x,
#define P_BYTES_OUT(x) uchar *restrict x,
#define P_REAL(x) const real x,
#define P_UINT(x) const uint x,
#define P_SIZE(x) const index x,
#define U_IN(x) const real *restrict x = (argument++)->pointer;
#define U_OUT(x) real *restrict x = (argument++)->pointer;
#define U_BYTES_IN(x) const uchar *restrict x = (argument++)->pointer;
#define U_BYTES_OUT(x) uchar *restrict x = (argument++)->pointer;
#define U_REAL(x) const real x = (real)(argument++)->number;
#define U_UINT(x) const uint x = (uint)(argument++)->integer;
#define U_SIZE(x) const index x = (argument++)->integer;
#define I(kind, x) P_##kind(x)
#define STRING_(x) #x
#define STRING(x) STRING_(x)
#define SPELL(kind, x) #kind " " #x ";"

#define ITEM(name, SIG) INLINE void name##_item(SIG(P) const index i)
#define ENTRY(name, SIG, form, run, ROWS, COLUMNS, GROUP)                                                          \
  static const KernelEntry name##_##form##_entry __attribute__((section("kernels"), used, retain)) = {            \
      #name, #form, STRING(ISA), STRING(real), __FILE_NAME__, SIG(SPELL), ROWS, COLUMNS, GROUP, run};
#define FORM(name, SIG, form, ROWS, COLUMNS, LOOP)                                                                 \
  ITEM(name, SIG);                                                                                                 \
  static void name##_run(const KernelArgument *argument, uint64_t begin, uint64_t end) {                           \
    SIG(U)                                                                                                         \
    LOOP for (index i = begin; i < end; ++i) name##_item(SIG(PASS) i);                                             \
  }                                                                                                                \
  ENTRY(name, SIG, form, name##_run, ROWS, COLUMNS, 1)                                                             \
  ITEM(name, SIG)
#define KERNEL(name, SIG) FORM(name, SIG, item, 1, 1, SIDE_BY_SIDE)
#define BLOCK(name, SIG, ROWS, COLUMNS) FORM(name, SIG, block, ROWS, COLUMNS, )
#define TILE(name, SIG, ROWS, COLUMNS, GROUP) ENTRY(name, SIG, tile, 0, ROWS, COLUMNS, GROUP)
#define TUNED_TILE(name, SIG) ENTRY(name, SIG, tile, 0, 0, 0, 0)

#endif
