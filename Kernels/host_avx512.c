// The host build of every kernel for processors with AVX-512.
#if defined(__x86_64__)
#define ISA avx512
#define HARDWARE_FMA
#define LANES 16
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"), min_vector_width(512))), apply_to = function)
#define EACH "compile.h"
#include "cl/files.h"
#pragma clang attribute pop
const char kernel_anchor_avx512 = 0;
#endif
