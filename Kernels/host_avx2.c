// The host build of every kernel for processors with AVX2 and FMA.
#if defined(__x86_64__)
#define ISA avx2
#define HARDWARE_FMA
#define LANES 8
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define EACH "compile.h"
#include "cl/files.h"
#pragma clang attribute pop
const char kernel_anchor_avx2 = 0;
#endif
