// The table of kernels and their texts.
#include "include/kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Every entry lands in the section `kernels`; the linker names its ends. The anchors keep the builds' object files in the link.
extern const KernelEntry __start_kernels[], __stop_kernels[];
extern const char kernel_anchor_baseline, kernel_anchor_double;
#if defined(__x86_64__)
extern const char kernel_anchor_avx512, kernel_anchor_avx2;
const char *const kernel_anchors[] = {&kernel_anchor_avx512, &kernel_anchor_avx2, &kernel_anchor_baseline, &kernel_anchor_double};
#else
const char *const kernel_anchors[] = {&kernel_anchor_baseline, &kernel_anchor_double};
#endif

const KernelEntry *kernel_entries(size_t *count) {
  *count = (size_t)(__stop_kernels - __start_kernels);
  return __start_kernels;
}

const char *kernel_native_isa(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw"))
    return "avx512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
  return "baseline";
}

#if defined(__x86_64__)
uint32_t kernel_enter_floating_point_mode(void) {
  const uint32_t before = _mm_getcsr();
  _mm_setcsr(0x1f80); // all exceptions masked, round to nearest even, neither flush-to-zero nor denormals-are-zero
  return before;
}
void kernel_leave_floating_point_mode(uint32_t mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__)
uint32_t kernel_enter_floating_point_mode(void) {
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)0));
  return (uint32_t)before;
}
void kernel_leave_floating_point_mode(uint32_t mode) { __asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)mode)); }
#else
#error "say here how this processor rounds to nearest even and keeps denormals"
#endif
