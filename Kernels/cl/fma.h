// A fused multiply-add for scalars and 16-wide vectors on the host, correctly rounded in every float build.
#ifdef DOUBLE
// Double builds check gradients; they promise no bits, so that a plain product and sum will do.
#define fma(a, b, c) ((a) * (b) + (c))
#elif defined(__FMA__) || defined(__aarch64__) || defined(HARDWARE_FMA)
#define fma(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#undef SIDE_BY_SIDE // for hosts that emulate, which would only compile for long
#define SIDE_BY_SIDE
// Processors without the instruction: the product of two floats is exact in double; the sum is rounded to odd, so that rounding it
// again to float cannot round twice (Boldo and Melquiond, 2008). It vectorises; libm's fmaf is a hundred times slower.
typedef int64_t long16 __attribute__((ext_vector_type(16)));
INLINE __attribute__((overloadable)) float fused(float a, float b, float c) {
  const double p = (double)a * (double)b, z = (double)c, s = p + z;
  const double t = s - p, error = (p - (s - t)) + (z - t); // two-sum: s + error is the exact sum
  int64_t bits;
  memcpy(&bits, &s, 8);
  const int64_t inexact = (error > 0) | (error < 0), even = ~bits & 1;
  const int64_t up = ((error > 0) == (s > 0)) ? 1 : -1;
  bits += (inexact & even) ? up : 0;
  double odd;
  memcpy(&odd, &bits, 8);
  return (float)odd;
}
INLINE __attribute__((overloadable)) float16 fused(float16 a, float16 b, float16 c) {
  const double16 p = __builtin_convertvector(a, double16) * __builtin_convertvector(b, double16);
  const double16 z = __builtin_convertvector(c, double16), s = p + z;
  const double16 t = s - p, error = (p - (s - t)) + (z - t);
  const long16 bits = (long16)s;
  const long16 inexact = (error > 0) | (error < 0), odd_already = -(bits & 1); // comparisons give -1 for true
  const long16 same = ((error > 0) == (s > 0));
  const long16 up = (same & 1) | (~same & -1);
  return __builtin_convertvector((double16)(bits + (inexact & ~odd_already & up)), float16);
}
#define fma(a, b, c) fused(a, b, c)
#endif
